"""The arithmetic of a line becomes our expression: the unit that the comparison decided is handed down, so that `$500`
and `25%` become numbers of that unit.
"""

from __future__ import annotations

from sqlglot import exp

from engine.strategy.expressions.grammar import Tree
from engine.strategy.expressions.kinds import SCALES, fits, kind_of, settled
from engine.strategy.expressions.lexer import FUNCTIONS, Loose, Token
from engine.strategy.expressions.line import Line
from engine.strategy.expressions.names import measure_of
from engine.strategy.expressions.tree import Arithmetic, Call, Expression, Number, Operation
from engine.strategy.units import Unit
from engine.strategy.way_out import write

_OPERATIONS: dict[type[Tree], Operation] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


def arithmetic(line: Line, node: Tree, unit: Unit) -> Expression:
    """What a number means whose result is to be in `unit`."""
    match node:
        case exp.Paren():
            return arithmetic(line, node.this, unit)
        case exp.Neg():
            inner = arithmetic(line, node.this, unit)
            if isinstance(inner, Number):
                return Number(-inner.value, inner.unit)
            if isinstance(inner, Arithmetic) and inner.op == "*" and isinstance(inner.left, Number):
                return Arithmetic("*", Number(-inner.left.value, inner.left.unit), inner.right)
            return Arithmetic("*", Number(-1.0, Unit.NUMBER), inner)
        case exp.Anonymous() if (name := line.token(node).text) in FUNCTIONS:
            return Call(name, tuple(arithmetic(line, argument, unit) for argument in node.expressions))
        case exp.Column() | exp.Anonymous():
            token = line.token(node)
            return _number(line, token, unit) if token.sort == "number" else measure_of(line, node)[1]
        case exp.Mul() | exp.Div():
            left, right = _factor_units(line, node, unit)
            first, second = arithmetic(line, node.this, left), arithmetic(line, node.expression, right)
            if isinstance(node, exp.Div) and isinstance(second, Number) and second.value == 0:
                raise line.wrong(node.expression, "divided by zero: this is never known", "divide by another number")
            return Arithmetic(_OPERATIONS[type(node)], first, second)
        case _:
            first, second = arithmetic(line, node.this, unit), arithmetic(line, node.expression, unit)
            return Arithmetic(_OPERATIONS[type(node)], first, second)


def _number(line: Line, token: Token, unit: Unit) -> Number:
    if unit is Unit.DELTA and token.kind is Loose.BARE and token.value > 1:
        raise line.wrong_at(token, f"{token.text} what? no option has a delta above 1", write(f"{token.text} delta", "0.16"))
    if token.kind is Loose.DURATION and unit is Unit.MINUTES:
        return Number(token.value / 60, unit)
    return Number(token.value, unit)


def _factor_units(line: Line, node: Tree, unit: Unit) -> tuple[Unit, Unit]:
    """The units of the two sides of a product or quotient whose result is to be in `unit`."""
    left, right = kind_of(line, node.this), kind_of(line, node.expression)
    if isinstance(node, exp.Mul):
        return (settled(left), unit) if left in SCALES else (unit, settled(right))
    if right in SCALES and left not in SCALES:
        return unit, settled(right)
    if isinstance(left, Loose) and isinstance(right, Unit) and fits(left, right):
        return right, right
    if isinstance(right, Loose) and isinstance(left, Unit) and fits(right, left):
        return left, left
    return settled(left), settled(right)
