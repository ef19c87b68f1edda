"""What a set of conditions says about single measures: between which bounds each must lie when all of them hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.strategy.expressions.tree import And, Arithmetic, Between, Compare, Condition, Expression, In, Measure, Number

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}


@dataclass(frozen=True, slots=True)
class Bound:
    """Values from `low` to `high`; an open end does not belong to them. `source` is the condition that says so."""

    low: float
    high: float
    is_low_open: bool
    is_high_open: bool
    source: Condition

    def excludes(self, other: Bound) -> bool:
        """No value fulfils both."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        if low < high:
            return False
        if low > high:
            return True
        open_low = any(bound.is_low_open for bound in (self, other) if bound.low == low)
        open_high = any(bound.is_high_open for bound in (self, other) if bound.high == high)
        return open_low or open_high

    def misses(self, low: float, high: float) -> bool:
        """No value from `low` to `high`, both included, fulfils it."""
        return self.excludes(Bound(low, high, False, False, self.source))

    def covers(self, low: float, high: float) -> bool:
        """Every value from `low` to `high` fulfils it."""
        below = self.low < low or (self.low == low and not self.is_low_open)
        return below and (self.high > high or (self.high == high and not self.is_high_open))


def bounds_of(condition: Condition) -> Iterator[tuple[Expression, Bound]]:
    """Every bound on a measure, or on a measure divided by another, that holds when the condition does.

    `credit >= 15% of width` is the bound 0.15 on credit / width.
    """
    yield from _bounds(condition.expression, condition)


def _bounds(expression: Expression, source: Condition) -> Iterator[tuple[Expression, Bound]]:
    match expression:
        case And(parts=parts):
            for part in parts:
                yield from _bounds(part, source)
        case Between(value=Measure() as value, low=Number(value=low), high=Number(value=high)):
            yield value, Bound(low, high, False, False, source)
        case In(value=Measure() as value, options=options) if all(isinstance(option, Number) for option in options):
            numbers = [option.value for option in options if isinstance(option, Number)]
            yield value, Bound(min(numbers), max(numbers), False, False, source)
        case Compare(op=op, left=left, right=right) if op != "!=":
            yield from _compared(op, left, right, source)
            yield from _compared(_MIRRORED[op], right, left, source)
        case _:
            return


def _compared(op: str, left: Expression, right: Expression, source: Condition) -> Iterator[tuple[Expression, Bound]]:
    match left, right:
        case Measure() | Arithmetic(op="/", left=Measure(), right=Measure()), Number(value=value):
            yield left, _bound(op, value, source)
        case Measure(), Arithmetic(op="*", left=Number(value=value), right=Measure() as whole):
            yield Arithmetic("/", left, whole), _bound(op, value, source)
        case Measure(), Measure(name="width" | "max_loss" | "max_profit") if left != right:
            yield Arithmetic("/", left, right), _bound(op, 1.0, source)
        case _:
            return


def _bound(op: str, value: float, source: Condition) -> Bound:
    match op:
        case "<" | "<=":
            return Bound(-math.inf, value, False, op == "<", source)
        case ">" | ">=":
            return Bound(value, math.inf, op == ">", False, source)
        case _:
            return Bound(value, value, False, False, source)


def contradictions(conditions: Iterable[Condition]) -> Iterator[tuple[Bound, Bound]]:
    """Pairs of bounds, earlier and later, that can never both hold."""
    seen: dict[Expression, list[Bound]] = {}
    for condition in conditions:
        for about, bound in bounds_of(condition):
            clash = next((earlier for earlier in seen.get(about, []) if earlier.excludes(bound)), None)
            if clash is not None:
                yield clash, bound
            seen.setdefault(about, []).append(bound)
