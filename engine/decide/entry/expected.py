"""What a person expects of a price, beside what the market does, and what that makes of every option."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

import numpy as np

from engine.domain.session import NEW_YORK, years_between
from engine.pricing.view import Expected, View, between, beyond
from engine.strategy.values.view import SaidView

COLUMNS = ("spot", "years", "forward", "atm_iv")
"""What the market's own view is read from."""
PRICED_FROM = ("forward", "strike", "years", "discount", "iv", "put_call")
"""What the worth of an option under a view is computed from."""
Columns = Mapping[str, np.ndarray]
"""Columns of the chain, rows of one underlying only."""
_CLOSE_HOUR = 16


def view_of(said: SaidView, rows: Columns, now: datetime) -> View:
    """The view as a distribution, beside the market's own for its day. Raises ValueError where the chain cannot tell that, and
    where the day has passed."""
    years = years_between(now, datetime(said.by.year, said.by.month, said.by.day, _CLOSE_HOUR, tzinfo=NEW_YORK))
    if years <= 0:
        raise ValueError(f"{said.by} has passed")
    market = market_at(said.underlying, rows, years)
    low, high = said.prices(float(rows["spot"][0]))
    if low is not None and high is not None and low < high:
        expected = between(low, high, float(said.sure))
    elif low is not None and low == high:
        expected = Expected(math.log(low), market.deviation)
    else:
        level, above = (low, True) if low is not None else (high, False)
        assert level is not None, "a view has an end"
        expected = beyond(level, float(said.sure), market.deviation, above=above)
    return View(expected, years, market.forward)


def market_at(underlying: str, rows: Columns, years: float) -> Expected:
    """What the market expects at a moment: its forward, and its volatility at the money, on lines between its expiries.

    Raises ValueError where no expiry of it has both.
    """
    until, forward, volatility = (rows[name] for name in ("years", "forward", "atm_iv"))
    known = np.isfinite(forward) & np.isfinite(volatility) & (volatility > 0) & (until > 0)
    if not known.any():
        raise ValueError(f"{underlying}: no expiry of this chain is quoted at the money, so the market's own view is not known")
    at, first = np.unique(until[known], return_index=True)
    variance = np.square(volatility[known][first]) * at
    spot = float(rows["spot"][0])
    start = spot if math.isfinite(spot) else float(forward[known][first][0])
    growth = float(np.interp(years, [0.0, *at], [math.log(start), *np.log(forward[known][first])]))
    of_then = float(np.interp(years, [0.0, *at], [0.0, *variance])) if years <= at[-1] else float(variance[-1] / at[-1] * years)
    return Expected(growth - 0.5 * of_then, math.sqrt(of_then))


def worths(view: View, rows: Columns) -> np.ndarray:
    """What each option is worth under the view, USD per share; NaN where a number is."""
    return view.worth(*(rows[name] for name in PRICED_FROM))
