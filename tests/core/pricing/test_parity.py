"""Forwards from put-call parity: exact where the market is, and not taken in by a bad quote."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pricing.black_scholes import price
from engine.pricing.parity import Pairs, parity_forwards

YEARS, RATE = 0.125, 0.04
DISCOUNT = math.exp(-RATE * YEARS)
Quote = tuple[float, float]


def pairs(
    forward: float,
    strikes: Sequence[float],
    *,
    half: float = 0.05,
    iv: float = 0.2,
    expiry: int = 0,
    instead: Mapping[tuple[float, str], Quote] | None = None,
    told: Mapping[float, float] | None = None,
) -> list[tuple[float, ...]]:
    """Quotes round Black's prices of one forward; `instead` replaces some of them."""
    rows: list[tuple[float, ...]] = []
    for strike in strikes:
        quotes: list[float] = []
        for side, sign in (("C", 1), ("P", -1)):
            fair = float(price(forward, strike, YEARS, RATE, RATE, iv, sign))
            quotes += (instead or {}).get((strike, side), (max(0.0, fair - half), fair + half))
        rows.append((expiry, strike, *quotes, (told or {}).get(strike, 100.0), 1.0))
    return rows


def forwards(rows: list[tuple[float, ...]], *, expected: float = math.nan, american: bool = False, count: int = 1) -> np.ndarray:
    return found(rows, expected=expected, american=american, count=count).forward


def found(rows: list[tuple[float, ...]], *, expected: float = math.nan, american: bool = False, count: int = 1):
    expiry, *columns = (np.array(column) for column in zip(*rows, strict=True))
    made = Pairs(expiry.astype(np.int64), *columns)
    return parity_forwards(made, np.full(count, DISCOUNT), np.full(count, expected), np.full(count, american))


STRIKES = [80.0, 90.0, 95.0, 100.0, 105.0, 110.0, 120.0]


def test_the_forward_is_the_one_that_calls_and_puts_agree_on() -> None:
    assert forwards(pairs(97.3, STRIKES)) == pytest.approx([97.3])


def test_a_forward_far_from_the_spot_is_believed_where_the_pairs_agree() -> None:
    """A stock that is dear to borrow, or a volatility index: the market knows, rate and yield do not."""
    assert forwards(pairs(93.0, STRIKES), expected=101.0) == pytest.approx([93.0])
    assert forwards(pairs(93.0, [95.0]), expected=101.0) == pytest.approx([93.0])


@pytest.mark.parametrize("bad", [(0.05, 0.10), (9.0, 9.10), (4.0, 3.0), (math.nan, 2.0), (2.0, math.nan), (2.0, 2.0), (0.0, 0.1)])
def test_one_bad_quote_moves_nothing(bad: Quote) -> None:
    rows = pairs(100.0, STRIKES, instead={(100.0, "C"): bad})

    assert forwards(rows, expected=100.4) == pytest.approx([100.0])
    assert forwards(rows) == pytest.approx([100.0])


@pytest.mark.parametrize("side", ["C", "P"])
def test_of_two_pairs_that_disagree_the_likelier_is_believed(side: str) -> None:
    rows = pairs(100.0, [95.0, 105.0], instead={(105.0, side): (9.0, 9.10)})

    assert forwards(rows, expected=100.4) == pytest.approx([100.0])


def test_a_single_pair_that_names_an_impossible_forward_is_a_bad_print() -> None:
    rows = pairs(100.0, [100.0], instead={(100.0, "C"): (150.0, 150.10)})

    assert np.isnan(forwards(rows, expected=100.0)).all()


def test_no_pair_with_two_sides_says_nothing() -> None:
    rows = pairs(100.0, [100.0], instead={(100.0, "P"): (math.nan, 2.0)})

    assert np.isnan(forwards(rows)).all()


def test_wide_pairs_weigh_less_than_narrow_ones() -> None:
    wide = [row for strike in (98.0, 102.0) for row in pairs(101.0, [strike], half=1.5)]
    narrow = pairs(100.0, [100.0], half=0.01)

    assert forwards(sorted([*wide, *narrow], key=lambda row: row[1])) == pytest.approx([100.0], abs=1e-3)


def test_american_pairs_count_near_the_money_only() -> None:
    """Deep in the money an American put is worth its intrinsic value and says nothing of the forward."""
    deep = {(120.0, "P"): (19.99, 20.01), (110.0, "P"): (10.19, 10.21)}
    rows = pairs(100.0, [110.0, 120.0], instead=deep)

    assert np.isnan(forwards(rows, american=True)).all()
    assert forwards(sorted([*rows, *pairs(100.0, [100.0])], key=lambda row: row[1]), american=True) == pytest.approx([100.0])


def test_each_expiry_has_its_own_forward_and_the_age_of_the_quotes_it_came_from() -> None:
    first = pairs(100.0, STRIKES, told={95.0: 40.0, 80.0: 60.0})
    second = pairs(103.0, [100.0], expiry=2, told={100.0: 70.0})

    both = found([*first, *second], count=3)

    assert both.forward == pytest.approx([100.0, math.nan, 103.0], nan_ok=True)
    assert both.told_at == pytest.approx([40.0, math.nan, 70.0], nan_ok=True)


def test_the_age_is_that_of_the_quotes_that_were_believed() -> None:
    rows = pairs(100.0, STRIKES, instead={(95.0, "C"): (9.0, 9.10)}, told={95.0: 40.0})

    assert found(rows).told_at == pytest.approx([100.0])


def test_a_pair_told_at_another_level_names_the_forward_of_that_level() -> None:
    rows = [(*row[:-1], 1.01) for row in pairs(100.0, [100.0])]

    assert forwards(rows) == pytest.approx([101.0])


@pytest.mark.slow
@settings(max_examples=200)
@given(
    forward=st.floats(60, 140),
    strikes=st.lists(st.sampled_from([float(k) for k in range(60, 141, 5)]), min_size=5, max_size=17, unique=True),
    bad=st.lists(st.tuples(st.integers(0, 4), st.floats(0.05, 30)), max_size=2),
    half=st.floats(0.01, 0.3),
)
def test_the_forward_stays_within_the_widths_however_two_quotes_lie(
    forward: float, strikes: list[float], bad: list[tuple[int, float]], half: float
) -> None:
    ordered = sorted(strikes, key=lambda strike: abs(strike - forward))[:5]
    instead = {(ordered[n], "C"): (bid, bid + 2 * half) for n, bid in bad}

    named = forwards(pairs(forward, sorted(ordered), half=half, iv=2.0, instead=instead), expected=forward)

    assert abs(named[0] - forward) <= 8 * half
