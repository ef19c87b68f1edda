"""Rows for people and for programs: a table, JSON or CSV on stdout."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

Format = Literal["table", "json", "csv"]
Row = Mapping[str, object]


def show(rows: Sequence[Row], columns: Sequence[str], form: Format, *, empty: str = "") -> None:
    """Print rows: JSON keeps every key, table and CSV the columns named. `empty` is said on stderr where there are no rows."""
    match form:
        case "json":
            print(json.dumps(rows, default=str, ensure_ascii=False))
        case "csv":
            writer = csv.writer(sys.stdout)
            writer.writerow(columns)
            writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
        case "table":
            if rows:
                _table(rows, columns)
    if not rows and empty:
        say(empty)


def say(text: str) -> None:
    """Narration, on stderr."""
    print(text, file=sys.stderr)


def pairs(items: Iterable[tuple[str, object]]) -> None:
    """Names and values, one a line, aligned."""
    kept = [(name, _cell(value)) for name, value in items]
    width = max((len(name) for name, _ in kept), default=0)
    for name, value in kept:
        print(f"{name:<{width}}  {value}")


def _table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    numeric = {column for column in columns if all(isinstance(row.get(column), int | float | None) for row in rows)}
    for column in columns:
        table.add_column(Text(column.replace("_", " ")), justify="right" if column in numeric else "left", overflow="fold")
    for row in rows:
        # Text and not markup: what a file or a broker says may hold square brackets.
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    wide = None if sys.stdout.isatty() else 200
    Console(file=sys.stdout, width=wide, highlight=False, soft_wrap=False).print(table)


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.2f}"
        case list() | tuple():
            return "; ".join(_cell(part) for part in value)
        case _:
            return str(value)
