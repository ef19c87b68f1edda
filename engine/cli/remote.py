"""Commands that speak to a running engine through its socket in the state folder: whether it trades, and stopping it."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, cast

from engine.cli.client import ask, is_state_folder, named, runs
from engine.cli.narrate import dollars
from engine.cli.options import STATE, By, State, somebody
from engine.cli.show import Row, pairs, say, show
from engine.domain.errors import EngineError, UserError
from engine.domain.session import NEW_YORK

DOLLARS = frozenset({"net_liquidation", "buying_power", "day_pnl"})
"""Lines of the status that are amounts."""
HALT = "HALT"
"""The file that halts an engine."""
REASON_MAX = 500
"""Characters that the engine keeps of a reason; a halt must not fail for more."""


def status(*, state: State = STATE, format: Literal["table", "json"] = "table") -> None:  # noqa: A002
    """Whether the engine trades, and if not, why.

    Parameters
    ----------
    format
        table or json.
    """
    found = cast("Row", ask(state, "GET", "/v1/status").found)
    if format == "json":
        print(json.dumps(found))
        return
    strategies = cast("list[Row]", found["strategies"])
    pairs(_told(name, value) for name, value in found.items() if not isinstance(value, list))
    for line in (*_tripped(found), *_blocked(found)):
        print(line)
    for name in ("differences", "foreign", "notices"):
        for line in cast("list[str]", found.get(name, [])):
            print(f"{name}: {line}")
    print()
    rows = [{**row, "scanned": _clock(row["scanned_at"])} for row in strategies]
    show(rows, ["name", "candidates", "open", "scanned", "file"], "table", empty="no strategy is loaded")


def halt(reason: str = "", *, state: State = STATE, by: By = "") -> int:
    """Stop opening and cancel working entries at once. Exits keep working. Works without an engine too, through a file.

    Parameters
    ----------
    reason
        Why; kept in the history.
    """
    try:
        return say_word(state, "/v1/halt", by, reason)
    except UserError:
        raise
    except EngineError as error:
        if not is_state_folder(state):
            wrong = "no engine keeps its state here" if state.is_dir() else "no such folder"
            raise UserError(f"{state}: {wrong}, and nothing was halted; name the folder of the engine with --state") from error
        (state / HALT).write_text(f"{somebody(by)}: {reason}\n", encoding="utf-8", errors="replace")
        say(f"{error}\nwrote {state / HALT}: an engine on this folder halts within a beat, and starts halted;")
        say("`spreads resume` removes it")
        return 0


def resume(*, state: State = STATE, by: By = "") -> int:
    """Allow openings again after a halt."""
    was_there = (state / HALT).exists()
    (state / HALT).unlink(missing_ok=True)
    try:
        return say_word(state, "/v1/resume", by, "")
    except EngineError as error:
        if not was_there or runs(state):
            raise
        say(f"{error}\nremoved {state / HALT}: an engine that starts on this folder is not halted by it")
        return 0


def lift(name: str, *, reason: str, strategy: str = "", state: State = STATE, by: By = "") -> int:
    """Allow openings again after a breaker has tripped; from then on the fall is measured from the value at that moment.

    Parameters
    ----------
    name
        The breaker, as `spreads status` shows it: stop_for_day, breaker_day, breaker_week or breaker_peak.
    reason
        Why; kept in the history.
    strategy
        Whose stop_for_day it is; not given for the account's breakers.
    """
    if not reason.strip():
        raise UserError("a breaker is lifted for a reason: say --reason TEXT")
    return say_word(state, f"/v1/breakers/{named(name)}/lift", by, reason, strategy=strategy)


def why(
    strategy: str,
    *,
    state: State = STATE,
    at: str | None = None,
    format: Literal["table", "json"] = "table",  # noqa: A002
) -> None:
    """Why a strategy trades or does not: its funnel, the nearest miss, the gate that stopped it.

    Parameters
    ----------
    strategy
        Name of the strategy.
    at
        A past moment from the history, as 2026-11-23 or "2026-11-23 11:30 New York"; now when empty.
    format
        table or json.
    """
    if at is not None or not runs(state):
        from engine.cli.history import why_then  # noqa: PLC0415

        found = why_then(state, strategy, at)
    else:
        found = cast("Row", ask(state, "GET", f"/v1/why/{named(strategy)}").found)
    if format == "json":
        print(json.dumps(found))
        return
    print(f"{strategy}, last recorded look: {_clock(found['at']) or 'none yet'}")
    show(cast("list[Row]", found["funnel"]), ["condition", "passed", "unknown"], "table", empty="no funnel recorded yet")
    if found["nearest_miss"]:
        print(f"nearest miss: {found['nearest_miss']}")
    for line in (*_tripped(found), *_blocked(found)):
        print(line)
    for denial in cast("list[Row]", found["denials"]):
        print(f"stopped: {denial['spread']}: {denial['obstacle']}")
    show(cast("list[Row]", found["orders"]), ["order_ref", "purpose", "spread", "state", "filled", "net_filled", "why"], "table")


def say_word(state: Path, path: str, by: str, reason: str, **more: object) -> int:
    """Tell the engine something in somebody's name, and print which engine heard it and what became of it."""
    heard = ask(state, "POST", path, {"by": somebody(by), "reason": reason[:REASON_MAX], **more})
    print(f"{heard.engine}: {cast('Row', heard.found)['text']}")
    return 0


def _tripped(found: Row) -> list[str]:
    """A line for each breaker that stands: its moment, its number, and how it is lifted."""
    lines: list[str] = []
    for row in cast("list[Row]", found.get("breakers", [])):
        whose = f" of {row['strategy']}" if row["strategy"] else ""
        value, bound = (dollars(Decimal(repr(row[name]))) for name in ("value_usd", "bound_usd"))
        until = "until the next session; earlier:" if row["lifts"] == "next session" else "until a person lifts it:"
        at = _clock(row["tripped_at"])
        lines.append(f"tripped: {row['name']}{whose}, {at}, {value} at a bound of {bound}, {until} {row['lift']}")
    return lines


def _blocked(found: Row) -> list[str]:
    """A line for each exit that is due and cannot act."""
    return [
        f"exit blocked: {row['spread']} ({row['position']}), {row['rule']}: {row['obstacle']}: {row['text']}; since "
        f"{_clock(row['since'])}, tried again by {_clock(row['again_at'])}"
        for row in cast("list[Row]", found.get("blocked_exits", []))
    ]


def _told(name: str, value: object) -> tuple[str, object]:
    """A line of the status: what it is, in its unit."""
    words = name.replace("_", " ")
    match value:
        case {"by": by, "reason": reason}:
            return words, f"by {by}: {reason}"
        case {"open": opens, "close": closes, "is_open": is_open}:
            return words, f"{'open' if is_open else 'closed'}, from {_clock(opens)} to {_clock(closes)}"
        case str() if name == "at":
            return words, _clock(value)
        case int() | float() if name.endswith("_age_s"):
            return words.removesuffix(" s"), f"{value:,.1f} s"
        case int() | float() if name in DOLLARS:
            return words, dollars(Decimal(repr(value)), signed=name == "day_pnl")
        case float() if name == "cushion":
            return words, f"{value:.1%}"
        case _:
            return words, value


def _clock(instant: object) -> str:
    """An instant of the API on the clock of the exchange; empty where there is none."""
    if not isinstance(instant, str):
        return ""
    return f"{datetime.fromisoformat(instant).astimezone(NEW_YORK):%a %Y-%m-%d %H:%M:%S} New York"
