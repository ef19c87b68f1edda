from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.calendar_spread import (
    CalendarSpread,
    assignment_locks_in_loss,
    calendar_profile,
    profit_at_near_expiry,
    shocked,
)

CALL_CALENDAR = CalendarSpread("C", 100, 100, 30 / 365, 60 / 365, 0.23, 0.045, 0.0, -1.16)
spreads = st.builds(
    lambda right, short, long, near, more, sigma, net: CalendarSpread(
        right, short, long, near, near + more, sigma, 0.04, 0.01, -net
    ),
    st.sampled_from(["C", "P"]),
    st.floats(80, 120),
    st.floats(80, 120),
    st.floats(0.01, 0.5),
    st.floats(0.01, 0.5),
    st.floats(0.1, 0.8),
    st.floats(0.1, 15),
)


@given(spreads)
def test_profit_is_zero_at_breakevens_and_nowhere_above_the_maximum(spread: CalendarSpread) -> None:
    found = calendar_profile(spread, 100)

    for level in found.breakevens:
        assert float(profit_at_near_expiry(spread, level)) == pytest.approx(0, abs=1e-8)
    around = [found.max_profit_at * (1 + step / 1000) for step in range(-50, 51)]
    assert float(profit_at_near_expiry(spread, around).max()) <= found.max_profit + 1e-6


def test_more_volatility_helps_the_long_leg() -> None:
    lower, same, higher = (calendar_profile(shocked(CALL_CALENDAR, points), 100).max_profit for points in (-5, 0, 5))

    assert lower < same < higher


def test_spread_of_one_expiry_is_a_vertical() -> None:
    vertical = CalendarSpread("C", 105, 100, 0.1, 0.1, 0.2, 0.04, 0.0, -2.0)

    found = calendar_profile(vertical, 100)

    assert found.max_profit == pytest.approx(3)
    assert found.breakevens == pytest.approx((102,))


def test_long_strike_on_the_worse_side_adds_to_the_risk() -> None:
    diagonal = replace(CALL_CALENDAR, long_strike=105.0, net=-0.4)

    assert calendar_profile(diagonal, 100).risk == pytest.approx(5.4)


def test_diagonal_dearer_than_its_strikes_are_apart_loses_when_assigned() -> None:
    covered_call = CalendarSpread("C", 107, 80, 30 / 365, 1.0, 0.26, 0.045, 0.0, -24.77)

    assert not assignment_locks_in_loss(covered_call)
    assert assignment_locks_in_loss(replace(covered_call, net=-27.5))


def test_long_leg_that_expires_first_is_refused() -> None:
    with pytest.raises(ValueError, match="naked"):
        replace(CALL_CALENDAR, far_years=0.01)
