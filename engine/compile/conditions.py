"""Conditions over a small relation, one row an underlying or a position, as one SELECT that answers each of them:
true, false, or NULL for unknown.

The relation has one nullable column for each measure that is used; a measure with an argument is a column of its
own, `sma_50`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from engine.compile.scanner import Prepared, Scanner
from engine.compile.sql import Parameters, Query, Term, Writer
from engine.strategy.expressions.tree import Condition, Measure, measures_in
from engine.strategy.measures.index import declaration
from engine.strategy.units import Unit

Value = float | bool | None
_NOT_A_WORD = re.compile(r"[^A-Z0-9]")


@dataclass(frozen=True, slots=True)
class ConditionsPlan:
    """Conditions of one strategy over one relation, and the columns they look at."""

    table: str
    """Name of the relation."""
    query: Query
    schema: pa.Schema
    measures: tuple[Measure, ...]
    conditions: tuple[Condition, ...]
    looked_at: tuple[tuple[str, ...], ...]
    """Columns that each condition looks at."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one condition says of one row; `holds` None is unknown, `values` are the measures it looked at."""

    condition: Condition
    holds: bool | None
    values: Mapping[str, Value]


def compile_conditions(conditions: Sequence[Condition], table: str) -> ConditionsPlan:
    """A SELECT over `table` with the row's number and one answer for each condition.

    The rows come in any order: to sort so few of them costs DuckDB twice as much as to answer, `answer` puts them in place.
    """
    looked_at = tuple(measures_in(condition.expression) for condition in conditions)
    measures = tuple(dict.fromkeys(measure for some in looked_at for measure in some))
    parameters = Parameters()
    writer = Writer(lambda measure: Term(column_of(measure), may_be_absent=True), parameters)
    answers = [f"{writer.answers(condition.expression)} AS answer_{n}" for n, condition in enumerate(conditions)]
    sql = "\n".join([f"SELECT {', '.join(['row_number', *answers])}", f"FROM {table}"])
    columns = [(column_of(measure), pa.bool_() if _is_flag(measure) else pa.float64()) for measure in measures]
    return ConditionsPlan(
        table=table,
        query=Query(sql, parameters.values),
        schema=pa.schema([("row_number", pa.int32()), *columns]),
        measures=measures,
        conditions=tuple(conditions),
        looked_at=tuple(tuple(dict.fromkeys(column_of(measure) for measure in some)) for some in looked_at),
    )


def column_of(measure: Measure) -> str:
    """Name of the column that holds a measure: its name, then its arguments, then of what else it is taken."""
    other = [_NOT_A_WORD.sub("_", measure.of)] if measure.of else []
    return "_".join([measure.name, *(f"{argument:g}" for argument in measure.arguments), *other])


def answer(
    plan: ConditionsPlan, prepared: Prepared, scanner: Scanner, rows: Sequence[Mapping[str, Value]]
) -> list[tuple[Answer, ...]]:
    """The answers of every row, in the order of the rows; each row has a value for every column of the plan."""
    columns = [pa.array(range(len(rows)), pa.int32())]
    columns += [
        pa.array([row.get(field.name) for row in rows], field.type) for field in plan.schema if field.name != "row_number"
    ]
    found = {number: answers for number, *answers in scanner.rows(prepared, pa.Table.from_arrays(columns, schema=plan.schema))}
    return [
        tuple(
            Answer(condition, holds, {name: row.get(name) for name in names})
            for condition, names, holds in zip(plan.conditions, plan.looked_at, found[number], strict=True)
        )
        for number, row in enumerate(rows)
    ]


def _is_flag(measure: Measure) -> bool:
    return declaration(measure.name, measure.relation).unit is Unit.FLAG
