"""The statistics that judge a result, against the values that their authors published and against another implementation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.research.statistics.overfitting import probability_of_overfitting
from engine.research.statistics.plateau import neighbours, plateau
from engine.research.statistics.reality import reality_check
from engine.research.statistics.sharpe import (
    Track,
    best_by_luck,
    deflated_sharpe,
    effective_trials,
    expected_maximum,
    mean_correlation,
    minimum_backtest_years,
    minimum_track_record,
    power_of_deflation,
    probabilistic_sharpe,
    track,
)
from engine.research.statistics.walk_forward import splits, walked

DAYS = 250
DEFLATED = Track(2.5 / math.sqrt(DAYS), 1250, -3.0, 10.0)
"""The example of Bailey and López de Prado (2014): a ratio of 2.5 a year over five years of days, the best of 100."""
OF_TRIALS = 0.5 / DAYS
"""The variance of its trials, 1/2 a year."""
FUND = Track(0.458, 24, -2.448, 10.164)
"""The example of their paper of 2012: two years of months."""


def test_deflated_sharpe_is_the_published_one() -> None:
    assert best_by_luck(100, OF_TRIALS) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(DEFLATED, 100, OF_TRIALS) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(DEFLATED, 46, OF_TRIALS) == pytest.approx(0.9505, abs=5e-5)
    assert deflated_sharpe(Track(DEFLATED.sharpe, 1250, 0.0, 3.0), 88, OF_TRIALS) == pytest.approx(0.9505, abs=5e-5)


def test_probabilistic_sharpe_and_minimum_track_record_are_the_published_ones() -> None:
    normal = Track(FUND.sharpe, FUND.count, 0.0, 3.0)
    assert probabilistic_sharpe(FUND) == pytest.approx(0.913, abs=5e-4)
    assert probabilistic_sharpe(normal) == pytest.approx(0.982, abs=5e-4)
    assert minimum_track_record(FUND) == pytest.approx(34.56, abs=5e-3)
    assert minimum_track_record(normal) == pytest.approx(15.25, abs=5e-3)
    daily = Track(2 / math.sqrt(252), 252, 0.0, 3.0)
    assert minimum_track_record(daily, 1 / math.sqrt(252)) / 252 == pytest.approx(2.73, abs=5e-3)
    assert minimum_track_record(daily, daily.sharpe) == math.inf


def test_expected_maximum_and_minimum_backtest_are_the_published_ones() -> None:
    assert expected_maximum(10) == pytest.approx(1.57, abs=5e-3)
    assert minimum_backtest_years(45) == pytest.approx(4.998, abs=5e-4)
    assert expected_maximum(1) == 0


def test_deflation_has_the_power_that_its_own_formula_says_of_one_trial() -> None:
    # A ratio of 2 a year over three years stands 3.46 deviations above 0, and 1.64 are asked.
    assert power_of_deflation(2 / math.sqrt(252), 756, 1, 0.0) == pytest.approx(0.964, abs=5e-3)


def test_overfitting_is_certain_where_every_trial_made_the_same_in_all() -> None:
    # Means removed: what is better on one half is worse on the other by as much.
    noise = np.random.default_rng(7).normal(size=(960, 20))
    none = probability_of_overfitting(noise - noise.mean(axis=0), 8)
    assert none is not None
    assert (none.probability, none.halves) == (1.0, 70)

    skilled = noise.copy()
    skilled[:, 3] += 3 / math.sqrt(252)
    found = probability_of_overfitting(skilled, 8)
    assert found is not None
    assert found.probability == 0.0


def test_sixteen_blocks_have_12870_halves_and_a_short_record_has_fewer() -> None:
    chance = np.random.default_rng(1)
    whole = probability_of_overfitting(chance.normal(size=(320, 3)))
    short = probability_of_overfitting(chance.normal(size=(21, 3)))
    assert whole is not None
    assert short is not None
    assert (whole.halves, whole.blocks, short.blocks) == (12_870, 16, 10)
    assert probability_of_overfitting(chance.normal(size=(3, 3))) is None
    assert probability_of_overfitting(chance.normal(size=(300, 1))) is None


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_overfitting_is_what_another_implementation_says(seed: int) -> None:
    purgedcv = pytest.importorskip("purgedcv", reason="needs the extra `oracles`")
    results = np.random.default_rng(seed).normal(size=(240, 12))

    ours = probability_of_overfitting(results, 8)

    # There rows are configurations; handed the other way round it answers wrongly and says nothing.
    theirs = purgedcv.probability_of_backtest_overfitting(results.T, n_splits=8)
    assert ours is not None
    assert ours.probability == pytest.approx(theirs.pbo, abs=1e-12)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ratios_are_what_another_implementation_says(seed: int) -> None:
    purgedcv = pytest.importorskip("purgedcv", reason="needs the extra `oracles`")
    results = np.random.default_rng(seed).standard_t(5, size=500) + 0.3

    one = track(results)

    assert one is not None
    # It takes the deviation of the whole population, ours is that of a sample; and it rounds up to whole observations.
    assert probabilistic_sharpe(one, 0.05) == pytest.approx(purgedcv.probabilistic_sharpe_ratio(results, 0.05), abs=1e-3)
    least = purgedcv.min_track_record_length(one.sharpe, 0.0, 0.05, one.skew, one.kurtosis)
    assert math.ceil(minimum_track_record(one)) == least


@given(st.integers(20, 400), st.integers(1, 8), st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_walk_forward_never_learns_from_what_it_judges_nor_from_a_holding_before_it(count: int, stretches: int, gap: int) -> None:
    found = splits(count, stretches, gap)

    for one in found:
        assert one.learnt
        assert one.learnt[-1] < one.judged[0] - gap
    judged = [place for one in found for place in one.judged]
    assert judged == list(range(judged[0], count)) if judged else count / (stretches + 1) <= gap + 1


def test_walk_forward_takes_what_was_best_before_and_counts_what_it_made_then() -> None:
    # Trial 1 is better in the first half, trial 2 in the second: what is chosen is always a half too late.
    early, late = np.tile([2.0, 1.0], 20), np.tile([-1.0, 0.0], 20)
    results = np.column_stack([np.zeros(80), np.concatenate([early, late]), np.concatenate([late, early])])

    [one] = walked(results, splits(80, 1, 0))

    assert (one.first, one.last, one.chosen) == (40, 79, 1)
    assert (one.made, one.present) == (-20.0, 0.0)


def test_effective_trials_lie_between_one_and_all() -> None:
    chance = np.random.default_rng(3)
    shared = chance.normal(size=(5_000, 1))
    half = np.sqrt(0.5) * shared + np.sqrt(0.5) * chance.normal(size=(5_000, 40))

    correlation = mean_correlation(half)

    pairs = np.corrcoef(half.T)[np.triu_indices(40, 1)]
    assert correlation == pytest.approx(pairs.mean(), abs=1e-9)
    assert effective_trials(40, correlation) == pytest.approx(20.5, abs=0.5)
    assert effective_trials(40, 1.0) == 1
    assert effective_trials(40, 0.0) == 40
    assert mean_correlation(np.ones((10, 3))) == 0


def test_reality_check_sees_the_one_that_is_better_and_nothing_in_noise() -> None:
    pytest.importorskip("arch", reason="needs the extra `research`")
    chance = np.random.default_rng(5)
    present, trials = chance.normal(size=750), chance.normal(size=(750, 20))
    better = trials.copy()
    better[:, 4] += 0.4

    noise, found = reality_check(present, trials, 10), reality_check(present, better, 10)

    assert noise is not None
    assert found is not None
    assert noise.hansen > 0.2
    assert found.white < 0.01
    assert found.hansen < 0.01
    assert reality_check(present, present[:, None], 10) is None
    assert reality_check(present, trials, 10) == noise, "the same each time"


def test_plateau_counts_the_neighbours_that_keep_the_gain_and_is_as_wide_as_their_run() -> None:
    # given: two parameters of five and three values; a ridge along the first
    gains = {(a, b): 100.0 - 8 * abs(a - 2) - 60 * abs(b - 1) for a in range(5) for b in range(3)}

    # when
    found = plateau(gains, (2, 1), (5, 3))

    # then: of eight neighbours the two along the ridge keep 80 of 100
    assert found.neighbours == 8
    assert found.share == 2 / 8
    assert found.widths == ((0, 4), (1, 1))
    assert neighbours((0, 0), (5, 3), along_axes=True) == [(0, 1), (1, 0)]


def test_series_that_never_moves_has_no_ratio() -> None:
    assert track(np.zeros(100)) is None
    assert track(np.full(100, 3.0)) is None
    assert track(np.array([1.0])) is None
