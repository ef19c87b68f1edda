"""The exchange's calendar as the core knows it: the sessions that were handed in, and what follows from them.

Which day is the last trading day of an option, when it settles, which day the monthly expiry is and how many sessions lie between
two days: all of it is asked here, by the engine and by the simulated exchange. Instants are UTC, days are New York's.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from engine.domain.contract import Contract
from engine.domain.index_classes import OptionClass
from engine.domain.session import NEW_YORK, Session

_REGULAR_OPEN, _REGULAR_CLOSE = time(9, 30), time(16, 0)
_SATURDAY, _FRIDAY = 5, 4
_VIX_DAYS = timedelta(days=30)
"""From an expiry of the VIX to that of the options on the S&P 500 which its settlement is made of."""

_NAMED_LATER = 2
"""Days: from the Thursday before Good Friday to the Saturday behind it, by which the expiry of April 2014 was named."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Sessions of the exchange in order of time, without gaps from the first to the last.

    Beyond them weekdays stand in, with regular hours: a day that far away is wrong by a holiday at the most, and nothing is
    decided by it until the calendar reaches it.
    """

    sessions: tuple[Session, ...] = ()

    def session(self, day: date) -> Session | None:
        """The session of a day; None where the exchange is closed."""
        if not self.reaches(day):
            return _regular(day) if day.weekday() < _SATURDAY else None
        place = bisect_left(self.sessions, day, key=_day)
        return self.sessions[place] if self.sessions[place].day == day else None

    def reaches(self, day: date) -> bool:
        """Whether the day lies within the sessions that were handed in."""
        return bool(self.sessions) and self.sessions[0].day <= day <= self.sessions[-1].day

    def on_or_before(self, day: date) -> Session:
        """The last session up to the day."""
        while (found := self.session(day)) is None:
            day -= timedelta(days=1)
        return found

    def before(self, day: date) -> Session:
        """The last session before the day."""
        return self.on_or_before(day - timedelta(days=1))

    def after(self, day: date) -> Session:
        """The first session after the day."""
        day += timedelta(days=1)
        while (found := self.session(day)) is None:
            day += timedelta(days=1)
        return found

    def between(self, first: date, last: date) -> int:
        """How many sessions lie between the two days, neither of them counted; 0 where the second is not later."""
        if self.reaches(first) and self.reaches(last):
            after, until = bisect_right(self.sessions, first, key=_day), bisect_left(self.sessions, last, key=_day)
            return max(0, until - after)
        return sum(self.session(first + timedelta(days=n)) is not None for n in range(1, (last - first).days))

    # An option's end.

    def settlement_session(self, expiry: date) -> Session:
        """The session in which options of this expiry settle: of that day, or the last one before a day without one.

        An expiry on a holiday, or on the Saturday behind a third Friday as until February 2015, is how some recordings name it.
        """
        return self.on_or_before(expiry)

    def last_session(self, of: OptionClass, expiry: date) -> Session:
        """The last session in which options of this class and expiry trade."""
        settles = self.settlement_session(expiry)
        return settles if of.trades_until == "expiration" else self.before(settles.day)

    def last_trading_day(self, contract: Contract) -> date:
        """The day of the last session in which the option trades."""
        return self.last_session(contract.rule, contract.expiry).day

    def trades_until(self, of: OptionClass, expiry: date) -> datetime:
        """When options of this class and expiry stop trading."""
        return self.last_session(of, expiry).close

    def is_over(self, contract: Contract, now: datetime) -> bool:
        """Whether the option has stopped trading: its last session has ended."""
        return self.trades_until(contract.rule, contract.expiry) <= now

    def settles_at(self, of: OptionClass, expiry: date) -> datetime:
        """When options of this class and expiry turn into their settlement value."""
        settles = self.settlement_session(expiry)
        return settles.open if of.settlement == "AM" else settles.close

    def expiry_of(self, of: OptionClass, last_day: date) -> date:
        """The expiration day of options whose last trading day is this one."""
        return last_day if of.trades_until == "expiration" else self.after(last_day).day

    # A month's expiry.

    def is_monthly(self, of: OptionClass, expiry: date) -> bool:
        """Whether this expiry is the standard one of its month, also where it is named by the holiday or Saturday behind it."""
        day = self.monthly(of, expiry.year, expiry.month)
        return self.settlement_session(expiry).day == day and (expiry - day).days <= _NAMED_LATER

    def monthly(self, of: OptionClass, year: int, month: int) -> date:
        """The expiration day of the month's standard options.

        Shares and indexes: the third Friday, or the last session before it where the exchange is closed. The VIX: thirty days
        before the third Friday of the month after, or the last session before that day where the exchange is closed on either.
        """
        if of.monthly == "third Friday":
            return self.on_or_before(third_friday(year, month)).day
        return self.thirty_days_before(third_friday(year + month // 12, month % 12 + 1))

    def thirty_days_before(self, friday: date) -> date:
        """The day on which options on the VIX expire whose settlement is made of the options of that Friday."""
        wednesday = friday - _VIX_DAYS
        return (self.on_or_before(wednesday) if self.session(friday) else self.before(wednesday)).day


WEEKDAYS = Calendar()
"""Without a session handed in: every weekday, with regular hours."""


def third_friday(year: int, month: int) -> date:
    """The third Friday of a month, whether or not the exchange is open."""
    first = date(year, month, 1)
    return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


def calendar_of(sessions: Sequence[Session]) -> Calendar:
    """The calendar with these sessions, in any order."""
    return Calendar(tuple(sorted(sessions, key=_day)))


def _regular(day: date) -> Session:
    opens, closes = (datetime.combine(day, clock, NEW_YORK).astimezone(UTC) for clock in (_REGULAR_OPEN, _REGULAR_CLOSE))
    return Session(day, opens, closes)


def _day(session: Session) -> date:
    return session.day
