"""Why a strategy trades or does not, for a person: what stops it first, then what its market says, then how near it came."""

import json
from collections.abc import Iterator
from typing import Literal, cast

from engine.cli.amounts import instant
from engine.cli.client import ask, named, runs
from engine.cli.holdings import order_told
from engine.cli.narrate import measured
from engine.cli.options import STATE, State
from engine.cli.show import Row, line, say, show, show_told
from engine.cli.troubles import blocked, changed, refused, tripped

ORDERS_SHOWN = 5


def why(
    strategy: str,
    *,
    state: State = STATE,
    at: str | None = None,
    format: Literal["table", "json"] = "table",  # noqa: A002
) -> None:
    """Why a strategy trades or does not: what stops it, what its market says, its funnel and its nearest miss.

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
        from engine.cli.past import why_then  # noqa: PLC0415 - the calendar takes a second, and is needed for the past only

        found = why_then(state, strategy, at)
    else:
        found = cast("Row", ask(state, "GET", f"/v1/why/{named(strategy)}").found)
    if format == "json":
        print(json.dumps(found))
        return
    print(f"{strategy}, as of {instant(found['as_of'])}")
    for words in _stops(found):
        line(words)
    _show_when(cast("list[Row]", found["when"]))
    _show_look(found)
    orders = [order_told(row) for row in cast("list[Row]", found["orders"])]
    if orders:
        left_out = len(orders) - ORDERS_SHOWN
        print(f"\norders{f', the last {ORDERS_SHOWN} of {len(orders)}' if left_out > 0 else ''}:")
        show_told([{key: value for key, value in row.items() if key != "strategy"} for row in orders[-ORDERS_SHOWN:]])


def _stops(found: Row) -> Iterator[str]:
    """What stops it, the most general first."""
    stopped = cast("list[str]", found["stopped"])
    yield from (f"stopped: {words}" for words in stopped)
    yield from tripped(found)
    yield from (refused(row) for row in cast("list[Row]", found["refused"]))
    yield from changed(found)
    yield from (blocked(row) for row in cast("list[Row]", found["blocked_exits"]))
    yield from (f"denied: {row['spread']}: {row['obstacle']}" for row in cast("list[Row]", found["denials"]))
    if not stopped:
        yield "nothing stops it but what follows"


def _show_when(rows: list[Row]) -> None:
    """The lines of `when`, each with its answer and the values behind it."""
    if not rows:
        return
    several = len({row["underlying"] for row in rows}) > 1
    told: list[Row] = []
    for row in rows:
        values = cast("dict[str, float | None]", row["values"])
        found = ", ".join(f"{name} {measured(name, value)}" for name, value in values.items())
        told.append(
            {
                "when": row["line"],
                "on": row["underlying"] if several else None,
                "answer": row["answer"],
                "because": found or None,
            }
        )
    print()
    show_told(told)


def _show_look(found: Row) -> None:
    """The last recorded look: the funnel, and what came nearest where nothing passed."""
    funnel = cast("list[Row]", found["funnel"])
    if not funnel:
        say("no look at the market has been recorded yet")
        return
    print(f"\nlast recorded look, {instant(found['at'])}:")
    show(funnel, ["passed", "unknown", "condition"], "table")
    if found["nearest_miss"]:
        line(f"nearest miss: {found['nearest_miss']}")
