"""What trips stays tripped: until its day is over, or until a person lifts it by its name."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.domain.facts.account import EquityRecorded
from engine.domain.facts.halts import BreakerLifted, BreakerTripped
from engine.domain.session import trading_day
from tests import given

TODAY = trading_day(given.NOW)
STOP = BreakerTripped("stop_for_day", "puts", Decimal(-1510), Decimal(-1500), "next session", TODAY)
DAY = replace(STOP, name="breaker_day", strategy="", value=Decimal(-2100), bound=Decimal(-2000))
WEEK = replace(DAY, name="breaker_week", lifts="person")
PEAK = replace(WEEK, name="breaker_peak")


def lifted(trip: BreakerTripped, value: int | None) -> BreakerLifted:
    return BreakerLifted(trip.name, trip.strategy, "trader", "seen", None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("trip", "strategy", "after", "stands"),
    [
        (STOP, "puts", timedelta(0), True),
        (STOP, "calls", timedelta(0), False),
        (STOP, "puts", timedelta(days=1), False),
        (STOP, "puts", timedelta(days=8), False),
        (STOP, "puts", timedelta(hours=13), True),  # 23:00 of the same day in New York, tomorrow in UTC
        (DAY, "calls", timedelta(0), True),
        (DAY, "calls", timedelta(days=1), False),
        (WEEK, "calls", timedelta(days=30), True),
        (PEAK, "puts", timedelta(days=30), True),
    ],
)
def test_trip_stops_whom_it_concerns_for_as_long_as_it_stands(trip, strategy: str, after: timedelta, stands: bool) -> None:
    known = given.ledger(trip)

    assert (known.breakers.that_stops(strategy, trading_day(given.NOW + after)) is not None) is stands


def test_oldest_trip_is_told_with_its_moment_and_number() -> None:
    known = given.told(given.ledger(WEEK, at=given.NOW), STOP, at=given.NOW + timedelta(minutes=1))

    assert known.breakers.that_stops("puts", TODAY) == (given.NOW, WEEK)
    assert [fact for _, fact in known.breakers.trips(TODAY)] == [WEEK, STOP]


def test_person_lifts_one_by_its_name_and_no_other() -> None:
    known = given.ledger(STOP, DAY, WEEK, PEAK)

    given.told(known, lifted(WEEK, 95_000))

    assert [fact for _, fact in known.breakers.trips(TODAY)] == [DAY, PEAK, STOP]


def test_fall_of_the_week_is_measured_from_where_it_was_lifted() -> None:
    known = given.ledger(WEEK, PEAK)

    given.told(known, lifted(WEEK, 94_000))

    assert known.worth.week_start == ("2026-W48", Decimal(94_000))
    assert known.worth.peak == Decimal(100_000), "the fall from the peak was not lifted"


def test_fall_from_the_peak_is_measured_from_where_it_was_lifted_and_grows_again() -> None:
    known = given.ledger(WEEK, PEAK)

    given.told(known, lifted(PEAK, 89_000))
    assert known.worth.peak == Decimal(89_000)

    given.told(known, *(EquityRecorded(Decimal(worth), None, None, None) for worth in (91_000, 91_500)))
    assert known.worth.peak == Decimal(91_000)
    assert known.worth.week_start == ("2026-W48", Decimal(100_000))


@pytest.mark.parametrize(("value", "base"), [(-1600, -1600), (None, -1510)])
def test_rest_of_the_day_is_measured_from_where_it_was_lifted(value: int | None, base: int) -> None:
    known = given.told(given.ledger(STOP), lifted(STOP, value))

    assert known.breakers.lifted_at("puts", "stop_for_day", date(2026, 11, 23)) == Decimal(base)
    assert known.breakers.lifted_at("puts", "stop_for_day", date(2026, 11, 24)) == 0, "the next day is measured from nothing"


def test_fall_is_measured_from_the_last_known_value_where_nobody_knows_it() -> None:
    known = given.told(given.ledger(WEEK), EquityRecorded(Decimal(94_500), None, None, None))

    given.told(known, lifted(WEEK, None))

    assert known.worth.week_start == ("2026-W48", Decimal(94_500))


def test_lifting_what_did_not_trip_changes_nothing() -> None:
    known = given.ledger(DAY)

    given.told(known, lifted(STOP, -100), lifted(PEAK, 50_000))

    assert not known.breakers.day_lifts
    assert known.worth.peak == Decimal(100_000)


def test_week_of_the_lift_is_that_of_new_york() -> None:
    known = given.ledger(WEEK)

    given.told(known, lifted(WEEK, 94_000), at=datetime.fromisoformat("2026-11-30T04:30:00+00:00"))  # Sunday, 23:30

    assert known.worth.week_start == ("2026-W48", Decimal(94_000))
