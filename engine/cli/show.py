"""Rows for people and for programs: a table, JSON or CSV on stdout."""

import csv
import json
import math
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from textwrap import fill, wrap
from typing import Literal, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.domain.errors import UserError

Format = Literal["table", "json", "csv"]
Row = Mapping[str, object]

_COMPLAINT = "spreads: "
_GAP = "  "
"""Between two columns."""
_WIDEST = 10_000
"""Characters of a table that no terminal shows: a file or a pager takes whole cells."""
_NARROWEST = 16
"""A value behind its name gets so many columns at the least; below that a terminal breaks the lines itself."""
_WHOLE, _SENTENCE = 40, 30
"""A cell up to so many characters is a name and stays whole; a longer one is a sentence, which needs so many to be read."""


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
                _rows(rows, columns)
    if not rows and empty:
        say(empty)


def show_told(rows: Sequence[Row], *, empty: str = "") -> None:
    """Print rows whose values are words already, for people: every column of the first row that says something in any."""
    columns = [column for column in rows[0] if any(row[column] is not None for row in rows)] if rows else []
    if rows:
        _rows(rows, columns, leaves_out=True)
    elif empty:
        say(empty)


def show_json(value: object) -> None:
    """Print one JSON value: instants as ISO text, money as numbers, what is absent or no number as null."""
    print(json.dumps(_plain(value), ensure_ascii=False, allow_nan=False))


def say(text: str, indent: str = _GAP) -> None:
    """Narration, on stderr; of a single line, what a terminal has no room for goes on below behind the indent, words whole."""
    print(_folded(text, _columns_of(sys.stderr), indent), file=sys.stderr)


def complain(text: str, hint: str | None = None) -> None:
    """What went wrong, on stderr, and the command that leads on."""
    say(f"{_COMPLAINT}{text}", " " * len(_COMPLAINT))
    if hint:
        print(f"{'':<{len(_COMPLAINT)}}try  {hint}", file=sys.stderr)


def program() -> str:
    """How this program is called, for a command that a person can type again: by its path where the shell does not find it."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "spreads" and shutil.which("spreads") is None else "spreads"


def pairs(items: Iterable[tuple[str, object]]) -> None:
    """Names and values, one a line, aligned; what a terminal has no room for goes on below its own value."""
    kept = [(name, _cell(value)) for name, value in items]
    width = max((len(name) for name, _ in kept), default=0)
    for name, value in kept:
        print("\n".join(_hanging(f"{name:<{width}}{_GAP}", value)))


def line(text: str) -> None:
    """A sentence; what a terminal has no room for goes on below, a little further in."""
    print(_folded(text, columns_of_terminal(), _GAP))


def columns_of_terminal() -> int | None:
    """How wide the terminal is; None where there is none: a file or a pager takes everything."""
    return _columns_of(sys.stdout)


def _columns_of(stream: TextIO) -> int | None:
    """How wide the terminal is that a stream goes to; None where it goes to none, or to one without a width."""
    if not stream.isatty():
        return None
    if stream is sys.stdout or sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def _folded(text: str, columns: int | None, indent: str) -> str:
    """A line as it fits, a narrow terminal without a deep indent. Several lines are a picture of something, and stay."""
    if columns is None or "\n" in text or len(text) <= columns:
        return text
    deep = indent if columns >= 3 * len(indent) else _GAP
    return fill(text, max(_NARROWEST, columns), subsequent_indent=deep, break_long_words=False, break_on_hyphens=False)


def is_attended() -> bool:
    """Whether somebody sits at the terminal who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def is_agreed(done: str, to: str, kept: str) -> bool:
    """Whether a person at the terminal agrees to what was shown: `done` is what would have been ("sent"), `to` what is asked for
    ("close it"), `kept` what a no leaves, and says.

    Raises UserError without a terminal, where nobody can be asked.
    """
    if not is_attended():
        raise UserError(f"nothing was {done}: without a terminal nobody can be asked; say --yes to {to} as shown")
    if is_yes(f"\n{to}? [y/N] "):
        return True
    say(f"nothing was {done}; {kept}")
    return False


def is_yes(question: str) -> bool:
    """Whether the person at the terminal says yes; everything else is a no."""
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except EOFError:
        print()
        return False


def _hanging(begins: str, text: str) -> list[str]:
    """The lines of a value behind its name. Words are never cut: a reference must be readable as it is."""
    terminal = columns_of_terminal()
    if terminal is None:
        return f"{begins}{text}".replace("\n", "\n" + " " * len(begins)).split("\n")
    room = max(_NARROWEST, terminal - len(begins))
    filled = (wrap(line, room, break_long_words=False, break_on_hyphens=False) or [""] for line in text.split("\n"))
    parts = [part for lines in filled for part in lines]
    return [begins + parts[0], *(" " * len(begins) + part for part in parts[1:])]


def _rows(rows: Sequence[Row], columns: Sequence[str], *, leaves_out: bool = False) -> None:
    """A table where it fits; else each row is a block, one value a line, in the order of the columns; with `leaves_out` without
    what is absent.
    """
    cells = {column: _column([row.get(column) for row in rows]) for column in columns}
    terminal = columns_of_terminal()
    least = {column: max(_least(text) for text in [column, *values]) for column, values in cells.items()}
    if terminal is None or sum(least.values()) + len(_GAP) * (len(least) - 1) <= terminal:
        _table(rows, cells, least, terminal)
        return
    for number, row in enumerate(rows):
        if number:
            print()
        pairs((column, values[number]) for column, values in cells.items() if not (leaves_out and row.get(column) is None))


def _least(text: str) -> int:
    """Columns that a cell needs: a sentence may go on in the next line, everything else stays whole."""
    longest = max((len(line) for line in text.split("\n")), default=0)
    return longest if longest <= _WHOLE else max(_SENTENCE, *(len(word) for word in text.split()))


def _table(rows: Sequence[Row], cells: Mapping[str, Sequence[str]], least: Mapping[str, int], terminal: int | None) -> None:
    console = Console(file=sys.stdout, width=terminal or _WIDEST, highlight=False, soft_wrap=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in cells:
        if all(isinstance(row.get(column), int | float | Decimal | None) for row in rows):
            table.add_column(Text(column), justify="right", no_wrap=True)
        else:
            table.add_column(Text(column), min_width=least[column], overflow="fold")
    for line in zip(*cells.values(), strict=True):
        # Text and not markup: what a file or a broker says may hold square brackets.
        table.add_row(*(Text(cell) for cell in line))
    # Written by us: the library ends the program where the reader has left.
    with console.capture() as drawn:
        console.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))


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
