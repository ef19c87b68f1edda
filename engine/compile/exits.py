"""A strategy's exits over its open positions, one row a position."""

from __future__ import annotations

from engine.compile.conditions import ConditionsPlan, compile_conditions
from engine.strategy.model import Strategy


def compile_exits(strategy: Strategy, table: str = "positions") -> ConditionsPlan:
    """One answer for each exit rule, in the order of the file: the first that is true wins."""
    return compile_conditions([rule.condition for rule in strategy.exits], table)
