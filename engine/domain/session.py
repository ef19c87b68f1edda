"""Trading sessions and the clock of an option's life. All instants are UTC."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
SECONDS_PER_YEAR = 365 * 86400
"""ACT/365 of UTC seconds: a span over a change of clocks is not an hour off."""
_REGULAR_CLOSE = time(16, 0)


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day of the exchange."""

    day: date
    open: datetime
    close: datetime

    @property
    def is_half_day(self) -> bool:
        return self.close.astimezone(NEW_YORK).time() < _REGULAR_CLOSE

    def contains(self, instant: datetime) -> bool:
        return self.open <= instant < self.close


@lru_cache(maxsize=4096)
def trading_day(instant: datetime) -> date:
    """The calendar day in New York at this instant; days to expiry are counted between such days."""
    return instant.astimezone(NEW_YORK).date()


def years_between(now: datetime, settles: datetime) -> float:
    """Years (ACT/365) from now to settlement; 0 when it has passed."""
    return max(0.0, (settles - now) / timedelta(seconds=1)) / SECONDS_PER_YEAR


def days_to_expiry(now: datetime, expiry: date) -> int:
    """Calendar days from today in New York to the expiration day; 0 on that day, negative after."""
    return (expiry - trading_day(now)).days
