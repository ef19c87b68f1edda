import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.payoff import PayoffLeg, outcome, profile, profit_at

strikes = st.integers(1, 40).map(lambda n: n * 2.5)
legs_of_one_expiry = st.lists(
    st.builds(PayoffLeg, st.sampled_from([1, -1]), st.integers(1, 3), st.sampled_from(["C", "P"]), strikes),
    min_size=1,
    max_size=5,
)
nets = st.integers(-3000, 3000).map(lambda cents: cents / 100)
LEVELS = np.linspace(0, 300, 1201).tolist()  # every strike is among them, and far beyond the last


@given(legs_of_one_expiry, nets)
def test_profile_bounds_every_profit(legs: list[PayoffLeg], net: float) -> None:
    found = profile(legs, net)

    profits = [profit_at(legs, net, x) for x in LEVELS]
    if found.max_profit is None:
        assert profits[-1] > profits[-2]
    else:
        assert max(profits) == pytest.approx(found.max_profit, abs=1e-9)
    if found.max_loss is None:
        assert profits[-1] < profits[-2]
    else:
        assert max(0.0, -min(profits)) == pytest.approx(found.max_loss, abs=1e-9)


@given(legs_of_one_expiry, nets)
def test_profit_is_above_zero_exactly_inside_the_intervals(legs: list[PayoffLeg], net: float) -> None:
    intervals = profile(legs, net).profit_intervals

    for x in LEVELS:
        profit = profit_at(legs, net, x)
        if abs(profit) > 1e-9 and x > 0:
            assert any(low < x < high for low, high in intervals) is (profit > 0)
    assert list(intervals) == sorted(intervals)
    assert all(low < high for low, high in intervals)


@given(legs_of_one_expiry, nets)
def test_profit_is_zero_at_every_breakeven_and_changes_sign_around_it(legs: list[PayoffLeg], net: float) -> None:
    found = profile(legs, net)

    edges = {edge for interval in found.profit_intervals for edge in interval}
    for x in found.breakevens:
        assert profit_at(legs, net, x) == pytest.approx(0, abs=1e-9)
        assert any(x == pytest.approx(edge) for edge in edges)


@given(legs_of_one_expiry, nets)
def test_order_and_splitting_of_legs_do_not_matter(legs: list[PayoffLeg], net: float) -> None:
    single = [PayoffLeg(leg.sign, 1, leg.put_call, leg.strike) for leg in reversed(legs) for _ in range(leg.ratio)]

    one, other = profile(legs, net), profile(single, net)

    assert one.status == other.status
    assert one.breakevens == pytest.approx(other.breakevens)


def test_long_straddle_has_unbounded_profit_and_two_breakevens() -> None:
    found = profile([PayoffLeg(1, 1, "C", 100), PayoffLeg(1, 1, "P", 100)], -7.5)

    assert found.max_profit is None
    assert found.max_loss == 7.5
    assert found.breakevens == (92.5, 107.5)
    assert found.profit_intervals == ((0, 92.5), (107.5, math.inf))
    assert found.status == "ok"
    assert found.return_on_risk is None


def test_spread_of_equal_strikes_cannot_profit() -> None:
    found = profile([PayoffLeg(1, 1, "P", 95), PayoffLeg(-1, 1, "P", 95)], 0.0)

    assert found.status == "no_profit_possible"
    assert found.breakevens == ()
    assert found.profit_intervals == ()


def test_box_below_its_width_is_called_a_bad_quote() -> None:
    box = [PayoffLeg(1, 1, "C", 90), PayoffLeg(-1, 1, "C", 100), PayoffLeg(1, 1, "P", 100), PayoffLeg(-1, 1, "P", 90)]

    assert profile(box, -9.9).status == "riskless_or_bad_quote"
    assert profile(box, -10.1).status == "no_profit_possible"


def test_credit_of_the_width_is_a_bad_quote_in_spite_of_binary_rounding() -> None:
    legs = [PayoffLeg(-1, 1, "P", 0.3), PayoffLeg(1, 1, "P", 0.1)]

    assert profile(legs, 0.3 - 0.1).status == "riskless_or_bad_quote"
    assert profile(legs, 0.2).status == "riskless_or_bad_quote"


def test_flat_stretch_at_zero_is_neither_profit_nor_breakeven() -> None:
    broken_wing = [PayoffLeg(1, 1, "P", 90), PayoffLeg(-1, 2, "P", 95), PayoffLeg(1, 1, "P", 97.5)]

    found = profile(broken_wing, 0.0)

    assert found.breakevens == (92.5,)
    assert found.profit_intervals == ((92.5, 97.5),)


def test_touching_zero_from_above_is_no_breakeven() -> None:
    straddle_at_its_floor = [PayoffLeg(1, 1, "C", 100), PayoffLeg(1, 1, "P", 100)]

    found = profile(straddle_at_its_floor, 0.0)

    assert found.breakevens == ()
    assert found.profit_intervals == ((0, 100), (100, math.inf))
    assert found.status == "riskless_or_bad_quote"


def test_fees_reduce_the_profit_and_add_to_the_loss() -> None:
    found = profile([PayoffLeg(-1, 1, "P", 100), PayoffLeg(1, 1, "P", 95)], 1.25)

    dollars = outcome(found, multiplier=100, quantity=2, fees=2.6)

    assert dollars.max_profit == pytest.approx(247.4)
    assert dollars.max_loss == pytest.approx(752.6)


@pytest.mark.parametrize(
    ("legs", "net"),
    [
        ([], 1.0),
        ([PayoffLeg(1, 0, "C", 100)], 1.0),
        ([PayoffLeg(0, 1, "C", 100)], 1.0),
        ([PayoffLeg(1, 1, "C", math.nan)], 1.0),
        ([PayoffLeg(1, 1, "C", 100)], math.nan),
    ],
)
def test_profile_raises_on_what_is_no_position(legs: list[PayoffLeg], net: float) -> None:
    with pytest.raises(ValueError):
        profile(legs, net)
