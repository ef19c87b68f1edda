import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.black_scholes import price
from engine.pricing.payoff import PayoffLeg, profile
from engine.pricing.probability import (
    expected_value,
    probability_below,
    probability_below_by_vertical,
    probability_below_with_skew,
    probability_of_at_least,
    probability_of_profit,
    probability_of_touch,
    smile,
)

legs_of_one_expiry = st.lists(
    st.builds(
        PayoffLeg,
        st.sampled_from([1, -1]),
        st.integers(1, 3),
        st.sampled_from(["C", "P"]),
        st.integers(70, 130).map(float),
    ),
    min_size=1,
    max_size=4,
)
nets = st.integers(-2000, 2000).map(lambda cents: cents / 100)
markets = st.tuples(st.floats(80, 120), st.floats(0, 2), st.floats(-0.01, 0.08), st.floats(0, 0.05), st.floats(0, 1.5))
living_markets = st.tuples(
    st.floats(80, 120), st.floats(0.003, 2), st.floats(-0.01, 0.08), st.floats(0, 0.05), st.floats(0.05, 1.5)
)
Market = tuple[float, float, float, float, float]
BULL_PUT = [PayoffLeg(-1, 1, "P", 100), PayoffLeg(1, 1, "P", 95)]


@given(legs_of_one_expiry, living_markets)
def test_expected_present_value_is_zero_at_the_model_price(legs: list[PayoffLeg], market: Market) -> None:
    spot, years, rate, dividend, sigma = market
    paid = sum(
        leg.sign * leg.ratio * float(price(spot, leg.strike, years, rate, dividend, sigma, 1 if leg.put_call == "C" else -1))
        for leg in legs
    )

    found = expected_value(legs, -paid, spot, years, rate, dividend, sigma)

    assert found.present == pytest.approx(0, abs=1e-10 * spot)


@given(legs_of_one_expiry, nets, markets)
def test_probability_of_profit_is_a_probability(legs: list[PayoffLeg], net: float, market: Market) -> None:
    found = probability_of_profit(legs, net, *market)

    assert 0 <= found <= 1


@given(legs_of_one_expiry, nets, living_markets)
def test_profit_or_no_profit_is_certain(legs: list[PayoffLeg], net: float, market: Market) -> None:
    profit = probability_of_profit(legs, net, *market)
    mirrored = [PayoffLeg(-leg.sign, leg.ratio, leg.put_call, leg.strike) for leg in legs]

    no_profit = probability_of_at_least(0.0, mirrored, -net, *market)

    assert profit + no_profit == pytest.approx(1, abs=1e-12)


@given(legs_of_one_expiry, nets, living_markets, st.floats(0, 20), st.floats(0, 20))
def test_higher_threshold_is_never_likelier(legs: list[PayoffLeg], net: float, market: Market, low: float, more: float) -> None:
    one = probability_of_at_least(low, legs, net, *market)
    other = probability_of_at_least(low + more, legs, net, *market)

    assert other <= one + 1e-12


@given(living_markets, st.floats(50, 160))
def test_touch_is_never_less_likely_than_ending_beyond(market: Market, barrier: float) -> None:
    spot = market[0]
    below = probability_below(barrier, *market)
    beyond = 1 - below if barrier > spot else below

    touch = probability_of_touch(barrier, *market)

    assert beyond - 1e-12 <= touch <= 1


@pytest.mark.parametrize(
    ("barrier", "years", "rate", "sigma", "expected"),
    [
        (100, 0.5, 0.05, 0.2, 1),
        (101, 0, 0.05, 0.2, 0),
        (101, 0.5, 0.05, 0, 1),
        (99, 0.5, 0.05, 0, 0),
        (110, 0.5, 0.05, 0, 0),
        (0, 0.5, 0.05, 0.2, 0),
        (101, 0.5, 0.05, 1e-6, 1),
        (99, 0.5, 0.05, 1e-6, 0),
    ],
)
def test_touch_without_chance_follows_the_forward_path(
    barrier: float, years: float, rate: float, sigma: float, expected: float
) -> None:
    assert probability_of_touch(barrier, 100, years, rate, 0, sigma) == pytest.approx(expected)


@pytest.mark.parametrize(("spot", "expected"), [(99, 1), (98.0, 0), (97, 0), (120, 1)])
def test_expired_spread_profits_or_not(spot: float, expected: float) -> None:
    assert probability_of_profit(BULL_PUT, 2.0, spot, 0, 0.04, 0, 0.2) == expected


def test_full_credit_counts_as_reaching_it() -> None:
    found = probability_of_at_least(2.0, BULL_PUT, 2.0, 100, 0.1, 0.04, 0, 0.2)

    assert found == pytest.approx(1 - probability_below(100, 100, 0.1, 0.04, 0, 0.2))


def test_volatility_is_read_at_each_breakeven() -> None:
    iron_condor = [
        PayoffLeg(1, 1, "P", 90),
        PayoffLeg(-1, 1, "P", 95),
        PayoffLeg(-1, 1, "C", 105),
        PayoffLeg(1, 1, "C", 110),
    ]
    at = smile([90, 100, 110], [0.30, 0.20, 0.15])
    low, high = profile(iron_condor, 1.5).breakevens

    found = probability_of_profit(iron_condor, 1.5, 100, 0.1, 0.04, 0, at)

    below_high = probability_below(high, 100, 0.1, 0.04, 0, at(high))
    assert found == pytest.approx(below_high - probability_below(low, 100, 0.1, 0.04, 0, at(low)))


def test_smile_ignores_absent_points_and_stays_level_outside() -> None:
    at = smile([110, 90, 100, 105], [0.2, 0.3, math.nan, -1])

    assert (at(80), at(100), at(120)) == pytest.approx((0.3, 0.25, 0.2))


def test_smile_raises_without_a_single_volatility() -> None:
    with pytest.raises(ValueError):
        smile([100], [math.nan])


@given(living_markets, st.floats(60, 150))
def test_skewed_probability_without_slope_is_the_flat_one(market: Market, level: float) -> None:
    assert probability_below_with_skew(level, *market, 0.0) == probability_below(level, *market)


@given(living_markets, st.floats(60, 150), st.floats(-1, 1))
def test_skewed_probability_stays_a_probability(market: Market, level: float, slope: float) -> None:
    assert 0 <= probability_below_with_skew(level, *market, slope) <= 1


def test_vertical_without_width_is_refused() -> None:
    with pytest.raises(ValueError):
        probability_below_by_vertical(0.2, 0, 0.1, 0.04)


def test_view_of_the_riskless_return_is_no_view() -> None:
    market = (100, 0.25, 0.04, 0.01, 0.2)

    assert expected_value(BULL_PUT, 1.5, *market, expected_return=0.04) == expected_value(BULL_PUT, 1.5, *market)


@pytest.mark.parametrize(("level", "expected"), [(0, 0), (-5, 0), (math.inf, 1)])
def test_share_ends_between_zero_and_infinity(level: float, expected: float) -> None:
    assert probability_below(level, 100, 0.5, 0.04, 0, 0.2) == expected


def test_worthless_share_stays_below_every_level() -> None:
    assert probability_below(50, 0, 0.5, 0.04, 0, 0.2) == 1
    assert probability_of_profit(BULL_PUT, 2.0, 0, 0.5, 0.04, 0, 0.2) == 0


@pytest.mark.parametrize(
    "market",
    [(100, 0.5, 0.04, 0, math.nan), (100, 0.5, 0.04, 0, -0.2), (math.nan, 0.5, 0.04, 0, 0.2), (100, math.nan, 0.04, 0, 0.2)],
)
def test_what_is_not_known_has_no_chance(market: Market) -> None:
    assert math.isnan(probability_of_touch(110, *market))
    assert math.isnan(probability_of_profit(BULL_PUT, 1.5, *market))
    assert math.isnan(probability_below(90, *market))
    assert math.isnan(probability_below_with_skew(90, *market, -0.001))


def test_unknown_barrier_has_no_chance() -> None:
    assert math.isnan(probability_of_touch(math.nan, 100, 0.5, 0.04, 0, 0.2))
