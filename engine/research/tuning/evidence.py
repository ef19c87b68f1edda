"""What a study knows about its best variant, as numbers: all from the daily results of every variant that was run.

The results are one table, days x trials, the present file first. Every number here asks whether the best of them is more than
what the best of so many would show anyway.

The best is the one with the highest mean of its own Sharpe ratio and those of its neighbours, among variants of whose neighbours
half were run: the middle of a plateau, not the peak where noise was lucky.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.research.statistics.overfitting import Overfitting, probability_of_overfitting
from engine.research.statistics.plateau import Place, Plateau, neighbours, plateau
from engine.research.statistics.reality import Reality, reality_check
from engine.research.statistics.sharpe import (
    DAYS_A_YEAR,
    Floats,
    Track,
    deflated_sharpe,
    effective_trials,
    mean_correlation,
    minimum_track_record,
    power_of_deflation,
    probabilistic_sharpe,
    track,
)
from engine.research.statistics.walk_forward import Stretch, splits, walked

STRETCHES = 5
PRESENT = 0
"""Column of the file as it stands."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The case for one variant, and against it."""

    best: int
    """Its column; `PRESENT` where nothing beats the file as it stands."""
    days: int
    trials: int
    """Variants that were ever tried on these data."""
    effective: float
    """How many independent ones they are worth."""
    correlation: float
    """Mean, of every two variants' days."""
    variance: float
    """Of the Sharpe ratios over the variants, per day; at most what luck alone makes of one. Variants that are truly better
    spread them further, and would hide themselves."""
    sharpe: float | None
    """A year, of the best; None where it never moved."""
    sharpe_present: float | None
    probability: float
    """That its true Sharpe ratio is above 0."""
    deflated: float
    """That it is above what the best of so many shows by luck."""
    track_days: float
    """Days after which such a ratio is above 0 with 95 %; infinite where it is not above it."""
    gain: float
    """What the best made more than the present file, USD."""
    overfitting: Overfitting | None
    reality: Reality | None
    walk: tuple[Stretch, ...]
    plateau: Plateau

    @property
    def walk_gain(self) -> float:
        """What was chosen on the past of each stretch made more than the present file in it, USD."""
        return sum(one.made - one.present for one in self.walk)


def evidence_of(
    results: Floats, places: Sequence[Place], sizes: Sequence[int], gap: int, trials: int | None = None, seed: int = 0
) -> Evidence:
    """The evidence of a table of results, USD by day: days x variants, the present file first.

    `places` are those of the columns behind it, `sizes` how many values each parameter has; `gap` is the longest holding in days.
    `trials` counts what was tried on these data beside the columns too. Raises UserError where packages are missing.
    """
    tracks = [track(column) for column in results.T]
    ratios = np.array([one.sharpe if one else 0.0 for one in tracks])
    best = _best(ratios, places, sizes)
    count = max(trials or 0, results.shape[1])
    correlation = mean_correlation(results)
    effective = effective_trials(count, correlation)
    variance = min(float(ratios.var(ddof=1)) if len(ratios) > 1 else 0.0, 1 / max(1, len(results) - 1))
    one = tracks[best] or Track(0.0, len(results), 0.0, 3.0)
    sums = results.sum(axis=0)
    return Evidence(
        best=best,
        days=len(results),
        trials=count,
        effective=effective,
        correlation=correlation,
        variance=variance,
        sharpe=_a_year(tracks[best]),
        sharpe_present=_a_year(tracks[PRESENT]),
        probability=probabilistic_sharpe(one),
        deflated=deflated_sharpe(one, effective, variance),
        track_days=minimum_track_record(one),
        gain=float(sums[best] - sums[PRESENT]),
        overfitting=probability_of_overfitting(results),
        reality=reality_check(results[:, PRESENT], results[:, 1:], max(gap, 1), seed) if results.shape[1] > 1 else None,
        walk=tuple(walked(results, splits(len(results), STRETCHES, gap))),
        plateau=_plateau(ratios, best, places, sizes),
    )


def formula_power(evidence: Evidence, sharpe_a_year: float) -> float:
    """How often the deflated ratio of a true one would say so on these data, by its own formula."""
    return power_of_deflation(sharpe_a_year / DAYS_A_YEAR**0.5, evidence.days, evidence.effective, evidence.variance)


def gains_by_place(ratios: Sequence[float] | Floats, places: Sequence[Place]) -> Mapping[Place, float]:
    """What the ratio of each place gains over the present file."""
    return {place: float(ratios[number] - ratios[PRESENT]) for number, place in enumerate(places, 1)}


def _best(ratios: Floats, places: Sequence[Place], sizes: Sequence[int]) -> int:
    """The column of the best; the present file's where its own ratio is not exceeded."""
    known = {place: float(ratios[number]) for number, place in enumerate(places, 1)}
    smooth: dict[int, float] = {}
    for number, place in enumerate(places, 1):
        around = neighbours(place, sizes)
        run = [known[one] for one in around if one in known]
        if 2 * len(run) >= len(around):
            smooth[number] = (known[place] + sum(run)) / (1 + len(run))
    best = max(smooth, key=lambda number: smooth[number]) if smooth else int(ratios.argmax())
    return best if ratios[best] > ratios[PRESENT] else PRESENT


def _plateau(ratios: Floats, best: int, places: Sequence[Place], sizes: Sequence[int]) -> Plateau:
    if best == PRESENT:
        return Plateau(0, None, ())
    return plateau(gains_by_place(ratios, places), places[best - 1], sizes)


def _a_year(one: Track | None) -> float | None:
    return None if one is None else one.sharpe * DAYS_A_YEAR**0.5
