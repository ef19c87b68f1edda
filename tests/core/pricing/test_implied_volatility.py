import math

import numpy as np
import pytest
import QuantLib
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.pricing.black_scholes import greeks, price
from engine.pricing.implied_volatility import (
    implied_volatility,
    implied_volatility_refusal,
    implied_volatility_status,
)

spots = st.floats(1, 10_000)
moneyness = st.floats(0.5, 2)
lives = st.floats(1 / 365, 3)
rates = st.floats(-0.02, 0.10)
yields = st.floats(0, 0.08)
volatilities = st.floats(0.03, 2)
signs = st.sampled_from([1, -1])


@given(spots, moneyness, lives, rates, yields, volatilities, signs)
def test_volatility_is_recovered_from_its_own_price(
    s: float, m: float, t: float, r: float, q: float, sigma: float, w: int
) -> None:
    g = greeks(s, s * m, t, r, q, sigma, w)
    assume(float(g.vega) > 1e-6 * s)  # otherwise the price does not hold the volatility in double precision

    found = implied_volatility(g.price, s, s * m, t, r, q, w)

    assert float(found) == pytest.approx(sigma, abs=1e-7)


@given(spots, moneyness, lives, rates, volatilities, signs)
def test_volatility_agrees_with_quantlib(s: float, m: float, t: float, r: float, sigma: float, w: int) -> None:
    strike, forward, discount = s * m, s * math.exp(r * t), math.exp(-r * t)
    value = float(price(s, strike, t, r, 0, sigma, w))
    assume(float(greeks(s, strike, t, r, 0, sigma, w).vega) > 1e-4 * s)
    side = QuantLib.Option.Call if w > 0 else QuantLib.Option.Put
    deviation = QuantLib.blackFormulaImpliedStdDev(side, strike, forward, value, discount, 0.0, sigma * math.sqrt(t), 1e-12)

    found = implied_volatility(value, s, strike, t, r, 0, w)

    assert float(found) == pytest.approx(deviation / math.sqrt(t), abs=1e-7)


@given(
    st.floats(-1, 250) | st.sampled_from([math.nan, math.inf]),
    st.sampled_from([0.0, -1.0, 100.0, math.nan]),
    st.sampled_from([0.0, 1.0, 80.0, 100.0, 130.0]),
    st.sampled_from([-0.1, 0.0, 1e-6, 0.1, 2.0]),
    signs,
)
def test_array_holds_nan_exactly_where_a_reason_is_given(p: float, s: float, k: float, t: float, w: int) -> None:
    refusal = implied_volatility_refusal(p, s, k, t, 0.05, 0.01, w)

    found = float(implied_volatility(p, s, k, t, 0.05, 0.01, w))

    assert math.isnan(found) is (refusal is not None)


@given(spots, moneyness, st.floats(1e-300, 1), st.floats(0.001, 3), signs)
def test_every_price_inside_the_bounds_has_a_finite_volatility(s: float, m: float, share: float, t: float, w: int) -> None:
    floor, cap = max(w * (s - s * m), 0.0), (s if w > 0 else s * m)
    quote = floor + share * (cap - floor)
    assume(implied_volatility_status(quote, s, s * m, t, 0, 0, w) == "ok")

    found = float(implied_volatility(quote, s, s * m, t, 0, 0, w))

    assert found > 0
    assert math.isfinite(found)


@given(volatilities, st.floats(-1, 100) | st.just(math.nan))
def test_guess_changes_the_work_not_the_answer(sigma: float, guess: float) -> None:
    value = price(100, [90, 100, 115], 0.25, 0.04, 0.01, sigma, [-1, 1, 1])

    cold = implied_volatility(value, 100, [90, 100, 115], 0.25, 0.04, 0.01, [-1, 1, 1])
    warm = implied_volatility(value, 100, [90, 100, 115], 0.25, 0.04, 0.01, [-1, 1, 1], guess=guess)

    assert warm == pytest.approx(cold, rel=1e-9, abs=1e-9)


def test_whole_chain_is_solved_at_once_with_gaps_left_open() -> None:
    strikes = np.array([[90.0], [100.0], [110.0]])
    value = price(100, strikes, [0.1, 0.5], 0.04, 0, 0.25, 1)
    value[1, 0] = math.nan

    found = implied_volatility(value, 100, strikes, [0.1, 0.5], 0.04, 0, 1)

    assert found.shape == (3, 2)
    assert math.isnan(found[1, 0])
    assert np.delete(found.ravel(), 2) == pytest.approx(0.25)


def test_empty_array_gives_empty_array() -> None:
    assert implied_volatility([], 100, [], [], 0.04, 0, []).size == 0


@pytest.mark.parametrize(
    ("quote", "status"),
    [
        ((100 - 90 * math.exp(-0.005), 100, 90, 0.1, 0.05, 0, 1), "at_lower_bound_zero_vol"),
        ((100.0, 100, 90, 0.1, 0.05, 0, 1), "above_upper_bound"),
        ((10.0, 0, 90, 0.1, 0.05, 0, 1), "invalid_spot"),
        ((10.0, 100, 90, 0.0, 0.05, 0, 1), "expired"),
        ((math.nan, 100, 90, 0.1, 0.05, 0, 1), "invalid_price"),
        ((12.0, 100, 90, 0.1, math.nan, 0, 1), "invalid_rate"),
        ((12.0, 100, 90, 0.1, 0.05, 0, 1), "ok"),
    ],
)
def test_status_names_the_kind_of_the_reason(quote: tuple[float, ...], status: str) -> None:
    assert implied_volatility_status(*quote) == status  # type: ignore[arg-type]
