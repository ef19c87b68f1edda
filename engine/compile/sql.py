"""Expressions of the strategy language as DuckDB SQL.

Columns come in two kinds of absence: NaN in the live buffers of the chain, NULL in the small relations. DuckDB takes
NaN for the greatest number, so `NaN > 0.3` is TRUE there. Every number that may be absent is therefore held against
FINITE, which is false for NaN and unknown for NULL. `least` and `greatest` skip absent arguments in SQL; here one
absent argument makes the result absent. A division by zero is absent.

Prices are cents and conditions name cents, so a value on its bound is the rule and no accident: a credit of $2.00 is
what is left of 8.25 and 6.25, and in binary it may come out a last bit above. What differs by less than EQUAL is
therefore equal, unless both sides are numbers that nothing was computed from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from engine.compile.logic import plain
from engine.strategy.expressions.tree import (
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Expression,
    In,
    Measure,
    Not,
    Number,
    Or,
)

FINITE = "1e308"
EQUAL = "1e-9"
"""Far below a cent and far above the last bit of a million dollars."""
Value = float | int
_NAME = re.compile(r"\$([a-z]\w*)")


@dataclass(frozen=True, slots=True)
class Term:
    """A number in SQL. Where it may be absent it is NaN or NULL in the rows that lack it."""

    sql: str
    may_be_absent: bool
    may_be_zero: bool = True
    is_exact: bool = False
    """True where nothing was computed: a constant, or a column as it was heard."""


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT whose numbers are named parameters `$name`."""

    sql: str
    parameters: Mapping[str, Value]

    def bound(self) -> str:
        """The SELECT with every parameter written as a typed constant.

        DuckDB plans a prepared statement anew at every EXECUTE that carries arguments (three times the cost of the
        scan itself), so the parameters are bound once, when the statement is prepared. Only numbers can stand here.
        """
        return _NAME.sub(lambda found: literal(self.parameters[found[1]]), self.sql)


def literal(value: Value) -> str:
    """A number as a SQL constant that reads back as exactly the same number."""
    if isinstance(value, int):
        return str(int(value))
    if not -1e308 <= value <= 1e308:
        raise ValueError(f"{value} is not finite: no number to compare with")
    digits = repr(float(value))
    return digits if "e" in digits else f"{digits}e0"


class Parameters:
    """Collects the numbers of one query under names."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}

    def named(self, name: str, value: Value) -> str:
        self.values[name] = value
        return f"${name}"

    def numbered(self, value: Value) -> str:
        for name, known in self.values.items():
            if name[0] == "n" and name[1:].isdecimal() and known == value:
                return f"${name}"
        return self.named(f"n{1 + sum(name[0] == 'n' and name[1:].isdecimal() for name in self.values)}", value)


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes conditions and numbers over one relation; `term` tells what a measure is in it."""

    term: Callable[[Measure], Term]
    parameters: Parameters

    def passes(self, condition: Expression) -> str:
        """SQL that is TRUE exactly where the condition is true; FALSE or NULL where it is false or unknown."""
        return self._logic(plain(condition), self._passing)

    def answers(self, condition: Expression) -> str:
        """SQL that is TRUE, FALSE, or NULL where the condition is unknown."""
        return self._logic(plain(condition), self._answering)

    def misses_by(self, condition: Expression) -> str:
        """SQL for how far the condition is from true, as a share of the bound: 0 where it is true, NULL where that
        is not known."""
        return self._miss(plain(condition))

    def number(self, expression: Expression) -> Term:
        """SQL of a number."""
        match expression:
            case Number(value=value):
                return Term(self.parameters.numbered(value), may_be_absent=False, is_exact=True)
            case Measure():
                return self.term(expression)
            case Arithmetic(op="/", left=left, right=right):
                a, b = self.number(left), self.number(right)
                if not b.may_be_zero:
                    return Term(f"({a.sql} / {b.sql})", a.may_be_absent or b.may_be_absent)
                return Term(f"({a.sql} / nullif({b.sql}, 0))", may_be_absent=True)
            case Arithmetic(op=op, left=left, right=right):
                a, b = self.number(left), self.number(right)
                return Term(f"({a.sql} {op} {b.sql})", a.may_be_absent or b.may_be_absent)
            case Call(name=name, arguments=arguments):
                return self._call(name, [self.number(argument) for argument in arguments])
            case Compare() | Between() | In() | And() | Or() | Not():
                raise TypeError(f"{expression} is a condition, wanted a number")
            case _:
                assert_never(expression)

    def _call(self, name: str, terms: list[Term]) -> Term:
        called = f"{name}({', '.join(term.sql for term in terms)})"
        guards = [f"{term.sql} <= {FINITE}" for term in terms if term.may_be_absent]
        if name == "abs" or not guards:
            return Term(called, bool(guards))
        return Term(f"CASE WHEN {' AND '.join(guards)} THEN {called} END", may_be_absent=True)

    def _logic(self, condition: Expression, atom: Callable[[Compare], str]) -> str:
        match condition:
            case And(parts=parts):
                return "(" + " AND ".join(self._logic(part, atom) for part in parts) + ")"
            case Or(parts=parts):
                return "(" + " OR ".join(self._logic(part, atom) for part in parts) + ")"
            case Measure():
                return self.term(condition).sql
            case Not(part=Measure() as flag):
                return f"(NOT {self.term(flag).sql})"
            case Compare():
                return atom(condition)
            case _:
                raise TypeError(f"{condition} is not in plain form")

    def _passing(self, compare: Compare) -> str:
        left, right = self.number(compare.left), self.number(compare.right)
        guarded = [left] if left.may_be_absent and compare.op not in {"<", "<="} else []
        guarded += [right] if right.may_be_absent and compare.op not in {">", ">="} else []
        if compare.op == ">=" and guarded == [left] and not right.may_be_absent:
            return f"{left.sql} BETWEEN {_bound(compare, left, right)} AND {FINITE}"
        compared = _compared(compare, left, right)
        if not guarded:
            return compared
        return "(" + " AND ".join([compared, *(f"{term.sql} <= {FINITE}" for term in guarded)]) + ")"

    def _answering(self, compare: Compare) -> str:
        left, right = self.number(compare.left), self.number(compare.right)
        return _where_known(_compared(compare, left, right), left, right)

    def _miss(self, condition: Expression) -> str:
        match condition:
            case And(parts=parts):
                # SQL's greatest and least skip an unknown part: an unknown part of `and` must not hide, one of `or` may.
                known = " AND ".join(f"{self._miss(part)} IS NOT NULL" for part in parts)
                return f"CASE WHEN {known} THEN greatest({', '.join(self._miss(part) for part in parts)}) END"
            case Or(parts=parts):
                return f"least({', '.join(self._miss(part) for part in parts)})"
            case Measure() | Not():
                truth = self._logic(condition, self._answering)
                return f"CASE WHEN {truth} THEN 0e0 WHEN NOT {truth} THEN 1e0 END"
            case Compare():
                left, right = self.number(condition.left), self.number(condition.right)
                compared = _compared(condition, left, right)
                # What lies on a bound that it must pass is missed by nothing, and missed all the same.
                distance = f"greatest(abs({left.sql} - {right.sql}) / greatest(abs({right.sql}), 1e-6), {EQUAL})"
                return _where_known(f"CASE WHEN {compared} THEN 0e0 ELSE {distance} END", left, right)
            case _:
                raise TypeError(f"{condition} is not in plain form")


def _compared(compare: Compare, left: Term, right: Term) -> str:
    """SQL of the comparison between known numbers."""
    if compare.op in {"<", "<=", ">", ">="}:
        return f"{left.sql} {compare.op} {_bound(compare, left, right)}"
    if left.is_exact and right.is_exact:
        return f"{left.sql} {'<>' if compare.op == '!=' else '='} {right.sql}"
    return f"abs({left.sql} - {right.sql}) {'>' if compare.op == '!=' else '<='} {EQUAL}"


def _bound(compare: Compare, left: Term, right: Term) -> str:
    """The right side of an inequality, moved so that what is equal but for rounding counts as equal."""
    if left.is_exact and right.is_exact:
        return right.sql
    return f"{right.sql} {'+' if compare.op in {'>', '<='} else '-'} {EQUAL}"


def _where_known(sql: str, *terms: Term) -> str:
    guards = [f"{term.sql} <= {FINITE}" for term in terms if term.may_be_absent]
    return f"CASE WHEN {' AND '.join(guards)} THEN {sql} END" if guards else f"({sql})"
