"""Limits of a strategy that never bind because another one, or the sizing, is narrower."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.strategy.spelled import spelled
from engine.strategy.universe import shares_of
from engine.strategy.validation.validation import Validation
from engine.strategy.values.meaning import comparable
from engine.strategy.way_out import add, remove, write


def check_limits(validation: Validation) -> None:
    """Every limit against those that bind before it."""
    limits, budget = validation.strategy.limits, validation.strategy.entry.auto_up_to
    if limits.per_expiry > limits.open:
        message = f"this never binds: only {limits.open} may be open at all"
        validation.warn(validation.at("limits", "per_expiry"), message, write(f"{limits.open}", note="  or less"))
    _check_open_risk(validation)
    _check_shares(validation)
    if budget is not None and budget.orders_per_day > limits.per_day:
        message = f"its {budget.orders_per_day} orders never bind: limits.per_day allows {limits.per_day}"
        validation.warn(
            validation.at("entry", "auto_up_to"), message, write(_with_orders(validation, limits.per_day), note="  or fewer")
        )


def _check_shares(validation: Validation) -> None:
    """Shares of a risk that is not bounded, or that leave an underlying less than one position."""
    strategy = validation.strategy
    shares, together = shares_of(strategy.universe), strategy.limits.open_risk
    if shares and together is None:
        message = "these are shares of limits.open_risk, and the file bounds no risk of its open positions together"
        validation.error(validation.at("universe"), message, add("open_risk: 20% of net liquidation", "limits"))
        return
    both = comparable(strategy.sizing.risk, together) if together is not None else None
    for ticker, share in shares.items():
        if both is not None and both[0] > both[1] * share:
            message = f"{ticker} has less than one position may risk, so it may never open one"
            enough = math.ceil(both[0] / both[1] * 100)
            if enough <= 100:
                validation.error(validation.at("universe", ticker), message, write(f"{enough}%", note="  or a greater open_risk"))
            else:
                validation.error(validation.at("universe", ticker), message, "make limits.open_risk greater")


def _with_orders(validation: Validation, orders: int) -> str:
    """The budget with so many orders."""
    budget = validation.strategy.entry.auto_up_to
    assert budget is not None, "only a budget that is there never binds"
    return spelled(replace(budget, orders_per_day=orders))


def _check_open_risk(validation: Validation) -> None:
    limits, place = validation.strategy.limits, validation.at("limits", "open_risk")
    both = comparable(validation.strategy.sizing.risk, limits.open_risk) if limits.open_risk is not None else None
    if both is None:
        return
    each, together = both
    if each > together:
        least = write(spelled(validation.strategy.sizing.risk), note="  or more")
        validation.error(place, "one position may risk more than all of them together", least)
    elif each * limits.open < together:
        message = f"this never binds: {limits.open} positions at the risk of sizing stay below it"
        validation.warn(place, message, remove(", or make it smaller"))
