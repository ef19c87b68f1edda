"""Whether what ships can be released on a day: its events reach far enough, each with its source, and its strategies ask for
no others.

`make release` runs it for today; a test runs it for days of its own.
"""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from engine.domain.session import trading_day
from engine.runtime.clock import SystemClock
from engine.strategy.horizon import NOTICE, ending
from engine.strategy.parse import ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE, parse_common, parse_events, parse_strategies
from engine.strategy.problems import render_all

FOLDER = Path(__file__).parents[2] / "strategies"


def obstacles(today: date, folder: Path = FOLDER) -> Iterator[str]:
    """What stands against a release, one sentence each."""
    read = parse_events((folder / EVENTS_FILE).read_bytes())
    if read.value is None:
        yield render_all(read.problems)
        return
    for listed in read.value.calendar():
        if listed.until is None and not listed.days:
            continue
        if listed.kind not in read.value.sources:
            yield f"{EVENTS_FILE} lists {listed.kind} without the source that its days were read from"
        if listed.until is None or listed.until - today <= NOTICE:
            yield f"{EVENTS_FILE} knows {listed.kind} to {listed.until} only: a release wants more than {NOTICE.days} days"
    common = parse_common((folder / COMMON_FILE).read_bytes()).value
    files = [path for path in sorted(folder.glob("*.yaml")) if path.name not in {ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE}]
    parsed = [parse_strategies(path.read_bytes(), path.name, common) for path in files]
    yield from (render_all(one.problems) for one in parsed if one.value is None)
    yield from ending([strategy for one in parsed for strategy in one.value or ()], read.value, today)


if __name__ == "__main__":
    found = list(obstacles(date.fromisoformat(sys.argv[1]) if sys.argv[1:] else trading_day(SystemClock().now())))
    print("\n".join(found) or "what ships can be released")
    sys.exit(bool(found))
