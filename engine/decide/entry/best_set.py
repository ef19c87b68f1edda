"""Which openings fit together and are worth most: an exact search over few options, bounded in work.

Each strategy offers some openings, best first, and opens one of them at most. Openings are asked in the order of their worth
whether they fit beside what was chosen before them, as they would be one after the other at the broker. A branch is left once
what is still to come could not make it better than the best set that is known. Where the work is not enough, the best set that
was found stands, and it is said that it may not be the best.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """One opening that a strategy would make."""

    of: Hashable
    """Who offers it: only one option of each is chosen."""
    worth: float
    """What it adds to the total; what is below nothing is never chosen."""
    opening: T


@dataclass(frozen=True, slots=True)
class BestSet(Generic[T]):
    chosen: tuple[Option[T], ...]
    """By worth, the greatest first: in this order each fits beside those before it."""
    worth: float
    asked: int
    """How often it was asked whether one fits beside others."""
    is_exact: bool
    """Whether no other set is better: the work was enough."""


Fits = Callable[[Sequence[Option[T]], Option[T]], bool]
"""Whether an option fits beside those that are chosen already."""


def best_set(options: Sequence[Option[T]], fits: Fits[T], work: int, room: int | None = None) -> BestSet[T]:
    """The set with the greatest total worth, of equal ones that with more openings, of these the one that comes first.

    `work` bounds how often `fits` is asked; `room` is how many openings there can be at the most, where that is known: it tells
    sooner that nothing better is to come. Of one worth, options stay in the order in which they are given.
    """
    wanted = sorted((option for option in options if option.worth >= 0), key=lambda option: -option.worth)
    search = _Search(wanted, fits, work, _rest(wanted), len(wanted) if room is None else max(0, room))
    search.walk(0, ())
    worth, _, chosen = search.best
    return BestSet(chosen, worth, work - search.left, not search.is_cut)


def _rest(wanted: Sequence[Option[T]]) -> list[list[float]]:
    """What the options from each place on can add at the most by so many openings: the best of each strategy, the best first."""
    sums, best = [[0.0]], dict[Hashable, float]()
    for option in reversed(wanted):
        best[option.of] = max(best.get(option.of, 0.0), option.worth)
        sums.append([0.0, *accumulate(sorted(best.values(), reverse=True))])
    return sums[::-1]


@dataclass(slots=True)
class _Search(Generic[T]):
    wanted: Sequence[Option[T]]
    fits: Fits[T]
    left: int
    rest: Sequence[Sequence[float]]
    room: int
    best: tuple[float, int, tuple[Option[T], ...]] = field(default=(0.0, 0, ()))
    is_cut: bool = False

    def walk(self, at: int, chosen: tuple[Option[T], ...]) -> None:
        worth = sum(option.worth for option in chosen)
        if (worth, len(chosen)) > self.best[:2]:
            self.best = (worth, len(chosen), chosen)
        count = min(len(self.rest[at]) - 1, self.room - len(chosen))
        if count <= 0 or (worth + self.rest[at][count], len(chosen) + count) <= self.best[:2]:
            return
        option = self.wanted[at]
        if all(option.of != one.of for one in chosen):
            if self.left <= 0:
                self.is_cut = True
                return
            self.left -= 1
            if self.fits(chosen, option):
                self.walk(at + 1, (*chosen, option))
        self.walk(at + 1, chosen)
