"""Limits of a strategy that never bind because another one, or the sizing, is narrower."""

from __future__ import annotations

from dataclasses import replace

from engine.strategy.checks.case import Case
from engine.strategy.spelled import spelled
from engine.strategy.values import comparable
from engine.strategy.way_out import remove, write


def check_limits(case: Case) -> None:
    """Every limit against those that bind before it."""
    limits, budget = case.strategy.limits, case.strategy.entry.auto_up_to
    if limits.per_expiry > limits.open:
        message = f"this never binds: only {limits.open} may be open at all"
        case.warn(case.at("limits", "per_expiry"), message, write(f"{limits.open}", note="  or less"))
    _check_open_risk(case)
    if budget is not None and budget.orders_per_day > limits.per_day:
        message = f"its {budget.orders_per_day} orders never bind: limits.per_day allows {limits.per_day}"
        case.warn(case.at("entry", "auto_up_to"), message, write(_with_orders(case, limits.per_day), note="  or fewer"))


def _with_orders(case: Case, orders: int) -> str:
    """The budget with so many orders."""
    budget = case.strategy.entry.auto_up_to
    assert budget is not None, "only a budget that is there never binds"
    return spelled(replace(budget, orders_per_day=orders))


def _check_open_risk(case: Case) -> None:
    limits, place = case.strategy.limits, case.at("limits", "open_risk")
    both = comparable(case.strategy.sizing.risk, limits.open_risk) if limits.open_risk is not None else None
    if both is None:
        return
    each, together = both
    if each > together:
        least = write(spelled(case.strategy.sizing.risk), note="  or more")
        case.error(place, "one position may risk more than all of them together", least)
    elif each * limits.open < together:
        message = f"this never binds: {limits.open} positions at the risk of sizing stay below it"
        case.warn(place, message, remove(", or make it smaller"))
