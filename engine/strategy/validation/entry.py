"""What lets an order out: an approval without its safeguards, a window outside the hours, a price that gives too much away."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from engine.strategy.expressions.tree import measures_in
from engine.strategy.model import Policy
from engine.strategy.spelled import spelled
from engine.strategy.validation.hours import check_hours, check_times
from engine.strategy.validation.validation import Validation
from engine.strategy.values.meaning import Auto, PriceWalk, Usd, WorstFromMid, WorstShare
from engine.strategy.way_out import add, remove, write


def check_approval(validation: Validation) -> None:
    """Approvals that need no person, and the daily stop and budget which they need instead."""
    strategy = validation.strategy
    approval, stop, budget = strategy.entry.approval, strategy.limits.stop_for_day, strategy.entry.auto_up_to
    place = validation.at("entry", "approval")
    risk = spelled(strategy.sizing.risk) if isinstance(strategy.sizing.risk, Usd) else "$500"
    if isinstance(approval, Auto | Policy) and stop is None:
        message = f"approval: {'auto' if isinstance(approval, Auto) else 'a policy'}, but no stop_for_day is set"
        validation.error(place, message, add(f"stop_for_day: -{risk}", "limits", "; automatic strategies need a daily stop"))
    if isinstance(approval, Auto) and budget is None:
        orders = strategy.limits.per_day
        day = f"auto_up_to: {risk} risk, {orders} order{'s' * (orders > 1)} per day"
        validation.error(place, "approval: auto, but no budget is set", add(day, "entry", "; above it a person is asked"))
    if budget is not None and not isinstance(approval, Auto):
        validation.warn(
            validation.at("entry", "auto_up_to"), "this budget is for  approval: auto  and changes nothing here", remove()
        )
    if strategy.mode == "live" and stop is None and not isinstance(approval, Auto | Policy):
        validation.warn(validation.at("mode"), "mode: live, but no stop_for_day is set", add(f"stop_for_day: -{risk}", "limits"))
    if isinstance(approval, Policy) and strategy.sizing.contracts.high > 1:
        _check_risk_of_one(validation, approval)


def check_window(validation: Validation) -> None:
    """Hours in which no option trades, and times that a limit leaves without an opening."""
    entry, limits = validation.strategy.entry, validation.strategy.limits
    check_hours(entry.window, validation.at("entry", "window"), validation.document)
    if entry.at is None:
        return
    place, count = validation.at("entry", "at"), len(entry.at.times)
    check_times(entry.at, place, validation.document)
    if "window" in entry.model_fields_set:
        validation.error(validation.at("entry", "window"), "the times of  at  say when, and this besides", remove())
    if limits.per_day < count:
        message = f"these are {count} times a day, and limits.per_day is {limits.per_day}"
        where = validation.at("limits", "per_day") if "per_day" in limits.model_fields_set else place
        more = write(f"{count}") if where != place else add(f"per_day: {count}", "limits")
        validation.warn(where, message, more)


def check_price(validation: Validation) -> None:
    """A worst price on the wrong side of the mid, or beyond what a spread can be worth."""
    walk = validation.strategy.entry.price
    if walk is None or not isinstance(walk.worst, WorstShare):
        return
    place, worst, spread = validation.at("entry", "price"), walk.worst, validation.spread
    if worst.base == "mid" and spread.pays == "credit" and worst.fraction > 1:
        validation.error(place, "a credit gets worse below the mid, not above it", _with_worst(walk, 2 - worst.fraction, "mid"))
    if worst.base == "mid" and spread.pays == "debit" and worst.fraction < 1:
        validation.error(place, "a debit gets worse above the mid, not below it", _with_worst(walk, 2 - worst.fraction, "mid"))
    if worst.base == "mid" and spread.pays == "either":
        message = f"a {spread.name()} may be worth about nothing, and a share of that is no bound"
        validation.warn(place, message, write(spelled(replace(walk, worst=WorstFromMid(Decimal("0.10"))))))
    if worst.base == "width" and spread.span is None:
        fraction = Decimal("0.92" if spread.pays == "credit" else "1.08")
        validation.error(place, f"a {spread.name()} has no width", _with_worst(walk, fraction, "mid"))
    if worst.base == "width" and worst.fraction >= 1:
        validation.error(place, "no spread is worth its whole width", _with_worst(walk, Decimal("0.15"), "width"))


def _with_worst(walk: PriceWalk, fraction: Decimal, base: Literal["mid", "width"]) -> str:
    """The way out that has the same price with a worst price on the other side, as far away as the written one."""
    sane = fraction if 0 < fraction < 2 else Decimal("0.92")
    return write(spelled(replace(walk, worst=WorstShare(sane, base))))


def _check_risk_of_one(validation: Validation, policy: Policy) -> None:
    message = f"max_loss is the risk of one spread, and an order may have {validation.strategy.sizing.contracts.high}"
    for condition in policy.auto_when:
        if any(measure.name == "max_loss" for measure in measures_in(condition.expression)):
            validation.warn(condition, message, write("order_risk <= $300", note="  for all of them"))
