"""A volatility surface from a level: term structure by mean reversion, smile by SSVI, free of arbitrage by construction.

Source: Gatheral and Jacquier, Arbitrage-free SVI volatility surfaces (2014), equation 4.1 with the power law
phi(theta) = eta / sqrt(theta (1 + theta)); no butterfly arbitrage while eta (1 + |rho|) <= 2 (theorem 4.2 and remark 4.4).
Fear steepens the smile within that bound, for all expiries alike, so that no calendar arbitrage comes of it either.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_STEEPER, _MORE_CURVED = 0.25, 0.35
"""How much of skew and of curve whole fear adds."""
_STEEPEST, _BOUND = 0.9, 2.0
"""Of skew, and of curve x (1 + |skew|)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a surface stays while its level moves."""

    long_level: float
    """At-the-money volatility to which expectations return, decimal per root year."""
    reversion: float = 4.0
    """How fast, per year: 4 halves a gap of variance in about two months."""
    skew: float = -0.65
    """rho of SSVI: negative where puts are dearer than calls."""
    curve: float = 0.75
    """eta of SSVI."""

    def __post_init__(self) -> None:
        if not (-1 < self.skew < 1 and 0 < self.curve * (1 + abs(self.skew)) <= _BOUND):
            raise ValueError(f"skew {self.skew} and curve {self.curve} admit butterfly arbitrage: curve x (1 + |skew|) <= 2")


def atm_variance(shape: Shape, level: ArrayLike, years: ArrayLike) -> Floats:
    """Total variance (volatility squared times years) at the forward, for an instantaneous volatility `level`.

    The integral of expected variance that returns to the long level; it grows with time, so calendars cost something.
    """
    t = np.asarray(years, dtype=np.float64)
    near, far = np.square(np.asarray(level, dtype=np.float64)), shape.long_level**2
    return np.asarray(far * t - (near - far) * np.expm1(-shape.reversion * t) / shape.reversion, dtype=np.float64)


def smile(shape: Shape, fear: ArrayLike) -> tuple[Floats, Floats]:
    """Skew (rho) and curve (eta) at a fear from 0 to 1: steeper and more curved the more of it there is."""
    afraid = np.asarray(fear, dtype=np.float64)
    limit = max(_STEEPEST, abs(shape.skew))
    skew = np.clip(shape.skew * (1 + _STEEPER * afraid), -limit, limit)
    curve = np.minimum(shape.curve * (1 + _MORE_CURVED * afraid), _BOUND / (1 + np.abs(skew)))
    return np.asarray(skew), np.asarray(curve)


def implied(shape: Shape, level: ArrayLike, log_moneyness: ArrayLike, years: ArrayLike, fear: ArrayLike = 0.0) -> Floats:
    """Implied volatility at ln(strike / forward), decimal per root year; NaN where no time is left."""
    k, t = np.asarray(log_moneyness, dtype=np.float64), np.asarray(years, dtype=np.float64)
    rho, eta = smile(shape, fear)
    with np.errstate(invalid="ignore", divide="ignore"):
        theta = atm_variance(shape, level, t)
        tilted = k * (eta / np.sqrt(theta * (1 + theta)))
        total = 0.5 * theta * (1 + rho * tilted + np.sqrt(np.square(tilted + rho) + (1 - rho * rho)))
        return np.sqrt(total / np.where(t > 0, t, np.nan))
