"""Which instants of a history have a candidate, asked of all of them at once.

A search over several underlyings keeps the best of each. Handed many instants in one table, each an underlying of its own, the
unchanged SQL answers for all of them, and costs little more than for one.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.compile.entry import compile_entry
from engine.compile.market import bars_in, level_value, market_value, openings_in
from engine.compile.scanner import Row, Scanner
from engine.compile.spreads import market_views_of, named_views_of
from engine.decide.entry.find import BUCKETS_FROM, Finder
from engine.decide.rows import SCAN_SCHEMA, with_views
from engine.research.ahead.prepared import Chains, Seen, prepared, strategies_of
from engine.research.backtest import Request
from engine.research.drive import Openings
from engine.research.history import History
from engine.runtime.feed import lines_of
from engine.runtime.schedule import calendar_around, session_of
from engine.strategy.model import Strategy
from engine.strategy.values.meaning import DayRange


def openings_of(request: Request, history: History, folder: Path) -> Openings | None:
    """The instants of a history at which any of its strategies could open something; `folder` keeps the prepared chains.

    None where every instant must be played: with data lines what a search sees depends on what is held, bars of minutes are
    heard as time goes by, and a view of a price says something else at each instant. Raises UserError where the files cannot be
    used or the folder cannot be written.
    """
    strategies = strategies_of(request)
    lines = list(lines_of(strategies))
    if request.terms.lines is not None or openings_in(lines) or bars_in(lines) or any(map(named_views_of, strategies)):
        return None
    many = list(prepared(request, history, folder))
    return frozenset[datetime]().union(
        *(instants_open_to(one, found_at_once(one, many), many) for one in strategies if one.enabled)
    )


@dataclass(frozen=True, slots=True)
class FoundAt:
    """What one search finds of one underlying at one instant."""

    at: datetime
    underlying: str
    rows: tuple[Row, ...]
    """Best first; row numbers count within the table of all instants."""


def found_at_once(strategy: Strategy, many: Iterable[Chains]) -> list[FoundAt]:
    """Every instant and underlying of which the search of a strategy finds something, whatever the market answers."""
    scanner = Scanner()
    try:
        scanner.relation("chain", SCAN_SCHEMA)
        prepared = {
            meeting: scanner.prepare(compile_entry(strategy, several=True, meeting=meeting).query, "chain")
            for meeting in ("group", "bucket")
        }
        found: list[FoundAt] = []
        for chains in many:
            table = _of(strategy, chains)
            if not table.num_rows:
                continue
            groups = 1 + np.count_nonzero(np.diff(table.column("group_id").to_numpy()))
            rows = scanner.rows(prepared["bucket" if table.num_rows / groups >= BUCKETS_FROM else "group"], table)
            found += _by_instant(rows, table, chains.seen)
        return found
    finally:
        scanner.close()


def instants_open_to(strategy: Strategy, found: Sequence[FoundAt], many: Iterable[Chains]) -> frozenset[datetime]:
    """The instants of these at which the market answers yes too: at no other could the strategy open anything."""
    markets: dict[datetime, dict[str, Seen]] = {}
    for chains in many:
        for seen in chains.seen:
            markets.setdefault(seen.at, {})[seen.market.underlying] = seen
    if not strategy.when:
        return frozenset(one.at for one in found)
    scanner = Scanner()
    try:
        finder = Finder(scanner, lambda: 0.0)
        return frozenset(one.at for one in found if _is_open(finder, strategy, one, markets[one.at]))
    finally:
        scanner.close()


def _is_open(finder: Finder, strategy: Strategy, one: FoundAt, seen: Mapping[str, Seen]) -> bool:
    market = {name: state.market for name, state in seen.items()}
    answers = finder.market(strategy, market, one.at, session_of(one.at), calendar_around(one.at))
    return all(line.holds is True for line in answers[one.underlying])


def _of(strategy: Strategy, chains: Chains) -> pa.Table:
    """The rows of its universe, at its views and levels."""
    wanted = [number for number, seen in enumerate(chains.seen) if seen.market.underlying in strategy.universe]
    table = chains.table
    if len(wanted) < len(chains.seen):
        table = table.filter(pa.array(np.isin(table.column("underlying_id").to_numpy(), wanted)))
    if len(strategy.spread.expiries) == 1 and not isinstance(strategy.spread.expiries[0], DayRange):
        table = table.filter(table.column("is_next_monthly"))
    views = [[_nan(market_value(view, one.market, one.at, None)) for one in chains.seen] for view in market_views_of(strategy)]
    levels = [
        [_nan(level_value(level, one.market, one.at, None, calendar_around(one.at))) for one in chains.seen]
        for level in strategy.spread.levels
    ]
    return with_views(table, views, levels) if views or levels else table


def _by_instant(rows: Sequence[Row], table: pa.Table, seen: Sequence[Seen]) -> list[FoundAt]:
    """The rows of each instant; which one a row is of, its first leg tells."""
    if not rows:
        return []
    ids, of = table.column("row_id").to_numpy(), table.column("underlying_id").to_numpy()
    owners = of[np.searchsorted(ids, np.array([row[0] for row in rows], dtype=ids.dtype))]
    by: dict[int, list[Row]] = {}
    for owner, row in zip(owners.tolist(), rows, strict=True):
        by.setdefault(owner, []).append(row)
    return [FoundAt(seen[owner].at, seen[owner].market.underlying, tuple(by[owner])) for owner in sorted(by)]


def _nan(value: float | bool | None) -> float:
    return math.nan if value is None else float(value)
