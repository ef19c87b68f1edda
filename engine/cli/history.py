"""SQL over the history: one question, a prompt, or what comes through a pipe."""

import importlib
import json
import re
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from engine.cli.client import needs_journal
from engine.cli.options import STATE, State
from engine.cli.show import Format, Row, say, show
from engine.domain.errors import UserError
from engine.store import journal
from engine.store.folder import is_state_folder
from engine.store.history import Answer
from engine.store.history import query as ask

LIMIT = 1_000
LIMIT_MAX = 1_000_000
"""Rows that are put together in memory before the first is printed."""
SQL_BYTES_MAX = 1_000_000
VIEWS = """
SELECT table_name AS view, string_agg(column_name, ', ' ORDER BY ordinal_position) AS columns
FROM information_schema.columns
GROUP BY table_name
ORDER BY table_name"""
_MOVES_TIMES = re.compile(r"\btime\s*zone\b|\bstrptime\b|\bset\s+timezone\b", re.IGNORECASE)
"""Words by which a question may bring instants to another clock than that of the views."""
HELP = r"a statement ends with ;   \d lists the views   \d NAME describes one   \q leaves"


def query(sql: str | None = None, *, state: State = STATE, format: Format = "table", limit: int = LIMIT) -> int:  # noqa: A002
    r"""Ask the history in SQL (DuckDB), also while the engine runs. Without SQL: a prompt, or what comes through a pipe.

    Parameters
    ----------
    sql
        One SELECT over the views; `spreads query "\d"` lists them.
    format
        table, json or csv.
    limit
        Rows shown at most.
    """
    if not 1 <= limit <= LIMIT_MAX:
        raise UserError(f"--limit {limit}: between 1 and {LIMIT_MAX:,} rows")
    with _history(state) as folder:
        if sql is None and sys.stdin is not None and sys.stdin.isatty():
            say(f"history of {state}; {HELP}")
            _prompt(folder, format, limit)
            return 0
        for statement in _statements(_piped() if sql is None else sql):
            _answer(folder, statement, format, limit)
    return 0


@contextmanager
def _history(state: Path) -> Generator[Path]:
    """The folder that is asked: this one, or an empty one in its place where its engine has not written yet.

    Raises UserError where the folder is none of an engine. Asking never makes anything in it.
    """
    if (state / journal.FOLDER).is_dir() or not is_state_folder(state):
        needs_journal(state)
        yield state
        return
    with TemporaryDirectory() as empty:
        (Path(empty) / journal.FOLDER).mkdir()
        yield Path(empty)


def _piped() -> str:
    text = "" if sys.stdin is None else sys.stdin.read(SQL_BYTES_MAX + 1)
    if not text.strip():
        raise UserError(
            'nothing to ask; write spreads query "SELECT * FROM orders", or `spreads query` on a terminal for a prompt'
        )
    if len(text) > SQL_BYTES_MAX:
        raise UserError(f"this is more than {SQL_BYTES_MAX:,} characters of SQL; one question is a page or two")
    return text


def _statements(text: str) -> Iterator[str]:
    r"""The statements of a text one by one; `\d` and `\d NAME` are statements too."""
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UserError("the query cannot be read: it holds bytes that are no text in UTF-8")
    described = re.fullmatch(r"\\d(?:\s+(\w+))?\s*;?", text.strip())
    if described is not None:
        yield f"DESCRIBE {described[1]}" if described[1] else VIEWS
        return
    try:
        found = [statement.query.strip() for statement in duckdb.extract_statements(text)]
    except duckdb.Error as error:
        raise UserError(_one_sentence(f"the query cannot be read: {error}")) from error
    if not found:
        raise UserError("nothing to ask: there is no statement in this")
    yield from found


def _answer(state: Path, sql: str, form: Format, limit: int) -> None:
    try:
        answer = ask(state, sql, max_rows=limit)
    except UserError as error:
        raise UserError(_one_sentence(str(error))) from error
    columns, rows = _rows(answer)
    if form == "table":
        columns = _worth_a_column(columns, rows)
        columns, rows = _with_zones(columns, rows, sql)
    show(rows, columns, form, empty="no rows")
    if answer.is_cut:
        say(f"the first {limit:,} rows; --limit shows more")


def _rows(answer: Answer) -> tuple[list[str], Sequence[Row]]:
    """Rows by column name, each name once; JSON columns as what they say."""
    names: list[str] = []
    for name in answer.columns:
        same = sum(known == name or known.startswith(f"{name}_") for known in names) if name in names else 0
        names.append(f"{name}_{same + 1}" if same else name)
    nested = [kind == "JSON" for kind in answer.types]
    rows = [
        {
            name: json.loads(value) if is_json and isinstance(value, str) else value
            for name, is_json, value in zip(names, nested, row, strict=True)
        }
        for row in answer.rows
    ]
    return names, rows


def _worth_a_column(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """The columns that say something: a view over all kinds of facts has one for every field of every kind."""
    said = [column for column in columns if any(row[column] is not None for row in rows)]
    if not said or len(said) == len(columns):
        return list(columns)
    left_out = len(columns) - len(said)
    hidden = "1 column" if left_out == 1 else f"{left_out} columns"
    say(f"not shown: {hidden} without a value; --format csv has all")
    return said


def _with_zones(columns: Sequence[str], rows: Sequence[Row], sql: str) -> tuple[list[str], list[Row]]:
    """The same with the zone in the head of each column of instants. A question that moves them itself gets what it wrote."""
    if _MOVES_TIMES.search(sql):
        return list(columns), list(rows)
    heads = {name: f"{name} (UTC)" if any(isinstance(row[name], datetime) for row in rows) else name for name in columns}
    return list(heads.values()), [{heads[name]: row[name] for name in columns} for row in rows]


def _one_sentence(text: str) -> str:
    """A refusal without DuckDB's drawing of the line."""
    return " ".join(text.partition("\n\nLINE ")[0].split())


def _prompt(state: Path, form: Format, limit: int) -> None:
    r"""Questions line by line until `\q` or the end of input."""
    importlib.import_module("readline")  # gives input() its editing keys and its memory of lines

    kept: list[str] = []
    while True:
        try:
            line = input("      -> " if kept else "history> ")
        except EOFError:
            say("")
            return
        except KeyboardInterrupt:
            say("")
            kept = []
            continue
        kept = _heard(state, form, limit, [*kept, line])
        if kept == [r"\q"]:
            return


def _heard(state: Path, form: Format, limit: int, kept: list[str]) -> list[str]:
    r"""Answers what is complete; the lines of a statement that goes on, or `\q` alone."""
    text = "\n".join(kept).strip()
    if not text:
        return []
    if len(kept) == 1 and text.startswith("\\"):
        if text in {r"\q", r"\quit"}:
            return [r"\q"]
        if not re.fullmatch(r"\\d(?:\s+\w+)?;?", text):
            say(HELP)
            return []
    elif not text.endswith(";"):
        return kept
    try:
        for statement in _statements(text):
            _answer(state, statement, form, limit)
    except UserError as error:
        say(str(error))
    except KeyboardInterrupt:
        say("stopped")
    return []
