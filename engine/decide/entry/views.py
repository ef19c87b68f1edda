"""What is said beside the options: by the market, as one number an underlying, the volatilities that a strategy takes its views
at and the levels that its legs stand at; by the trader, what is expected of a price, which gives every option a worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa

from engine.compile.market import level_value, market_value
from engine.compile.spreads import market_views_of, named_views_of, views_of
from engine.decide.entry.candidates import Views
from engine.decide.entry.expected import COLUMNS, PRICED_FROM, view_of, worths
from engine.decide.rows import ChainRows
from engine.domain.chain import MarketState
from engine.domain.session import trading_day
from engine.pricing.view import View
from engine.strategy.expressions.tree import Measure, NamedView, Number
from engine.strategy.model import Strategy


def views_seen(strategy: Strategy, rows: ChainRows, now: datetime) -> Views:
    """The volatility of each view of the strategy, each number of the market in its rules and rank, and what it expects of a
    price, by underlying of the chain; NaN or None where it is unknown.
    """
    found: dict[Number | Measure, Sequence[float]] = {}
    for view in (*views_of(strategy), *market_views_of(strategy)):
        if isinstance(view, NamedView):
            continue
        if isinstance(view, Number):
            found[view] = [view.value] * len(rows.chain.underlyings)
            continue
        states = (rows.market.get(name) or nothing_known(name) for name in rows.chain.underlyings)
        values = [market_value(view, state, now, None) for state in states]
        found[view] = [math.nan if value is None else float(value) for value in values]
    return Views(found, {view: _expected(view, rows, now) for view in named_views_of(strategy)})


def worths_seen(strategy: Strategy, seen: Views, table: pa.Table) -> list[np.ndarray]:
    """What each option of a table is worth under each view of a price that the strategy names; NaN where it is unknown."""
    found: list[np.ndarray] = []
    for view in named_views_of(strategy):
        column = np.full(table.num_rows, np.nan)
        owner = table.column("underlying_id").to_numpy()
        for number, expected in enumerate(seen.expected[view]):
            if expected is not None and (own := np.flatnonzero(owner == number)).size:
                column[own] = worths(expected, {name: table.column(name).to_numpy()[own] for name in PRICED_FROM})
        found.append(column)
    return found


def _expected(view: NamedView, rows: ChainRows, now: datetime) -> list[View | None]:
    """The view as a distribution, by underlying of the chain; None where it says nothing of it, its day has passed, or the
    market's own view is unknown."""
    found: list[View | None] = []
    for name in rows.chain.underlyings:
        said, (start, end) = view.says.on(trading_day(now), name), rows.stretches[name]
        part = rows.table.slice(start, end - start)
        try:
            columns = {one: part.column(one).to_numpy() for one in COLUMNS}
            found.append(view_of(said, columns, now) if said is not None and part.num_rows else None)
        except ValueError:
            found.append(None)
    return found


def levels_seen(strategy: Strategy, rows: ChainRows, now: datetime) -> list[Sequence[float]]:
    """Each level that legs of the strategy stand at, by underlying of the chain; NaN where it is unknown."""
    states = [rows.market.get(name) or nothing_known(name) for name in rows.chain.underlyings]
    found = ([level_value(level, state, now, None, rows.calendar) for state in states] for level in strategy.spread.levels)
    return [[math.nan if value is None else value for value in by_underlying] for by_underlying in found]


def of_market(strategy: Strategy, seen: Views) -> list[Sequence[float]]:
    """Those of the views that the market says, in the order of their columns."""
    return [seen.volatilities[view] for view in market_views_of(strategy)]


def nothing_known(underlying: str) -> MarketState:
    """The market of an underlying of which nothing was told."""
    return MarketState(underlying, None, None, None, (), (), None)
