"""Taking options that were opened in TWS, or by another program, into the engine's hands."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, cast
from urllib.parse import urlencode

from cyclopts import Parameter

from engine.cli.amounts import dollars, marked, money
from engine.cli.client import ask, named
from engine.cli.money import price
from engine.cli.options import STATE, By, State
from engine.cli.remote import say_word
from engine.cli.show import Row, is_agreed, is_attended, pairs, say, show_told
from engine.domain.errors import EngineError, UserError

NOT_FOUND = "no option is foreign: all that the broker holds is of a position here, or it was not asked yet"


def adopt(
    strategy: str | None = None,
    *,
    legs: Annotated[str | None, Parameter(show_default=False)] = None,
    reason: Annotated[str, Parameter(show_default=False)] = "",
    without_exits: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    state: State = STATE,
    by: By = "",
    yes: Annotated[bool, Parameter(show_default=False)] = False,
) -> int:
    """Take options that the broker holds and that are not ours into the engine's hands, as a position of a strategy.

    Without --legs it lists what is foreign, and on a terminal asks which. The position has the exits of the strategy's file as
    it is now, counts in limits, and can be closed, released and asked for like any other. All that the broker holds of a contract
    is adopted; every short needs its long beside it.

    Parameters
    ----------
    strategy
        Whose exits it shall keep; it must trade this structure.
    legs
        Contract numbers, set off by commas: 750112301,750112334.
    reason
        Why; kept in the history.
    without_exits
        No rule closes it: only you do, and the guard before its expiry.
    yes
        Do not ask; needed where there is no terminal.
    """
    if strategy is not None:
        named(strategy)
        if without_exits:
            raise UserError(f"say the strategy or --without-exits, not both: {strategy} has exits")
    chosen = _numbers(legs) if legs is not None else _chosen(state)
    if not chosen:
        return 0
    if strategy is None and not without_exits:
        raise UserError("whose exits shall it keep? name a strategy, or say --without-exits")
    if not reason.strip():
        raise UserError("a position is adopted for a reason: say --reason TEXT")
    asked = urlencode({"legs": chosen, "strategy": strategy or ""}, doseq=True)
    heard = ask(state, "GET", f"/v1/adoption?{asked}")
    found = cast("Row", heard.found)
    print(f"{heard.engine}\n")
    if found["position"] is None:
        raise EngineError(str(found["obstacle"]))
    seen = _seen(cast("Sequence[Row]", found["foreign"]), chosen)
    pairs(_adopting(cast("Row", found["position"]), without_exits=without_exits))
    if not yes and not is_agreed("adopted", "adopt it", "it stays foreign, and nobody here trades it"):
        return 1
    print()
    return say_word(state, "/v1/adoption", by, reason, strategy=strategy or "", legs=seen)


def _numbers(told: str) -> list[int]:
    """Contract numbers of a text. Raises UserError where it holds anything else."""
    parts = [part for part in re.split(r"[,\s]+", told.strip()) if part]
    wrong = [part for part in parts if not part.isdecimal()]
    if wrong or not parts:
        what = f"{wrong[0]!r} is no contract number" if wrong else "no contract number"
        raise UserError(f"--legs: {what}; `spreads adopt` lists them, set off by commas: --legs 750112301,750112334")
    return [int(part) for part in parts]


def _chosen(state: State) -> list[int]:
    """What a person at the terminal picks of what is foreign; nothing where nobody is asked, or nothing is foreign."""
    foreign = cast("list[Row]", cast("Row", ask(state, "GET", "/v1/adoption").found)["foreign"])
    show_told([_foreign(row) for row in foreign], empty=NOT_FOUND)
    if not foreign:
        return []
    if not is_attended():
        say("adopt some of them with `spreads adopt STRATEGY --legs NUMBER,NUMBER --reason TEXT`")
        return []
    try:
        told = input("\nwhich legs? contract numbers, nothing for none: ")
    except EOFError:
        return []
    return _numbers(told) if told.strip() else []


def _seen(foreign: Sequence[Row], chosen: Sequence[int]) -> list[Mapping[str, object]]:
    held = {row["con_id"]: row["quantity"] for row in foreign}
    return [{"con_id": con_id, "quantity": held[con_id]} for con_id in chosen]


def _foreign(row: Row) -> Row:
    """A foreign option as a person reads it."""
    return {
        "number": str(row["con_id"]),
        "contract": row["contract"],
        "held": f"{row['quantity']:+d}",
        "cost a share": _price(row["average_price"]),
        "bid": _price(row["bid"]),
        "ask": _price(row["ask"]),
        "cannot be adopted": row["obstacle"],
    }


def _adopting(row: Row, *, without_exits: bool) -> Iterator[tuple[str, object]]:
    """What a yes to an adoption needs: what it is, what it cost, what it may lose, and what closes it."""
    yield "adopts", f"{row['quantity']} × {row['spread']}"
    yield "legs", "\n".join(_leg(leg) for leg in cast("list[Row]", row["legs"]))
    yield "opened", f"at {money(row['opening_net'])} a share as the broker tells it, its commission included"
    yield "mark", marked(row)
    yield "unrealised", dollars(row["unrealised_usd"], signed=True)
    yield "max loss", dollars(row["max_loss_usd"])
    yield "strategy", "none: no rule closes it but you, and the guard before its expiry" if without_exits else row["strategy"]
    if not without_exits:
        exits = [f"{'HOLDS NOW: ' if rule['answer'] == 'yes' else ''}{_rule(rule)}" for rule in cast("list[Row]", row["exits"])]
        yield "exits", "\n".join(exits) or "none"


def _rule(rule: Row) -> str:
    answer = "" if rule["answer"] != "unknown" else " (cannot be answered now)"
    return f"{rule['rule']} → {rule['action']}{answer}"


def _leg(leg: Row) -> str:
    bid, offer = (_price(leg[side]) or "none" for side in ("bid", "ask"))
    word = "long" if leg["action"] == "buy" else "short"
    return f"{word} {leg['held']} × {leg['contract']} at {_price(leg['opening_price'])}, bid {bid}, ask {offer}"


def _price(usd: object) -> str | None:
    return None if usd is None else f"${price(Decimal(str(usd)))}"
