"""A condition in its plainest form: comparisons joined by `and` and `or`, nothing negated but a yes-or-no measure.

Kleene's logic allows it: `not (a < b)` and `a >= b` are true, false and unknown for the same rows. In this form
"unknown is not a pass" needs no third value any more, since nothing above a comparison can turn a no into a yes.
"""

from __future__ import annotations

import math
from typing import assert_never

from scipy.special import ndtri

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
from engine.strategy.units import Unit

_OPPOSITE: dict[Comparison, Comparison] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_MIRRORED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
NEVER = 1e300
"""A standard normal quantile that no spread reaches: a chance of exactly 0 or 1."""


def plain(expression: Expression) -> Expression:
    """The same condition out of Compare, And, Or, and Measure or Not(Measure) for yes-or-no measures."""
    return _plain(expression, negated=False)


def with_quantiles(expression: Expression) -> Expression:
    """The plain condition with every `pop >= 70%` asked as `pop_z >= 0.524`, which needs no normal distribution for
    each row.

    Only comparisons with a constant; both sides grow together, so the same rows pass.
    """
    match expression:
        case And(parts=parts):
            return And(tuple(with_quantiles(part) for part in parts))
        case Or(parts=parts):
            return Or(tuple(with_quantiles(part) for part in parts))
        case Compare(op=op, left=Measure(name="pop"), right=right) if (share := constant(right)) is not None:
            return Compare(op, Measure("pop_z", "spread"), Number(quantile(share), Unit.NUMBER))
        case Compare(op=op, left=left, right=Measure(name="pop")) if (share := constant(left)) is not None:
            return Compare(_MIRRORED[op], Measure("pop_z", "spread"), Number(quantile(share), Unit.NUMBER))
        case _:
            return expression


def quantile(share: float) -> float:
    """The z below which a standard normal number falls with this chance; ±NEVER for 0, 1 and beyond."""
    if 0 < share < 1:
        return float(ndtri(share))
    return -NEVER if share <= 0 else NEVER


def constant(expression: Expression) -> float | None:
    """The value of an expression without measures; None where it has one or is no number (1 / 0)."""
    match expression:
        case Number(value=value):
            return value
        case Arithmetic(op=op, left=left, right=right):
            a, b = constant(left), constant(right)
            if a is None or b is None or (op == "/" and b == 0):
                return None
            value = a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b
            return value if math.isfinite(value) else None
        case Call(name=name, arguments=arguments):
            values = [constant(argument) for argument in arguments]
            known = [value for value in values if value is not None]
            if len(known) < len(values):
                return None
            return abs(known[0]) if name == "abs" else min(known) if name == "least" else max(known)
        case _:
            return None


def _plain(expression: Expression, *, negated: bool) -> Expression:
    match expression:
        case Not(part=part):
            return _plain(part, negated=not negated)
        case And(parts=parts) | Or(parts=parts):
            joined = tuple(_plain(part, negated=negated) for part in parts)
            return And(joined) if isinstance(expression, And) is not negated else Or(joined)
        case Between(value=value, low=low, high=high):
            both = And((Compare(">=", value, low), Compare("<=", value, high)))
            return _plain(both, negated=negated)
        case In(value=value, options=options):
            any_of = Or(tuple(Compare("=", value, option) for option in options))
            return _plain(any_of, negated=negated)
        case Compare(op=op, left=left, right=right):
            return Compare(_OPPOSITE[op], left, right) if negated else expression
        case Measure():
            return Not(expression) if negated else expression
        case Number() | Arithmetic() | Call():
            raise TypeError(f"{expression} is a number, wanted a condition")
        case _:
            assert_never(expression)
