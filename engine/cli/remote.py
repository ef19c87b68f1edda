"""Commands that speak to a running engine through its socket in the state folder: whether it trades, and stopping it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, cast

from cyclopts import Parameter

from engine.cli.amounts import dollars, instant
from engine.cli.client import Reply, ask, named, runs
from engine.cli.options import STATE, By, State, somebody
from engine.cli.show import Row, line, pairs, say, show_told
from engine.cli.troubles import blocked, changed, held, refused, tripped, unwatched
from engine.domain.errors import EngineError, UserError
from engine.store import halt_file
from engine.store.folder import HALT_FILE

DOLLARS = frozenset({"net_liquidation", "available_funds", "buying_power", "day_pnl"})
"""Lines of the status that are amounts."""
REASON_MAX = 500
"""Characters that the engine keeps of a reason; a halt must not fail for more."""


def status(
    *,
    state: State = STATE,
    format: Literal["table", "json"] = "table",  # noqa: A002
    watch: Annotated[bool, Parameter(show_default=False)] = False,
) -> int | None:
    """Whether the engine trades, and if not, why.

    Parameters
    ----------
    format
        table or json.
    watch
        Go on telling what changes, a line each, as spreads watch does.
    """
    if watch and format == "json":
        raise UserError("--watch tells lines for people; programs follow /v1/stream of the API")
    _status(state, format)
    if not watch:
        return None
    from engine.cli.watch import watch as tell_changes  # noqa: PLC0415 - it tells the same warnings, in this module's words

    print()
    return tell_changes(state=state)


def _status(state: Path, form: Literal["table", "json"]) -> None:
    found = cast("Row", ask(state, "GET", "/v1/status").found)
    if form == "json":
        print(json.dumps(found))
        return
    pairs(_told(name, value) for name, value in found.items() if not isinstance(value, list))
    for words in warnings(found):
        line(words)
    rows = [
        {
            "strategy": row["name"],
            "open": row["open"],
            "candidates": row["candidates"],
            "stopped by": row.get("stopped"),
            "last look": instant(row["scanned_at"]) or "none yet",
            "file": row["file"],
        }
        for row in cast("list[Row]", found["strategies"])
    ]
    print()
    show_told(rows, empty="no strategy is loaded")
    if limits := cast("list[Row]", found.get("limits", [])):
        print()
        show_told([_limit(one) for one in limits], empty="")
    if bands := cast("list[Row]", found.get("bands", [])):
        print()
        show_told([_band(one) for one in bands], empty="")


def health(*, state: State = STATE) -> None:
    """Whether the engine can do its work, as exit code: 0 when it can, 1 with the reason when not. For health checks.

    A closed market and a halt by a person are no sickness.
    """
    print(f"{ask(state, 'GET', '/health', any_version=True).engine}: healthy")


def halt(reason: str = "", *, state: State = STATE, by: By = "") -> int:
    """Stop opening and cancel working entries at once. Exits keep working. Works without an engine too, through a file.

    Parameters
    ----------
    reason
        Why; kept in the history.
    """
    try:
        heard = ask(state, "POST", "/v1/halt", {"by": somebody(by), "reason": reason[:REASON_MAX]}, any_version=True)
        print(f"{heard.engine}: {_text(heard)}")
        return 0
    except UserError:
        raise
    except EngineError as error:
        halt_file.leave(state, f"{somebody(by)}: {reason}")
        say(f"{error}\nwrote {state / HALT_FILE}: an engine on this folder halts within a beat, and starts halted;")
        say("`spreads resume` removes it")
        return 0


def pause(strategy: str, reason: str = "", *, state: State = STATE, by: By = "") -> int:
    """Stop the openings of one strategy and cancel those that work. Its exits go on.

    Parameters
    ----------
    strategy
        Its name.
    reason
        Why; kept in the history.
    """
    return say_word(state, f"/v1/strategies/{named(strategy)}/pause", by, reason)


def resume(*, strategy: str = "", state: State = STATE, by: By = "") -> int:
    """Allow openings again after a halt, or those of one strategy that was paused.

    Parameters
    ----------
    strategy
        Which paused strategy; not given to end a halt.
    """
    if strategy:
        return say_word(state, f"/v1/strategies/{named(strategy)}/resume", by, "")
    with halt_file.taken_away(state) as was_there:
        try:
            return say_word(state, "/v1/resume", by, "")
        except EngineError as error:
            if not was_there or runs(state):  # one that runs goes on being halted, as the file said
                raise
            say(f"{error}\nremoved {state / HALT_FILE}: an engine that starts on this folder is not halted by it")
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


def say_word(state: Path, path: str, by: str, reason: str, **more: object) -> int:
    """Tell the engine something in somebody's name, and print which engine heard it and what became of it."""
    heard = ask(state, "POST", path, {"by": somebody(by), "reason": reason[:REASON_MAX], **more})
    print(f"{heard.engine}: {_text(heard)}")
    return 0


def _text(reply: Reply) -> str:
    """What became of a word. Raises EngineError where the answer is none of an engine."""
    text = cast("Row", reply.found).get("text") if isinstance(reply.found, dict) else None
    if not isinstance(text, str):
        raise EngineError(f"{reply.engine}: it answers what is not understood; see its output or its log")
    return text


def warnings(found: Row) -> Iterator[str]:
    """What needs a person, a sentence each."""
    yield from tripped(found)
    yield from (refused(row) for row in cast("list[Row]", found.get("refused", [])))
    yield from (held(row) for row in cast("list[Row]", found.get("held_edits", [])))
    yield from changed(found)
    yield from (blocked(row) for row in cast("list[Row]", found.get("blocked_exits", [])))
    yield from unwatched(found)
    yield from (f"exercised: {row['position']}: {row['text']}" for row in cast("list[Row]", found.get("exercised", [])))
    yield from cast("list[str]", found.get("ending", []))
    for name, word in (("differences", "books differ"), ("foreign", "not ours"), ("notices", "notice")):
        yield from (f"{word}: {words}" for words in cast("list[str]", found.get(name, [])))
    for name in cast("list[str]", found.get("resting", [])):
        yield f"TWS does not answer questions of the class {name}: none is asked for a while, everything else goes on"
    if found.get("foreign"):
        yield "what is not ours is never traded; `spreads adopt` takes option legs into the engine's hands"


def _limit(one: Row) -> Row:
    """What all that is held or on its way would lose, beside the limit."""
    used = "?" if one["used"] is None else f"{one['used']:.0%}"
    lost, most = dollars(one["loss_usd"]), dollars(one["limit_usd"])
    return {"limit": one["limit"], "would lose": lost, "at most": most, "used": used, "by": one["obstacle"] or one["text"]}


def _band(one: Row) -> Row:
    """Where what is held or on its way stands between the ends of a band."""
    within = one["obstacle"] or ("within" if one["is_within"] else "outside")
    of = f"{one['band']} of {one['group']}" if one["group"] else one["band"]
    return {"band": of, "stands at": one["text"], "between": one["bound"], "": within}


def _told(name: str, value: object) -> tuple[str, object]:
    """A line of the status: what it is, in its unit."""
    words = name.replace("_", " ")
    match value:
        case {"by": by, "reason": reason}:
            return words, f"by {by}: {reason}"
        case {"open": opens, "close": closes, "is_open": is_open}:
            return words, f"{'open' if is_open else 'closed'}, from {instant(opens)} to {instant(closes)}"
        case {"contracts": contracts, "fresh": fresh, "oldest_age_s": oldest, "round_s": took}:
            return words, _chain(contracts, fresh, oldest, took)
        case {"doing": doing, "text": text, "age_s": age}:
            return words, f"{doing}: {text}, {age:,.0f} s ago"
        case str() if name == "at" or name.endswith("_at"):
            return words, instant(value)
        case int() | float() if name.endswith("_age_s"):
            return words.removesuffix(" s"), f"{value:,.1f} s"
        case int() | float() if name in DOLLARS:
            return words, dollars(value, signed=name == "day_pnl")
        case float() if name == "cushion":
            return words, f"{value:.1%}"
        case _:
            return words, value


def _chain(contracts: object, fresh: object, oldest_s: float | None, round_s: float | None) -> str:
    """How much of what can pass is quoted."""
    oldest = "" if oldest_s is None else f", the oldest {oldest_s:.0f} s"
    turns = "" if round_s is None else f"; a round of those that take turns takes {round_s:.0f} s"
    return f"{fresh} of {contracts} options that can pass were told within the last minute{oldest}{turns}"
