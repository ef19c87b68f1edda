"""Structures of two expiries at the first of them: the legs that live longer revalued at an unchanged volatility.

A structure is one or two sides of one right each, puts below calls: an option that is sold, and one that is bought and expires
later. Its worth per share where the underlying stands at S when what is sold expires is

    worth(S) = sum over the sides of  V(S) - max(0, w (S - K_short))
    V(S)     = discount x Black(growth x S, K_long, deviation), for American legs at least what exercising brings, w (S - K_long)

`growth` is the forward of the far expiry over that of the near one, `discount` what 1 at the far expiry is worth at the near one,
`deviation` the long leg's volatility times the root of the years that it has left then.

Below the sold put the worth rises, above the sold call it falls, between them it is convex; so it is greatest at a sold strike,
and each stretch crosses a level where Newton's steps from a sold strike lead: a tangent of a convex curve lies below it, so that
no step goes past the crossing. A forward that grows faster than money would lift a call without end far above all strikes; that
far nobody looks.

All arrays are float64 of one shape, NaN where unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

_STEPS = 64
"""Of Newton; six to fifteen are the rule."""
_CLOSE = 1e-13
"""Relative size of a step after which a crossing is found."""
FAR_ABOVE = 1000.0
"""So many times the sold strike is beyond all that is looked at: a profit that lasts till there does not end."""


@dataclass(frozen=True, slots=True)
class Side:
    """What is sold and what is bought of one right; `sign` is +1 for calls, -1 for puts."""

    sign: int
    short_strike: Array
    long_strike: Array
    deviation: Array


@dataclass(frozen=True, slots=True)
class Onward:
    """The market between the two expiries."""

    growth: Array
    discount: Array
    is_american: NDArray[np.bool_]
    """Whether the legs may be exercised early."""


def worth(sides: Sequence[Side], onward: Onward, level: Array) -> Array:
    """What the structure is worth where the underlying stands at `level` when what is sold expires."""
    return _worth_and_slope(sides, onward, level)[0]


def peak(sides: Sequence[Side], onward: Onward) -> Array:
    """The most that it is worth then."""
    return reduce(np.maximum, (worth(sides, onward, side.short_strike) for side in sides))


def crossings(sides: Sequence[Side], onward: Onward, cash: Array) -> tuple[Array, ...]:
    """The levels, ascending, at which worth + cash crosses zero: below all sold strikes, then of two sides where it dips below
    zero between them and where it comes back, then above; NaN where it does not.
    """
    first, last = sides[0].short_strike, sides[-1].short_strike
    found = [_walked(sides, onward, cash, first, np.full_like(first, 0.0), first)]
    if len(sides) > 1:
        found += [_walked(sides, onward, cash, first, first, last), _walked(sides, onward, cash, last, first, last)]
    return (*found, _walked(sides, onward, cash, last, last, FAR_ABOVE * last))


def chance_inside(levels: Sequence[Array], chances: Sequence[Array]) -> Array:
    """Chance of a profit from the crossings and the chance to end below each; where an outer one is absent the profit goes on.

    Only meant where the peak makes a profit.
    """
    below = [np.where(np.isnan(level), default, chance) for level, chance, default in _with_defaults(levels, chances)]
    inside = below[-1] - below[0]
    if len(below) > 2:
        stays, is_gone = np.isnan(levels[1]), np.isnan(levels[2])
        # Where it dips and never comes back, or only comes, all that lies beyond or before belongs to the loss.
        inside -= np.where(stays & is_gone, 0.0, np.where(is_gone, below[-1], below[2]) - np.where(stays, below[0], below[1]))
    return np.clip(inside, 0.0, 1.0)


def _with_defaults(levels: Sequence[Array], chances: Sequence[Array]) -> list[tuple[Array, Array, float]]:
    last = len(levels) - 1
    return [(level, chance, 1.0 if at == last else 0.0) for at, (level, chance) in enumerate(zip(levels, chances, strict=True))]


def _walked(sides: Sequence[Side], onward: Onward, cash: Array, start: Array, low: Array, high: Array) -> Array:
    """The crossing that Newton's steps reach from a sold strike, away from it between two bounds; NaN where there is none.

    A step that leads out of the bounds, or back, tells that the profit never ends on this stretch.
    """
    inward = np.where(start >= high, -1.0, 1.0)
    with np.errstate(all="ignore"):
        level = start.copy()
        value, slope = _worth_and_slope(sides, onward, level, inward)
        is_left = value + cash > 0
        found = np.full_like(start, np.nan)
        for _ in range(_STEPS):
            if not is_left.any():
                break
            step = -(value + cash) / slope
            is_left &= (step * inward >= 0) & (slope != 0)
            after = level + np.where(is_left, step, 0.0)
            is_left &= (after > low) & (after < high) & np.isfinite(after)
            level = np.where(is_left, after, level)
            arrived = is_left & (np.abs(step) <= _CLOSE * level)
            found = np.where(arrived, level, found)
            is_left &= ~arrived
            value, slope = _worth_and_slope(sides, onward, level, inward)
            # The last bits may lie beyond the crossing.
            past = is_left & (value + cash <= 0)
            found = np.where(past, level, found)
            is_left &= ~past
        return np.where(is_left, level, found)


def _worth_and_slope(sides: Sequence[Side], onward: Onward, level: Array, toward: Array | float = 1.0) -> tuple[Array, Array]:
    """Worth, and its slope at the side of the level that lies `toward` +1 above it or -1 below."""
    total, steepness = np.zeros_like(level), np.zeros_like(level)
    with np.errstate(all="ignore"):
        for side in sides:
            w, strike, deviation = side.sign, side.long_strike, side.deviation
            then = onward.growth * level
            d1 = np.log(then / strike) / deviation + deviation / 2
            held = w * onward.discount * onward.growth * ndtr(w * d1)
            value = level * held - w * onward.discount * strike * ndtr(w * (d1 - deviation))
            at_once = w * (level - strike)
            exercised = onward.is_american & (at_once > value)
            beyond = w * (level - side.short_strike)
            is_owed = (beyond > 0) | ((beyond == 0) & (w * toward > 0))
            total += np.where(exercised, at_once, value) - np.where(is_owed, beyond, 0.0)
            steepness += np.where(exercised, float(w), held) - np.where(is_owed, float(w), 0.0)
    return total, steepness
