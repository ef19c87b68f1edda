"""A person's view of a price, as it is said: `SPX 3% to 5% higher by 18 Dec, 70% sure`.

What is said to a command is said today. What stands in a file is read again every day, so that it says by itself what it means: a
day has its year, and a share of the price is one of the price now, which goes with days from now.
"""

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
_WAYS = ("higher", "up", "above", "lower", "down", "below", "either way")
_LONGEST = timedelta(days=1500)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DASH = r"\s*(?:-|–|\bto\b|\band\b)\s*"
_UNDERLYING = r"(?P<underlying>[a-z][a-z.]{0,5})\s+"
_BODY = (
    r"(?:is |ends |stays |will (?:be|end|stay) |goes |moves )*"
    rf"(?:(?P<side>above|over|below|under|at least|at most)\s+)?"
    rf"(?:(?P<near>at|near|about|around)\s+|(?P<within>(?:flat |unchanged )?within)\s+|between\s+|from\s+)?"
    rf"(?P<minus>-)?\$?(?P<first>{NUMBER})(?P<share>\s*%)?(?:{_DASH}\$?(?P<second>{NUMBER})(?P<share_2>\s*%)?)?"
    r"(?:\s+(?P<way>higher|up|above|lower|down|below|either way))?"
    r"\s*,?\s+(?:by|until|till|on|before|at)?\s*(?P<when>in .+?|within .+?|[0-9a-z][0-9a-z .-]*?)"
    rf"(?:\s*,?\s+(?:with\s+|and\s+)?(?P<sure>{NUMBER})\s*%(?:\s+(?:sure|likely|chance|confident|probability))?)?"
)
_SAID = re.compile(_UNDERLYING + _BODY)
_OF_ANY = re.compile(r"(?P<underlying>)" + _BODY)
_SPAN = re.compile(r"(?:in |within )?(?:the next )?([0-9]{1,4}) (day|week|month)s?")
_DAYS = {"day": 1, "week": 7, "month": 30}


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


@dataclass(frozen=True, slots=True)
class StandingView:
    """A view that stands in a file: of one underlying, or of each that is looked at; by one day, or so many days from now."""

    underlying: str
    """Empty where it is a view of each."""
    low: Decimal | None
    """As that of what is said; a share is one of the price at each look."""
    high: Decimal | None
    is_share: bool
    by: date | None
    """None where it is so many days from now."""
    days: int | None
    """Calendar days from the day of the look; None where it is by one day."""
    sure: Decimal

    def on(self, today: date, underlying: str) -> SaidView | None:
        """What it says of an underlying on a day; None where it says nothing of it, or its day has passed."""
        by = self.by if self.days is None else today + timedelta(days=self.days)
        if by is None or by < today or self.underlying not in {"", underlying}:
            return None
        return SaidView(underlying, self.low, self.high, self.is_share, by, self.sure)

    def __str__(self) -> str:
        until = f"in {self.days} days" if self.by is None else f"by {self.by.day} {self.by:%b %Y}"
        parts = (self.underlying, self._ends(), f"{until}, {_plain(self.sure * 100)}% sure")
        return " ".join(part for part in parts if part)

    def _ends(self) -> str:
        low, high = self.low, self.high
        if not self.is_share:
            if low is not None and high is not None:
                return f"at {_usd(low)}" if low == high else f"between {_usd(low)} and {_usd(high)}"
            return f"above {_usd(low)}" if low is not None else f"below {_usd(high or Decimal(0))}"
        if low is not None and high is not None:
            if low == -high:
                return f"within {_plain(high * 100)}%"
            near, far = sorted((abs(low), abs(high)))
            share = f"{_plain(near * 100)}%" if near == far else f"{_plain(near * 100)}% to {_plain(far * 100)}%"
            return f"{share} {'higher' if high > 0 else 'lower'}"
        end, is_least = (low, True) if low is not None else (high or Decimal(0), False)
        assert end is not None, "a view has an end"
        goes_up = end >= 0
        return f"at {'least' if is_least == goes_up else 'most'} {_plain(abs(end) * 100)}% {'higher' if goes_up else 'lower'}"


class NoView(ValueError):
    """A text that is no view for a file. `better` is one that would be; where nobody can know it, `note` says what is wanted."""

    def __init__(self, message: str, better: str = "", note: str = "") -> None:
        super().__init__(message)
        self.better, self.note = better, note


STANDING_EXAMPLES = ("SPX between $6,100 and $6,300 by 18 Dec 2026, 70% sure", "3% to 5% higher in 30 days, 70% sure")


def read_standing(text: str) -> StandingView:
    """The view that stands in a file. Raises NoView."""
    said = _heard(text)
    match = _OF_ANY.fullmatch(said) or _SAID.fullmatch(said)
    if match is None:
        missing = ", and by when" if _SAID.fullmatch(f"{said} in 30 days") or _OF_ANY.fullmatch(f"{said} in 30 days") else ""
        better = f"{text.strip()} in 30 days" if missing else STANDING_EXAMPLES[0]
        raise NoView(f"'{text[:50]}' is no view: a price or a range{missing}", better)
    when, underlying = match["when"], match["underlying"].upper()
    if when in _WAYS:
        raise NoView(f"'{text[:50]}' does not say by when", f"{text.strip()} in 30 days")
    span = _SPAN.fullmatch(when)
    days = int(span[1]) * _DAYS[span[2]] if span else None
    by = None if span or _year_of(when) is None else _day(when, date.min)
    low, high, is_share = _ends(match)
    if days is not None and not 1 <= days <= _LONGEST.days:
        raise NoView(f"'{when}': from 1 to {_LONGEST.days} days", "", f"write  in 1 day  to  in {_LONGEST.days} days")
    if days is None and is_share:
        message = "a share of which price? a file is read every day, and each time it is the price of then"
        raise NoView(message, _from_now(text, when), f"or prices:  {STANDING_EXAMPLES[0]}")
    if days is None and by is None:
        message = f"'{when}' is no day with its year, and a file is read every day"
        raise NoView(message, _from_now(text, when), "or a day with its year, as in  by 18 Dec 2026")
    if not is_share and not underlying:
        raise NoView("a view in dollars says of which underlying it is", f"SPX {text.strip()}")
    if not is_share and any(one is not None and one <= 0 for one in (low, high)):
        raise NoView("a price is above 0", STANDING_EXAMPLES[0])
    if is_share and any(one is not None and one <= -1 for one in (low, high)):
        raise NoView("no price falls by 100% or more", STANDING_EXAMPLES[1])
    sure = Decimal(match["sure"]) / 100 if match["sure"] else SURE
    if not Decimal("0.05") <= sure <= Decimal("0.99"):
        before = said[: match.start("sure")]
        better = f"{before}{'99' if sure > Decimal('0.5') else '5'}{said[match.end('sure') :]}"
        raise NoView(f"{match['sure']}% sure: a view is from 5% to 99% sure", better)
    return StandingView(underlying, low, high, is_share, by, days, sure)


def _heard(text: str) -> str:
    """A text as it is read: in small letters, single spaces, and every percent as its sign."""
    return re.sub(r" ?\b(?:percent|per cent|pct)\b", "%", " ".join(text.casefold().split()).strip(" ."))


def _from_now(text: str, when: str) -> str:
    """The same view with days from now in the place of when it was to be."""
    return re.sub(
        rf"(?:\b(?:by|until|till|before)\s+)?{re.escape(when)}", "in 30 days", text.strip(), count=1, flags=re.IGNORECASE
    )


def _year_of(when: str) -> str | None:
    found = re.search(r"(?:^|[ -])([0-9]{4})(?:$|-)", when)
    return found[1] if found else None


def _plain(number: Decimal) -> str:
    return f"{number.normalize():,f}"


def _usd(price: Decimal) -> str:
    return f"${price:,.2f}" if price % 1 else f"${price:,.0f}"


def read_view(text: str, today: date) -> SaidView:
    """The view that a text says. Raises ValueError for one that cannot be understood, with the way out."""
    said = _heard(text)
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
    if span := _SPAN.fullmatch(said):
        days = int(span[1]) * _DAYS[span[2]]
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
