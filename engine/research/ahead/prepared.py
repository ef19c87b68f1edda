"""Chains as a search sees them, told once and kept: every instant of a history with its greeks and its market, for all variants
of a strategy.

On index chains reading, layout and greeks cost several times what deciding costs. They depend on what was recorded, on the
rates, on the days to expiry that are loaded and on the code, and on nothing that a variant does. So a month of a history is a
file of Arrow IPC, mapped into memory, whose name is the digest of all that; beside it, as JSON, stands what was known of the
market.

    rows         the options that can be traded at each instant, as `SCAN_SCHEMA` has them
    numbers      of underlyings, groups, classes and rows go on from one instant to the next: an instant of an underlying is an
                 underlying of its own (`at_once.py` says what for)
"""

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from engine.compile.market import bars_in, openings_in
from engine.decide.rows import SCAN_SCHEMA, ChainRows, numbers, searched
from engine.domain.chain import MarketState
from engine.domain.errors import UserError
from engine.domain.ledger import Ledger
from engine.research.backtest import FILES, Request, copied, digest_of
from engine.research.drive import tell
from engine.research.history import Day, History
from engine.research.journals import MemoryJournal
from engine.research.rig import ACCOUNT, Rig
from engine.runtime.feed import lines_of, needed
from engine.runtime.library import Library, StrategySet
from engine.runtime.sources import code_digest
from engine.strategy.model import Strategy
from engine.strategy.values.meaning import DayRange, NextMonthly

MOST = 32_767
"""Instants of an underlying in one table: their number is an int16."""
_ALL_DAYS = (DayRange(0, 100_000), NextMonthly())
"""Rules of two expiries: every row that can be traded is kept, and `next monthly` is a column."""
_OF_DAYS = ("closes", "iv_history", "volumes", "events")
"""What of a market is the same for a whole day."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One underlying at one instant."""

    at: datetime
    market: MarketState
    is_as_before: bool = False
    """In a file: closes, volatilities, volumes and events are those of the underlying's instant before, and left out."""


@dataclass(frozen=True, slots=True)
class Chains:
    """Many instants in one table."""

    table: pa.Table
    """`SCAN_SCHEMA`; its underlying_id is the place in `seen`."""
    seen: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class _Next:
    """The first number that is free, of each kind."""

    underlying_id: int = 0
    group_id: int = 0
    class_id: int = 0
    row_id: int = 0

    def after(self, rows: ChainRows) -> "_Next":
        chain = rows.chain
        classes = int(rows.table.column("class_id").to_numpy().max()) + 1 if rows.table.num_rows else 0
        groups = int(numbers(chain, "group_id")[-1]) + 1 if rows.table.num_rows else 0
        return _Next(
            self.underlying_id + len(chain.underlyings),
            self.group_id + groups,
            self.class_id + classes,
            self.row_id + len(chain.contracts),
        )


def prepared(request: Request, history: History, folder: Path) -> Iterator[Chains]:
    """The chains of a history in order of time, from `folder`; what is not there is made and left there.

    Raises UserError where the files cannot be used or the folder cannot be written.
    """
    months = _months(history.days)
    names = [f"{month}-{_days_digest(days)}" for month, days in months]
    with _rig(request, history) as rig:
        place = folder / _digest(request, rig.library.in_force)
        if not all(list(place.glob(f"{name}.*.json")) for name in names):
            _make(rig, place, months, names)
    for name in names:
        for told in sorted(place.glob(f"{name}.*.json")):
            yield _read(told)


def strategies_of(request: Request) -> list[Strategy]:
    """The strategies of a request as they are in force, with what they share. Raises UserError where a file cannot be used."""
    with TemporaryDirectory() as scratch:
        files = Path(scratch) / FILES
        copied(request, files)
        library = Library(files, Path(scratch) / "strategies", shown=Path())
        library.open(Ledger())
        if library.in_force.refused:
            raise UserError("\n".join(library.in_force.refused.values()))
        return list(library.in_force.strategies.values())


@contextmanager
def _rig(request: Request, history: History) -> Generator[Rig]:
    with TemporaryDirectory() as scratch:
        files = Path(scratch) / FILES
        copied(request, files)
        rig = Rig(history, request.terms, files, Path(scratch) / "strategies", MemoryJournal(ACCOUNT))
        try:
            rig.begin()
            yield rig
        finally:
            rig.end()


def _make(rig: Rig, place: Path, months: Sequence[tuple[str, Sequence[Day]]], names: Sequence[str]) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{place}: prepared chains cannot be kept there ({error.strerror}); name another folder") from error
    for (_, days), name in zip(months, names, strict=True):
        part = _Part(place, name)
        for day in days:
            for number, at in enumerate(day.instants):
                tell(rig, day, number)
                part.add(rig.finder.rows((look := rig.look()).chain, look.market, at, look.calendar))
        part.close()


class _Part:
    """Writes the instants of a month, into as many files as their numbers need."""

    def __init__(self, place: Path, name: str) -> None:
        self._place, self._name, self._count = place, name, 0
        self._begin()

    def add(self, rows: ChainRows) -> None:
        if self._next.underlying_id + len(rows.chain.underlyings) > MOST:
            self.close()
            self._count += 1
            self._begin()
        table = searched(rows, rows.chain.underlyings, _ALL_DAYS, rows.chain.as_of)
        if table.num_rows:
            self._file.write_table(_numbered(table, self._next))
        for name in rows.chain.underlyings:
            self._seen.append(Seen(rows.chain.as_of, rows.market[name]))
        self._next = self._next.after(rows)

    def close(self) -> None:
        """Both files get their names at last: where the second one stands, the first is whole."""
        self._file.close()
        told = self._place / f"{self._stem}.json"
        half = told.with_suffix(f".{os.getpid()}")
        half.write_bytes(msgspec.json.encode(list(_shortened(self._seen))))
        self._half.replace(self._place / f"{self._stem}.arrow")
        half.replace(told)

    def _begin(self) -> None:
        self._stem = f"{self._name}.{self._count:03d}"
        self._half = self._place / f"{self._stem}.arrow.{os.getpid()}"
        self._file = pa.ipc.new_file(str(self._half), SCAN_SCHEMA)
        self._seen, self._next = list[Seen](), _Next()


def _numbered(table: pa.Table, first: _Next) -> pa.Table:
    """The table with numbers that go on from those before it."""
    for name in ("underlying_id", "group_id", "class_id", "row_id"):
        at = SCAN_SCHEMA.get_field_index(name)
        column = table.column(name).to_numpy()
        values = column.astype(np.int64) + getattr(first, name)
        table = table.set_column(at, SCAN_SCHEMA.field(at), pa.array(values.astype(column.dtype)))
    return table


def _read(told: Path) -> Chains:
    """The chains of two files, the rows mapped into memory."""
    mapped = pa.memory_map(str(told.with_suffix(".arrow")))
    seen = msgspec.json.decode(told.read_bytes(), type=list[Seen])
    return Chains(pa.ipc.open_file(mapped).read_all(), tuple(_whole(seen)))


def _shortened(seen: Sequence[Seen]) -> Iterator[Seen]:
    before: dict[str, MarketState] = {}
    for one in seen:
        known = before.get(one.market.underlying)
        before[one.market.underlying] = one.market
        is_same = known is not None and all(getattr(known, name) == getattr(one.market, name) for name in _OF_DAYS)
        yield Seen(one.at, replace(one.market, **dict.fromkeys(_OF_DAYS, ())), is_as_before=True) if is_same else one


def _whole(seen: Sequence[Seen]) -> Iterator[Seen]:
    before: dict[str, MarketState] = {}
    for one in seen:
        market = one.market
        if one.is_as_before:
            market = replace(market, **{name: getattr(before[market.underlying], name) for name in _OF_DAYS})
        before[market.underlying] = market
        yield Seen(one.at, market)


def _months(days: Sequence[Day]) -> list[tuple[str, list[Day]]]:
    found: dict[str, list[Day]] = {}
    for day in days:
        found.setdefault(f"{day.session.day:%Y-%m}", []).append(day)
    return list(found.items())


def _days_digest(days: Sequence[Day]) -> str:
    """Tells apart which instants of a month were told."""
    return sha256(repr([day.instants for day in days]).encode()).hexdigest()[:12]


def _digest(request: Request, in_force: StrategySet) -> str:
    """Of all that makes a chain and its market."""
    strategies = list(in_force.strategies.values())
    lines = list(lines_of(strategies))
    parts: list[Any] = [
        version("ibkr-spreads"),
        code_digest(),
        [digest_of(path) for path in (*request.chains, *([request.bars] if request.bars else []))],
        str(request.first),
        str(request.said_at),
        sorted((name, sorted(days)) for name, days in needed(strategies).items()),
        sorted(openings_in(lines)),
        sorted(bars_in(lines)),
        repr(in_force.account.pricing),
        repr(in_force.events),
        repr(SCAN_SCHEMA),
    ]
    return sha256(repr(parts).encode()).hexdigest()[:24]
