"""What was most likely meant by a time of day, a window of it or a duration that people write differently.

As `guesses`, of which it is the part about clocks: the likeliest writing first, or nothing.
"""

from __future__ import annotations

import re
from decimal import Decimal

from engine.strategy.guesses import NUMBER, numbers_in

_CLOCK = re.compile(
    r"(?<![0-9$.,])([0-9]{1,2})(?:[:.h]([0-9]{2})(?::[0-9]{2})?|(?=\s*[ap]\.?m)|(?=\s*(?:-|to|until)\s*[0-9]{1,2}:))(?:\s*([ap])\.?m\b\.?)?",
    re.IGNORECASE,
)
_ZONES = tuple(
    (re.compile(rf"\b(?:{names})\b", re.IGNORECASE), hours)
    for names, hours in (
        (r"p[sd]?t|pacific|los[ _]angeles|seattle", 3),
        (r"m[sd]t|mountain|denver", 2),
        (r"c[sd]?t|central|chicago", 1),
        (r"london|uk|gmt|bst|utc|dublin|lisbon", -5),
        (r"berlin|paris|frankfurt|zurich|vienna|rome|madrid|amsterdam|cet|cest|mez|mesz|stockholm|prague|warsaw", -6),
    )
)
"""Hours from the clocks of other cities to New York's; in Europe one more or less for some weeks of the year."""


def times(text: str) -> list[str]:
    """Clock times in New York, in the order in which they stand."""
    shift = next((hours for zone, hours in _ZONES if zone.search(text)), 0)
    found: list[str] = []
    for hour, minute, half in _CLOCK.findall(re.sub(r"\b([0-2][0-9])([0-5][0-9])\b", r"\1:\2", text)):
        clock = int(hour)
        if half:
            clock = clock % 12 + (12 if half.casefold() == "p" else 0)
        if 0 <= clock + shift <= 23 and int(minute or 0) <= 59:
            found.append(f"{clock + shift:02d}:{int(minute or 0):02d}")
    return found


_OPENS, _CLOSES = 9 * 60 + 30, 16 * 60
_PART_OF_DAY = re.compile(
    rf"\b(?P<which>first|last)\s+(?P<number>{NUMBER}|half(?: an)?|one|two|three)?\s*(?P<unit>h|hours?|hrs?|m|mins?|minutes?)\b"
    r"|\b(?P<half>morning|afternoon)\b"
)


def _window(part: re.Match[str]) -> str:
    """The first or last hours or minutes of a session, the morning or the afternoon."""
    if part["half"]:
        return "09:30-12:00 New York" if part["half"] == "morning" else "12:00-15:30 New York"
    words = {None: "1", "one": "1", "two": "2", "three": "3", "half": "0.5", "half an": "0.5"}
    minutes = min(Decimal(words.get(part["number"], part["number"])) * (60 if part["unit"][0] == "h" else 1), _CLOSES - _OPENS)
    begin = _OPENS if part["which"] == "first" else _CLOSES - int(minutes)
    return f"{_said(begin)}-{_said(begin + int(minutes))} New York"


def _said(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def hours(text: str) -> list[str]:
    """A window of the day: `10:00`, `9:45am to 3:30pm ET`, `after 10:00`."""
    found, said = times(text), text.casefold()
    if (part := _PART_OF_DAY.search(said)) and not found:
        return [_window(part)]
    if re.search(r"\b(?:market|regular|rth|all day|any ?time|session|whole day|always)\b", said) and not found:
        return ["09:30-16:00 New York"]
    if bare := re.fullmatch(r"\s*([0-9]{1,2})\s*(?:-|to)\s*([0-9]{1,2})\s*", said):
        early, late = int(bare[1]), int(bare[2])
        late += 12 if late < 9 else 0
        return [f"{early:02d}:00-{late:02d}:00 New York"] if early < late <= 23 else []
    if len(found) >= 2 and found[0] < found[1]:
        return [f"{found[0]}-{found[1]} New York"]
    if len(found) != 1:
        return []
    if re.search(r"\b(?:before|until|till|by)\b|<", said):
        return [f"09:45-{found[0]} New York"] if found[0] > "09:45" else []
    if re.search(r"\b(?:after|from|since)\b|>", said):
        return [f"{found[0]}-15:30 New York"] if found[0] < "15:30" else []
    hour, minute = (int(part) for part in found[0].split(":"))
    return [f"{found[0]}-{_said(hour * 60 + minute + 15)} New York"]


def clock_times(text: str) -> list[str]:
    """Times of the day: `[12:00, 12:30] New York, within 5 min`, `10am, 11am`, `every 30 minutes 10:00-15:00`."""
    head, _, tail = text.partition("within")
    found, late = times(head), span(tail.strip()) if tail else []
    within = f", within {late[0]}" if late else ""
    zone = "Chicago" if re.search(r"\b(?:chicago|central|c[sd]?t)\b", text.casefold()) and "Chicago" in text else "New York"
    step = re.search(r"every\s+([0-9]{1,3})\s*(m|h)", head.casefold())
    if step and len(found) >= 2 and found[0] < found[-1]:
        return [f"every {step[1]} {'min' if step[2] == 'm' else 'h'} from {found[0]} to {found[-1]} {zone}{within}"]
    return [f"{', '.join(sorted(dict.fromkeys(found)))} {zone}{within}"] if found else []


def again(text: str) -> list[str]:
    """How often and how soon after a stop: `2`, `2x after 15 min`, `yes`."""
    said = text.casefold()
    wait = re.search(r"([0-9]{1,3})\s*(m|h|s)", said)
    counts = numbers_in(said.replace(wait[0], " ") if wait else said)
    count = int(counts[0]) if counts and counts[0] == int(counts[0]) else 1
    told = f"after a stop, {'once' if count == 1 else f'{count} times'}"
    return [f"{told}, not before {wait[1]} { {'m': 'min', 'h': 'h', 's': 's'}[wait[2]] }" if wait else told]


def span(text: str) -> list[str]:
    """A duration: `5m`, `2 mins`, `300`."""
    match = re.fullmatch(rf"({NUMBER})\s*(?:(m|mins|minutes)|(h|hr|hrs|hours)|(s|secs|seconds))?\.?", text.strip().casefold())
    if match is None or Decimal(match[1].replace(",", "")) % 1:
        return []
    number = int(Decimal(match[1].replace(",", "")))
    if match[2] or match[3] or match[4]:
        return [f"{number} {'min' if match[2] else 'h' if match[3] else 's'}"]
    return [f"{number} min", f"{number} s"]
