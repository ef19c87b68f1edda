"""What a line that is left at the broker asks for: a profit in dollars, or a share of what opening brought, cost or can bring.

Such an order has one price, so its line must have one: `profit >= $200`, `profit >= 50% of credit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.strategy.conditions import ExitRule
from engine.strategy.expressions.tree import Arithmetic, Compare, Expression, Measure, Number

FIXED = frozenset({"credit", "total_credit", "debit", "max_profit", "max_loss"})
"""Measures of a position that its fills alone decide."""


@dataclass(frozen=True, slots=True)
class Target:
    """A profit: USD, or so many times a measure."""

    factor: float
    measure: str | None = None

    def usd(self, of_position: Mapping[str, object]) -> float | None:
        """The profit of the whole position, USD; None where the measure is not known of it."""
        if self.measure is None:
            return self.factor
        value = of_position.get(self.measure)
        return self.factor * value if isinstance(value, int | float) else None


def target_of(rule: ExitRule) -> Target | None:
    """The profit at which a line holds; None where it is no line of that form."""
    match rule.condition.expression:
        case Compare(op=">=", left=Measure(name="profit", arguments=(), at=None), right=right):
            found = _target(right)
            return found if found is not None and found.factor > 0 else None
        case _:
            return None


def _target(wanted: Expression) -> Target | None:
    match wanted:
        case Number(value=value):
            return Target(value)
        case Arithmetic(op="*", left=Number(value=value), right=Measure(name=name)) if name in FIXED:
            return Target(value, name)
        case Measure(name=name) if name in FIXED:
            return Target(1.0, name)
        case _:
            return None
