"""A moment as a person writes it: 2016-04-29, 2016-04-29 15:45, 2016-04-29 15:45 New York, 2016-04-29T19:45:00Z."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from engine.domain.errors import UserError
from engine.domain.session import NEW_YORK, trading_day

_ABBREVIATED = {"et", "est", "edt", "ct", "cst", "cdt"}
"""Winter or summer, in one place or another: EST is five hours behind UTC also in July, which nobody means."""
CITIES = {"new york": "America/New_York", "chicago": "America/Chicago", "london": "Europe/London"}
EXAMPLES = "2016-04-29, '2016-04-29 15:45 New York' or 2016-04-29T19:45:00Z"

_WRITTEN = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)\s*"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2}|[A-Za-z][A-Za-z_/ ]*)?)?"
)


@dataclass(frozen=True, slots=True)
class WholeDay:
    """A trading day in New York, without a time."""

    day: date


def moment(text: str) -> datetime | WholeDay:
    """The moment meant, UTC; without a zone the time is UTC, without a time the whole day in New York.

    Raises UserError with examples for anything else.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise UserError(f"--at: {text[:60]!r} is no time; write {EXAMPLES}")
    day, clock, zone = found["day"], found["clock"], found["zone"]
    try:
        if clock is None:
            return WholeDay(date.fromisoformat(day))
        return (
            datetime.fromisoformat(f"{day}T{clock.zfill(5 if clock.count(':') == 1 else 8)}")
            .replace(tzinfo=_zone(zone))
            .astimezone(UTC)
        )
    except (ValueError, OverflowError) as error:
        raise UserError(f"--at: {text[:60]!r} is no time; write {EXAMPLES}") from error


def chosen(path: object, recorded: Sequence[datetime], at: str | None) -> datetime:
    """The recorded instant meant by `at`: the last one, the last of a day, or the last of that day not after a time.

    `recorded` is not empty, oldest first. Raises UserError, naming what there is, where nothing was recorded then.
    """
    if at is None:
        return recorded[-1]
    wanted = moment(at)
    if isinstance(wanted, WholeDay):
        found = [instant for instant in recorded if trading_day(instant) == wanted.day]
    else:
        found = [instant for instant in recorded if instant <= wanted and trading_day(instant) == trading_day(wanted)]
    if found:
        return found[-1]
    count = "1 snapshot" if len(recorded) == 1 else f"{len(recorded):,} snapshots"
    span = f"it has {count}, first {shown(recorded[0])}, last {shown(recorded[-1])}"
    raise UserError(f"{path}: no snapshot at {at}; {span}{_nearest(recorded, wanted)}")


def shown(instant: datetime) -> str:
    """An instant in UTC, and on the clock of the exchange."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({instant.astimezone(NEW_YORK):%H:%M} New York)"


def _nearest(recorded: Sequence[datetime], wanted: datetime | WholeDay) -> str:
    if isinstance(wanted, WholeDay):
        instant = datetime.combine(wanted.day, datetime.min.time().replace(hour=16), NEW_YORK)
    else:
        instant = wanted
    nearest = min(recorded, key=lambda known: abs(known - instant))
    return "" if nearest in {recorded[0], recorded[-1]} else f", nearest {shown(nearest)}"


def _zone(text: str | None) -> tzinfo:
    if text is None or text.strip().upper() in {"Z", "UTC"}:
        return UTC
    if text[0] in "+-":
        zone = datetime.fromisoformat(f"2000-01-01T00:00{text}").tzinfo
        assert zone is not None, "an offset was written"
        return zone
    name = " ".join(text.split())
    try:
        if name.lower() in _ABBREVIATED:
            raise ValueError(name)
        return ZoneInfo(CITIES.get(name.lower(), name))
    except (KeyError, ValueError, OSError) as error:
        known = ", ".join(["UTC", *(city.title() for city in CITIES)])
        raise UserError(f"--at: no time zone {name!r}; write {known}, or a name such as America/New_York") from error
