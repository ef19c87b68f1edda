"""The probability of backtest overfitting: how often what was best on one half of the past is below the middle on the other.

Source: Bailey, Borwein, López de Prado and Zhu, The Probability of Backtest Overfitting, Journal of Computational Finance 20
(2017): combinatorially symmetric cross-validation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from engine.research.statistics.sharpe import Floats

BLOCKS = 16
"""12,870 halves."""
LEAST_IN_BLOCK = 2


@dataclass(frozen=True, slots=True)
class Overfitting:
    probability: float
    """Share of the halves on which the best in sample was in the lower half out of sample, 0 to 1."""
    halves: int
    blocks: int


def probability_of_overfitting(results: Floats, blocks: int = BLOCKS) -> Overfitting | None:
    """By the Sharpe ratio, over observations x trials; None where there are fewer than two trials or too few observations.

    Where a record is short, fewer blocks are made, an even number of them; observations that fill no block, the oldest, are left
    out.
    """
    count, trials = results.shape
    blocks = min(blocks, count // LEAST_IN_BLOCK)
    blocks -= blocks % 2
    if trials < 2 or blocks < 2:
        return None
    size = count // blocks
    cut = results[count - size * blocks :].reshape(blocks, size, trials)
    sums, squares = cut.sum(axis=1), (cut**2).sum(axis=1)
    below = halves = 0
    for chosen in _halves(blocks):
        inside = _ratios(chosen @ sums, chosen @ squares, size * blocks // 2)
        outside = _ratios((1 - chosen) @ sums, (1 - chosen) @ squares, size * blocks // 2)
        best = inside.argmax(axis=1)
        own = np.take_along_axis(outside, best[:, None], axis=1)
        # Its rank out of sample, ties shared: 1 is the worst. Below the middle its logit is not above 0.
        rank = (outside < own).sum(axis=1) + ((outside == own).sum(axis=1) + 1) / 2
        below += int((rank / (trials + 1) <= 0.5).sum())
        halves += len(chosen)
    return Overfitting(below / halves, halves, blocks)


def _halves(blocks: int, at_once: int = 2_000) -> Iterator[Floats]:
    """Every choice of half of the blocks as rows of 0 and 1, so many at once."""
    rows: list[Floats] = []
    for one in combinations(range(blocks), blocks // 2):
        row = np.zeros(blocks)
        row[list(one)] = 1.0
        rows.append(row)
        if len(rows) == at_once:
            yield np.array(rows)
            rows = []
    if rows:
        yield np.array(rows)


def _ratios(sums: Floats, squares: Floats, count: int) -> Floats:
    """Sharpe ratios from sums and sums of squares; 0 where nothing moves."""
    mean = sums / count
    variance = np.maximum(squares / count - mean**2, 0.0)
    spread = np.sqrt(variance)
    return np.divide(mean, spread, out=np.zeros_like(mean), where=spread > 1e-12 * np.maximum(1.0, np.abs(mean)))
