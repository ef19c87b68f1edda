"""Last trading days, settlements, monthly expiries and sessions between two days, from the sessions that were handed in."""

from datetime import UTC, date, datetime, time

import pytest

from engine.domain.calendar import WEEKDAYS, Calendar, calendar_of
from engine.domain.index_classes import option_class
from engine.domain.session import NEW_YORK, Session
from tests import given

GOOD_FRIDAYS = (date(2024, 3, 29), date(2025, 4, 18))
HOLIDAYS = (*GOOD_FRIDAYS, date(2024, 6, 19), date(2025, 6, 19), date(2026, 6, 19), date(2026, 11, 26), date(2026, 1, 19))
CALENDAR = given.calendar(date(2024, 1, 1), date(2027, 12, 31), *HOLIDAYS)
HALF_DAY = Session(date(2026, 11, 27), datetime(2026, 11, 27, 14, 30, tzinfo=UTC), datetime(2026, 11, 27, 18, 0, tzinfo=UTC))


def new_york(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("root", "expiry", "last"),
    [
        ("SPX", date(2026, 12, 18), date(2026, 12, 17)),
        ("SPXW", date(2026, 12, 18), date(2026, 12, 18)),
        ("SPY", date(2026, 12, 18), date(2026, 12, 18)),
        ("SPX", date(2025, 6, 20), date(2025, 6, 18)),
        ("SPX", date(2025, 4, 17), date(2025, 4, 16)),
        ("SPX", date(2025, 4, 18), date(2025, 4, 16)),
        ("SPX", date(2026, 6, 18), date(2026, 6, 17)),
        ("VIX", date(2026, 12, 16), date(2026, 12, 15)),
        ("VIXW", date(2026, 12, 9), date(2026, 12, 8)),
        ("VIX", date(2024, 6, 18), date(2024, 6, 17)),
        ("MXEA", date(2026, 12, 18), date(2026, 12, 17)),
        ("RUT", date(2026, 11, 27), date(2026, 11, 25)),
        ("SPY", date(2026, 6, 20), date(2026, 6, 18)),
    ],
    ids=[
        "AM",
        "PM",
        "share",
        "AM behind Juneteenth",
        "AM, month of Good Friday",
        "the same, named by the holiday",
        "AM, month of Juneteenth on a Friday",
        "VIX",
        "VIX weekly",
        "VIX in the week of Juneteenth",
        "PM, but the last trade is the day before",
        "AM behind Thanksgiving",
        "share, named by a Saturday",
    ],
)
def test_last_trading_day_comes_from_the_calendar(root: str, expiry: date, last: date) -> None:
    of = option_class(root)

    assert CALENDAR.last_session(of, expiry).day == last
    assert CALENDAR.trades_until(of, expiry) == new_york(last, time(16))


@pytest.mark.parametrize(
    ("root", "expiry", "settles"),
    [
        ("SPX", date(2025, 6, 20), new_york(date(2025, 6, 20), time(9, 30))),
        ("SPXW", date(2025, 6, 20), new_york(date(2025, 6, 20), time(16))),
        ("SPX", date(2025, 4, 18), new_york(date(2025, 4, 17), time(9, 30))),
        ("SPY", date(2025, 4, 18), new_york(date(2025, 4, 17), time(16))),
        ("MXEA", date(2026, 12, 18), new_york(date(2026, 12, 18), time(16))),
        ("VIX", date(2026, 12, 16), new_york(date(2026, 12, 16), time(9, 30))),
    ],
)
def test_settlement_is_at_the_opening_or_the_close_of_the_session_of_the_expiry(
    root: str, expiry: date, settles: datetime
) -> None:
    assert CALENDAR.settles_at(option_class(root), expiry) == settles


def test_half_day_ends_trading_and_settles_at_its_early_close() -> None:
    calendar = calendar_of([session for session in CALENDAR.sessions if session.day != HALF_DAY.day] + [HALF_DAY])

    assert calendar.trades_until(option_class("SPXW"), HALF_DAY.day) == HALF_DAY.close
    assert calendar.settles_at(option_class("SPXW"), HALF_DAY.day) == HALF_DAY.close
    assert calendar.trades_until(option_class("SPX"), date(2026, 11, 30)) == HALF_DAY.close


@pytest.mark.parametrize(
    ("root", "last", "expiry"),
    [
        ("SPX", date(2025, 6, 18), date(2025, 6, 20)),
        ("SPX", date(2026, 12, 17), date(2026, 12, 18)),
        ("SPXW", date(2026, 12, 17), date(2026, 12, 17)),
        ("RUT", date(2026, 11, 25), date(2026, 11, 27)),
        ("VIX", date(2024, 6, 17), date(2024, 6, 18)),
    ],
)
def test_expiry_is_found_from_the_last_trading_day_that_the_broker_lists(root: str, last: date, expiry: date) -> None:
    assert CALENDAR.expiry_of(option_class(root), last) == expiry


@pytest.mark.parametrize(
    ("root", "year", "month", "expected"),
    [
        ("SPX", 2026, 12, date(2026, 12, 18)),
        ("SPX", 2025, 4, date(2025, 4, 17)),
        ("SPX", 2026, 6, date(2026, 6, 18)),
        ("VIX", 2026, 12, date(2026, 12, 16)),
        ("VIX", 2025, 3, date(2025, 3, 18)),
        ("VIX", 2024, 6, date(2024, 6, 18)),
        ("VIX", 2026, 11, date(2026, 11, 18)),
    ],
    ids=[
        "Friday",
        "Good Friday",
        "Juneteenth",
        "over the year's end",
        "its Friday is a holiday",
        "its Wednesday is one",
        "plain",
    ],
)
def test_monthly_expiry_moves_before_a_holiday(root: str, year: int, month: int, expected: date) -> None:
    assert CALENDAR.monthly(option_class(root), year, month) == expected


def test_monday_holiday_behind_a_third_friday_names_no_monthly_expiry() -> None:
    assert not CALENDAR.is_monthly(option_class("SPY"), date(2026, 1, 19))
    assert CALENDAR.is_monthly(option_class("SPY"), date(2026, 1, 16))


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2025, 6, 18), date(2025, 6, 20), 0),
        (date(2025, 6, 17), date(2025, 6, 20), 1),
        (date(2025, 4, 17), date(2025, 4, 21), 0),
        (date(2025, 4, 17), date(2025, 4, 17), 0),
        (date(2025, 4, 21), date(2025, 4, 17), 0),
        (date(2026, 11, 23), date(2026, 11, 30), 3),
    ],
)
def test_sessions_between_two_days_leave_out_holidays_and_the_days_themselves(first: date, last: date, expected: int) -> None:
    assert CALENDAR.between(first, last) == expected


def test_weekdays_stand_in_where_the_calendar_does_not_reach() -> None:
    beyond = date(2031, 12, 19)

    assert CALENDAR.last_session(option_class("SPX"), beyond).day == date(2031, 12, 18)
    assert WEEKDAYS.between(date(2026, 11, 25), date(2026, 11, 30)) == 2
    assert CALENDAR.between(date(2027, 12, 30), date(2028, 1, 4)) == 2
    assert Calendar().session(date(2026, 11, 28)) is None
