import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pricing.black_scholes import greeks
from engine.pricing.legs import LegAnalytics, atm_volatilities, atm_volatility, leg_analytics, mid_price, quote_agrees

STRIKES = np.array([90.0, 95.0, 100.0, 105.0])
SIGNS = np.array([-1, -1, 1, 1])
FORWARD = 100 * math.exp(0.03 * 0.1)
TERMS = (100.0, FORWARD, STRIKES, 0.1, 0.04, SIGNS)
IVS = np.array([0.3, 0.28, 0.25, 0.24])


def test_measures_are_those_of_the_formula_at_the_forward() -> None:
    found = leg_analytics(*TERMS, IVS)

    own = greeks(100, STRIKES, 0.1, 0.04, 0.01, IVS, SIGNS)
    assert found.delta == pytest.approx(own.delta)
    assert found.gamma == pytest.approx(own.gamma)
    assert found.theta == pytest.approx(own.theta / 365)
    assert found.vega == pytest.approx(own.vega / 100)
    assert found.p_itm == pytest.approx(own.p_itm)
    assert found.worth == pytest.approx(own.price)


def test_delta_is_relative_to_the_forward_where_the_underlying_does_not_trade_itself() -> None:
    found = leg_analytics(17.5, 17.5, 22.0, 51 / 365, 0.04, 1, 0.9)

    assert found.delta == pytest.approx(0.304 * math.exp(-0.04 * 51 / 365), abs=1e-3)


def test_measures_stay_absent_without_iv_or_forward() -> None:
    for terms, iv in ((TERMS, math.nan), ((100.0, math.nan, *TERMS[2:]), 0.2)):
        found = leg_analytics(*terms, iv)

        for measure in (found.delta, found.gamma, found.theta, found.vega, found.p_itm, found.worth):
            assert np.isnan(measure).all()


def test_greeks_of_the_feed_are_kept_where_they_fit() -> None:
    own = greeks(100, STRIKES, 0.1, 0.04, 0.01, IVS, SIGNS)

    found = leg_analytics(*TERMS, IVS, delta=own.delta + 0.01, gamma=own.gamma * 1.2, theta=[math.nan] * 4)

    assert found.delta == pytest.approx(own.delta + 0.01)
    assert found.gamma == pytest.approx(own.gamma * 1.2)
    assert found.theta == pytest.approx(own.theta / 365)


@pytest.mark.parametrize(
    "wrong",
    [
        {"delta": lambda own: -own.delta},
        {"delta": lambda own: own.delta - SIGNS},
        {"delta": lambda own: np.sign(own.delta) * (1 - np.abs(own.delta))},
        {"delta": lambda own: own.delta * 0.5},
        {"gamma": lambda own: own.gamma * 100},
        {"theta": lambda own: own.theta},
        {"theta": lambda own: -own.theta / 365},
        {"vega": lambda own: own.vega},
    ],
    ids=["sign", "of the other side", "of the complement", "size", "gamma", "theta a year", "theta's sign", "vega per 1.00"],
)
def test_a_greek_that_does_not_fit_side_moneyness_and_volatility_gives_way(wrong: dict[str, Callable[..., np.ndarray]]) -> None:
    own = greeks(100, STRIKES, 0.1, 0.04, 0.01, IVS, SIGNS)

    found = leg_analytics(*TERMS, IVS, **{name: made(own) for name, made in wrong.items()})

    for name in LegAnalytics.__slots__:
        assert getattr(found, name) == pytest.approx(getattr(leg_analytics(*TERMS, IVS), name)), name


@pytest.mark.parametrize(
    ("model", "bid", "ask", "agrees"),
    [
        (1.05, 1.0, 1.1, True),
        (1.20, 1.0, 1.1, True),
        (1.21, 1.0, 1.1, False),
        (0.89, 1.0, 1.1, False),
        (1.014, 1.0, 1.0, True),
        (1.02, 1.0, 1.0, False),
        (0.19, math.nan, 0.1, True),
        (0.21, math.nan, 0.1, False),
        (9.0, 1.0, math.nan, True),
        (9.0, 1.1, 1.0, True),
        (math.nan, 1.0, 1.1, True),
    ],
)
def test_a_model_price_agrees_within_three_half_widths(model: float, bid: float, ask: float, *, agrees: bool) -> None:
    assert bool(quote_agrees(model, bid, ask)) is agrees


def test_mid_is_absent_where_a_quote_is_not_two_sided() -> None:
    found = mid_price([1.0, -1, 0.0, 1.2, 0.0], [1.1, 1.0, 0.0, 1.1, 0.05])

    assert found == pytest.approx([1.05, math.nan, math.nan, math.nan, 0.025], nan_ok=True)


def test_atm_volatility_is_interpolated_at_the_forward() -> None:
    strikes = [95, 95, 100, 100, 105, 105]
    ivs = [0.30, 0.28, 0.24, 0.26, 0.20, 0.22]

    found = atm_volatility(102.0, strikes, ivs)

    assert found == pytest.approx(0.25 + (0.21 - 0.25) * 2 / 5)


def test_atm_volatility_leaves_absent_strikes_out() -> None:
    assert atm_volatility(100, [90, 99, 100, 101, 110], [0.3, math.nan, -1, 0, 0.2]) == pytest.approx(0.25)


def test_atm_volatility_at_a_strike_is_that_of_the_strike() -> None:
    assert atm_volatility(100, [95, 100, 105], [0.3, 0.22, 0.2]) == pytest.approx(0.22)


@pytest.mark.parametrize("strikes", [[90, 95], [105, 110], []])
def test_atm_volatility_is_absent_where_strikes_do_not_bracket_the_forward(strikes: list[float]) -> None:
    assert math.isnan(atm_volatility(100, strikes, [0.2] * len(strikes)))


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.floats(80, 120) | st.sampled_from([90.0, 100.0]),
            st.lists(st.tuples(ivs := st.sampled_from([math.nan, 0.0, 0.2, 0.25, 0.3]), ivs), min_size=0, max_size=6),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_many_atm_volatilities_are_those_of_one_after_the_other(
    expiries: list[tuple[float, list[tuple[float, float]]]],
) -> None:
    strikes = [80.0 + 10 * n for n in range(6)]
    number = np.array([n for n, (_, quoted) in enumerate(expiries) for _ in quoted], dtype=np.int64)
    strike = np.array([strikes[n] for _, quoted in expiries for n in range(len(quoted))])
    call, put = (np.array([iv[side] for _, quoted in expiries for iv in quoted]) for side in (0, 1))

    found = atm_volatilities(np.array([forward for forward, _ in expiries]), number, strike, call, put).volatility

    one_by_one = [
        atm_volatility(forward, [k for k in strikes[: len(quoted)] for _ in range(2)], [iv for both in quoted for iv in both])
        for forward, quoted in expiries
    ]
    assert found == pytest.approx(one_by_one, nan_ok=True)
