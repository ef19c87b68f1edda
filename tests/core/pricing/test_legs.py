import math

import numpy as np
import pytest

from engine.pricing.black_scholes import expected_payoff, greeks, price
from engine.pricing.legs import atm_volatility, leg_analytics, mid_price

STRIKES = np.array([90.0, 95.0, 100.0, 105.0])
SIGNS = np.array([-1, -1, 1, 1])
TERMS = (100.0, STRIKES, 0.1, 0.04, 0.01, SIGNS)


def test_measures_come_from_the_iv_of_the_feed() -> None:
    found = leg_analytics(*TERMS, math.nan, math.nan, [0.3, 0.28, 0.25, 0.24], 0.25)

    own = greeks(100, STRIKES, 0.1, 0.04, 0.01, [0.3, 0.28, 0.25, 0.24], SIGNS)
    assert found.delta == pytest.approx(own.delta)
    assert found.theta == pytest.approx(own.theta / 365)
    assert found.vega == pytest.approx(own.vega / 100)
    assert found.p_itm == pytest.approx(own.p_itm)
    assert found.expected_payoff == pytest.approx(expected_payoff(100, STRIKES, 0.1, 0.04, 0.01, 0.25, SIGNS))


def test_missing_iv_is_solved_from_the_mid() -> None:
    mid = price(100, STRIKES, 0.1, 0.04, 0.01, 0.3, SIGNS)

    found = leg_analytics(*TERMS, mid - 0.01, mid + 0.01, [math.nan, 0.28, 0.0, -1], 0.25)

    assert found.iv == pytest.approx([0.3, 0.28, 0.3, 0.3])
    assert not np.isnan(found.delta).any()


def test_measures_stay_absent_where_neither_iv_nor_quote_is_usable() -> None:
    found = leg_analytics(*TERMS, [-1, 1.0, 0.0, math.nan], [-1, 0.9, 0.0, 1.0], math.nan, 0.25)

    for measure in (found.iv, found.delta, found.gamma, found.theta, found.vega, found.p_itm):
        assert np.isnan(measure).all()
    assert not np.isnan(found.expected_payoff).any()


def test_greeks_of_the_feed_are_kept_where_present() -> None:
    found = leg_analytics(*TERMS, math.nan, math.nan, 0.25, 0.25, delta=[-0.1, math.nan, 0.5, math.nan])

    own = greeks(100, STRIKES, 0.1, 0.04, 0.01, 0.25, SIGNS)
    assert found.delta == pytest.approx([-0.1, float(own.delta[1]), 0.5, float(own.delta[3])])
    assert found.gamma == pytest.approx(own.gamma)


def test_every_measure_has_one_row_per_option() -> None:
    found = leg_analytics(*TERMS, 1.0, 1.1, [0.2] * 4, 0.25)

    measures = (found.iv, found.delta, found.gamma, found.theta, found.vega, found.p_itm, found.expected_payoff)
    assert {measure.shape for measure in measures} == {(4,)}
    assert {measure.dtype.name for measure in measures} == {"float64"}


def test_mid_is_absent_where_a_quote_is_not_two_sided() -> None:
    found = mid_price([1.0, -1, 0.0, 1.2, 0.0], [1.1, 1.0, 0.0, 1.1, 0.05])

    assert found == pytest.approx([1.05, math.nan, math.nan, math.nan, 0.025], nan_ok=True)


def test_atm_volatility_is_interpolated_at_the_forward() -> None:
    strikes = [95, 95, 100, 100, 105, 105]
    ivs = [0.30, 0.28, 0.24, 0.26, 0.20, 0.22]

    found = atm_volatility(100, strikes, ivs, 0.5, 0.04, 0.0)

    forward = 100 * math.exp(0.02)
    assert found == pytest.approx(0.25 + (0.21 - 0.25) * (forward - 100) / 5)


def test_atm_volatility_leaves_absent_strikes_out() -> None:
    found = atm_volatility(100, [90, 99, 100, 101, 110], [0.3, math.nan, -1, 0, 0.2], 0.0, 0.04, 0.0)

    assert found == pytest.approx(0.25)


def test_atm_volatility_at_a_strike_is_that_of_the_strike() -> None:
    assert atm_volatility(100, [95, 100, 105], [0.3, 0.22, 0.2], 0.5, 0.03, 0.03) == pytest.approx(0.22)


@pytest.mark.parametrize("strikes", [[90, 95], [105, 110], []])
def test_atm_volatility_is_absent_where_strikes_do_not_bracket_the_forward(strikes: list[float]) -> None:
    assert math.isnan(atm_volatility(100, strikes, [0.2] * len(strikes), 0.1, 0.04, 0.0))
