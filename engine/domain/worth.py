"""What the account was worth, and the values that its falls are measured from, none of them raised by one odd value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from engine.domain.facts.account import EquityRecorded
from engine.domain.session import trading_day


@dataclass(slots=True)
class Worth:
    """The account's values as facts told them; money is USD, days are those of New York."""

    equity: EquityRecorded | None = None
    equity_at: datetime | None = None
    equities: tuple[tuple[str, Decimal], ...] = ()
    """The last three values recorded of the net liquidation, USD, each with its day in New York (ISO), newest last."""
    peak: Decimal | None = None
    """Highest net liquidation that was recorded more than once, USD; one value that stands alone raises no peak."""
    day_start: tuple[str, Decimal] | None = None
    """Net liquidation first recorded on the last day seen, with that day in New York (ISO)."""
    week_start: tuple[str, Decimal] | None = None
    """The value that the last ISO week seen began with, e.g. of 2026-W48: the last one of the week before, else the first."""

    def hear(self, fact: EquityRecorded, at: datetime) -> None:
        """Take one value in."""
        before, before_at = self.equity, self.equity_at
        self.equity, self.equity_at = fact, at
        worth, day, week = fact.net_liquidation, trading_day(at).isoformat(), _week(at)
        self.equities = (*self.equities[-2:], (day, worth))
        days, values = zip(*self.equities, strict=True)
        self.peak = worth if self.peak is None else max(believed(values), self.peak)
        if self.day_start is None or self.day_start[0] != day:
            self.day_start = (day, worth)
        elif len(days) == 3 and days[0] != day == days[1]:  # the second value of the day: the first one may have been odd
            self.day_start = (day, believed(values))
        if self.week_start is None or self.week_start[0] != week:
            # What was lost while the engine was off is lost in this week; a value from before the last one tells of other weeks.
            is_of_last_week = before_at is not None and _week(before_at + timedelta(days=7)) == week
            last = before if is_of_last_week else None
            self.week_start = (week, worth if last is None else believed(values) if len(values) == 3 else values[0])

    def begin_week(self, value: Decimal, at: datetime) -> None:
        """Measure the fall of this week from a value, USD."""
        self.week_start = (_week(at), value)

    def begin_peak(self, value: Decimal) -> None:
        """Measure the fall from the peak from a value, USD, whatever was recorded before."""
        self.peak, self.equities = value, ()


def believed(values: Sequence[Decimal]) -> Decimal:
    """The middle one of three values, the lower one of two: a single odd value changes neither to its own."""
    return sorted(values)[(len(values) - 1) // 2]


def _week(at: datetime) -> str:
    """The ISO week of the trading day in New York, e.g. 2026-W48."""
    return f"{trading_day(at):%G-W%V}"
