"""The chain as one row whose columns are lists: the numbers of a known row are picked out of them instead of joined.

To fetch the legs of a few combinations by joins, DuckDB builds a table for each leg and sets up what moves every column of it:
for 256 condors two milliseconds and more, most of them whatever their number. A list is Arrow's over the buffers of its column:
nothing is copied to make one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

CELLS: Final = "cells"
"""The relation: one row, each column of the chain as a list by row number."""


def lists_schema(schema: pa.Schema) -> pa.Schema:
    """The columns of the relation for a chain with these columns."""
    return pa.schema([pa.field(field.name, pa.list_(field.type)) for field in schema])


def lists_of(table: pa.Table) -> pa.Table:
    """The relation for a chain whose n-th row has the row number n."""
    ends = pa.array([0, table.num_rows], pa.int32())
    values = (column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns)
    arrays = [pa.ListArray.from_arrays(ends, some.chunk(0) if isinstance(some, pa.ChunkedArray) else some) for some in values]
    return pa.Table.from_arrays(arrays, schema=lists_schema(table.schema))


def fetched(best: str, roles: Sequence[str], columns: Sequence[str]) -> str:
    """A relation with the columns of the legs of its rows, as the step `pairs`."""
    of_legs = [f"{CELLS}.{column}[{role}_row_id + 1] AS {role}_{column}" for column in columns for role in roles]
    return f"pairs AS (\n  SELECT {', '.join([f'{best}.*', *of_legs])}\n  FROM {best}, {CELLS}\n)"  # noqa: S608 - fixed text
