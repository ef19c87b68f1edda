"""Rows for people and for programs: a table, JSON or CSV on stdout."""

import csv
import json
import math
import shutil
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

Format = Literal["table", "json", "csv"]
Row = Mapping[str, object]

_GAP = "  "
"""Between two columns."""
_WIDEST = 10_000
"""Characters of a table that no terminal shows: a file or a pager takes whole cells."""


def show(rows: Sequence[Row], columns: Sequence[str], form: Format, *, empty: str = "") -> None:
    """Print rows: JSON keeps every key, table and CSV the columns named. `empty` is said on stderr where there are no rows."""
    match form:
        case "json":
            show_json([dict(row) for row in rows])
        case "csv":
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([_field(row.get(column)) for column in columns] for row in rows)
        case "table":
            if rows:
                _table(rows, columns)
    if not rows and empty:
        say(empty)


def show_json(value: object) -> None:
    """Print one JSON value: instants as ISO text, money as numbers, what is absent or no number as null."""
    print(json.dumps(_plain(value), ensure_ascii=False, allow_nan=False))


def say(text: str) -> None:
    """Narration, on stderr."""
    print(text, file=sys.stderr)


def program() -> str:
    """How this program is called, for a command that a person can type again: by its path where the shell does not find it."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "spreads" and shutil.which("spreads") is None else "spreads"


def pairs(items: Iterable[tuple[str, object]]) -> None:
    """Names and values, one a line, aligned."""
    kept = [(name, _cell(value)) for name, value in items]
    width = max((len(name) for name, _ in kept), default=0)
    for name, value in kept:
        print(f"{name:<{width}}  {value}")


def _table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    numeric = {column for column in columns if all(isinstance(row.get(column), int | float | Decimal | None) for row in rows)}
    cells = {column: _column([row.get(column) for row in rows]) for column in columns}
    wide = None if sys.stdout.isatty() else _WIDEST
    console = Console(file=sys.stdout, width=wide, highlight=False, soft_wrap=False)
    shown = _fitting(cells, numeric, console.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in shown:
        if column in numeric:
            table.add_column(Text(column), justify="right", no_wrap=True)
        else:
            table.add_column(Text(column), overflow="fold")
    for line in zip(*(cells[column] for column in shown), strict=True):
        # Text and not markup: what a file or a broker says may hold square brackets.
        table.add_row(*(Text(cell) for cell in line))
    # Written by us: the library ends the program where the reader has left.
    with console.capture() as drawn:
        console.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))
    if len(shown) < len(columns):
        say(f"no room for {', '.join(column for column in columns if column not in shown)}: a wider terminal, or --format json")


def _fitting(cells: Mapping[str, Sequence[str]], numeric: Collection[str], width: int) -> list[str]:
    """The columns that a terminal has room for: a number is whole or not there, words may go on in the next line. The last
    numbers go first."""
    shown = list(cells)
    least = {
        column: max(len(part) for cell in [column, *values] for part in ([cell] if column in numeric else cell.split() or [""]))
        for column, values in cells.items()
    }
    while sum(least[column] for column in shown) + len(_GAP) * (len(shown) - 1) > width:
        droppable = [column for column in shown if column in numeric]
        if len(droppable) <= 1:
            break
        shown.remove(droppable[-1])
    return shown


def _column(values: Sequence[object]) -> list[str]:
    """The cells of one column; its numbers have the same count of decimals, as many as they need and at most four.

    Where one would do there are two: most such numbers are prices and dollars.
    """
    numbers = [value if isinstance(value, float | Decimal) and math.isfinite(value) else None for value in values]
    known = [number for number in numbers if number is not None]
    most = 2 if any(abs(number) >= 100 for number in known) else 4
    needed = max((len(f"{number:.{most}f}".rstrip("0").partition(".")[2]) for number in known), default=0)
    needed = 2 if needed == 1 else needed
    return [_cell(value) if number is None else f"{number:,.{needed}f}" for value, number in zip(values, numbers, strict=True)]


def _cell(value: object) -> str:
    """A value for a person."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float() if not math.isfinite(value):
            return "-"
        case float():
            return f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.2f}"
        case datetime():
            return value.isoformat(sep=" ", timespec="milliseconds" if value.microsecond else "seconds")
        case list() | tuple():
            return "; ".join(_cell(part) for part in value)
        case dict():
            return json.dumps(_plain(value), ensure_ascii=False)
        case _:
            return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in str(value))


def _field(value: object) -> str:
    """A value for a program: nothing where it is absent, digits without separators."""
    match _plain(value):
        case None:
            return ""
        case bool() as flag:
            return "true" if flag else "false"
        case list() | dict() as nested:
            return json.dumps(nested, ensure_ascii=False)
        case plain:
            return str(plain)


def _plain(value: object) -> object:
    """The value in what JSON has."""
    match value:
        case None | bool() | int() | str():
            return value
        case float() | Decimal():
            return float(value) if math.isfinite(value) else None
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return {str(key): _plain(part) for key, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(part) for part in value]
        case _:
            return str(value)
