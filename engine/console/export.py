"""Writes what a table shows, exactly: the columns in their order, the rows that pass the filter, values as they are."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from engine.domain.errors import UserError
from engine.domain.session import NEW_YORK

CSV, PARQUET, CLIPBOARD = "CSV file", "Parquet file", "clipboard"
EXPORTS = (CSV, PARQUET, CLIPBOARD)


def exported(
    kind: str,
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
    stem: str,
    at: datetime | None,
    folder: Path,
    copy: Callable[[str], object],
) -> str:
    """Write the rows, and say where to. Raises UserError where a column cannot be written, OSError where the file cannot."""
    if kind == CLIPBOARD:
        copy(as_csv(names, rows))
        return f"{len(rows)} rows copied"
    stamp = f"-{at.astimezone(NEW_YORK):%Y%m%d-%H%M%S}" if at is not None else ""
    path = folder / f"{stem}{stamp}.{'csv' if kind == CSV else 'parquet'}"
    if kind == CSV:
        path.write_text(as_csv(names, rows), encoding="utf-8")
    else:
        write_parquet(path, names, rows)
    return f"{len(rows)} rows in {path}"


def as_csv(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The rows below their names; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()


def write_parquet(path: Path, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """The rows as a Parquet file. Raises UserError where values of one column are of several kinds."""
    import pyarrow as pa  # noqa: PLC0415 - tens of megabytes that a console without an export is spared
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        columns = {name: pa.array([row[at] for row in rows]) for at, name in enumerate(names)}
        pq.write_table(pa.table(columns), path)
    except pa.ArrowException as error:
        raise UserError(f"{path.name}: {error}") from error
