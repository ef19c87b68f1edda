"""The archive of chains: `state/chains/date=YYYY-MM-DD/underlying=SPX/HHMMSSffffff.parquet`, one file a snapshot and underlying.

Lean: what can be computed again is not stored. Prices of options are whole cents, volatilities whole hundredths of a percent
(1e-4), ages of quotes whole seconds, the levels that they were told at thousandths of a dollar; sizes, volumes, the underlying's
price, rates and con_ids are exact. Read back, greeks, probabilities and fees are computed from the stored volatility. The time in
a file's name is UTC, the day is New York's.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.chain import ChainSnapshot
from engine.domain.clocks import STANDS_FOR
from engine.domain.contract import Contract
from engine.domain.errors import UserError
from engine.domain.session import trading_day
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore

FOLDER = "chains"
_FORM = "spreads.chain"
_VERSION = "1"
_UNDERLYING = "underlying"
CENT = 100
IV_UNIT = 10_000
THOUSANDTH = 1000
ARCHIVED = pa.schema(
    [
        pa.field("as_of", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("account", pa.string(), nullable=False),
        pa.field("snapshot", pa.string(), nullable=False),
        pa.field("root", pa.string(), nullable=False),
        pa.field("expiry", pa.date32(), nullable=False),
        pa.field("put_call", pa.int8(), nullable=False),
        pa.field("strike_thousandths", pa.int32(), nullable=False),
        pa.field("con_id", pa.int64(), nullable=False),
        pa.field("multiplier", pa.int32(), nullable=False),
        pa.field("spot", pa.float64()),
        pa.field("rate", pa.float64(), nullable=False),
        pa.field("dividend", pa.float64(), nullable=False),
        pa.field("atm_iv", pa.float64()),
        pa.field("bid_cents", pa.int32()),
        pa.field("ask_cents", pa.int32()),
        pa.field("bid_size", pa.int32()),
        pa.field("ask_size", pa.int32()),
        pa.field("last_cents", pa.int32()),
        pa.field("volume", pa.int32()),
        pa.field("open_interest", pa.int32()),
        pa.field("age_s", pa.int32()),
        pa.field("iv_1e4", pa.int32()),
        pa.field("forward", pa.float64()),
        pa.field("forward_from", pa.int8()),
        pa.field("level_thousandths", pa.int32()),
    ]
)
"""`age_s` is seconds from the quote to `as_of`, `spot` the underlying's price; `level_thousandths` is where the underlying stood
when the quote was told (its spot, or the forward of what does not trade itself): forward and volatility are measured at it. A
column with one value costs nothing."""
_REPEATED = [
    *("as_of", "account", "snapshot", "root", "expiry", "put_call", "multiplier"),
    *("spot", "rate", "dividend", "atm_iv", "forward", "forward_from", "level_thousandths"),
]
"""Columns of few values, which are written once: what an index of them takes is less than the values' differences."""
_LEAN: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": _REPEATED,
    "column_encoding": {field.name: "DELTA_BINARY_PACKED" for field in ARCHIVED if field.name not in _REPEATED},
    "write_statistics": ["expiry"],
    "store_schema": False,
}
"""Neighbours in a sorted chain differ by little: their differences are half the size of their values."""


def save(state: Path, snapshot: ChainSnapshot, account: str, carries: Mapping[str, Carry]) -> list[Path]:
    """Write one file an underlying; the files. `carries` are what the snapshot was computed with.

    Raises UserError when they cannot be written.
    """
    if not state.is_dir():
        raise UserError(f"{state}: the chain cannot be archived: there is no such folder")
    rows = _archived(snapshot, account, carries)
    u = snapshot.table["underlying_id"].to_numpy()
    written: list[Path] = []
    for number, symbol in enumerate(snapshot.underlyings):
        begin, end = (int(np.searchsorted(u, number, side=side)) for side in ("left", "right"))
        if begin == end:
            continue
        path = _path(state / FOLDER, snapshot.as_of, symbol)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(rows.slice(begin, end - begin), path, symbol)
        except OSError as error:
            raise UserError(f"{path}: the chain cannot be archived ({error.strerror or error})") from error
        written.append(path)
    return written


def is_archived(path: Path) -> bool:
    """True for a file that `save` has written."""
    try:
        return (pq.read_metadata(path).metadata or {}).get(_FORM.encode()) == _VERSION.encode()
    except (pa.ArrowInvalid, OSError):
        return False


def times(path: Path, underlyings: Collection[str] = ()) -> list[datetime]:
    """The instants in an archived file, or in all of a folder, oldest first; of these underlyings alone where some are named.

    Raises UserError where there are none.
    """
    held = _instants(path)
    found = sorted(
        instant for instant, files in held.items() if not underlyings or any(_symbol(one) in underlyings for one in files)
    )
    if held and not found:
        there = sorted({_symbol(file) for files in held.values() for file in files})
        raise UserError(f"{path}: holds no archived chain of {', '.join(underlyings)}; it has {', '.join(there)}")
    if not found:
        raise UserError(f"{path}: holds no archived chain; name a recorded chain or a folder of the archive")
    return found


def load(path: Path, instant: datetime, calendar: Calendar = WEEKDAYS, underlyings: Collection[str] = ()) -> ChainSnapshot:
    """The chain of one of `times`: of every underlying that was archived at that instant.

    The engine archives each underlying when there is something to see in it: where some are named, each is as it was archived
    last on that day until then.
    """
    held = _instants(path)
    files = _last_of_each(held, instant, underlyings) or held[instant]
    rows = pa.concat_tables([_read(file) for file in files]).to_pydict()
    contracts = [
        Contract(con_id, symbol, root, expiry, Decimal(strike) / THOUSANDTH, "C" if side > 0 else "P", multiplier)
        for con_id, symbol, root, expiry, strike, side, multiplier in zip(
            *(rows[name] for name in ("con_id", "underlying", "root", "expiry", "strike_thousandths", "put_call", "multiplier")),
            strict=True,
        )
    ]
    quotes = QuoteStore()
    first = {symbol: row for row, symbol in reversed(list(enumerate(rows["underlying"])))}
    quotes.layout(contracts, {symbol: Carry(rows["rate"][row], rows["dividend"][row]) for symbol, row in first.items()}, calendar)
    told_at = [at.timestamp() for at in rows["as_of"]]
    for symbol, row in first.items():
        quotes.underlying(symbol, told_at[row], rows["spot"][row])
    known = {name: _floats(values) for name, values in rows.items() if name in _QUANTA}
    columns = {_QUANTA[name][0]: values / _QUANTA[name][1] for name, values in known.items()}
    quotes.fill(rows["con_id"], {**columns, "quoted_at": np.array(told_at) - _floats(rows["age_s"])})
    return quotes.snapshot(instant)


def rows(path: Path) -> pa.Table:
    """Every row of a file or a folder that was quoted lately, as a recorded chain has it; greeks are not archived.

    A quote that was too old even for an exit, as of an option that had lost its line, is of another market and left out. Raises
    UserError where there is none.
    """
    held = pa.concat_tables([_read(file) for files in sorted(_instants(path).items()) for file in files[1]] or [_NOTHING])
    is_quoted = held["bid_cents"].is_valid().to_numpy() | held["ask_cents"].is_valid().to_numpy()
    is_young = held["age_s"].fill_null(int(STANDS_FOR.total_seconds()) + 1).to_numpy() <= STANDS_FOR.total_seconds()
    quoted = held.filter(pa.array(is_quoted & is_young))
    if not quoted.num_rows:
        raise UserError(f"{path}: holds no archived quote; name a recorded chain or a folder of the archive")
    known = {name: quoted[name].cast(pa.float64()).to_numpy() / units for name, (_, units) in _QUANTA.items()}
    scaled = {_QUANTA[name][0]: pa.array(values, from_pandas=True) for name, values in known.items()}
    return pa.table(
        {
            "quote_ts": quoted["as_of"],
            "underlying": quoted[_UNDERLYING],
            "root": quoted["root"],
            "underlying_price": quoted["spot"],
            "expiry": quoted["expiry"],
            "strike": quoted["strike_thousandths"].cast(pa.float64()).to_numpy() / THOUSANDTH,
            "right": np.where(quoted["put_call"].to_numpy() > 0, "C", "P"),
            "multiplier": quoted["multiplier"].cast(pa.float64()),
            **{name: column for name, column in scaled.items() if name != "quoted_level"},
        }
    )


_NOTHING = ARCHIVED.append(pa.field(_UNDERLYING, pa.string())).empty_table()
_QUANTA = {
    "bid_cents": ("bid", CENT),
    "ask_cents": ("ask", CENT),
    "last_cents": ("last", CENT),
    "bid_size": ("bid_size", 1),
    "ask_size": ("ask_size", 1),
    "volume": ("volume", 1),
    "open_interest": ("open_interest", 1),
    "iv_1e4": ("iv", IV_UNIT),
    "level_thousandths": ("quoted_level", THOUSANDTH),
}
"""Archived column: the chain's column, and how many of the archive's units make one of the chain's."""


_TOO_LARGE = 2.0**31 - 1


def _archived(snapshot: ChainSnapshot, account: str, carries: Mapping[str, Carry]) -> pa.Table:
    table, count = snapshot.table, snapshot.table.num_rows
    u = table["underlying_id"].to_numpy()
    held = [carries[symbol] for symbol in snapshot.underlyings]
    columns: dict[str, object] = {
        "as_of": pa.repeat(pa.scalar(snapshot.as_of, ARCHIVED.field("as_of").type), count),
        "account": pa.repeat(account, count),
        "snapshot": pa.repeat(snapshot.id, count),
        "root": [contract.root for contract in snapshot.contracts],
        "expiry": [contract.expiry for contract in snapshot.contracts],
        "put_call": table["put_call"],
        "strike_thousandths": _whole(table["strike"].to_numpy(), THOUSANDTH),
        "con_id": [contract.con_id for contract in snapshot.contracts],
        "multiplier": [contract.multiplier for contract in snapshot.contracts],
        "spot": pa.array(table["spot"].to_numpy(), from_pandas=True),
        "rate": np.array([carry.rate for carry in held])[u] if count else [],
        "dividend": np.array([carry.dividend for carry in held])[u] if count else [],
        "atm_iv": pa.array(table["atm_iv"].to_numpy(), from_pandas=True),
        "forward": pa.array(table["forward"].to_numpy(), from_pandas=True),
        "forward_from": table["forward_from"],
        "age_s": _whole(snapshot.as_of.timestamp() - table["quoted_at"].to_numpy(), 1),
        **{name: _whole(table[column].to_numpy(), units) for name, (column, units) in _QUANTA.items()},
    }
    return pa.table({field.name: columns[field.name] for field in ARCHIVED}, schema=ARCHIVED)


def _whole(values: np.ndarray, units: int) -> pa.Array:
    """Whole numbers of units; null where there was no number, or one that has no room."""
    absent = ~(np.abs(values) * units < _TOO_LARGE)
    return pa.array(np.rint(np.where(absent, 0, values) * units).astype(np.int32), mask=absent)


def _floats(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _write(rows: pa.Table, path: Path, symbol: str) -> None:
    """Whole or not at all: readers glob for `*.parquet` at any time."""
    trial = path.with_suffix(".tmp")
    with pq.ParquetWriter(trial, ARCHIVED, **_LEAN) as file:
        file.write_table(rows)
        file.add_key_value_metadata({_FORM: _VERSION, _UNDERLYING: symbol})
    trial.replace(path)


def _read(path: Path) -> pa.Table:
    """The rows with their underlying."""
    try:
        with pq.ParquetFile(path) as file:
            table, symbol = _complete(file.read()).cast(ARCHIVED), (file.metadata.metadata or {})[_UNDERLYING.encode()].decode()
    except (pa.ArrowInvalid, KeyError, OSError) as error:
        raise UserError(f"{path}: cannot be read as an archived chain ({error})") from error
    return table.append_column(_UNDERLYING, pa.repeat(symbol, table.num_rows))


def _complete(table: pa.Table) -> pa.Table:
    """The columns that an older archive did not have yet are there and empty."""
    for name in ARCHIVED.names[len(table.column_names) :]:
        table = table.append_column(name, pa.nulls(table.num_rows, ARCHIVED.field(name).type))
    return table


def _path(folder: Path, as_of: datetime, symbol: str) -> Path:
    instant = as_of.astimezone(UTC)
    return folder / f"date={instant:%Y-%m-%d}" / f"underlying={quote(symbol, safe='')}" / f"{instant:%H%M%S%f}.parquet"


def _instants(path: Path) -> dict[datetime, list[Path]]:
    """The files by their instant, as their names and folders tell it, or the rows of a file that was moved."""
    found: dict[datetime, list[Path]] = {}
    for file in [path] if path.is_file() else sorted(path.glob("**/*.parquet")):
        if (instant := _instant(file)) is not None:
            found.setdefault(instant, []).append(file)
    return found


def _last_of_each(held: Mapping[datetime, Sequence[Path]], until: datetime, underlyings: Collection[str]) -> list[Path]:
    found: dict[str, Path] = {}
    for instant in sorted(one for one in held if one <= until and trading_day(one) == trading_day(until)):
        found |= {symbol: file for file in held[instant] if (symbol := _symbol(file)) in underlyings}
    return list(found.values())


def _symbol(file: Path) -> str:
    """The underlying of a file, as its folder tells it, or the file itself where it was moved."""
    named = file.parent.name.removeprefix("underlying=")
    if named != file.parent.name:
        return unquote(named)
    held = _read(file)
    return held[_UNDERLYING][0].as_py() if len(held) else ""


def _instant(file: Path) -> datetime | None:
    try:
        return datetime.strptime(f"{file.parent.parent.name} {file.stem} +0000", "date=%Y-%m-%d %H%M%S%f %z")
    except ValueError:
        if not is_archived(file):
            return None
    held = _read(file)["as_of"]
    return held[0].as_py().astimezone(UTC) if len(held) else None
