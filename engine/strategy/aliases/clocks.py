"""Times of day as people write them: `3:45 PM ET`, `15h45`."""

from __future__ import annotations

from engine.strategy.aliases.sayings import Saying


def _clock(hour: str, minute: str | None, half: str) -> str:
    return f"{int(hour) % 12 + (12 if half == 'p' else 0)}:{minute or '00'}"


CLOCKS: tuple[Saying, ...] = (
    (r"\b([0-9]{1,2})(?:[:.h]([0-9]{2}))?\s*([ap])\.?m\b\.?", lambda found: _clock(found[1], found[2], found[3])),
    (r"\b([0-9]{1,2})h([0-9]{2})\b", r"\1:\2"),
    (r"\b([0-9]{1,2}:[0-9]{2})\s*(?:e[sd]?t|eastern|ny|nyc|new york time|us/eastern|america/new_york)\b", r"\1 New York"),
    (r"\b([0-9]{1,2}:[0-9]{2})\s*(?:c[sd]?t|central|chi|chicago time)\b", r"\1 Chicago"),
    (r"\bnew york\b", "New York"),
    (r"\bchicago\b", "Chicago"),
    (r"\b([0-9]{1,2}:[0-9]{2})(?!\s*(?:New York|Chicago|[ap]m))", r"\1 New York"),
)
"""Times of day: 24 hours, and the city whose clock is meant, New York where none is named."""
