"""The scalars that say at which times of the day something is opened, how far apart, and what follows a stop."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, TypeAlias

from engine.strategy import guessed_times, guesses
from engine.strategy.source import Text, about
from engine.strategy.values.entry import DURATION, SECONDS, ZONES
from engine.strategy.values.meaning import Again, Span, Times, Usd
from engine.strategy.values.scalar import DOLLARS, NUMBER, Scalar, decimal_of
from engine.strategy.way_out import write

WITHIN_S = 300
"""How long after its time an opening is still that of its time: quotes and limits may stand in its way for a moment."""
MOST_TIMES = 60
"""More openings than these in one day are no plan of a person."""
_AGAIN_MOST = 20
_CLOCK = r"[0-9]{1,2}:[0-9]{2}"
_ZONE = "|".join(ZONES)
_SPAN = rf"([0-9]{{1,5}})\s*({DURATION})"
_TIMES = (
    rf"(?:({_CLOCK}(?:\s*,\s*{_CLOCK})*)|every\s+{_SPAN}\s+from\s+({_CLOCK})\s+(?:to|until)\s+({_CLOCK}))"
    rf"\s+({_ZONE})(?:\s*,\s*within\s+{_SPAN})?"
)


def _clock(text: Text, written: str) -> time:
    hour, minute = (int(part) for part in written.strip().split(":"))
    if hour > 23 or minute > 59:
        raise about(text, f"there is no {written.strip()} on a clock", write("12:00, 12:30 New York"))
    return time(hour, minute)


def _times(text: Text, match: re.Match[str]) -> Times:
    listed, every, every_word, first, last, zone, within, within_word = match.groups()
    within_s = int(within) * SECONDS[within_word] if within else WITHIN_S
    if not 60 <= within_s <= 3600:
        raise about(text, "an opening is late by a minute at the least, and by an hour at the most", write(_with(text, "5 min")))
    if listed:
        clocks = [_clock(text, part) for part in listed.split(",")]
        if sorted(set(clocks)) != clocks:
            told = ", ".join(f"{clock:%H:%M}" for clock in sorted(set(clocks)))
            raise about(text, "each time is later than the one before it", write(f"{told} {zone}"))
    else:
        clocks = _ladder(text, _clock(text, first), _clock(text, last), int(every) * SECONDS[every_word], zone)
    if len(clocks) > MOST_TIMES:
        raise about(text, f"these are {len(clocks)} times a day; {MOST_TIMES} are the most", "write fewer")
    return Times(tuple(clocks), ZONES[zone], within_s)


def _ladder(text: Text, first: time, last: time, every_s: int, zone: str) -> list[time]:
    day = datetime(2000, 1, 1)  # noqa: DTZ001 - only clock times are counted
    at, end = datetime.combine(day, first), datetime.combine(day, last)
    if at >= end:
        said = f"every 30 min from {min(first, last):%H:%M} to {max(first, last):%H:%M} {zone}"
        raise about(text, f"the last time ({last:%H:%M}) is not later than the first ({first:%H:%M})", write(said))
    if every_s < 60 or every_s % 60:
        raise about(text, "times are set in whole minutes", write(f"every 30 min from {first:%H:%M} to {last:%H:%M} {zone}"))
    count = int((end - at).total_seconds()) // every_s + 1
    return [(at + timedelta(seconds=every_s * n)).time() for n in range(count)]


def _with(text: str, within: str) -> str:
    head = re.split(r",\s*within", str(text), maxsplit=1)[0]
    return f"{head}, within {within}"


def _no_times(text: str) -> tuple[str, str] | None:
    if re.fullmatch(rf"{_CLOCK}(?:\s*,\s*{_CLOCK})*", text):
        return f"{text} where?", write(f"{text} New York", f"{text} Chicago")
    return None


AtTimes: TypeAlias = Annotated[
    Times,
    Scalar(
        (Times,),
        _TIMES,
        _times,
        "times of day, and the city whose clock is meant",
        ("12:00, 12:30, 13:00 New York, within 5 min", "every 30 min from 10:00 to 15:00 New York"),
        misread=_no_times,
        guess=guessed_times.clock_times,
    ),
]


def _again(text: Text, match: re.Match[str]) -> Again:
    count, word = int(match[1] or 1), match[3]
    wait_s = int(match[2]) * SECONDS[word] if match[2] else 0
    if not 1 <= count <= _AGAIN_MOST:
        raise about(text, f"once at the least, {_AGAIN_MOST} times at the most", write("after a stop, 2 times"))
    if wait_s > 6 * 3600:
        raise about(text, "that is longer than a session", write("after a stop, 2 times, not before 15 min"))
    return Again(count, wait_s)


Reentry: TypeAlias = Annotated[
    Again,
    Scalar(
        (Again,),
        rf"after\s+a\s+stop(?:\s*,\s*(?:once|([0-9]{{1,2}})\s+times?))?(?:\s*,\s*not\s+before\s+{_SPAN})?",
        _again,
        "what follows a stop",
        ("after a stop, once", "after a stop, 2 times, not before 15 min"),
        guess=guessed_times.again,
    ),
]


def _span(text: Text, match: re.Match[str]) -> Span:
    seconds = int(match[1]) * SECONDS[match[2]]
    if not 60 <= seconds <= 6 * 3600:
        raise about(text, "openings are a minute apart at the least, and six hours at the most", write("30 min"))
    return Span(seconds)


TimeApart: TypeAlias = Annotated[
    Span,
    Scalar(
        (Span,),
        _SPAN,
        _span,
        "a duration",
        ("30 min", "2 h"),
        misread=lambda text: (f"{text} what?", write(f"{text} min", f"{text} s")) if text.isdecimal() else None,
        guess=guessed_times.span,
    ),
]


def _apart(text: Text, match: re.Match[str]) -> Usd:
    usd = decimal_of(text, match[1])
    if usd <= 0:
        raise about(text, "a distance of nothing keeps nothing apart", write("$25"))
    return Usd(usd)


StrikesApart: TypeAlias = Annotated[
    Usd,
    Scalar(
        (Usd,),
        DOLLARS,
        _apart,
        "a distance between strikes in dollars",
        ("$25", "$5"),
        misread=lambda text: (
            (f"{text} what? strikes are dollars apart", write(f"${text}"))
            if re.fullmatch(NUMBER, text) and Decimal(text.replace(",", ""))
            else None
        ),
        guess=guesses.width,
    ),
]
