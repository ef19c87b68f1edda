"""Writes what a table shows, exactly: the columns in their order, the rows that pass the filter, values as they are."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime

from engine.domain.errors import UserError
from engine.domain.session import NEW_YORK

CSV, PARQUET, CLIPBOARD = "CSV file", "Parquet file", "clipboard"
EXPORTS = (CSV, PARQUET, CLIPBOARD)


def file_name(kind: str, stem: str, at: datetime | None) -> str:
    """What a file of this kind is called."""
    stamp = f"-{at.astimezone(NEW_YORK):%Y%m%d-%H%M%S}" if at is not None else ""
    return f"{stem}{stamp}.{'csv' if kind == CSV else 'parquet'}"


def as_file(kind: str, names: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """The rows as a file of this kind. Raises UserError where a column cannot be written."""
    return as_csv(names, rows).encode() if kind == CSV else as_parquet(names, rows)


def as_csv(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The rows below their names; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()


def as_parquet(names: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """The rows as a Parquet file. Raises UserError where values of one column are of several kinds."""
    import pyarrow as pa  # noqa: PLC0415 - tens of megabytes that a console without an export is spared
    import pyarrow.parquet as pq  # noqa: PLC0415

    file = io.BytesIO()
    try:
        columns = {name: pa.array([row[at] for row in rows]) for at, name in enumerate(names)}
        pq.write_table(pa.table(columns), file)
    except pa.ArrowException as error:
        raise UserError(f"the columns cannot be written as Parquet: {error}") from error
    return file.getvalue()
