"""A person's view of a price, as it is said: `SPX 3% to 5% higher by 18 Dec, 70% sure`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from engine.strategy.guesses import NUMBER, numbers_in

SURE = Decimal("0.68")
"""How sure somebody is who does not say it: about two times in three."""
EXAMPLES = (
    "SPX 3% to 5% higher by 18 Dec, 70% sure",
    "SPY between 590 and 610 in 30 days",
    "SPX above 6200 by 2026-12-18",
    "SPX within 2% by 18 Dec",
)
_LONGEST = timedelta(days=1500)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DASH = r"\s*(?:-|–|\bto\b|\band\b)\s*"
_SAID = re.compile(
    r"(?P<underlying>[a-z][a-z.]{0,5})\s+(?:is |ends |stays |will (?:be|end|stay) |goes |moves )*"
    rf"(?:(?P<side>above|over|below|under|at least|at most)\s+)?"
    rf"(?:(?P<near>at|near|about|around)\s+|(?P<within>(?:flat |unchanged )?within)\s+|between\s+|from\s+)?"
    rf"(?P<minus>-)?\$?(?P<first>{NUMBER})(?P<share>\s*%)?(?:{_DASH}\$?(?P<second>{NUMBER})(?P<share_2>\s*%)?)?"
    r"(?:\s+(?P<way>higher|up|above|lower|down|below|either way))?"
    r"\s*,?\s+(?:by|until|till|on|before|at)?\s*(?P<when>in .+?|within .+?|[0-9a-z][0-9a-z .-]*?)"
    rf"(?:\s*,?\s+(?:with\s+|and\s+)?(?P<sure>{NUMBER})\s*%(?:\s+(?:sure|likely|chance|confident|probability))?)?"
)


@dataclass(frozen=True, slots=True)
class SaidView:
    """What a person expects of an underlying, and by when. A range has two ends, a price alone is both."""

    underlying: str
    low: Decimal | None
    """USD per share, or a share of the price now with its sign: -0.02 is 2% lower. None where there is no lower end."""
    high: Decimal | None
    """As `low`; None where there is no upper end."""
    is_share: bool
    by: date
    sure: Decimal
    """How sure, above 0 and below 1."""

    def prices(self, now: float) -> tuple[float | None, float | None]:
        """Both ends in USD per share, where the underlying stands at `now`."""
        low, high = (None if end is None else float(end) for end in (self.low, self.high))
        if self.is_share:
            return tuple(None if end is None else now * (1 + end) for end in (low, high))  # type: ignore[return-value]
        return low, high


def read_view(text: str, today: date) -> SaidView:
    """The view that a text says. Raises ValueError for one that cannot be understood, with the way out."""
    said = " ".join(text.casefold().split()).strip(" .")
    match = _SAID.fullmatch(said)
    if match is None:
        raise ValueError(f"'{text}' is no view of a price; write one as  {'  |  '.join(EXAMPLES)}")
    by = _day(match["when"], today)
    if by is None or not today < by <= today + _LONGEST:
        later = today + timedelta(days=30)
        raise ValueError(f"'{match['when']}' is no day ahead; write  by {later:%d %b}  |  by {later}  |  in 30 days")
    sure = Decimal(match["sure"]) / 100 if match["sure"] else SURE
    if not Decimal("0.05") <= sure <= Decimal("0.99"):
        raise ValueError(f"{match['sure']}% sure: a view is from 5% to 99% sure")
    low, high, is_share = _ends(match)
    if not is_share and any(end is not None and end <= 0 for end in (low, high)):
        raise ValueError(f"'{text}': a price is above 0; write one as  {'  |  '.join(EXAMPLES)}")
    return SaidView(match["underlying"].upper(), low, high, is_share, by, sure)


def _ends(match: re.Match[str]) -> tuple[Decimal | None, Decimal | None, bool]:
    numbers = [numbers_in(match[name])[0] for name in ("first", "second") if match[name]]
    is_share = bool(match["share"] or match["share_2"])
    if is_share:
        numbers = [number / 100 for number in numbers]
        if match["way"] in {"lower", "down", "below"} or match["minus"]:
            numbers = [-number for number in numbers]
        if match["within"] or match["way"] == "either way":
            numbers = [-abs(numbers[0]), abs(numbers[0])]
    low, high = min(numbers), max(numbers)
    side = match["side"]
    if side in {"above", "over"} or (side == "at least" and low >= 0) or (side == "at most" and is_share and high < 0):
        return low, None, is_share
    if side:
        return None, high, is_share
    return low, high, is_share


def _day(said: str, today: date) -> date | None:
    """A day: `18 dec`, `dec 18 2026`, `2026-12-18`, `in 3 weeks`, `30 days`; the next one where no year is said."""
    if span := re.fullmatch(r"(?:in |within )?(?:the next )?([0-9]{1,4}) (day|week|month)s?", said):
        days = int(span[1]) * {"day": 1, "week": 7, "month": 30}[span[2]]
        return today + timedelta(days=days) if timedelta(days=days) <= _LONGEST else None
    if iso := re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", said):
        return _date(int(iso[1]), int(iso[2]), int(iso[3]))
    names = "|".join(_MONTHS)
    named = re.fullmatch(rf"([0-9]{{1,2}})\.?[ -]?({names})[a-z]*\.?[ -]?([0-9]{{2,4}})?", said)
    turned = re.fullmatch(rf"({names})[a-z]*\.?[ -]?([0-9]{{1,2}})(?:st|nd|rd|th)?,?(?:[ -]([0-9]{{4}}))?", said)
    if named is None and turned is None:
        return None
    day, month, year = (named[1], named[2], named[3]) if named else (turned[2], turned[1], turned[3])  # type: ignore[index]
    number = _MONTHS.index(month) + 1
    if year:
        return _date(int(year) + (2000 if len(year) == 2 else 0), number, int(day))
    found = _date(today.year, number, int(day))
    return found if found and found > today else _date(today.year + 1, number, int(day))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
