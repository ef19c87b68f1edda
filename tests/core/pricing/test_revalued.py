"""Structures of two expiries against a dense walk over all levels, and against the calendar of one side."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.calendar_spread import CalendarSpread, calendar_profile
from engine.pricing.revalued import Onward, Side, chance_inside, crossings, peak, worth
from tests.core.pricing.reference import Case, cases


def side(sign: int, short: float, long: float, deviation: float) -> Side:
    return Side(sign, *(np.array([value]) for value in (short, long, deviation)))


def onward(growth: float = 1.002, discount: float = 0.996, *, is_american: bool = False) -> Onward:
    return Onward(np.array([growth]), np.array([discount]), np.array([is_american]))


STRUCTURES = st.one_of(
    st.builds(
        lambda sign, short, apart, deviation: [side(sign, short, short + apart, deviation)],
        st.sampled_from([-1, 1]),
        st.floats(90, 110),
        st.floats(-10, 10),
        st.floats(0.01, 0.3),
    ),
    st.builds(
        lambda put, apart, put_out, call_out, a, b: [
            side(-1, put, put - put_out, a),
            side(1, put + apart, put + apart + call_out, b),
        ],
        st.floats(85, 100),
        st.floats(1, 30),
        st.floats(0, 8),
        st.floats(0, 8),
        st.floats(0.01, 0.3),
        st.floats(0.01, 0.3),
    ),
)
MARKETS = st.builds(
    lambda discount, yields, is_american: onward(yields / discount, discount, is_american=is_american),
    st.floats(0.98, 0.9999),
    st.floats(0.98, 1.0),
    st.booleans(),
)


@given(STRUCTURES, MARKETS, st.floats(0.05, 0.95))
def test_profit_changes_sign_at_the_crossings_and_nowhere_else(sides: list[Side], market: Onward, share: float) -> None:
    most = float(peak(sides, market)[0])
    ends = [float(worth(sides, market, np.array([level]))[0]) for level in (1e-6, 1e5)]
    cash = -(min(ends) + share * (most - min(ends)))
    levels = np.linspace(20, 300, 9001)

    found = [float(level[0]) for level in crossings(sides, market, np.array([cash]))]

    profits = worth([_many(one, levels.size) for one in sides], _many_markets(market, levels.size), levels) + cash
    assert float(profits.max()) <= most + cash + 1e-9
    walked = [(levels[at] + levels[at + 1]) / 2 for at in np.flatnonzero((profits[:-1] > 0) != (profits[1:] > 0))]
    inside = [level for level in found if not math.isnan(level) and 20 < level < 300]
    for level in inside:
        assert abs(float(worth(sides, market, np.array([level]))[0]) + cash) < 1e-7
    assert all(any(abs(level - other) < 0.05 for other in inside) for level in walked)


def _many(one: Side, count: int) -> Side:
    return Side(one.sign, *(np.full(count, value[0]) for value in (one.short_strike, one.long_strike, one.deviation)))


def _many_markets(one: Onward, count: int) -> Onward:
    return Onward(*(np.full(count, value[0]) for value in (one.growth, one.discount, one.is_american)))


@cases("calendar_diagonal")
def test_peak_and_crossings_agree_with_repricing(case: Case) -> None:
    i, expected, tolerance = case["inputs"], case["expected"], case["tolerance"]
    w = 1 if i["right"] == "C" else -1
    near, far = i["short_days"] / 365, i["long_days"] / 365
    left = far - near
    of = [side(w, i["short_strike"], i["long_strike"], i["sigma_long"] * math.sqrt(left))]
    market = onward(math.exp((i["r"] - i["q"]) * left), math.exp(-i["r"] * left))
    profile = calendar_profile(
        CalendarSpread(i["right"], i["short_strike"], i["long_strike"], near, far, i["sigma_long"], i["r"], i["q"], 0.0), i["S"]
    )
    cash = expected["max_profit_per_share"] - profile.max_profit  # the net it was opened for, to the last digit

    found = [float(level[0]) for level in crossings(of, market, np.array([cash]))]

    assert float(peak(of, market)[0]) + cash == pytest.approx(expected["max_profit_per_share"], abs=tolerance["max_profit_abs"])
    known = [level for level in found if not math.isnan(level)]
    assert known == pytest.approx(expected["breakevens_front_expiry"], abs=tolerance["breakeven_abs"])


@pytest.mark.parametrize(
    ("levels", "chance"),
    [
        ((90, 110), 0.8),
        ((math.nan, 110), 0.9),
        ((90, math.nan), 0.9),
        ((90, math.nan, math.nan, 110), 0.8),
        ((90, 98, 102, 110), 0.8 - 0.2),
        ((90, 98, math.nan, math.nan), 0.3),
        ((math.nan, math.nan, 102, 110), 0.3),
    ],
)
def test_chance_of_a_profit_lies_between_the_crossings(levels: tuple[float, ...], chance: float) -> None:
    below = {90: 0.1, 98: 0.4, 102: 0.6, 110: 0.9}

    found = chance_inside(
        [np.array([float(level)]) for level in levels], [np.array([below.get(level, math.nan)]) for level in levels]
    )

    assert float(found[0]) == pytest.approx(chance)
