"""Recorded option chains, Parquet or CSV, as the snapshots that the engine would have seen.

A row is one option at one `quote_ts` (UTC): underlying, root, underlying_price, expiry, strike, right (C or P), bid, ask and
multiplier are required; bid_size, ask_size, last, volume, open_interest, iv (decimal), delta, gamma, theta (per calendar day)
and vega (per volatility point) may be absent, as columns or as values. A recorded volatility or greek counts as the feed's, a
missing one is computed where the quote allows it. A folder or a file of our own archive (`chains.py`) is read in the same way.

Left out are options whose last trading session was over by then, those that do not stand for 100 shares or carry the root of an
adjusted series, and classes of an index whose settlement is not known.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.chain import ChainSnapshot
from engine.domain.contract import Contract
from engine.domain.errors import UserError
from engine.domain.index_classes import is_known, option_class
from engine.store import chains
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore

_INSTANT = pa.timestamp("us", tz="UTC")
_REQUIRED: dict[str, pa.DataType] = {
    "quote_ts": _INSTANT,
    "underlying": pa.string(),
    "root": pa.string(),
    "underlying_price": pa.float64(),
    "expiry": pa.date32(),
    "strike": pa.float64(),
    "right": pa.string(),
    "bid": pa.float64(),
    "ask": pa.float64(),
    "multiplier": pa.float64(),
}
_WRITTEN = {
    _INSTANT: "times, such as 2016-04-29T19:45:00Z",
    pa.date32(): "days, such as 2016-06-17",
    pa.float64(): "numbers, such as 12.5",
    pa.string(): "text",
}
_PARQUET = b"PAR1"
"""How every Parquet file begins."""
_OPTIONAL = ("bid_size", "ask_size", "last", "volume", "open_interest", "iv", "delta", "gamma", "theta", "vega")
_STANDARD = 100
"""Shares of a listed option; another number marks an adjusted or a mini series."""
_HIGHEST_STRIKE = 1e6
"""USD; the contract numbers have room for no more, and no exchange lists half of it."""
NO_CARRY = Carry(rate=0.0, dividend=0.0)
"""What a recording says about rates and dividends: nothing."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One recorded instant, and how many of its options were left out."""

    snapshot: ChainSnapshot
    over: int
    """Rows of options whose last trading session was over."""
    non_standard: int
    repeated: int = 0
    """Rows of an option that a later row of the same instant replaced."""
    unknown: tuple[tuple[str, str], ...] = ()
    """Classes of an index that are not in the table of index classes, with the index: how they settle is not known."""


def times(path: Path, underlyings: Collection[str] = ()) -> list[datetime]:
    """The instants that were recorded, oldest first; of an archive of ours those of these underlyings, where some are named.

    Raises UserError when the path is missing, not a chain or empty.
    """
    if _is_archive(path):
        return chains.times(path, underlyings)
    found = _read(path, ["quote_ts"])["quote_ts"].unique().drop_null().sort()
    if not len(found):
        raise UserError(f"{path}: holds no rows; name a recorded chain that has some")
    return [instant.astimezone(UTC) for instant in found.to_pylist()]


def rows(path: Path) -> pa.Table:
    """Every row of a recorded file, or of an archive of ours, all columns of the schema, null where there is none of it.

    Raises UserError when the path is missing, not a chain, or a row names no contract.
    """
    table = chains.rows(path) if _is_archive(path) else _read(path, None)
    _check_keys(path, table)
    for name in _OPTIONAL:
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(table.num_rows, pa.float64()))
    return table.select([*_REQUIRED, *_OPTIONAL])


def load_chain(
    path: Path,
    at: datetime | None = None,
    *,
    carries: Mapping[str, Carry] | None = None,
    calendar: Calendar = WEEKDAYS,
    underlyings: Collection[str] = (),
) -> ChainSnapshot:
    """The latest recorded chain, or the latest not after `at`; `load` also counts what was left out."""
    return load(path, at, carries=carries, calendar=calendar, underlyings=underlyings).snapshot


def load(
    path: Path,
    at: datetime | None = None,
    *,
    carries: Mapping[str, Carry] | None = None,
    calendar: Calendar = WEEKDAYS,
    underlyings: Collection[str] = (),
) -> Loaded:
    """The latest recorded chain, or the latest not after `at`; of an archive of ours each of the `underlyings` as it was
    archived last until then, where some are named.

    `carries` by underlying are what own greeks and probabilities are computed with; zero rates where it says nothing. `calendar`
    tells last trading sessions and settlements. Raises UserError when the path is missing, not a chain, empty, or begins after
    `at`.
    """
    if _is_archive(path):
        instant = latest(path, chains.times(path, underlyings if at is None else ()), at)
        return Loaded(chains.load(path, instant, calendar, underlyings), 0, 0)
    instant = latest(path, times(path), at)
    rows = _read(path, None, instant)
    _check_keys(path, rows)
    standard = _standard(rows)
    unknown, over = _unknown(rows) & standard, _over(rows, instant, calendar)
    kept = rows.filter(pa.array(~unknown & ~over & standard))
    snapshot = _snapshot(kept, instant, carries or {}, calendar)
    return Loaded(
        snapshot,
        over=int((over & ~unknown).sum()),
        non_standard=int((~standard & ~over).sum()),
        repeated=kept.num_rows - snapshot.table.num_rows,
        unknown=_classes(rows.filter(pa.array(unknown))),
    )


def latest(path: Path, recorded: Sequence[datetime], at: datetime | None) -> datetime:
    """The last of the instants that is not after `at`. Raises UserError, naming the first and last, when there is none."""
    if not recorded:
        raise UserError(f"{path}: holds no rows; name a recorded chain that has some")
    found = [instant for instant in recorded if at is None or instant <= at]
    if not found:
        first, last = (f"{instant:%Y-%m-%d %H:%M:%S}" for instant in (recorded[0], recorded[-1]))
        raise UserError(
            f"{path}: nothing was recorded at or before {at:%Y-%m-%d %H:%M:%S %Z}; it runs from {first} to {last} UTC"
        )
    return found[-1]


def contract_number(root: str, expiry: date, strike: Decimal, put_call: str) -> int:
    """A con_id for a contract whose recording has none: the same for the same contract, in every file; 62 bits.

    15 bits of the root's checksum, 16 of days since 1970, 30 of the strike in thousandths (a listed strike has no finer) and the
    side. Two roots of one checksum would meet only at the same expiry and strike.
    """
    root_bits = crc32(root.encode()) & 0x7FFF
    return root_bits << 47 | expiry.toordinal() - _EPOCH << 31 | int(strike * 1000) << 1 | (put_call == "C")


_SHOWN = 120
"""Characters of somebody else's message."""
_EPOCH = date(1970, 1, 1).toordinal()


def _is_archive(path: Path) -> bool:
    return path.is_dir() or chains.is_archived(path)


def _read(path: Path, names: list[str] | None, instant: datetime | None = None) -> pa.Table:
    """Columns of the file as the types of the schema, of one instant where it is given."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; name a Parquet or CSV file of a recorded chain")
    is_parquet = _is_parquet(path)
    try:
        there = pq.read_schema(path).names if is_parquet else _csv_names(path)
    except (pa.ArrowInvalid, OSError) as error:
        what = "is a Parquet file, but a damaged one" if is_parquet else "is neither a Parquet nor a CSV file"
        raise UserError(f"{path}: {what} ({_first_line(error)}); name a recorded chain") from error
    missing = [name for name in _REQUIRED if name not in there]
    if len(missing) == len(_REQUIRED) and not is_parquet:
        wanted = ", ".join(_REQUIRED)
        raise UserError(f"{path}: is neither a Parquet nor a CSV file with the columns of a recorded chain: {wanted}")
    if missing:
        raise UserError(f"{path}: lacks the columns {', '.join(missing)}; a recorded chain has them all")
    wanted = names or [*_REQUIRED, *(name for name in _OPTIONAL if name in there)]
    try:
        if is_parquet:
            pushed = instant is not None and pq.read_schema(path).field("quote_ts").type == _INSTANT
            table = pq.read_table(path, columns=wanted, filters=[("quote_ts", "=", instant)] if pushed else None)
        else:
            table = csv.read_csv(path, convert_options=csv.ConvertOptions(include_columns=wanted))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise UserError(f"{path}: cannot be read as a recorded chain ({_first_line(error)})") from error
    typed = pa.table([_typed(path, table, name) for name in wanted], names=wanted)
    if instant is None:
        return typed
    return typed.filter(pa.array(typed["quote_ts"].to_numpy() == np.datetime64(instant.replace(tzinfo=None), "us")))


def _is_parquet(path: Path) -> bool:
    """By what the file holds: a name may say anything."""
    with path.open("rb") as file:
        return file.read(len(_PARQUET)) == _PARQUET


def _csv_names(path: Path) -> list[str]:
    with csv.open_csv(path) as reader:
        return reader.schema.names


def _typed(path: Path, table: pa.Table, name: str) -> pa.ChunkedArray:
    """The column as the schema has it; an instant without a time zone is UTC."""
    kind = _REQUIRED.get(name, pa.float64())
    try:
        return table[name] if table[name].type == kind else table[name].cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError(f"{path}: {name} does not hold {_WRITTEN[kind]} ({_first_line(error)})") from error


def _check_keys(path: Path, rows: pa.Table) -> None:
    for name in ("underlying", "root", "expiry", "strike", "right", "multiplier"):
        if rows[name].null_count:
            raise UserError(f"{path}: {name} has empty values; every option of a recorded chain needs one")
    strikes = rows["strike"].to_numpy()
    impossible = strikes[~((strikes > 0) & (strikes <= _HIGHEST_STRIKE))]
    if impossible.size:
        raise UserError(f"{path}: strike holds {impossible[0]:g}; it is a price above zero")
    strange = set(rows["right"].unique().to_pylist()) - {"C", "P"}
    if strange:
        raise UserError(f"{path}: right holds {sorted(strange)[0]!r}; it is C for a call and P for a put")


def _over(rows: pa.Table, instant: datetime, calendar: Calendar) -> np.ndarray:
    """True for each option that had stopped trading by then."""
    return _by_series(rows, "expiry", lambda root, expiry: calendar.trades_until(option_class(root), expiry) <= instant)


def _unknown(rows: pa.Table) -> np.ndarray:
    """True for each option of an index whose class is not in the table of index classes."""
    return _by_series(rows, "underlying", lambda root, underlying: not is_known(root, underlying, of_index=False))


def _classes(rows: pa.Table) -> tuple[tuple[str, str], ...]:
    """Each class with its underlying, once."""
    return tuple(sorted(set(zip(rows["root"].to_pylist(), rows["underlying"].to_pylist(), strict=True))))


def _by_series(rows: pa.Table, other: str, holds: Callable[[str, Any], bool]) -> np.ndarray:
    """What holds for each row by its root and another column; asked once for each pair."""
    keys = list(zip(rows["root"].to_pylist(), rows[other].to_pylist(), strict=True))
    found = {key: holds(*key) for key in set(keys)}
    return np.fromiter((found[key] for key in keys), bool, len(keys))


def _standard(rows: pa.Table) -> np.ndarray:
    """True for each option on 100 shares whose root is not that of an adjusted series (AAPL1, AAPL7)."""
    plain = np.fromiter((not root[-1:].isdigit() for root in rows["root"].to_pylist()), bool, rows.num_rows)
    return plain & (rows["multiplier"].to_numpy() == _STANDARD)


def _snapshot(rows: pa.Table, instant: datetime, carries: Mapping[str, Carry], calendar: Calendar) -> ChainSnapshot:
    contracts = _contracts(rows)
    quotes = QuoteStore()
    symbols = {contract.underlying for contract in contracts}
    quotes.layout(contracts, {symbol: carries.get(symbol, NO_CARRY) for symbol in symbols}, calendar)
    for symbol, price in zip(rows["underlying"].to_pylist(), rows["underlying_price"].to_pylist(), strict=True):
        if symbol in symbols and price is not None:
            quotes.underlying(symbol, instant.timestamp(), price)
            symbols.discard(symbol)
    columns = {
        name: rows[name].to_numpy().astype(np.float64, copy=False)
        for name in ("bid", "ask", *_OPTIONAL)
        if name in rows.column_names
    }
    quoted = np.isfinite(columns["bid"]) | np.isfinite(columns["ask"])
    columns["quoted_at"] = np.where(quoted, instant.timestamp(), np.nan)
    quotes.fill([contract.con_id for contract in contracts], columns)
    return quotes.snapshot(instant)


def _contracts(rows: pa.Table) -> list[Contract]:
    fields = (rows[name].to_pylist() for name in ("underlying", "root", "expiry", "strike", "right"))
    strikes: dict[float, Decimal] = {}
    made: list[Contract] = []
    for underlying, root, expiry, price, put_call in zip(*fields, strict=True):
        strike = strikes.setdefault(price, Decimal(repr(round(price, 3))))
        number = contract_number(root, expiry, strike, put_call)
        made.append(Contract(number, underlying, root, expiry, strike, put_call, _STANDARD))
    return made


def _first_line(error: Exception) -> str:
    """What the reader of the file found, without the bytes of the file that it may quote."""
    line = (str(error).splitlines() or [type(error).__name__])[0]
    shown = "".join(character if character.isprintable() else "?" for character in line)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
