"""Instants as clients write them, in the forms that TWS reads."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from engine.domain.session import NEW_YORK

_FIRST_YEAR, _LAST_YEAR = 1900, 2999
"""What lies outside has no trading day, and some of it no instant in another zone."""


def instant_of(text: str) -> datetime | None:
    """The instant, or None where the text is none.

    `YYYYMMDD-HH:MM:SS` is UTC; `YYYYMMDD HH:MM:SS`, with one or two spaces or the date alone, is New York's time unless
    a zone follows.
    """
    if "-" in text.partition(" ")[0]:
        return _read(text, "%Y%m%d-%H:%M:%S", UTC)
    date, clock, zone = [*text.split(maxsplit=2), "", "", ""][:3]
    known = _zone(zone)
    if known is None:
        return None
    return _read(f"{date} {clock}", "%Y%m%d %H:%M:%S", known) if clock else _read(date, "%Y%m%d", known)


def _read(text: str, form: str, zone: tzinfo) -> datetime | None:
    try:
        read = datetime.strptime(text, form).replace(tzinfo=zone)
    except ValueError:
        return None
    return read.astimezone(UTC) if _FIRST_YEAR <= read.year <= _LAST_YEAR else None


def _zone(name: str) -> tzinfo | None:
    if not name:
        return NEW_YORK
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone, no name of a zone, the name of a folder of zones
        return None
