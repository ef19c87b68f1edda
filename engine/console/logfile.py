"""The end of the engine's log, where it can be read from here: a line is one JSON object."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

NAME = "engine.log"
BYTES_MAX = 400_000
"""So much of its end is read."""
LINES_MAX = 500
_OWN = frozenset({"event", "level", "logger", "timestamp"})


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line."""

    number: int
    """Place from the beginning of what was read."""
    at: datetime | None
    level: str
    logger: str
    event: str
    circumstances: Mapping[str, object]
    """Everything else that it says."""


def last_lines(state: Path) -> list[LogLine]:
    """The newest lines of the log in a state folder, oldest first; empty where there is none.

    Raises OSError where it may not be read.
    """
    path = state / NAME
    if not path.exists():
        return []
    with path.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - BYTES_MAX))
        text = log.read().decode("utf-8", "replace")
    lines = text.splitlines()[1 if size > BYTES_MAX else 0 :]
    return [_read(number, line) for number, line in list(enumerate(lines))[-LINES_MAX:]]


def _read(number: int, text: str) -> LogLine:
    try:
        found: object = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return LogLine(number, None, "", "", text, {})
    line = cast("dict[str, object]", found)
    rest = {name: value for name, value in line.items() if name not in _OWN}
    level, logger, event = (str(line.get(name, "")) for name in ("level", "logger", "event"))
    return LogLine(number, _instant(line.get("timestamp")), level, logger, event, rest)


def _instant(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
