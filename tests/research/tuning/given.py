"""Tables of daily results without an edge, or with a plateau of variants that have one; and an executor that is this process."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np

from engine.research.statistics.plateau import Place
from engine.research.statistics.sharpe import DAYS_A_YEAR, Floats

SIZES = (10, 5)
DAYS = 756
SHARED, REACH = 0.5, 4.0
"""Correlation of variants that have nothing in common, and over how many steps the rest fades: neighbours have 0.89. Supposed,
not measured."""


def table(seed: int, planted: float = 0.0) -> tuple[Floats, list[Place]]:
    """Daily results in USD of a present file and 49 variants over three years, and the places of the variants.

    `planted` is the Sharpe ratio a year of nine variants that lie together; the others have none.
    """
    chance = np.random.default_rng(seed)
    places = np.array([(a, b) for a in range(SIZES[0]) for b in range(SIZES[1])])
    apart = np.abs(places[:, None] - places[None]).sum(axis=-1)
    correlation = SHARED + (1 - SHARED) * np.exp(-apart / REACH)
    mixed = np.linalg.cholesky(correlation + 1e-9 * np.eye(len(places)))
    results = chance.normal(size=(DAYS, len(places))) @ mixed.T
    if planted:
        center = np.array([chance.integers(2, SIZES[0] - 1), chance.integers(1, SIZES[1] - 1)])
        results[:, np.abs(places - center).max(axis=1) <= 1] += planted / DAYS_A_YEAR**0.5
    # The first stands for the present file; its place is nobody's.
    return 100 * results, [(int(a), int(b)) for a, b in places[1:]]


class Here(Executor):
    """Runs what is submitted at once, and counts it."""

    def __init__(self) -> None:
        self.count = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.count += 1
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future
