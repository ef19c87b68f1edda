"""Calendars and diagonals at the expiry of the short leg, the long leg repriced at an unchanged volatility.

profit(S) = value of the long leg with the rest of its life - max(0, w (S - K_short)) + net. That the volatility
of the long leg stays is an assumption: `shocked` shows what a shift of it does. Amounts are per share, net
credit > 0 (a calendar is usually a debit).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import brentq, fminbound

from engine.pricing.black_scholes import price
from engine.pricing.payoff import PutCall

_GRID = 2001
_GRID_DEVIATIONS = 10.0
"""The grid spans this many standard deviations of the long leg's whole life on either side of spot and strikes."""


@dataclass(frozen=True, slots=True)
class CalendarSpread:
    """Short the near leg, long the far one, same right; years ACT/365, far_years not below near_years."""

    put_call: PutCall
    short_strike: float
    long_strike: float
    near_years: float
    far_years: float
    far_volatility: float
    rate: float
    dividend: float
    net: float

    def __post_init__(self) -> None:
        if self.far_years < self.near_years:
            raise ValueError("the long leg expires before the short one: that is a naked short, not a calendar")


@dataclass(frozen=True, slots=True)
class CalendarProfile:
    """Profit at the near expiry, per share.

    `at_zero` and `at_infinity` are the limits for a worthless and a boundless share; at_infinity is None where
    the profit has no limit, then `slope_at_infinity` is not zero. `risk` is the most an account with American legs
    can lose: the debit, plus the width where the long strike is worse.
    """

    max_profit: float
    max_profit_at: float
    breakevens: tuple[float, ...]
    at_zero: float
    at_infinity: float | None
    slope_at_infinity: float
    risk: float


def calendar_profile(spread: CalendarSpread, spot: float) -> CalendarProfile:
    """The profile; `spot` tells where to look, with the strikes.

    The maximum is sought at the kink of the short strike and around it, breakevens between the points of a
    logarithmic grid and then by Brent's method.
    """
    grid = _grid(spread, spot)
    values = np.asarray(profit_at_near_expiry(spread, grid), dtype=np.float64)
    best_at, best = _maximum(spread, grid, values)
    at_infinity, slope = _limit_above(spread)
    return CalendarProfile(
        max_profit=best,
        max_profit_at=best_at,
        breakevens=_breakevens(spread, grid, values),
        at_zero=_limit_at_zero(spread),
        at_infinity=at_infinity,
        slope_at_infinity=slope,
        risk=max(0.0, -spread.net + max(0.0, _w(spread) * (spread.long_strike - spread.short_strike))),
    )


def profit_at_near_expiry(spread: CalendarSpread, level: float | np.ndarray) -> np.ndarray:
    """Profit per share when the short leg expires with the underlying at `level`."""
    w = _w(spread)
    left = spread.far_years - spread.near_years
    back = price(level, spread.long_strike, left, spread.rate, spread.dividend, spread.far_volatility, w)
    return back - np.maximum(0.0, w * (np.asarray(level) - spread.short_strike)) + spread.net


def shocked(spread: CalendarSpread, points: float) -> CalendarSpread:
    """The same spread with the long leg's volatility moved by `points` (5 = from 0.20 to 0.25), never below zero."""
    return replace(spread, far_volatility=max(0.0, spread.far_volatility + points / 100))


def assignment_locks_in_loss(spread: CalendarSpread) -> bool:
    """Whether the debit is not below the distance of the strikes of a diagonal in the money on the long side.

    Such a spread loses when the short leg is assigned and the long one exercised at once.
    """
    distance = _w(spread) * (spread.short_strike - spread.long_strike)
    return distance > 0 and -spread.net >= distance


def _w(spread: CalendarSpread) -> int:
    return 1 if spread.put_call == "C" else -1


def _grid(spread: CalendarSpread, spot: float) -> np.ndarray:
    reach = _GRID_DEVIATIONS * max(0.05, spread.far_volatility * math.sqrt(spread.far_years))
    anchors = (spot, spread.short_strike, spread.long_strike)
    ends = np.log(min(anchors)) - reach, np.log(max(anchors)) + reach
    return np.union1d(np.exp(np.linspace(*ends, _GRID)), np.asarray(anchors, dtype=np.float64))


def _maximum(spread: CalendarSpread, grid: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """(where, how much); a smooth maximum between grid points is refined, the kink is a grid point itself."""
    i = int(np.argmax(values))
    where, best = float(grid[i]), float(values[i])
    if 0 < i < grid.size - 1:
        around: Any = fminbound(_loss, float(grid[i - 1]), float(grid[i + 1]), args=(spread,), xtol=1e-9)
        if -_loss(around, spread) > best:
            where, best = float(around), -_loss(around, spread)
    return where, best


def _breakevens(spread: CalendarSpread, grid: np.ndarray, values: np.ndarray) -> tuple[float, ...]:
    signs = np.sign(np.where(np.abs(values) < 1e-12, 0.0, values))
    roots: list[float] = []
    known = np.flatnonzero(signs)
    for i, j in pairwise(known):
        if signs[i] != signs[j]:
            low, high = float(grid[i]), float(grid[j])
            # Without full_output it is the root alone, which its annotation does not say.
            root: Any = brentq(_profit, low, high, args=(spread,), xtol=1e-12)
            roots.append(float(root))
    return tuple(roots)


def _profit(level: float, spread: CalendarSpread) -> float:
    return float(profit_at_near_expiry(spread, level))


def _loss(level: float, spread: CalendarSpread) -> float:
    return -_profit(level, spread)


def _limit_at_zero(spread: CalendarSpread) -> float:
    if spread.put_call == "C":
        return spread.net
    left = spread.far_years - spread.near_years
    return spread.net + spread.long_strike * math.exp(-spread.rate * left) - spread.short_strike


def _limit_above(spread: CalendarSpread) -> tuple[float | None, float]:
    """(limit or None, slope) for a boundless share: a call's long leg then is a forward."""
    if spread.put_call == "P":
        return spread.net, 0.0
    left = spread.far_years - spread.near_years
    slope = math.exp(-spread.dividend * left) - 1.0
    limit = spread.net + spread.short_strike - spread.long_strike * math.exp(-spread.rate * left)
    return (limit if slope == 0 else None), slope
