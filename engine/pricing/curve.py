"""What a combination makes wherever the underlying stands, at its first expiry and before it: the curve behind every picture.

A leg is worth its Black-Scholes value at its own volatility while it lives, and what exercising brings once it does not. All
amounts are USD per share; `net` is the cash of the opening, + received. Levels are prices of the underlying.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.pricing import black_scholes
from engine.pricing.payoff import PutCall

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CurveLeg:
    """One leg as opened."""

    sign: int
    """+1 bought, -1 sold."""
    ratio: int
    put_call: PutCall
    strike: float
    years: float
    """Until it settles."""
    volatility: float | None = None
    """Implied, decimal per year; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A combination, what opening it brought, and the interest and dividend yield that its legs are valued with, a year."""

    legs: tuple[CurveLeg, ...]
    net: float
    rate: float = 0.0
    dividend: float = 0.0

    @property
    def first_expiry(self) -> float:
        """Years until the first leg settles."""
        return min(leg.years for leg in self.legs)

    @property
    def is_known_at_expiry(self) -> bool:
        """Whether every leg that lives on past the first expiry can be valued there."""
        return self._is_known(self.first_expiry)

    @property
    def is_known_before(self) -> bool:
        """Whether every leg can be valued before the first expiry."""
        return self._is_known(0.0)

    def at_expiry(self, levels: ArrayLike) -> Array:
        """Profit per share at the first expiry, a loss is negative. Raises ValueError where a leg cannot be valued."""
        return self.after(self.first_expiry, levels)

    def after(self, years: float, levels: ArrayLike) -> Array:
        """Profit per share after so many years, no later than the first expiry.

        Raises ValueError where a leg cannot be valued.
        """
        at = np.asarray(levels, dtype=np.float64)
        worth = np.full_like(at, self.net)
        for leg in self.legs:
            worth += leg.sign * leg.ratio * self._value(leg, leg.years - years, at)
        return worth

    def _value(self, leg: CurveLeg, years: float, levels: Array) -> Array:
        sign = 1 if leg.put_call == "C" else -1
        if years <= _SETTLED:
            return np.maximum(0.0, sign * (levels - leg.strike))
        if leg.volatility is None:
            raise ValueError(f"{leg.strike:g}{leg.put_call}: without a volatility it has no value before it settles")
        return black_scholes.price(levels, leg.strike, years, self.rate, self.dividend, leg.volatility, sign)

    def _is_known(self, years: float) -> bool:
        return all(leg.volatility is not None or leg.years - years <= _SETTLED for leg in self.legs)


_SETTLED = 1e-9
"""Years before its settlement from which a leg counts as settled: less than a second."""


def levels_around(strikes: Sequence[float], level: float | None, count: int, around: float) -> Array:
    """So many levels, evenly spaced, from a bit below what matters to a bit above it: every strike, and where the underlying is.

    `around` is the share of the level that is added beyond the outermost at the least.
    """
    places = [*strikes, *([] if level is None else [level])]
    low, high = min(places), max(places)
    room = max((high - low) * 0.15, high * around)
    return np.linspace(max(0.0, low - room), high + room, count)


def crossings(levels: Sequence[float], values: Sequence[float]) -> tuple[float, ...]:
    """The levels at which values on a straight line between neighbours turn from gain to loss or back."""
    return tuple(
        start + (end - start) * first / (first - last)
        for (start, first), (end, last) in pairwise(zip(levels, values, strict=True))
        if first * last < 0
    )
