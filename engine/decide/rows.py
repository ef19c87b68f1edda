"""Which rows of the chain a strategy searches, cut out without a copy.

Rows are sorted by underlying and expiry, so a universe or one expiry is a few stretches of rows. Two columns
are added that depend on the instant and on the market, not on the quote: quote_age and days_to_ex_dividend.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

from engine.compile.market import days_to_ex_dividend
from engine.compile.spreads import MULTIPLIER
from engine.domain.chain import CHAIN_SCHEMA, ChainSnapshot, MarketState
from engine.domain.contract import Contract
from engine.domain.session import trading_day
from engine.strategy.values import DayRange, ExpiryRule

SCAN_SCHEMA = pa.schema([*CHAIN_SCHEMA, pa.field("quote_age", pa.float64()), pa.field("days_to_ex_dividend", pa.float64())])
"""The chain relation as the scan sees it: quote_age in seconds and days_to_ex_dividend in calendar days, NaN where
unknown."""

Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ChainRows:
    """The chain of one instant, ready to be cut."""

    chain: ChainSnapshot
    table: pa.Table
    adjusted: tuple[int, ...]
    """Rows of contracts with another multiplier, ascending."""
    stretches: dict[str, Stretch]
    """First row and the row behind the last, by underlying."""


def chain_rows(
    chain: ChainSnapshot, market: Mapping[str, MarketState], now: datetime, adjusted: tuple[int, ...] | None = None
) -> ChainRows:
    """The chain with its two columns of the instant. `adjusted` may be kept from a snapshot of the same layout."""
    age = now.timestamp() - numbers(chain, "quoted_at")
    today = trading_day(now)
    ahead = [days_to_ex_dividend(market.get(name), today) for name in chain.underlyings]
    by_underlying = np.array([np.nan if days is None else days for days in ahead] or [np.nan])
    to_dividend = by_underlying[numbers(chain, "u")]
    columns = [*(chain.table.column(name) for name in CHAIN_SCHEMA.names), pa.array(age), pa.array(to_dividend)]
    table = pa.Table.from_arrays(columns, schema=SCAN_SCHEMA)
    number = numbers(chain, "u")
    starts = np.searchsorted(number, np.arange(len(chain.underlyings) + 1, dtype=number.dtype)).tolist()
    stretches = dict(zip(chain.underlyings, itertools.pairwise(starts), strict=True))
    return ChainRows(chain, table, adjusted_rows(chain.contracts) if adjusted is None else adjusted, stretches)


def adjusted_rows(contracts: Sequence[Contract]) -> tuple[int, ...]:
    """Rows of contracts that do not stand for 100 shares: split or merged, and never traded."""
    return tuple(row for row, contract in enumerate(contracts) if contract.multiplier != MULTIPLIER)


def searched(rows: ChainRows, underlyings: Sequence[str], expiry: ExpiryRule, now: datetime) -> pa.Table:
    """The rows of these underlyings, without adjusted contracts; of one expiry where the rule names it.

    A range of days is left to SQL, which drops a row for less than a piece of table costs to hand over.
    """
    stretches = [stretch for name in underlyings for stretch in _stretches(rows, name, expiry, now)]
    stretches = _without(_joined(stretches), rows.adjusted)
    if stretches == [(0, rows.table.num_rows)]:
        return rows.table
    if not stretches:
        return rows.table.slice(0, 0)
    slices = [rows.table.slice(start, end - start) for start, end in stretches]
    return slices[0] if len(slices) == 1 else pa.concat_tables(slices)


def numbers(chain: ChainSnapshot, column: str) -> np.ndarray:
    """A column of the chain as an array, without a copy where it is one buffer."""
    chunked = chain.table.column(column)
    return (chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()).to_numpy(zero_copy_only=False)


def next_monthly(expiries: Iterable[date], today: date) -> date | None:
    """The first expiry after today that is a third Friday, or stands for one that has no expiry itself: the day before it,
    when the exchange was closed, or the Saturday behind it, on which options on shares expired until February 2015."""
    listed = set(expiries)
    for day in sorted(day for day in listed if day > today):
        friday = _third_friday(day)
        if day == friday or (abs(day - friday) == timedelta(days=1) and friday not in listed):
            return day
    return None


def _third_friday(day: date) -> date:
    first = day.replace(day=1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


def _stretches(rows: ChainRows, underlying: str, expiry: ExpiryRule, now: datetime) -> list[Stretch]:
    chain, (start, end) = rows.chain, rows.stretches.get(underlying, (0, 0))
    if isinstance(expiry, DayRange):
        return [(start, end)] if end > start else []
    days = numbers(chain, "dte")[start:end]
    firsts = start + np.flatnonzero(np.diff(days, prepend=-1))
    day = next_monthly((chain.contracts[int(row)].expiry for row in firsts), trading_day(now))
    if day is None:
        return []
    first, last = (int(at) for at in np.searchsorted(days, [(day - trading_day(now)).days, (day - trading_day(now)).days + 1]))
    return [(start + first, start + last)]


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches that touch become one: fewer pieces to hand over."""
    joined: list[Stretch] = []
    for start, end in sorted(stretches):
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _without(stretches: list[Stretch], rows: Sequence[int]) -> list[Stretch]:
    kept: list[Stretch] = []
    for start, end in stretches:
        at = start
        for row in (row for row in rows if start <= row < end):
            if row > at:
                kept.append((at, row))
            at = row + 1
        if end > at:
            kept.append((at, end))
    return kept
