"""The history for people: `state/history.duckdb` with views only, and single questions to it.

The file is swapped in whole and never held open by the engine, so that the `duckdb` shell and notebooks read it at any time, also
while the engine runs. Its views name the state folder by its absolute path; after a move `write_views` writes it anew.
`query` attaches it read-only, or makes the same views in memory where somebody holds the file for writing or an engine has not
made all that they read: asking makes no folder. It runs SELECT only and reaches no files but the journal's, the explanations' and
the archive's. `questions` is for several in a row: making the views takes longer than most answers.
"""

import os
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Protocol

import duckdb
import pyarrow.parquet as pq

from engine.domain.errors import UserError
from engine.store import chains, explanations, journal, views

DATABASE = "history.duckdb"
TEXT = "history.sql"
MAX_ROWS = 10_000
"""Rows handed to a person; more is a task for the duckdb shell."""
TIMEOUT_S = 30.0
_MEMORY = "1GB"
"""A question must not push the engine beside it out of memory."""
_STORAGE = "v1.2.0"
"""So that a `duckdb` shell older than the library opens the file too."""
_READS = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.MULTI})
"""SELECT, FROM, WITH, DESCRIBE, SUMMARIZE and SHOW are the first for DuckDB, PIVOT is the second."""


@dataclass(frozen=True, slots=True)
class Answer:
    columns: tuple[str, ...]
    types: tuple[str, ...]
    """DuckDB's names."""
    rows: list[tuple[object, ...]]
    is_cut: bool
    """True where there were more than the rows asked for."""


def write_views(state: Path) -> Path:
    """The database file, written anew where it is missing or speaks of another folder or version, and what its views read.

    Raises UserError when it cannot be written.
    """
    state = state.resolve()
    script = _script(state, state)
    database, text = state / DATABASE, state / TEXT
    trial = state / f"{DATABASE}.{os.getpid()}.tmp"
    try:
        _make_sources(state)
        if database.exists() and text.exists() and text.read_text() == script:
            return database
        trial.unlink(missing_ok=True)
        with duckdb.connect(trial, config={"storage_compatibility_version": _STORAGE}) as connection:
            connection.execute(script)
        trial.replace(database)
        text.write_text(script)
    except (OSError, duckdb.Error) as error:
        with suppress(OSError):
            # On a full disk what was begun would take the last room from the journal.
            for begun in state.glob(f"{trial.name}*"):
                begun.unlink()
        raise UserError(f"{database}: the views cannot be written ({error}); history stays readable where it was") from error
    return database


def query(state: Path, sql: str, *, max_rows: int = MAX_ROWS, timeout_s: float = TIMEOUT_S) -> Answer:
    """The answer to one SELECT over the history.

    Raises UserError when the folder is none of an engine, the text is not one SELECT or DuckDB refuses it, or it takes too long.
    """
    with questions(state) as ask:
        return ask(sql, max_rows=max_rows, timeout_s=timeout_s)


class Ask(Protocol):
    """One question, as `query` answers it."""

    def __call__(self, sql: str, *, max_rows: int = MAX_ROWS, timeout_s: float = TIMEOUT_S) -> Answer:
        """The answer to one SELECT over the history. Raises UserError as `query` does."""
        ...


@contextmanager
def questions(state: Path) -> Generator[Ask]:
    """A history to be asked several times, one question after the other; each answer is of what is written by then.

    Raises UserError when the folder is none of an engine.
    """
    if not (state / journal.FOLDER).is_dir():
        raise UserError(f"{state}: no journal here; name the state folder of an engine with --state")
    with _reader(state.resolve()) as connection:

        def ask(sql: str, *, max_rows: int = MAX_ROWS, timeout_s: float = TIMEOUT_S) -> Answer:
            return _answer(connection, sql, max_rows, timeout_s)

        yield ask


def _answer(connection: duckdb.DuckDBPyConnection, sql: str, max_rows: int, timeout_s: float) -> Answer:
    _check(sql)
    timer = Timer(timeout_s, connection.interrupt)
    timer.start()
    try:
        asked = _asked(connection, sql)
        rows = asked.fetchmany(max_rows + 1)
        described = asked.description or []
    except duckdb.InterruptException as error:
        raise UserError(
            f"the query took longer than {timeout_s:g} s and was stopped; ask for less, or use the duckdb shell"
        ) from error
    except duckdb.Error as error:
        raise UserError(f"the query was refused: {error}") from error
    finally:
        timer.cancel()
    return Answer(tuple(c[0] for c in described), tuple(str(c[1]) for c in described), rows[:max_rows], len(rows) > max_rows)


def _check(sql: str) -> None:
    try:
        found = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise UserError(f"the query cannot be read: {error}") from error
    if len(found) != 1 or found[0].type not in _READS:
        raise UserError("the history answers one SELECT at a time and is never changed; this is another statement, or several")


def _asked(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    """The query under way. Instants with a zone, as of `now()`, come out in UTC without one, as ours do."""
    asked = connection.execute(sql)
    zoned = [str(column[0]) for column in asked.description or [] if str(column[1]) == "TIMESTAMP WITH TIME ZONE"]
    if not zoned:
        return asked
    names = [f'"{name.replace(chr(34), 2 * chr(34))}"' for name in zoned]
    plain = ", ".join(f"make_timestamp(epoch_us({name})) AS {name}" for name in names)
    return connection.execute(f"SELECT * REPLACE ({plain}) FROM ({sql.rstrip().rstrip(';')})")  # noqa: S608 - checked: one SELECT


@contextmanager
def _reader(state: Path) -> Generator[duckdb.DuckDBPyConnection]:
    """A database in memory that sees the views, and from then on opens no other files and changes no settings.

    DuckDB lets the allowed folders be written as well as read; that only SELECT runs is what keeps them as they are.
    """
    connection = duckdb.connect(":memory:")
    with TemporaryDirectory() as blank, closing(connection):
        _bring_views(connection, state, Path(blank))
        folders = [place / name for name in _SOURCES for place in (state, Path(blank))]
        allowed = ", ".join(views.quoted(name) for folder in folders for name in {str(folder), _literal(folder)})
        for setting in (
            f"memory_limit = '{_MEMORY}'",
            "temp_directory = ''",
            "enable_progress_bar = false",
            f"allowed_directories = [{allowed}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            connection.execute(f"SET {setting}")
        yield connection


def _bring_views(connection: duckdb.DuckDBPyConnection, state: Path, blank: Path) -> None:
    try:
        if not all(_has_source(state, name) for name in _SOURCES):
            raise UserError(f"{state}: no engine of this version has run here")
        database = write_views(state)
        connection.execute(f"ATTACH {views.quoted(str(database))} AS history (READ_ONLY)")
        connection.execute("USE history")
    except (UserError, duckdb.IOException):
        # Somebody writes in the file, or nobody may: the views do not need it.
        try:
            _make_sources(blank)
            connection.execute(_script(state, blank))
        except duckdb.Error as error:
            raise UserError(f"{state}: the history cannot be read ({error})") from error


_SOURCES = {journal.FOLDER: "*.jsonl", explanations.FOLDER: "*.jsonl*", chains.FOLDER: "**/*.parquet"}
"""The folders that the views read, and the files in them."""


def _has_source(state: Path, name: str) -> bool:
    return any((state / name).glob(_SOURCES[name]))


def _script(state: Path, blank: Path) -> str:
    """The views over a state folder; what is not there yet is read from `blank`."""
    places = [(state if _has_source(state, name) else blank) / name for name in _SOURCES]
    patterns = (f"{_literal(place)}/{files}" for place, files in zip(places, _SOURCES.values(), strict=True))
    return "\n\n".join(views.statements(*patterns)) + "\n"


def _literal(folder: Path) -> str:
    """The folder in a glob pattern: what it is called stands for itself. DuckDB asks for permission under this name too."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(folder))


def _make_sources(state: Path) -> None:
    """Empty line files and an empty chain, because DuckDB refuses a pattern that matches nothing."""
    chain = state / chains.FOLDER / "date=1970-01-01" / "underlying=none" / "empty.parquet"
    for name in (journal.FOLDER, explanations.FOLDER):
        lines = state / name / "empty.jsonl"
        if not lines.exists():
            lines.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lines.touch()
    if not chain.exists():
        chain.parent.mkdir(parents=True, exist_ok=True)
        trial = chain.with_suffix(".tmp")
        pq.write_table(chains.ARCHIVED.empty_table(), trial)
        trial.replace(chain)
