"""What a Sharpe ratio is worth: how likely it is more than luck, among how many that were tried, after how long a record.

All ratios are per observation (a day, a month) unless a name says a year. Kurtosis is 3 for a normal distribution.

Sources: Bailey and López de Prado, The Sharpe Ratio Efficient Frontier, Journal of Risk 15 (2012), for PSR and the minimum track
record; The Deflated Sharpe Ratio, Journal of Portfolio Management 40 (2014), for the best of many; Bailey, Borwein, López de
Prado and Zhu, Pseudo-Mathematics and Financial Charlatanism, Notices of the AMS 61 (2014), for the minimum backtest length.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]
EULER = 0.5772156649015329
DAYS_A_YEAR = 252


@dataclass(frozen=True, slots=True)
class Track:
    """A series of results in what its Sharpe ratio is judged by."""

    sharpe: float
    """Per observation."""
    count: int
    """Observations."""
    skew: float
    kurtosis: float
    """3 for a normal distribution."""

    @property
    def variance(self) -> float:
        """Of the estimated ratio, times the observations less one: 1 where the ratio is 0 and results are normal."""
        return 1 - self.skew * self.sharpe + (self.kurtosis - 1) / 4 * self.sharpe**2


def track(results: Floats) -> Track | None:
    """The track of a series; None where it never moves, or is too short for one: then it has no ratio."""
    count = len(results)
    spread = float(np.std(results, ddof=1)) if count > 1 else 0.0
    if not spread > 1e-12 * max(1.0, float(np.abs(results).max(initial=0.0))):
        return None
    away = results - results.mean()
    second = float(np.mean(away**2))
    return Track(
        sharpe=float(results.mean()) / spread,
        count=count,
        skew=float(np.mean(away**3)) / second**1.5,
        kurtosis=float(np.mean(away**4)) / second**2,
    )


def probabilistic_sharpe(one: Track, benchmark: float = 0.0) -> float:
    """The chance that the true ratio is above the benchmark's, 0 to 1."""
    return float(norm.cdf(_deviations(one, benchmark)))


def expected_maximum(trials: float) -> float:
    """The best of so many independent standard normal draws, on average; 0 for one.

    The approximation of Bailey et al. (2014) is for many: for two to four it is within a tenth.
    """
    if trials <= 1:
        return 0.0
    quantile = norm.ppf
    return float((1 - EULER) * quantile(1 - 1 / trials) + EULER * quantile(1 - 1 / (trials * math.e)))


def best_by_luck(trials: float, variance: float) -> float:
    """The ratio that the best of so many trials without skill has on average, where the ratios of the trials vary by so much."""
    return math.sqrt(variance) * expected_maximum(trials)


def deflated_sharpe(one: Track, trials: float, variance: float) -> float:
    """The chance that the true ratio of the best of so many trials is above what the best has by luck alone.

    `variance` is that of the ratios over the trials, per observation.
    """
    return probabilistic_sharpe(one, best_by_luck(trials, variance))


def power_of_deflation(sharpe: float, count: int, trials: float, variance: float, level: float = 0.95) -> float:
    """How often a true ratio of normal results is found to be more than luck at this level, by the formula itself."""
    one = Track(sharpe, count, 0.0, 3.0)
    return float(norm.cdf(_deviations(one, best_by_luck(trials, variance)) - norm.ppf(level)))


def minimum_track_record(one: Track, benchmark: float = 0.0, level: float = 0.95) -> float:
    """Observations after which a ratio like this one is above the benchmark's at this level; infinite where it is not above."""
    if one.sharpe <= benchmark:
        return math.inf
    return 1 + one.variance * (float(norm.ppf(level)) / (one.sharpe - benchmark)) ** 2


def minimum_backtest_years(trials: float, sharpe_a_year: float = 1.0) -> float:
    """Years below which the best of so many trials without skill shows this ratio a year."""
    return (expected_maximum(trials) / sharpe_a_year) ** 2


def mean_correlation(results: Floats) -> float:
    """Of every two different columns (observations x trials), those that never move left out; 0 where fewer than two are left."""
    moving = results[:, results.std(axis=0) > 0]
    count = moving.shape[1]
    if count < 2:
        return 0.0
    # The mean over all pairs follows from the sum of the standardised columns: no matrix of all pairs is needed.
    standard = (moving - moving.mean(axis=0)) / moving.std(axis=0)
    whole = float(np.mean(standard.sum(axis=1) ** 2))
    return (whole - count) / (count * (count - 1))


def effective_trials(trials: int, correlation: float) -> float:
    """How many independent trials so many with this mean correlation are worth, at least 1.

    Interpolated between one (all the same) and all (none alike). Source: Bailey and López de Prado (2014), appendix A.3.
    """
    return max(1.0, correlation + (1 - correlation) * trials)


def _deviations(one: Track, benchmark: float) -> float:
    variance = max(one.variance, 1e-12)
    return (one.sharpe - benchmark) * math.sqrt(max(0, one.count - 1)) / math.sqrt(variance)
