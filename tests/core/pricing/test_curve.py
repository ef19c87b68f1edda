"""The curve behind every picture: at the first expiry what exercising brings, before it the value of each leg."""

from math import inf

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from engine.pricing import black_scholes
from engine.pricing.curve import Curve, CurveLeg, crossings, levels_around
from engine.pricing.payoff import PayoffLeg, profit_at

PUTS = (CurveLeg(-1, 1, "P", 6550.0, 0.1, 0.14), CurveLeg(1, 1, "P", 6500.0, 0.1, 0.15))


@over(
    st.lists(
        st.tuples(st.sampled_from((1, -1)), st.integers(1, 3), st.sampled_from("CP"), st.integers(50, 150)),
        min_size=1,
        max_size=4,
    ),
    st.floats(-20, 20),
    st.floats(1, 300),
)
def test_curve_at_expiry_is_the_payoff_of_the_formulas(legs: list[tuple[int, int, str, int]], net: float, level: float) -> None:
    curve = Curve(tuple(CurveLeg(sign, ratio, side, float(strike), 0.1) for sign, ratio, side, strike in legs), net)  # type: ignore[arg-type]
    plain = [PayoffLeg(sign, ratio, side, float(strike)) for sign, ratio, side, strike in legs]  # type: ignore[arg-type]

    assert curve.at_expiry([level])[0] == pytest.approx(profit_at(plain, net, level), abs=1e-9)


def test_curve_before_expiry_is_the_value_of_its_legs() -> None:
    curve = Curve(PUTS, 8.40, rate=0.04, dividend=0.01)
    sold, bought = (float(black_scholes.price(6600.0, leg.strike, 0.06, 0.04, 0.01, leg.volatility or inf, -1)) for leg in PUTS)

    assert curve.after(0.04, [6600.0])[0] == pytest.approx(8.40 - sold + bought)


def test_leg_that_lives_on_has_its_value_at_the_first_expiry() -> None:
    near, far = CurveLeg(-1, 1, "C", 600.0, 0.1), CurveLeg(1, 1, "C", 600.0, 0.2, 0.2)

    made = Curve((near, far), -2.0).at_expiry([600.0])[0]

    assert made == pytest.approx(-2.0 + float(black_scholes.price(600.0, 600.0, 0.1, 0.0, 0.0, 0.2, 1)))


def test_leg_without_a_volatility_has_no_value_before_it_settles() -> None:
    curve = Curve((CurveLeg(-1, 1, "P", 100.0, 0.1),), 1.0)

    assert curve.is_known_at_expiry
    assert not curve.is_known_before
    with pytest.raises(ValueError, match="100P: without a volatility"):
        curve.after(0.0, [90.0])


def test_levels_reach_beyond_every_strike_and_where_the_underlying_stands() -> None:
    levels = levels_around([6500.0, 6550.0], 6700.0, 50, 0.01)

    assert len(levels) == 50
    assert levels[0] < 6500.0
    assert levels[-1] > 6700.0
    assert np.allclose(np.diff(levels), levels[1] - levels[0])


def test_crossings_lie_where_gain_turns_to_loss() -> None:
    assert crossings([0.0, 10.0, 20.0], [-5.0, 5.0, -5.0]) == (5.0, 15.0)
    assert crossings([0.0, 10.0], [0.0, 5.0]) == ()
