"""Walk-forward: what would have been chosen on the past of each stretch, and what it made in it.

Between what is learnt from and what is judged lies a gap of the longest holding, purge and embargo in one: a position that is
open over the border would otherwise be on both sides of it. What comes after a stretch is never learnt from.

Source: López de Prado, Advances in Financial Machine Learning (2018), chapter 7.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.research.statistics.sharpe import Floats


@dataclass(frozen=True, slots=True)
class Split:
    """Places of observations, ascending."""

    learnt: tuple[int, ...]
    judged: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of a walk forward."""

    first: int
    """Place of its first observation, and of its last."""
    last: int
    chosen: int
    """The trial that was best on what was learnt from."""
    made: float
    """Sum of its results in the stretch."""
    present: float
    """Sum of the results of trial 0 in it."""


def splits(count: int, stretches: int, gap: int) -> list[Split]:
    """The observations cut into as many stretches and one before them; each learns from all that lies a gap before it.

    Those with nothing before their gap are left out.
    """
    edges = np.linspace(0, count, stretches + 2).round().astype(int).tolist()
    found: list[Split] = []
    for first, behind in pairwise(edges[1:]):
        learnt = tuple(range(max(0, first - gap)))
        if learnt and behind > first:
            found.append(Split(learnt, tuple(range(first, behind))))
    return found


def walked(results: Floats, parts: Sequence[Split]) -> list[Stretch]:
    """What each stretch would have been traded with, and made; `results` are observations x trials, the present file first."""
    found: list[Stretch] = []
    for part in parts:
        learnt = results[np.array(part.learnt)]
        spread = learnt.std(axis=0)
        ratio = np.divide(learnt.mean(axis=0), spread, out=np.zeros(results.shape[1]), where=spread > 0)
        chosen = int(ratio.argmax())
        judged = results[np.array(part.judged)]
        found.append(Stretch(part.judged[0], part.judged[-1], chosen, float(judged[:, chosen].sum()), float(judged[:, 0].sum())))
    return found
