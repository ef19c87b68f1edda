"""What is wrong across the fields of a strategy that are each right by themselves."""

from __future__ import annotations

from collections.abc import Callable

from engine.strategy.checks.case import Case
from engine.strategy.checks.conditions import check_contradictions, check_repeated, check_undefined, check_values
from engine.strategy.checks.entry import check_approval, check_price, check_window
from engine.strategy.checks.exits import check_at_once, check_exits, check_let_expire
from engine.strategy.checks.limits import check_limits
from engine.strategy.checks.rolls import check_roll
from engine.strategy.checks.sources import check_sources
from engine.strategy.checks.spread import check_delta_rules, check_deltas, check_expiry, check_width
from engine.strategy.checks.views import check_views
from engine.strategy.model import StrategyFile
from engine.strategy.reading.document import Document

_CHECKS: tuple[Callable[[Case], None], ...] = (
    check_contradictions, check_values, check_undefined, check_repeated,
    check_expiry, check_deltas, check_delta_rules, check_width,
    check_exits, check_let_expire, check_at_once, check_roll,
    check_approval, check_window, check_price,
    check_limits,
    check_views, check_sources,
)  # fmt: skip


def check_strategy(strategy: StrategyFile, document: Document) -> None:
    """Reports every problem across fields."""
    if document.tree is None:
        return
    case = Case(strategy, document, document.tree)
    for check in _CHECKS:
        check(case)
