import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.volatility import expected_move, expected_move_by_straddle, iv_rank, iv_standing

ivs = st.floats(0.01, 3)


@given(ivs, st.lists(ivs, min_size=1, max_size=300))
def test_standing_always_counts_at_most_the_window(current: float, history: list[float]) -> None:
    found = iv_standing(current, history)

    assert found.days == min(252, len(history))
    assert found.sufficient is (found.days >= 200)
    assert found.percentile is not None
    assert 0 <= found.percentile <= 100
    assert found.rank_clamped is None or 0 <= found.rank_clamped <= 100


def test_oldest_closes_fall_out_of_the_window() -> None:
    found = iv_standing(0.2, [9.0] * 10 + [0.1, 0.3] * 126)

    assert found.rank == pytest.approx(50)


def test_gaps_are_left_out() -> None:
    found = iv_standing(0.2, [0.1, math.nan, 0.3])

    assert found.days == 2
    assert found.percentile == 50


def test_flat_or_empty_window_has_no_rank() -> None:
    assert iv_standing(0.2, [0.2] * 252).rank is None
    assert iv_standing(0.2, []).percentile is None
    assert iv_rank(0.2, 0.2, 0.2) is None


def test_expected_move_vanishes_at_expiry() -> None:
    found = expected_move(100, 0.2, 0)

    assert (found.move, found.lower, found.log_upper) == (0, 100, 100)


def test_straddle_is_eighty_hundredths_of_a_sigma() -> None:
    assert expected_move_by_straddle(math.sqrt(2 / math.pi)) == pytest.approx(1)
