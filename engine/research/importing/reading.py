"""Reads a vendor's files and writes recorded chains of our schema, streamed: what came, what was left out, what is unknown.

One Parquet file for each of theirs, in `quote_ts` order, never more of it in memory than DuckDB is allowed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from engine.domain.errors import UserError
from engine.domain.index_classes import INDEX_CLASSES, INDEXES
from engine.domain.session import NEW_YORK
from engine.research.importing.maps import DEFINITIONS, VENDORS, Vendor
from engine.research.importing.sql import KEYS, VALUES, Missing, minutes_of, query_of, unknown_of
from engine.runtime.clock import SystemClock
from engine.runtime.schedule import sessions_between

BATCH = 100_000
_MEMORY = "2GB"
_FIRST_YEAR = 1990
_PARQUET = b"PAR1"
_REGULAR_CLOSE = time(16, 0)
_SCHEMA = pa.schema(
    [
        pa.field("quote_ts", pa.timestamp("us", tz="UTC")),
        pa.field("underlying", pa.string()),
        pa.field("root", pa.string()),
        pa.field("expiry", pa.date32()),
        pa.field("strike", pa.float64()),
        pa.field("right", pa.string()),
        *(pa.field(name, pa.float64()) for name in VALUES),
        pa.field("source", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file."""

    path: Path
    written: Path | None
    """None where no row was ours."""
    rows: int
    """Rows written, an option at an instant each."""
    dropped: Mapping[str, int]
    """Rows left out, by why."""
    unknown: tuple[str, ...]
    """Columns of ours that the file has nothing for: conditions on them are unknown, and never pass."""
    underlyings: tuple[str, ...]


def imported(vendor: str, paths: Sequence[Path], into: Path, underlying: str | None) -> Iterator[Imported]:
    """Each file as it is done. `underlying` names it where the file does not; else the beginning of the file's name does.

    Raises UserError where a file is missing or has none of the vendor's layouts, or the folder cannot be written.
    """
    with duckdb.connect(":memory:", config={"memory_limit": _MEMORY, "threads": 2}) as connection:
        for name, table in (("classes", _classes()), ("roots", _roots()), ("sessions", _sessions())):
            connection.register(name, table)
        names = {path: _named(connection, path) for path in paths}
        definitions = [path for path in paths if names[path].keys() >= DEFINITIONS]
        for path in paths:
            if path not in definitions:
                yield _file(connection, vendor, path, definitions, into, underlying)


def _file(
    connection: duckdb.DuckDBPyConnection,
    vendor: str,
    path: Path,
    definitions: Sequence[Path],
    into: Path,
    underlying: str | None,
) -> Imported:
    names = _viewed(connection, path, definitions)
    layout = _layout(vendor, path, names)
    try:
        query = query_of(layout, names, (underlying or _symbol(path)).upper())
    except Missing as error:
        way_out = "name the definitions of its days too" if layout.name == "databento" else "name the file that has them"
        raise UserError(f"{path}: lacks the columns for {error}; {way_out}") from None
    written = into / f"{path.name.split('.')[0]}.parquet"
    counted = f"SELECT dropped, count(*) FROM ({query}) WHERE dropped IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608 - names of columns and fixed text
    try:
        dropped = dict(connection.execute(counted).fetchall())
        rows, underlyings = _write(connection, minutes_of(query) if layout.per_minute else query, written, vendor)
    except duckdb.Error as error:
        raise UserError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from error
    except OSError as error:
        raise UserError(f"{written}: cannot be written ({error.strerror}); name another folder with --to") from error
    return Imported(path, written if rows else None, rows, dropped, tuple(unknown_of(layout, names)), underlyings)


def _write(connection: duckdb.DuckDBPyConnection, query: str, path: Path, vendor: str) -> tuple[int, tuple[str, ...]]:
    """Rows and underlyings that were written, in batches; the file is there whole or not at all."""
    columns = ", ".join(f'"{name}"' for name in ("quote_ts", *KEYS, *VALUES))
    ordered = (
        f'SELECT {columns} FROM ({query}) WHERE dropped IS NULL ORDER BY quote_ts, underlying, root, expiry, strike, "right"'  # noqa: S608 - names of columns and fixed text
    )
    reader: Iterable[pa.RecordBatch] = connection.sql(ordered).to_arrow_reader(BATCH)
    rows, underlyings, trial = 0, set[str](), path.with_suffix(".tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(trial, _SCHEMA, compression="zstd") as file:
        for batch in reader:
            table = pa.Table.from_batches([batch])
            underlyings |= set(table["underlying"].unique().to_pylist())
            rows += table.num_rows
            held = [table[name] for name in table.column_names]
            held[0] = held[0].cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
            file.write_table(pa.table([*held, pa.repeat(vendor, table.num_rows)], names=_SCHEMA.names).cast(_SCHEMA))
    if rows:
        trial.replace(path)
    else:
        trial.unlink()
    return rows, tuple(sorted(underlyings))


def _viewed(connection: duckdb.DuckDBPyConnection, path: Path, definitions: Sequence[Path]) -> Mapping[str, str]:
    """The names of the file as the view `raw`, joined with the definitions of its instruments where there are any."""
    names = _named(connection, path)
    if not definitions:
        connection.execute(f"CREATE OR REPLACE VIEW raw AS SELECT * FROM {_source(path)}")  # noqa: S608 - names of columns and fixed text
        return names
    wanted = ("underlying", "expiration", "strike_price", "instrument_class", "raw_symbol")
    parts: list[str] = []
    for one in definitions:
        theirs = _named(connection, one)
        columns = ", ".join(f'"{theirs[name]}"::VARCHAR AS {name}' if name in theirs else f"NULL AS {name}" for name in wanted)
        parts.append(f'SELECT "{theirs["instrument_id"]}"::VARCHAR AS instrument_id, {columns} FROM {_source(one)}')  # noqa: S608 - names of columns and fixed text
    values = ", ".join(f"any_value({name}) AS {name}" for name in wanted)
    defined = f"SELECT instrument_id, {values} FROM ({' UNION ALL '.join(parts)}) GROUP BY instrument_id"  # noqa: S608 - names of columns and fixed text
    own = ", ".join(f'q."{theirs}"' for name, theirs in names.items() if name not in wanted)
    connection.execute(
        f"CREATE OR REPLACE VIEW raw AS SELECT {own}, {', '.join(f'd.{name}' for name in wanted)}"  # noqa: S608 - names of columns and fixed text
        f' FROM {_source(path)} AS q LEFT JOIN ({defined}) AS d ON d.instrument_id = q."{names["instrument_id"]}"::VARCHAR'
    )
    return {name: theirs for name, theirs in names.items() if name not in wanted} | {name: name for name in wanted}


def _named(connection: duckdb.DuckDBPyConnection, path: Path) -> Mapping[str, str]:
    """Names of the columns without brackets and blanks, and as the file has them. Raises UserError where it is no table."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; name CSV or Parquet files of the vendor")
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {_source(path)}").fetchall()  # noqa: S608 - names of columns and fixed text
    except duckdb.Error as error:
        raise UserError(f"{path}: is neither a CSV nor a Parquet file ({str(error).splitlines()[0]})") from error
    return {str(row[0]).strip().strip("[]").strip(): str(row[0]) for row in described}


def _source(path: Path) -> str:
    """The file as a table; of text every value as text, so that nothing is guessed."""
    quoted = str(path.resolve()).replace("'", "''")
    with path.open("rb") as file:
        is_parquet = file.read(len(_PARQUET)) == _PARQUET
    return f"read_parquet('{quoted}')" if is_parquet else f"read_csv('{quoted}', all_varchar = true, header = true)"


def _layout(vendor: str, path: Path, names: Mapping[str, str]) -> Vendor:
    layouts = [layout for layout in VENDORS if layout.name == vendor]
    found = next((layout for layout in layouts if layout.marks <= names.keys()), None)
    if found is None:
        missing = min((sorted(layout.marks - names.keys()) for layout in layouts), key=len)
        raise UserError(f"{path}: is not laid out as files of {vendor}: lacks {', '.join(missing)}")
    return found


def _symbol(path: Path) -> str:
    """What the name of a file begins with: spx_eod_202301.txt is of SPX."""
    letters = path.name.replace("-", "_").replace(".", "_").split("_")[0]
    return letters if letters.isalpha() else ""


def _classes() -> pa.Table:
    """For each index the class of an option where no file says it: the only one, or the only one that settles at the close."""
    rows: list[dict[str, object]] = []
    for index in sorted(INDEXES):
        roots = [root for root, one in INDEX_CLASSES.items() if one.underlying == index]
        closing = [root for root in roots if INDEX_CLASSES[root].settlement == "PM"]
        rows.append(
            {
                "underlying": index,
                "is_index": True,
                "only_class": roots[0] if len(roots) == 1 else None,
                "afternoon_class": closing[0] if len(closing) == 1 else None,
            }
        )
    kinds = {"underlying": pa.string(), "is_index": pa.bool_(), "only_class": pa.string(), "afternoon_class": pa.string()}
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def _roots() -> pa.Table:
    return pa.table({"root": list(INDEX_CLASSES), "underlying": [one.underlying for one in INDEX_CLASSES.values()]})


def _sessions() -> pa.Table:
    """The exchange's days up to today: close, the regular close, and by how many seconds UTC is ahead of New York."""
    sessions = sessions_between(date(_FIRST_YEAR, 1, 1), SystemClock().now().date())
    regular = [datetime.combine(session.day, _REGULAR_CLOSE, NEW_YORK).astimezone(UTC) for session in sessions]
    return pa.table(
        {
            "day": pa.array([session.day for session in sessions], pa.date32()),
            "close": pa.array([session.close.replace(tzinfo=None) for session in sessions], pa.timestamp("us")),
            "regular_close": pa.array([one.replace(tzinfo=None) for one in regular], pa.timestamp("us")),
            "offset_s": [(one.hour - _REGULAR_CLOSE.hour) % 24 * 3600 for one in regular],
        }
    )
