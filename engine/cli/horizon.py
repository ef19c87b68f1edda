"""Whether events.yaml reaches far enough for what the strategies ask of it."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import PurePath

from engine.cli.folder import SHARED
from engine.strategy.expressions import measures_in
from engine.strategy.model import Strategy
from engine.strategy.parse import COMMON_FILE, EVENTS_FILE, parse_common, parse_events, parse_strategy

NOTICE = timedelta(days=7)
"""So long before the list ends it is said: the days of the next releases are looked up in minutes, but not at once."""


def outdated(texts: Mapping[str, bytes], today: date) -> Iterator[str]:
    """A sentence for each enabled strategy that asks for events beyond the list, soon or already; broken files are skipped."""
    by_name = {PurePath(file).name: text for file, text in texts.items()}
    common = parse_common(by_name[COMMON_FILE]).value if COMMON_FILE in by_name else None
    events = parse_events(by_name[EVENTS_FILE]).value if EVENTS_FILE in by_name else None
    if EVENTS_FILE in by_name and events is None:
        return
    for file, text in texts.items():
        if PurePath(file).name in SHARED:
            continue
        strategy = parse_strategy(text, file, common).value
        days = _asked(strategy) if strategy is not None and strategy.enabled else None
        if strategy is None or days is None:
            continue
        if events is None:
            yield f"{strategy.name} asks for events, and there is no {EVENTS_FILE}: that is unknown, and it opens nothing"
            continue
        last = events.horizon - timedelta(days=days)
        if today + NOTICE > last:
            asks = f"{strategy.name} asks {days} {'day' if days == 1 else 'days'} ahead"
            yield (
                f"{EVENTS_FILE} is complete to {events.horizon} only: {asks}, so after {last} that is unknown, and it opens"
                " nothing; add the days of the next releases, then move the horizon"
            )


def _asked(strategy: Strategy) -> int | None:
    """How many days ahead its market conditions look for events; None where they do not."""
    asked = [
        int(measure.arguments[0]) for line in strategy.when for measure in measures_in(line.expression) if measure.name == "event"
    ]
    return max(asked, default=None)
