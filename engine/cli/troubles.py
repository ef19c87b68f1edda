"""What needs a person, as sentences: breakers that tripped, exits that cannot act, files that are not in force."""

from typing import cast

from engine.cli.amounts import dollars, instant
from engine.cli.show import Row
from engine.store.heartbeat import LOOKED_WITHIN

CHANGES_SHOWN = 5
"""Readings of files; more would push out of sight what stops trading now."""
CHANGES_QUERY = '`spreads query "SELECT recorded_at, file, changes FROM facts WHERE len(changes) > 0 ORDER BY seq DESC"`'


def tripped(found: Row) -> list[str]:
    """A line for each breaker that stands: its moment, its number, and how it is lifted."""
    lines: list[str] = []
    for row in cast("list[Row]", found.get("breakers", [])):
        whose = f" of {row['strategy']}" if row["strategy"] else ""
        value, bound = (dollars(row[name]) for name in ("value_usd", "bound_usd"))
        until = "until the next session; earlier:" if row["lifts"] == "next session" else "until a person lifts it:"
        at = instant(row["tripped_at"])
        lines.append(f"tripped: {row['name']}{whose}, {at}, {value} at a bound of {bound}, {until} {row['lift']}")
    return lines


def changed(found: Row) -> list[str]:
    """A line for each reading of a file that put other limits in force, newest first: when, from what to what, which way."""
    rows = cast("list[Row]", found.get("changed", []))
    lines = [
        f"{row['direction']}: {row['file']}, {instant(row['at'])}: {'; '.join(cast('list[str]', row['changes']))}"
        for row in rows[:CHANGES_SHOWN]
    ]
    left_out = len(rows) - CHANGES_SHOWN
    if left_out > 0:
        lines.append(f"changed {left_out} times more within the last seven days; {CHANGES_QUERY} tells")
    return lines


def held(row: Row) -> str:
    """An edit that waits for a person, in one sentence."""
    what = "; ".join(cast("list[str]", row["changes"]))
    return f"waits: {row['file']}: {what}; `spreads accept` puts it in force"


def blocked(row: Row) -> str:
    """An exit that is due and cannot act, in one sentence."""
    until = f"since {instant(row['since'])}, tried again by {instant(row['again_at'])}"
    return f"exit blocked: {row['spread']} ({row['position']}), {row['rule']}: {row['obstacle']}: {row['text']}; {until}"


def unwatched(found: Row) -> list[str]:
    """A guardian that watched and does no more; nothing where none ever did, or where it was stopped."""
    row = cast("Row | None", found.get("guardian"))
    if row is None or row["doing"] == "stopped" or cast("float", row["age_s"]) <= LOOKED_WITHIN.total_seconds():
        return []
    return [f"guardian: it has not looked for {cast('float', row['age_s']):,.0f} s; start `spreads guard` again"]


def refused(row: Row) -> str:
    """A file whose present text is not in force."""
    more = cast("int", row["problems"]) - 1
    rest = f" (and {more} more; `spreads check` tells)" if more else "; `spreads check` tells more"
    return f"refused: {row['problem']}{rest}; what was in force before stays in force"
