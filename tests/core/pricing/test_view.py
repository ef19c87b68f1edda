"""A view is a distribution of prices; options are worth what they pay under it, held against sums over its levels."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from engine.pricing import black_scholes
from engine.pricing.view import Expected, View, between, beyond

LEVELS = 200_001


def test_range_holds_as_much_as_is_said_and_as_much_below_as_above() -> None:
    found = between(6100.0, 6300.0, 0.7)

    assert found.chance(6100.0, 6300.0) == pytest.approx(0.7, abs=1e-12)
    assert found.chance(0.0, 6100.0) == pytest.approx(0.15, abs=1e-12)
    assert found.chance(6300.0, math.inf) == pytest.approx(0.15, abs=1e-12)


@pytest.mark.parametrize("above", [True, False])
def test_level_is_passed_as_often_as_is_said(above: bool) -> None:
    found = beyond(6000.0, 0.8, 0.05, above=above)

    assert found.chance(*((6000.0, math.inf) if above else (0.0, 6000.0))) == pytest.approx(0.8, abs=1e-12)
    assert found.deviation == 0.05


def test_what_cannot_be_is_refused() -> None:
    for make in (
        lambda: between(6300.0, 6100.0, 0.7),
        lambda: between(6100.0, 6300.0, 1.0),
        lambda: between(0.0, 6300.0, 0.5),
        lambda: beyond(6000.0, 0.8, 0.0, above=True),
    ):
        with pytest.raises(ValueError, match="sure"):
            make()


@pytest.mark.slow
@given(
    strike=st.floats(70, 130),
    years=st.floats(0.01, 1.0),
    volatility=st.floats(0.05, 0.8),
    sign=st.sampled_from([1, -1]),
    low=st.floats(80, 105),
    wide=st.floats(1, 25),
    sure=st.floats(0.3, 0.95),
)
def test_worth_is_the_mean_of_what_is_paid(
    strike: float, years: float, volatility: float, sign: int, low: float, wide: float, sure: float
) -> None:
    view = View(between(low, low + wide, sure), 0.25, 101.0)
    forward, discount = 100.0 * math.exp(0.04 * years), math.exp(-0.03 * years)

    worth = float(view.worth(forward, strike, years, discount, volatility, sign))

    if years <= 0.25:
        ends = view.at(years, forward, volatility).levels(LEVELS)
        paid = np.maximum(0.0, sign * (ends - strike))
    else:
        # At the view's moment the option is worth its market's formula, with the forward that has grown from there.
        then = view.expected.levels(LEVELS)
        grown = then * forward / view.forward
        paid = black_scholes.price(grown, strike, years - 0.25, 0.0, 0.0, volatility, sign)
    assert worth == pytest.approx(discount * float(paid.mean()), rel=2e-3, abs=2e-3)


def test_view_that_is_the_market_s_leaves_every_price_as_it_is() -> None:
    years, forward, volatility = 0.2, 6020.0, 0.18
    deviation = volatility * math.sqrt(years)
    view = View(Expected(math.log(forward) - 0.5 * deviation**2, deviation), years, forward)
    strikes, expiries = np.array([5700.0, 6000.0, 6400.0]), np.array([0.05, 0.2, 0.5])
    forwards, discount = 6000.0 * np.exp(0.0167 * expiries), np.exp(-0.04 * expiries)

    found = view.worth(forwards, strikes, expiries, discount, volatility, np.array([-1, 1, 1]))

    market = discount * black_scholes.price(forwards, strikes, expiries, 0.0, 0.0, volatility, np.array([-1, 1, 1]))
    assert found == pytest.approx(market, rel=1e-12)


def test_unknown_volatility_is_unknown_worth_only_where_the_option_outlives_the_view() -> None:
    view = View(between(5900.0, 6100.0, 0.68), 0.1, 6000.0)

    found = view.worth(6000.0, 6000.0, np.array([0.05, 0.2]), 1.0, math.nan, 1)

    assert np.isfinite(found[0])
    assert math.isnan(found[1])


def test_levels_have_equal_shares() -> None:
    levels = Expected(math.log(100.0), 0.1).levels(4)

    assert levels == pytest.approx(np.exp(math.log(100.0) + 0.1 * norm.ppf([0.125, 0.375, 0.625, 0.875])))
