"""A person's yes and no to openings that wait for one."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import cast

from engine.cli.amounts import EUROPEAN_MODELS, dollars, duration, instant, money, priced
from engine.cli.client import ask, named, rows
from engine.cli.options import STATE, By, State
from engine.cli.payoff import payoff
from engine.cli.remote import say_word
from engine.cli.show import Format, Row, is_attended, is_yes, pairs, say, show, show_told
from engine.domain.contract import Contract
from engine.domain.errors import UserError
from engine.domain.index_classes import option_class
from engine.domain.spread import Leg, Spread
from engine.domain.structure import Action, PutCall

PICTURE = 60
"""Characters that the picture of an order is wide."""
COLUMNS = (
    "order_ref",
    "spread",
    "quantity",
    "shown_net",
    "net_now",
    "worst",
    "max_loss_usd",
    "fees_usd",
    "preview",
    "expires_in_s",
    "strategy",
    "asked_because",
)


def approvals(*, state: State = STATE, format: Format = "table") -> None:  # noqa: A002
    """Orders that wait for your yes, with their price now and everything a yes needs.

    Parameters
    ----------
    format
        table, json or csv.
    """
    waiting = rows(state, "/v1/approvals")
    if format != "table":
        show(waiting, COLUMNS, format, empty="nothing waits for an approval")
        return
    for number, row in enumerate(waiting):
        if number:
            print()
        pairs(card(row))
    if not waiting:
        say("nothing waits for an approval")


def approve(order_ref: str = "", *, state: State = STATE, by: By = "") -> int:
    """Say yes to a waiting order. It is priced and checked again first; if it moved, nothing is sent and you are told.

    Without a name, on a terminal, the only order that waits is shown with its price now, and you are asked.

    Parameters
    ----------
    order_ref
        The order, as `spreads approvals` shows it.
    """
    if order_ref:
        return say_word(state, f"/v1/approvals/{named(order_ref)}/approve", by, "")
    if not is_attended():
        raise UserError("which order? without a terminal nobody can be asked: name it, as in `spreads approve ORDER`")
    heard = ask(state, "GET", "/v1/approvals")
    waiting = cast("list[Row]", heard.found)
    if not waiting:
        say(f"{heard.engine}: nothing waits for an approval")
        return 1
    if len(waiting) > 1:
        show_told([_brief(row) for row in waiting])
        raise UserError(f"{len(waiting)} orders wait: name the one you mean, as in `spreads approve {waiting[0]['order_ref']}`")
    (row,) = waiting
    print(f"{heard.engine}\n")
    pairs(card(row))
    for line in picture(row):
        print(line)
    if not is_yes("\napprove it? [y/N] "):
        say("nothing was approved; it waits on")
        return 1
    return say_word(state, f"/v1/approvals/{named(str(row['order_ref']))}/approve", by, "", shown_net=row["net_now"])


def _brief(row: Row) -> Row:
    """One of several orders, so that a person can name it."""
    return {
        "order": row["order_ref"],
        "opens": f"{row['quantity']} × {row['spread']}",
        "net now": money(row["net_now"]),
        "max loss": dollars(row["max_loss_usd"]),
        "strategy": row["strategy"],
    }


def decline(order_ref: str, reason: str = "", *, state: State = STATE, by: By = "") -> int:
    """Say no to a waiting order.

    Parameters
    ----------
    order_ref
        The order, as `spreads approvals` shows it.
    reason
        Why; kept in the history.
    """
    return say_word(state, f"/v1/approvals/{named(order_ref)}/decline", by, reason)


def card(row: Row) -> Iterator[tuple[str, object]]:
    """What a yes or a no needs, the most important first."""
    yield "order", row["order_ref"]
    yield "opens", f"{row['quantity']} × {row['spread']}"
    yield "net now", priced(row["net_now"], row["natural_now"], row["quotes_age_s"], row["quotes_obstacle"])
    yield "shown", f"{money(row['shown_net'])} at mid, when you were asked"
    bound = "above" if _decimal(row["worst"]) < 0 else "below"
    yield "worst", f"{money(row['worst'])}; the order is never {bound} it"
    yield "max loss", f"{dollars(row['max_loss_usd'])}, all of it, fees included"
    yield "fees", f"{dollars(row['fees_usd'])} to open and to close, estimated"
    yield "margin", _margin(row)
    yield "time left", f"{duration(row['expires_in_s'])}, until {instant(row['expires_at'])}"
    yield "you are asked", row["asked_because"]
    yield "strategy", row["strategy"]
    yield from _odds(row)
    yield "gates", _gates(row)


def picture(row: Row) -> Iterator[str]:
    """What the order would make wherever the underlying ends, drawn, at the net of now or else the one that was shown."""
    candidate, net = row["candidate"], row["shown_net"] if row["net_now"] is None else row["net_now"]
    if not isinstance(candidate, dict) or net is None:
        return
    found = cast("Row", candidate)
    legs = tuple(_leg(number, leg, row) for number, leg in enumerate(cast("list[Row]", found["legs"])))
    if len({leg.contract.expiry for leg in legs}) > 1:
        return  # what is bought lives longer: `near expiry` says what hangs on its volatility
    level = row["underlying_now"]
    drawn = payoff(
        Spread("", legs), int(str(row["quantity"])), _decimal(net), None if level is None else float(str(level)), width=PICTURE
    )
    for number, line in enumerate(drawn):
        if number == 0:
            yield f"\nprofit and loss at expiry, before fees, where {found['underlying']} ends:"
        yield line


def _leg(number: int, leg: Row, row: Row) -> Leg:
    found, expiry = cast("Row", row["candidate"]), date.fromisoformat(str(leg["expiry"]))
    strike, put_call, multiplier = _decimal(leg["strike"]), cast("PutCall", leg["put_call"]), int(str(row["multiplier"]))
    contract = Contract(number, str(found["underlying"]), str(found["root"]), expiry, strike, put_call, multiplier)
    return Leg(contract, cast("Action", leg["action"]), int(str(leg["ratio"])))


def _margin(row: Row) -> str:
    change = row["initial_margin_change_usd"]
    margin = "unknown" if change is None else f"{dollars(change, signed=True)} initial"
    text = f": {row['preview_text']}" if row["preview_text"] else ""
    outcome = "fits" if row["preview"] == "fits" else f"is {row['preview']}"
    return f"{margin}; the broker's preview {outcome}{text}"


def _odds(row: Row) -> Iterator[tuple[str, object]]:
    candidate = row["candidate"]
    if isinstance(candidate, dict):
        found = cast("Row", candidate)
        pop, value = found.get("pop"), found.get("expected_value")
        chance = "unknown" if pop is None else f"{_decimal(pop):.0%}"
        mean = "unknown" if value is None else dollars(round(_decimal(value)), signed=True)
        most = dollars(round(_decimal(found["max_profit"])))
        yield "when found", f"one spread: PoP {chance}, EV {mean}, max profit {most}"
        yield from _band(found)
        if option_class(str(found["root"])).exercise == "American":
            yield "exercise", f"possible before expiry; {EUROPEAN_MODELS}"


def _band(candidate: Row) -> Iterator[tuple[str, object]]:
    """Of two expiries, how the same hangs on the volatility that is left then."""
    band = cast("list[Row]", candidate.get("band") or [])
    if band:
        points = ", ".join(f"{_decimal(one['points']):+}" if one["points"] else "0" for one in band)
        most = ", ".join(dollars(round(_decimal(one["max_profit"]))) for one in band)
        chances = ", ".join("unknown" if one["pop"] is None else f"{_decimal(one['pop']):.0%}" for one in band)
        shifted = f"were the volatility of what is bought {points} points higher by then: max profit {most}; PoP {chances}"
        yield "near expiry", shifted


def _gates(row: Row) -> str:
    if not row["gates_asked_now"]:
        return "cannot be asked now"
    failing = cast("list[str]", row["gates_not_passed_now"])
    return "\n".join(f"NOT PASSED {gate}" for gate in failing) if failing else f"all {row['gates_asked_now']} pass now"


def _decimal(value: object) -> Decimal:
    return Decimal(str(value))
