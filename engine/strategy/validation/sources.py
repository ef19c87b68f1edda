"""Conditions that wait for a number which nobody tells in this version."""

from __future__ import annotations

from engine.strategy.expressions.tree import Condition, Or, measures_in
from engine.strategy.measures.index import WITHOUT_SOURCE
from engine.strategy.validation.validation import Validation
from engine.strategy.way_out import remove


def check_sources(validation: Validation) -> None:
    """Lines that must hold before anything is opened, and are always unknown."""
    for condition in (*validation.strategy.market_lines, *validation.spread.rules):
        names = [name for name in _names(condition) if name in WITHOUT_SOURCE]
        if names and not isinstance(condition.expression, Or):
            message = f"'{names[0]}' has no source in this version: this line is unknown, and unknown opens nothing"
            validation.warn(condition, message, remove())


def _names(condition: Condition) -> list[str]:
    return [measure.name for measure in measures_in(condition.expression)]
