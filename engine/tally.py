"""Counts how large things were: a histogram that costs a search among a dozen bounds for each value, and is never reset."""

from bisect import bisect_left
from dataclasses import dataclass, field

MACHINE_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""For what this machine does by itself: from a short scan to a beat that something holds up."""
BROKER_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""For what TWS answers: from an answer of the same machine to a chain that takes half a minute."""


@dataclass(slots=True)
class Tally:
    """How many values fell at or below each bound and above the one before; `total` is the sum of them all."""

    bounds: tuple[float, ...]
    """Rising."""
    counts: list[int] = field(init=False)
    """One a bound, not cumulative, and one more for what lies above the last."""
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        return sum(self.counts)
