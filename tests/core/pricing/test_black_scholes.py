import math

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.black_scholes import d1_d2, expected_payoff, greeks, price

spots = st.floats(1, 10_000)
moneyness = st.floats(0.5, 2)
lives = st.floats(1 / 365, 3)
rates = st.floats(-0.02, 0.10)
yields = st.floats(0, 0.08)
volatilities = st.floats(0.03, 2)
signs = st.sampled_from([1, -1])


@given(spots, moneyness, lives, rates, yields, volatilities, signs)
def test_greeks_agree_with_quantlib(s: float, m: float, t: float, r: float, q: float, sigma: float, w: int) -> None:
    strike = s * m
    payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call if w > 0 else QuantLib.Option.Put, strike)
    forward, deviation, discount = s * math.exp((r - q) * t), sigma * math.sqrt(t), math.exp(-r * t)
    oracle = QuantLib.BlackCalculator(payoff, forward, deviation, discount)

    found = greeks(s, strike, t, r, q, sigma, w)

    itm = oracle.itmCashProbability()  # N(d2), also for a put
    assert float(found.price) == pytest.approx(oracle.value(), rel=1e-9, abs=1e-12 * s)
    assert float(found.delta) == pytest.approx(oracle.delta(s), rel=1e-9, abs=1e-12)
    assert float(found.gamma) == pytest.approx(oracle.gamma(s), rel=1e-7, abs=1e-12)
    assert float(found.vega) == pytest.approx(oracle.vega(t), rel=1e-8, abs=1e-11 * s)
    # QuantLib takes theta from the pricing equation, where carry and decay cancel: hence the absolute part.
    assert float(found.theta) == pytest.approx(oracle.theta(s, t), rel=1e-7, abs=1e-9 * s)
    assert float(found.rho) == pytest.approx(oracle.rho(t), rel=1e-9, abs=1e-11 * s)
    assert float(found.p_itm) == pytest.approx(itm if w > 0 else 1 - itm, rel=1e-9, abs=1e-12)


@given(spots, moneyness, st.floats(0, 3), rates, yields, st.floats(0, 3))
def test_call_less_put_is_always_the_discounted_forward(s: float, m: float, t: float, r: float, q: float, sigma: float) -> None:
    call, put = price(s, s * m, t, r, q, sigma, [1, -1])

    assert call - put == pytest.approx(s * math.exp(-q * t) - s * m * math.exp(-r * t), abs=1e-11 * s)


@given(
    st.sampled_from([0.0, 1e-300, 1e-9, 50.0, 100.0, 1e12]),
    st.sampled_from([0.0, 1e-300, 1e-9, 100.0, 1e12]),
    st.sampled_from([-1.0, 0.0, 1e-12, 0.5, 30.0]),
    st.sampled_from([0.0, 1e-300, 1e-12, 0.2, 1e3]),
    signs,
)
def test_finite_inputs_never_give_nan(s: float, k: float, t: float, sigma: float, w: int) -> None:
    found = greeks(s, k, t, 0.04, 0.01, sigma, w)

    numbers = (found.price, found.delta, found.vega, found.theta, found.rho, found.p_itm, found.gamma)
    assert not any(np.isnan(number) for number in numbers)
    assert not np.isnan(expected_payoff(s, k, t, 0.04, 0.01, sigma, w))


def test_expired_option_is_worth_its_intrinsic_value() -> None:
    found = greeks([105, 95, 100], 100, 0, 0.05, 0.02, 0.2, [[1], [-1]])

    assert found.price.tolist() == [[5, 0, 0], [0, 5, 0]]
    assert found.delta.tolist() == [[1, 0, 0.5], [0, -1, -0.5]]
    assert not found.gamma.any()
    assert not found.vega.any()


def test_option_without_volatility_is_worth_its_discounted_forward_intrinsic_value() -> None:
    found = price(100, [90, 120], 0.5, 0.05, 0.01, 0, [1, -1])

    forward_value = 100 * math.exp(-0.005) - np.array([90, 120]) * math.exp(-0.025)
    assert found == pytest.approx(forward_value * [1, -1])


def test_absent_volatility_stays_absent() -> None:
    found = greeks(100, 100, [0.5, 0.5, 0.0], 0.05, 0, [math.nan, -1, math.nan], 1)

    assert np.isnan([found.price, found.delta, found.gamma, found.vega, found.theta, found.p_itm]).all()


def test_scalars_and_columns_broadcast() -> None:
    found = greeks(100.0, np.arange(90.0, 111.0, 5.0)[:, None], [0.1, 0.5], 0.04, 0.0, 0.2, 1)

    fields = (found.price, found.delta, found.gamma, found.vega, found.theta, found.rho, found.p_itm)
    assert {field.shape for field in fields} == {(5, 2)}


@given(spots, moneyness, lives, rates, yields, volatilities, signs)
def test_expected_payoff_discounted_is_the_price(s: float, m: float, t: float, r: float, q: float, sigma: float, w: int) -> None:
    payoff = expected_payoff(s, s * m, t, r, q, sigma, w)

    assert math.exp(-r * t) * float(payoff) == pytest.approx(float(price(s, s * m, t, r, q, sigma, w)), abs=1e-11 * s)


def test_distances_differ_by_the_deviation() -> None:
    d1, d2 = d1_d2(42, 40, 0.5, 0.1, 0, 0.2)

    assert float(d1 - d2) == pytest.approx(0.2 * math.sqrt(0.5))


@pytest.mark.parametrize(("spot", "strike"), [(math.nan, 100), (100, math.nan)])
def test_absent_spot_or_strike_leaves_no_number(spot: float, strike: float) -> None:
    found = greeks(spot, strike, 0.5, 0.05, 0, 0.2, 1)

    assert np.isnan([found.price, found.delta, found.gamma, found.vega, found.theta, found.rho, found.p_itm]).all()
