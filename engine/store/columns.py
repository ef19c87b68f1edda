"""The columns of a chain: which contract stands in which row, and the buffers that the rows live in.

A layout is fixed: new listings make a new layout with new buffers, and whoever still reads the old ones keeps them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

import numpy as np
import pyarrow as pa

from engine.domain.calendar import Calendar
from engine.domain.chain import CHAIN_COLUMNS, CHAIN_SCHEMA
from engine.domain.contract import Contract


@dataclass(frozen=True, slots=True)
class Carry:
    """What holding the underlying costs and pays, continuous, per year."""

    rate: float
    dividend: float


@dataclass(frozen=True, slots=True)
class Expiry:
    """The rows of one (underlying, expiry, root): puts, then calls."""

    rows: slice
    underlying: int
    groups: range
    day: date
    settles: datetime
    is_american: bool


@dataclass(frozen=True, slots=True)
class Strikes:
    """Every strike of every expiry, by expiry and strike: one entry each, in arrays."""

    expiry: np.ndarray
    """Number of the expiry."""
    strike: np.ndarray
    call: np.ndarray
    """Row of the call; -1 where only the put is there."""
    put: np.ndarray
    starts: np.ndarray
    """First entry of each expiry, and the number of entries at the end."""


@dataclass(frozen=True, slots=True)
class Layout:
    number: int
    contracts: tuple[Contract, ...]
    """By row."""
    rows: dict[int, int]
    """Row by con_id."""
    underlyings: tuple[str, ...]
    carries: tuple[Carry, ...]
    """By underlying."""
    spans: tuple[slice, ...]
    """The rows of each underlying."""
    expiries: tuple[Expiry, ...]
    strikes: Strikes
    group_of: tuple[int, ...]
    """By row."""
    starts: tuple[int, ...]
    """First row of each group, and the number of rows at the end."""


class Columns:
    """One NumPy array a column, as long as the layout, and the same memory as an Arrow table."""

    def __init__(self, rows: int) -> None:
        self.arrays = {column.name: _absent(column.type, rows) for column in CHAIN_COLUMNS}
        buffers = (
            pa.Array.from_buffers(column.type, rows, [None, pa.py_buffer(self.arrays[column.name])]) for column in CHAIN_COLUMNS
        )
        self.table = pa.Table.from_arrays(list(buffers), schema=CHAIN_SCHEMA)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]


def laid_out(number: int, contracts: Iterable[Contract], carries: Mapping[str, Carry], calendar: Calendar) -> Layout:
    """Contracts in the order of the chain: by underlying, expiry, root, put before call, strike; each con_id once.

    Raises KeyError when an underlying has no carry: a rate is never guessed.
    """
    ordered = sorted({contract.con_id: contract for contract in contracts}.values(), key=_place)
    underlyings = tuple(sorted({contract.underlying for contract in ordered} | set(carries)))
    number_of = {symbol: u for u, symbol in enumerate(underlyings)}
    expiries: list[Expiry] = []
    starts = [0]
    for (symbol, day, _), chain in groupby(ordered, key=lambda contract: (contract.underlying, contract.expiry, contract.root)):
        begin, first_group = starts[-1], len(starts) - 1
        listed = list(chain)
        starts += (starts[-1] + len(list(group)) for _, group in groupby(listed, key=lambda contract: contract.put_call))
        rule = listed[0].rule
        settles = calendar.settles_at(rule, day)
        groups = range(first_group, len(starts) - 1)
        is_american = rule.exercise == "American"
        expiries.append(Expiry(slice(begin, starts[-1]), number_of[symbol], groups, day, settles, is_american))
    lengths = np.diff(starts)
    owners = np.repeat(
        np.array([expiry.underlying for expiry in expiries], dtype=np.int16), [e.rows.stop - e.rows.start for e in expiries]
    )
    return Layout(
        number=number,
        contracts=tuple(ordered),
        rows={contract.con_id: row for row, contract in enumerate(ordered)},
        underlyings=underlyings,
        carries=tuple(carries[symbol] for symbol in underlyings),
        spans=tuple(
            slice(int(np.searchsorted(owners, u)), int(np.searchsorted(owners, u, side="right"))) for u in range(len(underlyings))
        ),
        expiries=tuple(expiries),
        strikes=_strikes(ordered, expiries),
        group_of=tuple(np.repeat(np.arange(len(lengths)), lengths).tolist()),
        starts=tuple(starts),
    )


def fixed_columns(layout: Layout) -> Columns:
    """New columns for a layout with everything filled in that no quote changes."""
    columns = Columns(len(layout.contracts))
    columns["row_id"][:] = np.arange(len(layout.contracts))
    columns["group_id"][:] = layout.group_of
    columns["put_call"][:] = [1 if contract.put_call == "C" else -1 for contract in layout.contracts]
    columns["strike"][:] = [float(contract.strike) for contract in layout.contracts]
    for u, span in enumerate(layout.spans):
        columns["underlying_id"][span] = u
    return columns


def _strikes(contracts: Sequence[Contract], expiries: Sequence[Expiry]) -> Strikes:
    numbers: list[int] = []
    strikes: list[Decimal] = []
    rows: list[tuple[int, int]] = []
    for number, expiry in enumerate(expiries):
        here: dict[Decimal, list[int]] = {}
        for row in range(expiry.rows.start, expiry.rows.stop):
            here.setdefault(contracts[row].strike, [-1, -1])[contracts[row].put_call == "P"] = row
        for strike in sorted(here):
            numbers.append(number)
            strikes.append(strike)
            rows.append((here[strike][0], here[strike][1]))
    expiry_of = np.array(numbers, dtype=np.int64)
    call, put = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    starts = np.searchsorted(expiry_of, np.arange(len(expiries) + 1))
    return Strikes(expiry_of, np.array(strikes, dtype=np.float64), call, put, starts)


def _place(contract: Contract) -> tuple[object, ...]:
    return (contract.underlying, contract.expiry, contract.root, contract.put_call == "C", contract.strike)


def _absent(kind: pa.DataType, rows: int) -> np.ndarray:
    dtype = np.dtype(kind.to_pandas_dtype())
    return np.full(rows, np.nan) if dtype.kind == "f" else np.zeros(rows, dtype)
