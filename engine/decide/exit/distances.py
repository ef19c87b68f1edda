"""How far an exit rule is from firing: each of its comparisons with its value, its bound and what is missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from engine.compile.conditions import Value, column_of
from engine.strategy.explain import written
from engine.strategy.expressions.tree import (
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Comparison,
    Expression,
    In,
    Measure,
    Not,
    Number,
    Or,
)
from engine.strategy.measures.index import declaration
from engine.strategy.units import Unit

_OPPOSITE: Final[Mapping[Comparison, Comparison]] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_TURNED: Final[Mapping[Comparison, Comparison]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Distance:
    """One comparison of a rule."""

    measure: str
    """What is compared, as the trader writes it."""
    value: float | None
    """Now; None where it is not known."""
    op: Comparison | Literal["is"]
    bound: float | None
    """In the unit of the value; None where it is not known."""
    unit: Unit
    distance: float | None
    """How far the value must still go for the comparison to hold; 0 or less where it holds, None where a side is not known."""


def distances(expression: Expression, row: Mapping[str, Value]) -> tuple[Distance, ...]:
    """Every comparison of a condition in the order in which it is written, over the measures of one position."""
    return tuple(_compared(expression, row, denied=False))


def _compared(expression: Expression, row: Mapping[str, Value], *, denied: bool) -> Iterator[Distance]:
    match expression:
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from _compared(part, row, denied=denied)
        case Not(part=part):
            yield from _compared(part, row, denied=not denied)
        case Compare(op=op, left=left, right=right):
            if isinstance(left, Number):
                left, right, op = right, left, _TURNED[op]
            yield _distance(left, _OPPOSITE[op] if denied else op, right, row)
        case Between(value=value, low=low, high=high):
            yield _distance(value, "<" if denied else ">=", low, row)
            yield _distance(value, ">" if denied else "<=", high, row)
        case Measure():
            value, bound = worth(expression, row), 0.0 if denied else 1.0
            missing = None if value is None else abs(bound - value)
            yield Distance(written(expression), value, "is", bound, Unit.FLAG, missing)
        case In() | Number() | Arithmetic() | Call():
            return


def _distance(left: Expression, op: Comparison, right: Expression, row: Mapping[str, Value]) -> Distance:
    value, bound = worth(left, row), worth(right, row)
    missing = None if value is None or bound is None else _missing(value, op, bound)
    return Distance(written(left), value, op, bound, _unit(left), missing)


def _missing(value: float, op: Comparison, bound: float) -> float:
    match op:
        case ">" | ">=":
            return bound - value
        case "<" | "<=":
            return value - bound
        case "=":
            return abs(bound - value)
        case "!=":
            return 0.0 if value != bound else 1.0


def worth(expression: Expression, row: Mapping[str, Value]) -> float | None:
    """The number that an expression comes to; None where a measure of it is not known."""
    match expression:
        case Number(value=value):
            return value
        case Measure():
            found = row.get(column_of(expression))
            return None if found is None else float(found)
        case Arithmetic(op=op, left=left, right=right):
            return _of_two(op, worth(left, row), worth(right, row))
        case Call(name=name, arguments=arguments):
            values = [value for part in arguments if (value := worth(part, row)) is not None]
            if not values or len(values) < len(arguments):
                return None
            return abs(values[0]) if name == "abs" else min(values) if name == "least" else max(values)
        case _:
            return None


def _of_two(op: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right if right else None


def _unit(expression: Expression) -> Unit:
    """The unit of the first measure: what is compared with it has the same."""
    match expression:
        case Measure(name=name, relation=relation):
            return declaration(name, relation).unit
        case Number(unit=unit):
            return unit
        case Arithmetic(left=left):
            return _unit(left)
        case Call(arguments=arguments):
            return _unit(arguments[0])
        case _:
            return Unit.NUMBER
