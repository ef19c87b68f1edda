"""What the market says beside the options, as one number an underlying: the volatilities that a strategy takes its views at, and
the levels that its legs stand at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from engine.compile.market import level_value, market_value
from engine.compile.spreads import market_views_of, views_of
from engine.decide.entry.candidates import Views
from engine.decide.rows import ChainRows
from engine.domain.chain import MarketState
from engine.strategy.expressions.tree import Measure, Number
from engine.strategy.model import Strategy


def views_seen(strategy: Strategy, rows: ChainRows, now: datetime) -> Views:
    """The volatility of each view of the strategy, and each number of the market in its rules and rank, by underlying of the
    chain; NaN where it is unknown.
    """
    found: dict[Number | Measure, Sequence[float]] = {}
    for view in (*views_of(strategy), *market_views_of(strategy)):
        if isinstance(view, Number):
            found[view] = [view.value] * len(rows.chain.underlyings)
            continue
        states = (rows.market.get(name) or nothing_known(name) for name in rows.chain.underlyings)
        values = [market_value(view, state, now, None) for state in states]
        found[view] = [math.nan if value is None else float(value) for value in values]
    return found


def levels_seen(strategy: Strategy, rows: ChainRows, now: datetime) -> list[Sequence[float]]:
    """Each level that legs of the strategy stand at, by underlying of the chain; NaN where it is unknown."""
    states = [rows.market.get(name) or nothing_known(name) for name in rows.chain.underlyings]
    found = ([level_value(level, state, now, None, rows.calendar) for state in states] for level in strategy.spread.levels)
    return [[math.nan if value is None else value for value in by_underlying] for by_underlying in found]


def of_market(strategy: Strategy, seen: Views) -> list[Sequence[float]]:
    """Those of the views that the market says, in the order of their columns."""
    return [seen[view] for view in market_views_of(strategy)]


def nothing_known(underlying: str) -> MarketState:
    """The market of an underlying of which nothing was told."""
    return MarketState(underlying, None, None, None, (), (), None)
