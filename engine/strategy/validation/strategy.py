"""What is wrong across the fields of a strategy that are each right by themselves."""

from __future__ import annotations

from collections.abc import Callable

from engine.strategy.loader.document import Document
from engine.strategy.model import Declared
from engine.strategy.validation.conditions import check_contradictions, check_repeated, check_undefined, check_values
from engine.strategy.validation.entry import check_approval, check_price, check_window
from engine.strategy.validation.exits import check_at_once, check_equal, check_exits, check_let_expire, check_portions
from engine.strategy.validation.implied import check_implied
from engine.strategy.validation.limits import check_limits
from engine.strategy.validation.openings import check_openings
from engine.strategy.validation.reach import check_reach
from engine.strategy.validation.resting import check_resting
from engine.strategy.validation.rolls import check_roll
from engine.strategy.validation.sides import check_expiries, check_sides, check_wings
from engine.strategy.validation.sources import check_sources
from engine.strategy.validation.spread import (
    check_delta_rules,
    check_deltas,
    check_expiry,
    check_order_of_deltas,
    check_places,
    check_width,
)
from engine.strategy.validation.validation import Validation
from engine.strategy.validation.views import check_views

_CHECKS: tuple[Callable[[Validation], None], ...] = (
    check_contradictions, check_values, check_undefined, check_repeated, check_implied,
    check_expiry, check_deltas, check_order_of_deltas, check_places, check_delta_rules, check_width,
    check_wings, check_expiries, check_sides,
    check_exits, check_portions, check_let_expire, check_at_once, check_equal, check_openings,
    check_reach, check_resting, check_roll,
    check_approval, check_window, check_price,
    check_limits,
    check_views, check_sources,
)  # fmt: skip


def check_strategy(strategy: Declared, document: Document) -> None:
    """Reports every problem across fields."""
    if document.tree is None:
        return
    validation = Validation(strategy, document, document.tree)
    for check in _CHECKS:
        check(validation)
