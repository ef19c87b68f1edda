"""Which rows of the chain a strategy searches, cut out without a copy.

Rows are sorted by underlying and expiry, so a universe or one expiry is a few stretches of rows. Columns are added that are not
of the quote: the number of the trading class, and what depends on the instant and on the market, quote_age and
days_to_ex_dividend. What was told too long ago for an opening is unknown here, and so are the quotes of options whose forward
nobody knows: nothing is searched among them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pyarrow as pa

from engine.compile.market import days_to_ex_dividend
from engine.compile.spreads import MULTIPLIER, VIEWS, WORTHS
from engine.compile.wanted import LEVELS
from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.chain import CHAIN_SCHEMA, ChainSnapshot, MarketState
from engine.domain.clocks import NUMBERS_STAND_FOR
from engine.domain.contract import Contract
from engine.domain.index_classes import OptionClass
from engine.domain.session import trading_day
from engine.strategy.values.meaning import DayRange, ExpiryRule, NextMonthly

SCAN_SCHEMA = pa.schema(
    [
        *CHAIN_SCHEMA,
        pa.field("class_id", pa.int32()),
        *(pa.field(name, pa.float64()) for name in ("quote_age", "days_to_ex_dividend", *VIEWS, *LEVELS, *WORTHS)),
        pa.field("is_american", pa.bool_()),
        pa.field("is_monthly", pa.bool_()),
        pa.field("is_next_monthly", pa.bool_()),
    ]
)
"""The chain relation as the scan sees it: class_id numbers the trading classes of the underlyings, quote_age is in seconds,
days_to_ex_dividend in calendar days, then the volatilities that a strategy takes its views at, the levels that its legs stand
at and what each option is worth under its views of the price; NaN where unknown. is_american is whether it may be exercised
early, is_monthly whether its expiry is the standard one of its month, is_next_monthly whether it expires on the day that
`next monthly` names, told to those that ask.
"""

QUOTED = ("bid", "ask")
PRICED = ("atm_iv", "iv", "delta", "gamma", "theta", "vega", "p_itm", "worth")
"""What is made of quotes: as old as `priced_at` says."""
Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ChainRows:
    """The chain of one instant, ready to be cut."""

    chain: ChainSnapshot
    table: pa.Table
    closed: tuple[Stretch, ...]
    """Rows that are not searched, ascending: adjusted contracts, and classes whose last trading session is over."""
    stretches: dict[str, Stretch]
    """First row and the row behind the last, by underlying."""
    calendar: Calendar
    market: Mapping[str, MarketState]
    """What was known of each underlying."""


@dataclass(frozen=True, slots=True)
class Series:
    """What of a layout decides which rows are searched; the same for every snapshot of it."""

    contracts: Sequence[Contract]
    calendar: Calendar
    adjusted: tuple[Stretch, ...]
    """Contracts with another multiplier, ascending."""
    ends: tuple[tuple[float, Stretch], ...]
    """When each group of rows stops trading, UTC seconds since 1970, soonest first."""
    stretches: dict[str, Stretch]
    """First row and the row behind the last, by underlying."""
    class_ids: pa.Array
    """The column that numbers the trading classes."""
    is_american: pa.Array
    """The column that tells which options may be exercised early."""
    is_monthly: pa.Array
    """The column that tells which expiries are the standard ones of their month."""
    none: pa.Array
    """A column that is false in every row."""
    nothing: pa.Array
    """A column in which nothing is known."""


def chain_rows(
    chain: ChainSnapshot,
    market: Mapping[str, MarketState],
    now: datetime,
    calendar: Calendar = WEEKDAYS,
    kept: Series | None = None,
) -> ChainRows:
    """The chain with the columns of the instant. `kept` is what `series_of` said of a snapshot of the same layout."""
    age = now.timestamp() - numbers(chain, "quoted_at")
    today = trading_day(now)
    ahead = [days_to_ex_dividend(market.get(name), today) for name in chain.underlyings]
    series = kept or series_of(chain, calendar)
    to_dividend = series.nothing
    if any(days is not None for days in ahead):
        to_dividend = pa.array(np.array([np.nan if days is None else days for days in ahead])[numbers(chain, "underlying_id")])
    columns = {name: chain.table.column(name) for name in CHAIN_SCHEMA.names}
    adrift = np.isnan(numbers(chain, "forward"))
    oldest = NUMBERS_STAND_FOR.total_seconds()
    columns |= _without_aged(chain, QUOTED, (age > oldest) | adrift)
    columns |= _without_aged(chain, PRICED, (now.timestamp() - numbers(chain, "priced_at") > oldest) | adrift)
    table = pa.Table.from_arrays(
        [
            *columns.values(), series.class_ids, pa.array(age), to_dividend,
            *(series.nothing for _ in (*VIEWS, *LEVELS, *WORTHS)),
            series.is_american, series.is_monthly, series.none,
        ],
        schema=SCAN_SCHEMA,
    )  # fmt: skip
    closed = (*series.adjusted, *_over(series, now.timestamp()))
    return ChainRows(chain, table, tuple(sorted(closed)), series.stretches, series.calendar, dict(market))


def series_of(chain: ChainSnapshot, calendar: Calendar) -> Series:
    """The adjusted contracts of a layout (they do not stand for 100 shares and are never traded), and when its groups end."""
    contracts = chain.contracts
    adjusted = tuple((row, row + 1) for row, contract in enumerate(contracts) if contract.multiplier != MULTIPLIER)
    starts = [*np.flatnonzero(np.diff(numbers(chain, "group_id"), prepend=-1)).tolist(), len(contracts)]
    until: dict[tuple[OptionClass, date], float] = {}
    classes: dict[tuple[str, str], int] = {}
    of_groups: list[int] = []
    american: list[bool] = []
    monthly: list[bool] = []
    ends: list[tuple[float, Stretch]] = []
    for start, stop in itertools.pairwise(starts):
        one = contracts[start]
        key = (one.rule, one.expiry)
        if key not in until:
            until[key] = calendar.trades_until(*key).timestamp()
        ends.append((until[key], (start, stop)))
        of_groups.append(classes.setdefault((one.underlying, one.root), len(classes)))
        american.append(one.rule.exercise == "American")
        monthly.append(calendar.is_monthly(one.rule, one.expiry))
    number = numbers(chain, "underlying_id")
    firsts = np.searchsorted(number, np.arange(len(chain.underlyings) + 1, dtype=number.dtype)).tolist()
    stretches = dict(zip(chain.underlyings, itertools.pairwise(firsts), strict=True))
    class_ids = pa.array(np.repeat(np.array(of_groups, np.int32), np.diff(starts)))
    nothing = pa.array(np.full(len(contracts), np.nan))
    is_american = pa.array(np.repeat(np.array(american, np.bool_), np.diff(starts)))
    is_monthly = pa.array(np.repeat(np.array(monthly, np.bool_), np.diff(starts)))
    none = pa.array(np.zeros(len(contracts), np.bool_))
    return Series(
        contracts, calendar, adjusted, tuple(sorted(ends)), stretches, class_ids, is_american, is_monthly, none, nothing
    )


def _over(series: Series, now: float) -> Iterable[Stretch]:
    """The groups whose last trading session is over."""
    return (stretch for _, stretch in itertools.takewhile(lambda end: end[0] <= now, series.ends))


def _without_aged(chain: ChainSnapshot, names: Sequence[str], aged: np.ndarray) -> dict[str, pa.Array]:
    """These columns with nothing in the rows that are too old; none where there is no such row, which is the usual case."""
    return {name: pa.array(np.where(aged, np.nan, numbers(chain, name))) for name in names} if aged.any() else {}


def searched(rows: ChainRows, underlyings: Sequence[str], expiries: Sequence[ExpiryRule], now: datetime) -> pa.Table:
    """The rows of these underlyings that can be traded; of one expiry where the only rule names it.

    A range of days is left to SQL, which drops a row for less than a piece of table costs to hand over. Of two rules the one that
    names an expiry is answered by the column is_next_monthly.
    """
    wanted = expiries[0] if len(expiries) == 1 else None
    table = rows.table
    if wanted is None and any(not isinstance(rule, DayRange) for rule in expiries):
        table = _with_next_monthly(rows, underlyings, now)
    stretches = [stretch for name in underlyings for stretch in _stretches(rows, name, wanted, now)]
    stretches = _without(_joined(stretches), rows.closed)
    if stretches == [(0, table.num_rows)]:
        return table
    if not stretches:
        return table.slice(0, 0)
    slices = [table.slice(start, end - start) for start, end in stretches]
    return slices[0] if len(slices) == 1 else pa.concat_tables(slices)


def with_views(
    table: pa.Table,
    volatilities: Sequence[Sequence[float]],
    levels: Sequence[Sequence[float]] = (),
    worths: Sequence[np.ndarray] = (),
) -> pa.Table:
    """The table with the volatility of each view and each level in its column, one number an underlying, and the worths under
    views of the price, one number a row; NaN where it is unknown."""
    for name, by_underlying in (*zip(VIEWS, volatilities, strict=False), *zip(LEVELS, levels, strict=False)):
        column = pa.array(np.array(by_underlying)[table.column("underlying_id").to_numpy()])
        table = table.set_column(SCAN_SCHEMA.get_field_index(name), SCAN_SCHEMA.field(name), column)
    for name, by_row in zip(WORTHS, worths, strict=False):
        table = table.set_column(SCAN_SCHEMA.get_field_index(name), SCAN_SCHEMA.field(name), pa.array(by_row))
    return table


def numbers(chain: ChainSnapshot, column: str) -> np.ndarray:
    """A column of the chain as an array, without a copy where it is one buffer."""
    chunked = chain.table.column(column)
    return (chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()).to_numpy(zero_copy_only=False)


def next_monthly(listed: Iterable[tuple[OptionClass, date]], now: datetime, calendar: Calendar) -> date | None:
    """The first expiry after today that is the standard one of its month, among classes and expiries that still trade."""
    today = trading_day(now)
    found = (
        expiry
        for of, expiry in set(listed)
        if expiry > today and calendar.is_monthly(of, expiry) and calendar.trades_until(of, expiry) > now
    )
    return min(found, default=None)


def _with_next_monthly(rows: ChainRows, underlyings: Sequence[str], now: datetime) -> pa.Table:
    """The table in which the rows of the expiry that `next monthly` names say so, of each underlying its own."""
    is_next = np.zeros(rows.table.num_rows, np.bool_)
    for name in underlyings:
        for start, end in _stretches(rows, name, NextMonthly(), now):
            is_next[start:end] = True
    at = SCAN_SCHEMA.get_field_index("is_next_monthly")
    return rows.table.set_column(at, SCAN_SCHEMA.field(at), pa.array(is_next))


def _stretches(rows: ChainRows, underlying: str, expiry: ExpiryRule | None, now: datetime) -> list[Stretch]:
    """The rows of an underlying, of one expiry where the rule names it."""
    chain, (start, end) = rows.chain, rows.stretches.get(underlying, (0, 0))
    if expiry is None or isinstance(expiry, DayRange):
        return [(start, end)] if end > start else []
    firsts = start + np.flatnonzero(np.diff(numbers(chain, "group_id")[start:end], prepend=-1))
    contracts = (chain.contracts[row] for row in firsts.tolist())
    day = next_monthly(((one.rule, one.expiry) for one in contracts), now, rows.calendar)
    if day is None:
        return []
    days, wanted = numbers(chain, "dte")[start:end], (day - trading_day(now)).days
    first, last = (int(at) for at in np.searchsorted(days, [wanted, wanted + 1]))
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


def _without(stretches: list[Stretch], closed: Sequence[Stretch]) -> list[Stretch]:
    """What of the stretches is left where the closed ones, ascending, are cut out."""
    kept: list[Stretch] = []
    for start, end in stretches:
        at = start
        for first, behind in closed:
            if behind <= at or first >= end:
                continue
            if first > at:
                kept.append((at, first))
            at = behind
        if end > at:
            kept.append((at, end))
    return kept
