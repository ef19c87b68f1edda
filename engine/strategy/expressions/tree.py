"""What a condition or a rank means: a small tree that the compiler turns into SQL.

Every number in the tree already has the unit of what it is compared with, percent is a fraction (25% is 0.25), `16
delta` is 0.16, and `x% of y` is the product. A comparison with an absent value is unknown, which is not a pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from engine.strategy.units import Unit
from engine.strategy.values.view import StandingView

Relation: TypeAlias = Literal["market", "leg", "spread", "side", "position", "account"]
"""Where a measure lives: the underlying's market, one option, one candidate, one side of an open position, one open position, the
whole account.
"""

Comparison: TypeAlias = Literal["<", "<=", ">", ">=", "=", "!="]
Operation: TypeAlias = Literal["+", "-", "*", "/"]
Function: TypeAlias = Literal["abs", "least", "greatest"]


@dataclass(frozen=True, slots=True)
class Number:
    value: float
    unit: Unit


@dataclass(frozen=True, slots=True)
class NamedView:
    """A person's view of a price by its name in the file, with what it says."""

    name: str
    says: StandingView


@dataclass(frozen=True, slots=True)
class Measure:
    """A declared measure by name; `measures.declaration` has its unit, sentence and SQL.

    `arguments` are in the unit that the declaration names: `sma(50 days)` has (50.0,), `no event within 2 days`
    negates `event` with (2.0,).
    """

    name: str
    relation: Relation
    arguments: tuple[float, ...] = ()
    at: View | None = None
    """The trader's view that the measure is taken at: a volatility, as a number or of the market, or a view of a price."""
    of: str = ""
    """Symbol of another index or share that it is taken of; empty for the underlying itself."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    op: Operation
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    name: Function
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    op: Comparison
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Between:
    """Both ends belong to it, as in SQL."""

    value: Expression
    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class In:
    value: Expression
    options: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression


View: TypeAlias = Number | Measure | NamedView
Expression: TypeAlias = Number | Measure | Arithmetic | Call | Compare | Between | In | And | Or | Not


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of the trader: its text as written, what it means, and where it stands (both from 1).

    `expression` is true, false or unknown: a Compare, Between, In, And, Or, Not, or a Measure whose unit is FLAG.
    Two conditions are equal when they say the same, wherever they stand.
    """

    text: str
    expression: Expression
    line: int = field(default=0, compare=False)
    column: int = field(default=0, compare=False)


def views_in(*expressions: Expression) -> tuple[View, ...]:
    """Every view that a measure is taken at, each once."""
    found = (measure.at for expression in expressions for measure in measures_in(expression))
    return tuple(dict.fromkeys(view for view in found if view is not None))


def measures_in(expression: Expression) -> tuple[Measure, ...]:
    """Every measure used, in reading order, repeated ones repeated."""
    match expression:
        case Number():
            return ()
        case Measure():
            return (expression,)
        case Arithmetic(left=left, right=right) | Compare(left=left, right=right):
            parts: tuple[Expression, ...] = (left, right)
        case Call(arguments=parts) | And(parts=parts) | Or(parts=parts):
            pass
        case Between(value=value, low=low, high=high):
            parts = (value, low, high)
        case In(value=value, options=options):
            parts = (value, *options)
        case Not(part=part):
            parts = (part,)
    return tuple(measure for part in parts for measure in measures_in(part))
