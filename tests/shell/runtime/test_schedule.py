"""Sessions of the exchange: holidays, half days and changes of clocks."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.domain.calendar import third_friday
from engine.domain.index_classes import option_class
from engine.domain.session import years_between
from engine.runtime.schedule import calendar_around, next_session, session_of, sessions_between

REFERENCE = Path(__file__).parents[3].parent / "shared" / "reference" / "reference_dev.json"


def cases(check: str) -> list[object]:
    if not REFERENCE.is_file():
        reason = "the reference values lie beside the repository and are not here"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    told = [case for case in json.loads(REFERENCE.read_text())["cases"] if case["category"] == "calendar"]
    chosen = [case for case in told if check in case["expected"]]
    return [pytest.param(case, id=case["id"]) for case in chosen]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.parametrize("case", cases("is_session"))
def test_day_is_a_session_as_the_reference_says(case: dict[str, dict[str, str]]) -> None:
    day = date.fromisoformat(case["inputs"]["date"])
    found = sessions_between(day, day)

    assert bool(found) == case["expected"]["is_session"]
    if found:
        (session,) = found
        assert session.is_half_day == case["expected"]["early_close"]
        assert session.close == utc(case["expected"]["close_utc"])


@pytest.mark.parametrize("case", cases("open_utc"))
def test_bounds_of_a_session_are_utc_instants(case: dict[str, dict[str, str]]) -> None:
    day = date.fromisoformat(case["inputs"]["date"])
    (session,) = sessions_between(day, day)

    assert (session.open, session.close) == (utc(case["expected"]["open_utc"]), utc(case["expected"]["close_utc"]))


@pytest.mark.parametrize("case", cases("T_act365"))
def test_years_are_counted_in_utc_seconds(case: dict[str, dict[str, str]]) -> None:
    now, expiry = (datetime.fromisoformat(case["inputs"][name]).astimezone(UTC) for name in ("now_et", "expiry_et"))

    assert years_between(now, expiry) == pytest.approx(case["expected"]["T_act365"], abs=1e-12)


@pytest.mark.parametrize("case", cases("third_friday"))
def test_monthly_expiry_and_its_last_trading_day_are_as_the_reference_says(case: dict[str, dict[str, int | str]]) -> None:
    year, month = int(case["inputs"]["year"]), int(case["inputs"]["month"])
    calendar = calendar_around(datetime(year, month, 1, 15, tzinfo=UTC))
    of = option_class("SPX")

    expiry = calendar.monthly(of, year, month)

    assert third_friday(year, month).isoformat() == case["expected"]["third_friday"]
    assert expiry.isoformat() == case["expected"]["expiration"]
    assert calendar.last_session(of, expiry).day.isoformat() == case["expected"]["am_settled_index_last_trade"]


def test_every_calendar_case_of_the_reference_is_tested() -> None:
    """A case that fits none of the checks above would pass by not being looked at."""
    if not REFERENCE.is_file():
        pytest.skip("the reference values lie beside the repository and are not here")
    told = {
        case["id"]: set(case["expected"]) for case in json.loads(REFERENCE.read_text())["cases"] if case["category"] == "calendar"
    }
    checked = ({"is_session"}, {"open_utc", "close_utc"}, {"T_act365"}, {"third_friday"})

    assert [name for name, fields in told.items() if not any(check <= fields for check in checked)] == []


def test_session_of_today_is_that_of_the_day_in_new_york() -> None:
    late = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # still Monday in New York
    session = session_of(late)

    assert session is not None
    assert session.day == date(2026, 11, 23)
    assert session_of(datetime(2026, 11, 26, 15, 0, tzinfo=UTC)) is None


def test_next_session_reaches_over_holidays_and_the_year() -> None:
    assert next_session(datetime(2026, 11, 25, 22, 0, tzinfo=UTC)).day == date(2026, 11, 27)
    assert next_session(datetime(2026, 12, 31, 22, 0, tzinfo=UTC)).day == date(2027, 1, 4)
    assert next_session(datetime(2026, 11, 23, 15, 0, tzinfo=UTC)).day == date(2026, 11, 23)


def test_calendar_around_now_reaches_to_the_longest_expiries_and_stays_the_same_object() -> None:
    calendar = calendar_around(datetime(2026, 11, 23, 15, 0, tzinfo=UTC))

    assert calendar.reaches(date(2025, 11, 25))
    assert calendar.reaches(date(2029, 11, 20))
    assert calendar_around(datetime(2026, 12, 31, 15, 0, tzinfo=UTC)) is calendar
