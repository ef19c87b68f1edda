"""Sessions of the exchange, from exchange_calendars, as the domain knows them.

The calendar of New York equities is the truth for US options: the option calendars of the usual packages miss the early close of
24 December. It costs a second to build, so it is built on first use and reaches as far as the longest expiry that is traded.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import exchange_calendars
import pandas as pd

from engine.domain.calendar import Calendar
from engine.domain.errors import UserError
from engine.domain.maintenance import Restart, restart_in_session
from engine.domain.session import NEW_YORK, Session, trading_day

_EXCHANGE = "XNYS"
_YEARS_AHEAD = 3
"""Long-dated options are listed up to three years out; beyond its default end the calendar raises."""
_YEARS_BACK = 1
SESSIONS_AHEAD = timedelta(days=14)
"""How far ahead the sessions are looked at for the restart of TWS: over a change of clocks on one side it is found again."""


@lru_cache(maxsize=64)
def _year(year: int) -> tuple[Session, ...]:
    """All sessions of one calendar year."""
    return sessions_between(date(year, 1, 1), date(year, 12, 31))


@lru_cache(maxsize=64)
def _by_day(year: int) -> dict[date, Session]:
    return {session.day: session for session in _year(year)}


@lru_cache(maxsize=8)
def _calendar(start_year: int, end_year: int) -> exchange_calendars.ExchangeCalendar:
    """Of whole decades: how long it takes to make one does not hang on how many years it has, and a start asks for several."""
    return exchange_calendars.get_calendar(_EXCHANGE, start=f"{start_year}-01-01", end=f"{end_year}-12-31")


def _decades(first: int, last: int) -> tuple[int, int]:
    """The years of the calendar that has these, the one before them and the four behind them: the same for a decade's starts."""
    return (first - 1) // 10 * 10, (last + 4) // 10 * 10 + 9


def sessions_between(first: date, last: date) -> tuple[Session, ...]:
    """Every session whose day lies between the two, both included, oldest first."""
    calendar = _calendar(*_decades(first.year, max(last.year, first.year)))
    schedule = calendar.schedule.loc[pd.Timestamp(first) : pd.Timestamp(last)]
    return tuple(
        Session(day.date(), opens.to_pydatetime().astimezone(UTC), closes.to_pydatetime().astimezone(UTC))
        for day, opens, closes in zip(schedule.index, schedule["open"], schedule["close"], strict=True)
    )


def session_of(now: datetime) -> Session | None:
    """The session of today in New York, also before its open and after its close; None on a day without one."""
    today = trading_day(now)
    return _by_day(today.year).get(today)


def next_session(now: datetime) -> Session:
    """The first session that closes after now."""
    today = trading_day(now)
    return next(session for session in (*_year(today.year), *_year(today.year + 1)) if session.close > now)


def refuse_in_session(restart: Restart, now: datetime) -> None:
    """Raises UserError where TWS restarts by itself while strategies trade: it takes the quotes of what is held with it."""
    at = restart_in_session(restart, sessions_between(trading_day(now), trading_day(now) + SESSIONS_AHEAD))
    if at is not None:
        raise UserError(
            f"TWS restarts by itself at {restart} by your settings, which is {at.astimezone(NEW_YORK):%H:%M} in New York: the"
            " market is open then, and strategies trade; in TWS: File, Global Configuration, Lock and Exit: choose another time"
            " for Auto restart, and give it with SPREADS_TWS_RESTART"
        )


def calendar_around(now: datetime) -> Calendar:
    """The calendar a snapshot needs: whole years, from the one before now to three after it; the same object all year."""
    year = trading_day(now).year
    return _years(year - _YEARS_BACK, year + _YEARS_AHEAD)


@lru_cache(maxsize=8)
def _years(first: int, last: int) -> Calendar:
    return Calendar(sessions_between(date(first, 1, 1), date(last, 12, 31)))
