"""The volatility surface admits no arbitrage and has the skew it declares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pricing.black_scholes import price
from engine.sim.market.catalogue import CHARACTERS
from engine.sim.market.surface import Shape, atm_variance, implied

SHAPES = sorted({character.shape for character in CHARACTERS.values()}, key=repr)
FEARS = st.floats(0.0, 1.0)
STRIKES = np.arange(20.0, 400.0, 1.0)


@settings(max_examples=50)
@given(st.sampled_from(SHAPES), st.floats(0.05, 1.5), st.floats(1 / 365, 2.0), FEARS)
def test_calls_are_convex_and_falling_in_strike(shape: Shape, level: float, years: float, fear: float):
    iv = implied(shape, level, np.log(STRIKES / 100), years, fear)

    calls = price(100.0, STRIKES, years, 0.0, 0.0, iv, 1)

    assert np.all(np.diff(calls) <= 1e-9)
    assert np.all(np.diff(calls, 2) >= -1e-9)


@settings(max_examples=50)
@given(st.sampled_from(SHAPES), st.floats(0.05, 1.5), st.floats(1 / 365, 1.0), st.floats(1 / 365, 1.0), FEARS)
def test_total_variance_grows_with_time_at_every_strike(shape: Shape, level: float, near: float, more: float, fear: float):
    moneyness = np.log(STRIKES / 100)

    soon = np.square(implied(shape, level, moneyness, near, fear)) * near
    later = np.square(implied(shape, level, moneyness, near + more, fear)) * (near + more)

    assert np.all(later >= soon - 1e-12)


def test_volatility_at_the_forward_is_the_term_structure():
    shape = Shape(long_level=0.2)
    years = np.array([0.02, 0.25, 2.0])

    iv = implied(shape, 0.4, 0.0, years)

    assert iv == pytest.approx(np.sqrt(atm_variance(shape, 0.4, years) / years))
    assert np.all(np.diff(iv) < 0)
    assert iv[0] == pytest.approx(0.4, abs=0.02)


def test_puts_are_dearer_than_calls_when_the_skew_is_negative():
    iv = implied(Shape(long_level=0.2), 0.2, np.array([-0.1, 0.0, 0.1]), 30 / 365)

    assert iv[0] > iv[1] > iv[2]


def test_fear_steepens_the_smile_and_leaves_the_level_at_the_forward():
    shape = SHAPES[0]
    wings = np.array([-0.1, 0.0, 0.1])

    calm, afraid = (implied(shape, 0.2, wings, 30 / 365, fear) for fear in (0.0, 1.0))

    assert calm == pytest.approx(implied(shape, 0.2, wings, 30 / 365))
    assert afraid[1] == pytest.approx(calm[1])
    assert afraid[0] - afraid[2] > 1.3 * (calm[0] - calm[2])


def test_volatility_is_absent_when_no_time_is_left():
    assert np.isnan(implied(Shape(long_level=0.2), 0.2, 0.1, 0.0))


def test_shape_is_refused_when_it_admits_arbitrage():
    with pytest.raises(ValueError, match="butterfly"):
        Shape(long_level=0.2, skew=-0.9, curve=1.5)
