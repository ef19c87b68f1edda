"""The columns of a chain: which contract stands in which row, and the buffers that the rows live in.

A layout is fixed: new listings make a new layout with new buffers, and whoever still reads the old ones keeps them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
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
        settles = calendar.settles_at(listed[0].rule, day)
        expiries.append(Expiry(slice(begin, starts[-1]), number_of[symbol], range(first_group, len(starts) - 1), day, settles))
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
        group_of=tuple(np.repeat(np.arange(len(lengths)), lengths).tolist()),
        starts=tuple(starts),
    )


def fixed_columns(layout: Layout) -> Columns:
    """New columns for a layout with everything filled in that no quote changes."""
    columns = Columns(len(layout.contracts))
    columns["cid"][:] = np.arange(len(layout.contracts))
    columns["gid"][:] = layout.group_of
    columns["put_call"][:] = [1 if contract.put_call == "C" else -1 for contract in layout.contracts]
    columns["strike"][:] = [float(contract.strike) for contract in layout.contracts]
    for u, (span, carry) in enumerate(zip(layout.spans, layout.carries, strict=True)):
        columns["u"][span] = u
        columns["carry"][span] = carry.rate - carry.dividend
    return columns


def _place(contract: Contract) -> tuple[object, ...]:
    return (contract.underlying, contract.expiry, contract.root, contract.put_call == "C", contract.strike)


def _absent(kind: pa.DataType, rows: int) -> np.ndarray:
    dtype = np.dtype(kind.to_pandas_dtype())
    return np.full(rows, np.nan) if dtype.kind == "f" else np.zeros(rows, dtype)
