"""Exits that are missing, never come true, or would close at once what was just opened; and rolls that lead nowhere."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from engine.domain.index_classes import option_class
from engine.domain.parts import ALL
from engine.strategy.conditions import LEFT_SIDES, LET_EXPIRE, ExitRule
from engine.strategy.exit_groups import ExitGroups
from engine.strategy.expressions.tree import And, Arithmetic, Compare, Condition, Expression, Measure, Number, measures_in
from engine.strategy.source import Place
from engine.strategy.spelled import spelled
from engine.strategy.spreads.sides import has_rollable_short
from engine.strategy.spreads.structure import Pays
from engine.strategy.validation.bounds import Bound, bounds_of
from engine.strategy.validation.reach import most_lost_of_credit
from engine.strategy.validation.spread import most_worth
from engine.strategy.validation.validation import Validation
from engine.strategy.values.meaning import DayRange, ExpiryRule
from engine.strategy.way_out import Add, Remove, WayOut, add, turn, write

_LIMIT_A_LOSS = frozenset(
    {"loss", "short_delta", "short_strike_breached", "short_strike", "short_distance", "delta", "mark", "move_since_entry", "pop"}
) | {f"{side}_side_{name}" for side in ("put", "call") for name in ("loss", "delta", "breached", "distance")}
_CLOSES_FROM, _CLOSES_UNTIL = 9 * 60 + 30, 15 * 60 + 55
"""Minutes of the day in New York: nothing is closed before the open nor in the last five minutes of a session."""
_STOPS_BEFORE_CLOSE = 5
_STOPS: Mapping[Pays, str] = {
    "credit": "loss >= 200% of credit",
    "debit": "loss >= 50% of debit",
    "either": "loss >= 50% of max_loss",
}
_TWICE = 2
_CLOSING = frozenset({"close", "roll", "roll short"})
_CLOSING_A_SIDE = frozenset({"close put side", "close call side", "roll put side", "roll call side"})
"""Of a line below `each side:`, which stands for both sides."""
_PROFITS = frozenset({"profit", "put_side_profit", "call_side_profit"})
_DOLLARS_LEAST = 5
"""A result of the whole position below this was meant for one share."""
_END_IN_TIME = frozenset({"dte", "time", "minutes_to_close", "days_held", "minutes_held"})
_END_IN_A_MONTH = frozenset({"first_trading_day", "last_trading_day"})
_LONGEST_MONTH = 31


def check_exits(validation: Validation) -> None:
    """No exit that limits a loss, none that closes before expiry where that is not said to be meant."""
    strategy = validation.strategy
    closing = [
        rule.condition for rule in strategy.exits if rule.action in _CLOSING or (rule.side and rule.action in _CLOSING_A_SIDE)
    ]
    names = {measure.name for condition in closing for measure in measures_in(condition.expression)}
    apart = [rule.condition for rule in strategy.exits if rule.portion != ALL]
    limiting = names | {measure.name for condition in apart for measure in measures_in(condition.expression)}
    if not limiting & _LIMIT_A_LOSS and not any(map(_ends_a_loss, (*closing, *apart))):
        validation.warn(validation.at("exits"), "no exit limits a loss", add(f"- {_stop(validation)}", "exits"))
    in_shares = _settled_in_shares(validation)
    is_left = any(rule.action == LET_EXPIRE for rule in strategy.exits)
    of_today = _is_of_today(validation.spread.first_expiry)
    lasts_a_month = _fewest_days(validation.spread.first_expiry) >= _LONGEST_MONTH
    ends_in_time = names & _END_IN_TIME or (names & _END_IN_A_MONTH and lasts_a_month)
    if ends_in_time or is_left or (of_today and not in_shares):
        return
    message = "no exit closes before expiry" + (f", and {in_shares[0]} options are settled in shares" if of_today else "")
    validation.warn(validation.at("exits"), message, add(f"- {in_time(validation.spread.first_expiry)}", "exits"))


def _ends_a_loss(condition: Condition) -> bool:
    """A stop that is written as a profit, or one that trails from the first day on."""
    trails = any(measure.name == "best_profit" for measure in measures_in(condition.expression))
    return (trails and _is_alone(condition)) or _is_below_zero(condition)


def _is_below_zero(condition: Condition) -> bool:
    """Whether it holds only once a position has lost: a stop that is written as a profit."""
    return any(
        bound.high < 0
        for about, bound in bounds_of(condition)
        if any(one.name in _PROFITS for one in (about, *measures_in(about)[:1]) if isinstance(one, Measure))
    )


def check_portions(validation: Validation) -> None:
    """Sides that the structure does not have, and a roll of what is left to expire by half."""
    shape = validation.spread.shape
    has_sides = len({leg.put_call for leg in shape.legs}) > 1
    if not has_sides and isinstance(validation.strategy.exits_as_written, ExitGroups):
        message = f"a {validation.spread.name()} has no sides: all of its legs are of one right"
        lines = ", ".join(spelled(rule) for rule in validation.strategy.exit_lines)
        validation.error(validation.at("exits"), message, turn(f"exits: [{lines}]"))
    for at, rule in enumerate(validation.strategy.exit_lines):
        if not has_sides and rule.is_of_a_side:
            message = f"a {validation.spread.name()} has no sides: all of its legs are of one right"
            instead = _whole_of(rule, validation)
            validation.error(validation.deed_at(at), message, write(instead))
        if rule.percent is not None and validation.strategy.sizing.contracts.high == 1:
            message = f"a position has one spread, so '{rule.deed}' closes all of it"
            way_out = write("close", note="  or allow more spreads in sizing.contracts")
            validation.warn(validation.deed_at(at), message, way_out)
        above = (*validation.strategy.exit_lines[:at], *(one for one in validation.strategy.exits if one.side is not None))
        is_below = any(one.action in LEFT_SIDES for one in above)
        if rule.rolls and is_below:
            message = "a position of which a line above leaves one side to expire is not rolled"
            validation.error(validation.deed_at(at), message, write("close"))


def _stop(validation: Validation) -> str:
    """An exit that limits a loss and can come true."""
    most = most_lost_of_credit(validation.strategy)
    return _STOPS[validation.spread.pays] if most is None or most >= _TWICE else "loss >= 50% of max_loss"


def _whole_of(rule: ExitRule, validation: Validation) -> str:
    """What a line about one side says of a structure that has none."""
    if rule.rolls:
        return "roll short" if rule.portion.short and has_rollable_short(validation.spread) else "roll"
    return "close short" if rule.portion.short else "close" if rule.portion.side is not None else LET_EXPIRE


def check_let_expire(validation: Validation) -> None:
    """What is left to expire and would become shares; lines behind one that leaves everything."""
    in_shares, above, leaves = _settled_in_shares(validation), False, None
    for at, rule in enumerate(validation.strategy.exit_lines):
        if above:
            message = "this is never looked at: what stands above lets everything expire"
            hint = WayOut.of(
                f"move  {LET_EXPIRE}  to the end", *([Remove(leaves), Add(f"- {LET_EXPIRE}", "exits")] if leaves else [])
            )
            validation.warn(rule.condition, message, hint)
        elif (rule.action == LET_EXPIRE or rule.action in LEFT_SIDES) and in_shares:
            message = f"{in_shares[0]} options are settled in shares, so a position is not left to expire"
            if rule.lets_all_expire:
                validation.error(rule.condition, message, write(in_time(validation.spread.first_expiry, latest=True)))
            else:
                validation.error(validation.deed_at(at), message, write("close"))
        if rule.lets_all_expire and not above:
            above, leaves = True, Place(rule.condition.line, rule.condition.column, rule.condition.column + len(LET_EXPIRE))


def in_time(expiry: ExpiryRule, *, latest: bool = False) -> str:
    """An exit that closes before expiry what begins with these days; with `latest` on the last day."""
    if _is_of_today(expiry):
        return "time >= 15:45 New York"
    fewest = expiry.min_days if isinstance(expiry, DayRange) else 22
    return "dte <= 0 and time >= 15:45 New York" if latest or fewest == 0 else f"dte <= {min(21, fewest - 1)}"


def _settled_in_shares(validation: Validation) -> list[str]:
    return [ticker for ticker in validation.strategy.universe if not option_class(ticker).cash]


def _fewest_days(expiry: ExpiryRule) -> int:
    return expiry.min_days if isinstance(expiry, DayRange) else 0


def _is_of_today(expiry: ExpiryRule) -> bool:
    """Opened on the last day: a position ends with the day whatever the file says."""
    return isinstance(expiry, DayRange) and expiry.max_days == 0


def check_at_once(validation: Validation) -> None:
    """Exits that would close what was just opened, and exits that can never come true."""
    for rule in validation.strategy.exit_lines:
        if rule.action == LET_EXPIRE or rule.action in LEFT_SIDES:
            continue
        for about, bound in bounds_of(rule.condition):
            if isinstance(about, Measure) and about.name == "dte":
                _check_days(validation, rule.condition, bound)
            else:
                _check_bound(validation, rule.condition, about, bound)


def check_equal(validation: Validation) -> None:
    """Exits on exactly one value of a number that jumps over it, or on one day on which nothing may be traded."""
    for rule in validation.strategy.exit_lines:
        match rule.condition.expression:
            case Compare(op="=", left=Measure(name=name) as left, right=right) if name in _PASSED_BY:
                if isinstance(right, Number) and name == "dte" and right.value <= 0:
                    continue
                what = (
                    "on that day alone, and not at all where it is no session" if left.name == "dte" else "at that number alone"
                )
                text = re.sub(r"\s*=+\s*", f" {_PASSED_BY[name]} ", " ".join(rule.condition.text.split()), count=1)
                validation.warn(rule.condition, f"this holds {what}", write(text))
            case _:
                pass


_PASSED_BY = {
    **dict.fromkeys(("dte", "minutes_to_close", "pop", "short_distance"), "<="),
    **dict.fromkeys(("profit", "loss", "best_profit", "mark", "days_held", "minutes_held", "time", "short_delta"), ">="),
}
"""Numbers that pass by a value, with the sign that holds from there on."""


def _check_bound(validation: Validation, condition: Condition, about: Expression, bound: Bound) -> None:
    span = validation.spread.span
    opens = "this holds the moment a position opens"
    alone = _is_alone(condition)
    match about:
        case Arithmetic(left=Measure(name="profit"), right=Measure(name="credit" | "max_profit")) if bound.misses(-100, 1):
            validation.error(condition, "a position never earns more than that", write("profit >= 50% of max_profit"))
        case Arithmetic(left=Measure(name="loss"), right=Measure(name="max_loss" | "debit")) if bound.low > 1:
            validation.error(condition, "a position never loses more than that", write("loss >= 50% of max_loss"))
        case Measure(name="mark") if span is not None and bound.misses(0, float(span.high)):
            validation.error(condition, most_worth(span), write("loss >= 50% of max_loss"))
        case Measure(name="time") if bound.low >= _CLOSES_UNTIL or bound.high < _CLOSES_FROM:
            message = "the engine closes from 09:30 to 15:55 New York at most, so this never holds"
            validation.error(condition, message, write("time >= 15:45 New York"))
        case Measure(name="minutes_to_close") if bound.high <= _STOPS_BEFORE_CLOSE:
            message = "nothing is closed in the last five minutes of a session, so this never holds"
            validation.error(condition, message, write("minutes_to_close <= 15"))
        case Measure(name="days_held") if (days := _longest(validation)) and bound.misses(0, days.max_days):
            fewer = max(1, days.max_days // 2)
            validation.error(condition, f"with  expiry: {days.as_written}  this never holds", write(f"days_held >= {fewer}"))
        case Measure(name="days_held") if alone and bound.covers(0, 0):
            validation.error(condition, opens, write("days_held >= 30"))
        case Measure(name="profit" | "loss" as name) if 0 < bound.low < _DOLLARS_LEAST:
            message = f"this is the {name} of the whole position, in dollars: ${bound.low:.2f} is reached by the next quote"
            validation.warn(
                condition, message, write(f"{name} >= ${bound.low * 100:.0f}", note=f"  |  {name} >= 50% of max_{name}")
            )
        case Measure(name="profit" | "loss") | Arithmetic(left=Measure(name="profit" | "loss"), right=Measure()) if (
            alone and bound.covers(0, 0) and bound.low <= 0
        ):
            is_loss = measures_in(about)[0].name == "loss"
            turned = re.fullmatch(r"(loss\s*>=?\s*)(?:-\s*(\$?)|(\$)\s*-)\s*(.*)", " ".join(condition.text.split()))
            if turned:
                message = "a loss is counted upward, so this holds the moment a position opens"
                validation.error(condition, message, write(f"{turned[1]}{turned[2] or turned[3] or ''}{turned[4]}"))
                return
            validation.error(condition, opens, write("loss >= 50% of max_loss" if is_loss else "profit >= 50% of max_profit"))
        case _:
            pass


def _check_days(validation: Validation, condition: Condition, bound: Bound) -> None:
    """An exit on days to expiry against the days with which a position begins, opened or else rolled."""
    roll = validation.strategy.roll
    # Of a position of which a side was rolled, the days are still those of the other one.
    moves_all = any(rule.action in {"roll", "roll short"} for rule in validation.strategy.exits)
    is_told = _check_days_of(validation, condition, bound, "expiry", validation.spread.first_expiry)
    if not is_told and roll is not None and moves_all:
        _check_days_of(validation, condition, bound, "to", roll.near)


def _check_days_of(validation: Validation, condition: Condition, bound: Bound, key: str, rule: ExpiryRule | None) -> bool:
    """Whether something was said. Beside another condition it may well be fulfilled from the first moment."""
    if not isinstance(rule, DayRange):
        return False
    fewer = min(21, rule.min_days - 1)
    hint = write(f"dte <= {fewer}" if fewer >= 0 else "time >= 15:45 New York")
    days, alone = f"{key}: {rule.as_written}", _is_alone(condition)
    # Once what was sold is over, the days are those of what was bought.
    last = validation.spread.expiries[-1] if key == "expiry" else rule
    if bound.misses(0, last.max_days if isinstance(last, DayRange) else math.inf):
        validation.error(condition, f"with  {days}  this never holds", hint)
    elif alone and bound.covers(rule.min_days, rule.max_days):
        begins = "opens" if key == "expiry" else "is rolled"
        validation.error(condition, f"with  {days}  this holds the moment a position {begins}", hint)
    elif alone and not bound.misses(rule.min_days, rule.max_days):
        validation.warn(condition, f"with  {days}  some positions would be closed at once", hint)
    else:
        return False
    return True


def _longest(validation: Validation) -> DayRange | None:
    """The days to expiry of what may be held longest, opened or rolled to; None where they are not counted in days."""
    roll = validation.strategy.roll
    rules = [validation.spread.expiries[-1]] + (list(roll.expiries[-1:]) if roll is not None else [])
    ranges = [rule for rule in rules if isinstance(rule, DayRange)]
    return max(ranges, key=lambda rule: rule.max_days) if len(ranges) == len(rules) else None


def _is_alone(condition: Condition) -> bool:
    return not isinstance(condition.expression, And)
