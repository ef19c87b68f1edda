"""Exits that change nothing beside another one, which has closed before: what looks like a stop at 200% is none where a line
closes at 100%.

Of conditions that must all hold a wider one changes nothing either, and nobody loses by it: of those nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.strategy.conditions import ExitRule
from engine.strategy.exit_groups import groups_of
from engine.strategy.expressions.tree import And, Between, Compare, Condition
from engine.strategy.validation.bounds import Bound, bounds_of
from engine.strategy.validation.validation import Validation
from engine.strategy.way_out import remove


def check_implied(validation: Validation) -> None:
    """Exits before which another line of their group has closed already."""
    for lines in groups_of(validation.strategy.exits_as_written):
        _check_exits(validation, lines)


def _check_exits(validation: Validation, lines: Sequence[ExitRule]) -> None:
    for at, rule in enumerate(lines):
        if rule.action == "alert" or rule.lets_all_expire:
            continue
        for other, closing in enumerate(lines):
            is_above, is_same = other < at, closing.deed == rule.deed
            closes_all = closing.action == "close" and closing.percent is None
            # A line above that is narrower acts first and in its own way; one that does the same does nothing new.
            if closes_all and closing is not rule and (is_above or is_same) and _earlier(rule.condition, closing.condition):
                message = f"this changes nothing: '{_text(closing.condition)}' closes before"
                validation.warn(rule.condition, message, remove(", or the other one"))
                break


def _text(condition: Condition) -> str:
    return " ".join(condition.text.split())


def _earlier(one: Condition, other: Condition) -> bool:
    """Whether the other holds whenever this one does, and at other times too."""
    return _implies(one, other) and not _implies(other, one)


def _implies(one: Condition, other: Condition) -> bool:
    """Whether the other holds whenever this one does, as far as bounds on single numbers tell."""
    if one is other or not _is_told_by_bounds(other):
        return False
    known = list(bounds_of(one))
    return all(any(about == seen and _within(mine, bound) for seen, mine in known) for about, bound in bounds_of(other))


def _is_told_by_bounds(condition: Condition) -> bool:
    """Whether it holds exactly where all of its bounds do."""
    expression = condition.expression
    parts = expression.parts if isinstance(expression, And) else (expression,)
    return all(isinstance(part, Compare | Between) for part in parts) and len(list(bounds_of(condition))) == len(parts)


def _within(inner: Bound, outer: Bound) -> bool:
    above = inner.low > outer.low or (inner.low == outer.low and (inner.is_low_open or not outer.is_low_open))
    return above and (inner.high < outer.high or (inner.high == outer.high and (inner.is_high_open or not outer.is_high_open)))
