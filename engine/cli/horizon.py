"""Whether what the strategies of a folder ask for reaches far enough: the days of events.yaml, and their views of a price."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import PurePath

from engine.cli.folder import SHARED
from engine.strategy.horizon import ending, passed
from engine.strategy.parse import COMMON_FILE, EVENTS_FILE, parse_common, parse_events, parse_strategies


def outdated(texts: Mapping[str, bytes], today: date) -> Iterator[str]:
    """A sentence for each kind of event that a strategy asks for beyond the list, soon or already, and for each view of a price
    whose day has passed; broken files are skipped.
    """
    by_name = {PurePath(file).name: text for file, text in texts.items()}
    common = parse_common(by_name[COMMON_FILE]).value if COMMON_FILE in by_name else None
    events = parse_events(by_name[EVENTS_FILE]).value if EVENTS_FILE in by_name else None
    read = (parse_strategies(text, file, common).value for file, text in texts.items() if PurePath(file).name not in SHARED)
    strategies = [strategy for found in read for strategy in found or ()]
    if events is None:  # that there is none, or that it is broken, is told as a problem of a file
        yield from passed(strategies, today)
    else:
        yield from ending(strategies, events, today)
