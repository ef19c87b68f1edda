"""Runs prepared queries over Arrow tables that change under them.

One in-memory DuckDB, one thread, no files, no network. Each relation is registered once, as an object that hands out
whatever table it holds at that moment; each query is planned once and its EXECUTE parsed once. A scan then costs the
scan: no hand-over, no planning. Never register a name again (prepared statements would go on reading the old
object), and never prepare an ASOF join (its second run takes the database down).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from engine.compile.functions import FUNCTIONS
from engine.compile.sql import Query

Row = tuple[Any, ...]
T = TypeVar("T")

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,
}


class SchemaChanged(TypeError):
    """A table came with other columns than the queries were planned for: always a defect."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A query that a scanner knows, over one relation of it."""

    name: str
    relation: str
    query: Query


class Scanner:
    """Owns the connection. Use it from one thread; a table is read only while `rows` runs, so swap buffers between calls."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}
        self._prepared: dict[str, Prepared] = {}
        self._statements: dict[str, duckdb.Statement] = {}
        self._connection = self._connected()

    def relation(self, name: str, schema: pa.Schema) -> None:
        """Declares a relation once; declaring it again with the same columns does nothing. Raises SchemaChanged for
        others."""
        known = self._sources.get(name)
        if known is None:
            source = _Source(schema)
            self._sources[name] = source
            self._connection.register(name, source)
        elif not known.schema.equals(schema):
            raise SchemaChanged(f"relation {name} has other columns than before")

    def prepare(self, query: Query, relation: str) -> Prepared:
        """Plans a query over a declared relation."""
        prepared = Prepared(f"query_{len(self._prepared)}", relation, query)
        self._plan(prepared)
        self._prepared[prepared.name] = prepared
        return prepared

    def forget(self, prepared: Prepared) -> None:
        """Drops a query of a strategy that was replaced."""
        self._prepared[prepared.name] = Prepared(prepared.name, "", Query("", {}))
        if self._statements.pop(prepared.name, None) is not None:
            self._connection.execute(f"DEALLOCATE {prepared.name}")

    def rows(self, prepared: Prepared, table: pa.Table, **beside: pa.Table) -> list[Row]:
        """All rows of the query over this table, and over what stands in other relations. Raises SchemaChanged where a table's
        columns are not those of its relation.

        Where the database has failed it is built anew and the query runs once more.
        """
        return self._over({prepared.relation: table, **beside}, lambda: self._execute(prepared).fetchall())

    def table(self, prepared: Prepared, table: pa.Table) -> pa.Table:
        """The rows of the query as a table that another query can read."""
        # A result that is fetched as Arrow from a statement is copied once more.
        return self._over({prepared.relation: table}, lambda: self._connection.sql(f"EXECUTE {prepared.name}").to_arrow_table())

    def _over(self, tables: Mapping[str, pa.Table], run: Callable[[], T]) -> T:
        for name, held in tables.items():
            if not self._sources[name].schema.equals(held.schema):
                raise SchemaChanged(f"relation {name} has other columns than before")
        for name, held in tables.items():
            self._sources[name].t = held
        try:
            return run()
        except (duckdb.FatalException, duckdb.InternalException):
            self.rebuild()
            return run()
        finally:
            for name in tables:
                self._sources[name].t = None

    def rebuild(self) -> None:
        """A fresh database with the same relations and queries."""
        self._connection.close()
        self._statements.clear()
        self._connection = self._connected()
        for name, source in self._sources.items():
            self._connection.register(name, source)
        for prepared in self._prepared.values():
            if prepared.relation:
                self._plan(prepared)

    def close(self) -> None:
        """Frees the database."""
        _free(self._connection, self._statements)

    def _connected(self) -> duckdb.DuckDBPyConnection:
        connection = _connect()
        # A function of ours holds its connection, and a statement does too: nothing else frees them when the process ends.
        weakref.finalize(self, _free, connection, self._statements)
        return connection

    def _plan(self, prepared: Prepared) -> None:
        self._connection.execute(f"PREPARE {prepared.name} AS {prepared.query.bound()}")
        self._statements[prepared.name] = self._connection.extract_statements(f"EXECUTE {prepared.name}")[0]

    def _execute(self, prepared: Prepared) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(self._statements[prepared.name])


class _Source:
    """What is registered under a relation's name, once for life: hands out the table it holds."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.t: pa.Table | None = None
        self._empty = schema.empty_table()

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return (self._empty if self.t is None else self.t).__arrow_c_stream__(requested_schema)


def _free(connection: duckdb.DuckDBPyConnection, statements: dict[str, duckdb.Statement]) -> None:
    statements.clear()
    connection.close()


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config=_CONFIG)
    for one in FUNCTIONS:
        connection.create_function(one.name, one.call, list(one.arguments), one.result, type="arrow")  # pyright: ignore
    connection.execute("SET lock_configuration = true")
    return connection
