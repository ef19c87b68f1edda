"""Reads the time of an execution as TWS and people write it. What cannot be read, or may mean two instants, is unknown.

    20261123  10:00:01                     in the zone that TWS runs in
    20261123-15:00:01                      UTC
    20261123 10:00:01 US/Eastern           a name of the zone database, an abbreviation, an offset or a display name

A name of the zone database comes first, so EST is five hours behind in summer too, and ET is what the clocks of New York show.
Display names are those of Java, which TWS prints, and of Windows, which people copy; Windows says `Standard Time` all year round.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_TIME = re.compile(
    r"(?P<year>\d{4})(?P<dash>[-/.]?)(?P<month>\d{2})(?P=dash)(?P<day>\d{2})"
    r"(?P<gap>\s*-\s*|\s+|T)"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*(?P<zone>\S.*)?",
    re.IGNORECASE | re.ASCII,
)
_OFFSET = re.compile(r"(?:UTC|GMT|Z)?\s*(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?", re.IGNORECASE | re.ASCII)
_OFFSET_AND_NAME = re.compile(r"(?P<offset>[^\[\]]*?)\s*\[(?P<name>[^\[\]]+)\]")
"""Java prints an offset and then the zone's name in brackets."""
_OFFSET_MAX = timedelta(hours=14)

_ET, _CT, _MT, _PT = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
_LONDON, _BERLIN, _HELSINKI, _SYDNEY, _AUCKLAND = (
    "Europe/London", "Europe/Berlin", "Europe/Helsinki", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
_ALASKA, _HAWAII, _ATLANTIC = "America/Anchorage", "Pacific/Honolulu", "America/Halifax"

_ABBREVIATIONS: dict[str, str | float] = {
    "ET": _ET, "CT": _CT, "MT": _MT, "PT": _PT, "EDT": -4, "CST": -6, "CDT": -5, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "ADT": -3, "Z": 0, "BST": 1, "WEST": 1, "MEZ": 1, "CEST": 2, "MEST": 2, "MESZ": 2, "EEST": 3,
    "MSK": 3, "TRT": 3, "SGT": 8, "HKT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11,
    "NZST": 12, "NZDT": 13, "BRT": -3,
}  # fmt: skip
"""Hours ahead of UTC, or the zone whose clocks are meant; abbreviations that the zone database has are not here.

Some mean several zones and are read as none: IST is India's, Israel's and Ireland's, AST the Atlantic's and Arabia's.
"""
_DISPLAY_NAMES: dict[str, str | float] = {
    "Eastern Time": _ET, "Eastern Standard Time": _ET, "Eastern Daylight Time": -4, "US Eastern Standard Time": -5,
    "Central Time": _CT, "Central Standard Time": _CT, "Central Daylight Time": -5,
    "Mountain Time": _MT, "Mountain Standard Time": _MT, "Mountain Daylight Time": -6, "US Mountain Standard Time": -7,
    "Pacific Time": _PT, "Pacific Standard Time": _PT, "Pacific Daylight Time": -7,
    "Alaska Time": _ALASKA, "Alaska Standard Time": _ALASKA, "Alaskan Standard Time": _ALASKA, "Alaska Daylight Time": -8,
    "Hawaii Standard Time": _HAWAII, "Hawaiian Standard Time": _HAWAII, "Hawaii-Aleutian Standard Time": _HAWAII,
    "Atlantic Time": _ATLANTIC, "Atlantic Standard Time": _ATLANTIC, "Atlantic Daylight Time": -3,
    "Brasilia Time": -3, "Brasilia Standard Time": -3, "E. South America Standard Time": "America/Sao_Paulo",
    "Argentina Time": -3, "Argentina Standard Time": -3,
    "Coordinated Universal Time": 0, "Universal Time": 0, "Greenwich Mean Time": 0, "Greenwich Standard Time": 0,
    "GMT Standard Time": _LONDON, "British Time": _LONDON, "British Summer Time": 1, "Irish Standard Time": 1,
    "Western European Time": "WET", "Western European Standard Time": "WET", "Western European Summer Time": 1,
    "Central European Time": _BERLIN, "Central European Standard Time": _BERLIN, "Central European Summer Time": 2,
    "Central Europe Standard Time": _BERLIN, "Central Europe Daylight Time": 2,
    "W. Europe Standard Time": _BERLIN, "W. Europe Daylight Time": 2,
    "Romance Standard Time": "Europe/Paris", "Romance Daylight Time": 2,
    "Mitteleuropäische Zeit": _BERLIN, "Mitteleuropäische Sommerzeit": 2,
    "Eastern European Time": _HELSINKI, "Eastern European Standard Time": _HELSINKI, "Eastern European Summer Time": 3,
    "E. Europe Standard Time": "Europe/Chisinau", "FLE Standard Time": _HELSINKI, "GTB Standard Time": "Europe/Bucharest",
    "Moscow Standard Time": 3, "Russian Standard Time": 3, "Turkey Time": 3, "Turkey Standard Time": 3,
    "Israel Standard Time": "Asia/Jerusalem", "Israel Daylight Time": 3, "South Africa Standard Time": 2,
    "Arab Standard Time": 3, "Arabian Standard Time": 4, "Gulf Standard Time": 4, "India Standard Time": 5.5,
    "Singapore Time": 8, "Singapore Standard Time": 8, "Hong Kong Time": 8, "Hong Kong Standard Time": 8,
    "China Time": 8, "China Standard Time": 8, "Taipei Standard Time": 8,
    "Japan Time": 9, "Japan Standard Time": 9, "Tokyo Standard Time": 9,
    "Korea Standard Time": 9, "Korean Standard Time": 9,
    "Australian Western Standard Time": 8, "W. Australia Standard Time": 8,
    "Australian Central Standard Time": 9.5, "Australian Central Daylight Time": 10.5,
    "Australian Eastern Standard Time": 10, "Australian Eastern Daylight Time": 11, "E. Australia Standard Time": 10,
    "AUS Eastern Standard Time": _SYDNEY, "AUS Eastern Daylight Time": 11,
    "New Zealand Time": _AUCKLAND, "New Zealand Standard Time": _AUCKLAND, "New Zealand Daylight Time": 13,
}  # fmt: skip


def execution_time(text: str, zone: str) -> datetime | None:
    """The UTC instant of an execution; `zone` is TWS's own, for times that name none. None where it cannot be read."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    named, is_utc = match["zone"], match["gap"].strip() == "-"
    place = zone_of(named) if named else (UTC if is_utc else zone_of(zone))
    if place is None:
        return None
    parts = (int(match[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second"))
    try:
        return _instant(datetime(*parts, tzinfo=place))  # pyright: ignore[reportArgumentType] - six numbers and a zone
    except (ValueError, OverflowError):
        return None


def zone_of(name: str) -> tzinfo | None:
    """The zone of this name, however it is written; None where there is none, or more than one."""
    words = " ".join(name.split()).strip("()").casefold()
    both = _OFFSET_AND_NAME.fullmatch(words)
    if both is not None:
        return zone_of(both["name"]) if not both["offset"] or zone_of(both["offset"]) is not None else None
    offset = _OFFSET.fullmatch(words)
    if offset is not None:
        return _fixed(offset)
    meant = _names().get(words)
    if meant is None:  # as in `Eastern Time (US & Canada)`
        meant = _names().get(words.partition(" (")[0])
    if meant is None:
        return None
    return ZoneInfo(meant) if isinstance(meant, str) else timezone(timedelta(hours=meant))


def _instant(local: datetime) -> datetime | None:
    """The instant in UTC; None for an hour that the clocks pass twice or leave out."""
    instant = local.astimezone(UTC)
    return instant if instant == local.replace(fold=1).astimezone(UTC) else None


def _fixed(offset: re.Match[str]) -> tzinfo | None:
    minutes = int(offset["minutes"] or 0)
    ahead = timedelta(hours=int(offset["hours"]), minutes=minutes)
    if ahead > _OFFSET_MAX or minutes > 59:
        return None
    return timezone(ahead if offset["sign"] == "+" else -ahead)


@cache
def _names() -> dict[str, str | float]:
    """Every name in small letters: a zone of the database, or hours ahead of UTC. The database's own names win."""
    ours = {**_DISPLAY_NAMES, **_ABBREVIATIONS}
    return {name.casefold(): meant for name, meant in ours.items()} | {name.casefold(): name for name in available_timezones()}
