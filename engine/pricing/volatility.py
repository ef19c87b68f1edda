"""How high an implied volatility stands in its own past, and how far it says the share may move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WINDOW_DAYS = 252
"""Daily closes of one trading year, today excluded."""
SUFFICIENT_DAYS = 200
"""Below this many observations the standing says more about the gaps than about the volatility."""
DAYS_PER_YEAR = 365
STRADDLE_PER_SIGMA = math.sqrt(2 / math.pi)
"""Price of an at-the-money straddle over the one-sigma move."""


@dataclass(frozen=True, slots=True)
class VolatilityStanding:
    """Where today's implied volatility stands among the last closes, in percent.

    `rank` = 100 (today - low) / (high - low): below 0 or above 100 where today lies outside the window, None
    where the window is flat or empty. `rank_clamped` is held to 0..100. `percentile` is the share of days
    strictly below today, None without days.
    """

    rank: float | None
    rank_clamped: float | None
    percentile: float | None
    days: int

    @property
    def sufficient(self) -> bool:
        return self.days >= SUFFICIENT_DAYS


@dataclass(frozen=True, slots=True)
class ExpectedMove:
    """One standard deviation of the share price: `move` in currency, and its bounds.

    `lower` and `upper` are spot -+ move; `log_lower` and `log_upper` are spot e^(-+ sigma sqrt T).
    """

    move: float
    lower: float
    upper: float
    log_lower: float
    log_upper: float


def iv_standing(current: float, history: Sequence[float], window: int = WINDOW_DAYS) -> VolatilityStanding:
    """Rank and percentile of `current` among the last `window` closes of `history`, oldest first, today excluded.

    Closes that are not finite numbers are gaps and are left out after the window is taken.
    """
    days = [iv for iv in history[-window:] if math.isfinite(iv)]
    if not days:
        return VolatilityStanding(None, None, None, 0)
    rank = iv_rank(current, min(days), max(days))
    below = sum(iv < current for iv in days)
    clamped = None if rank is None else min(100.0, max(0.0, rank))
    return VolatilityStanding(rank, clamped, iv_percentile(below, len(days)), len(days))


def iv_rank(current: float, low: float, high: float) -> float | None:
    """Position of `current` between the window's extremes in percent, not clamped; None where they are equal."""
    return None if high <= low else 100 * (current - low) / (high - low)


def iv_percentile(days_below: int, days: int) -> float | None:
    """Share of days strictly below today in percent; None without days."""
    return None if days <= 0 else 100 * days_below / days


def expected_move(spot: float, volatility: float, years: float) -> ExpectedMove:
    """One standard deviation of the share price until `years` from now."""
    deviation = volatility * math.sqrt(max(years, 0.0))
    move = spot * deviation
    return ExpectedMove(move, spot - move, spot + move, spot * math.exp(-deviation), spot * math.exp(deviation))


def expected_move_by_straddle(straddle: float) -> float:
    """One-sigma move that an at-the-money straddle of this price implies, per share.

    Source: the price of a straddle at the forward is sqrt(2/pi) of one sigma. The rule of thumb 0.85 x straddle
    is only 0.68 sigma.
    """
    return straddle / STRADDLE_PER_SIGMA
