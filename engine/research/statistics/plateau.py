"""A plateau: whether what was found stays good one step away. A peak that stands alone is where noise was lucky.

steps       each parameter is a list of values in order; a neighbour is one step away in one parameter or in several
kept        it keeps at least `KEPT` of what was gained over the present file
width       the longest run of values of one parameter, the others as they are, in which that is so
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

KEPT = 0.80
Place = tuple[int, ...]
"""Of each parameter the number of its value."""


@dataclass(frozen=True, slots=True)
class Plateau:
    neighbours: int
    """How many were run."""
    share: float | None
    """Of these, how many keep the gain, 0 to 1; None where none was run."""
    widths: tuple[tuple[int, int], ...]
    """By parameter, the first and the last number of the run around the best."""


def neighbours(place: Place, sizes: Sequence[int], *, along_axes: bool = False) -> list[Place]:
    """Places one step away; along one axis only where that is asked."""
    around = product(*(range(max(0, at - 1), min(size, at + 2)) for at, size in zip(place, sizes, strict=True)))
    found = [one for one in around if one != place]
    return [one for one in found if sum(a != b for a, b in zip(one, place, strict=True)) == 1] if along_axes else found


def plateau(gains: Mapping[Place, float], best: Place, sizes: Sequence[int]) -> Plateau:
    """The plateau around the best, from the gains over the present file that are known by place."""
    least = KEPT * gains[best]
    around = [gains[one] for one in neighbours(best, sizes) if one in gains]
    share = sum(gain >= least for gain in around) / len(around) if around else None
    return Plateau(len(around), share, tuple(_run(gains, best, axis, size, least) for axis, size in enumerate(sizes)))


def _run(gains: Mapping[Place, float], best: Place, axis: int, size: int, least: float) -> tuple[int, int]:
    def keeps(at: int) -> bool:
        place = (*best[:axis], at, *best[axis + 1 :])
        return place in gains and gains[place] >= least

    low = high = best[axis]
    while low > 0 and keeps(low - 1):
        low -= 1
    while high + 1 < size and keeps(high + 1):
        high += 1
    return low, high
