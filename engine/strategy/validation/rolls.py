"""Rolls that lead nowhere: exits that roll and no word where to, and credits that the file's own bounds cannot bring."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from engine.domain.parts import ALL, Side
from engine.strategy.conditions import TESTED_ROLLS, ExitRule
from engine.strategy.exit_groups import SIDES, groups_of
from engine.strategy.expressions.tree import Arithmetic, Compare, Condition, Measure, measures_in
from engine.strategy.spelled import spelled
from engine.strategy.spreads.calendars import Calendar, DoubleCalendar
from engine.strategy.spreads.pairs import RollExpiries
from engine.strategy.spreads.sides import has_rollable_short, has_rollable_shorts, has_rollable_sides, side_alone
from engine.strategy.spreads.structure import OfTwoExpiries, Structure
from engine.strategy.spreads.verticals import BearCall, BullPut
from engine.strategy.validation.bounds import bounds_of
from engine.strategy.validation.validation import Validation
from engine.strategy.values.meaning import DayRange, DaysAfter, SameExpiry, Usd
from engine.strategy.way_out import add, remove, write

_ABOVE_DELTA, _BELOW_DELTA = 1.1, 0.85
"""What a vertical brings at most, and costs at least, as a share of its width, is about so much of its short leg's delta: the
chance that it ends in the money is a little more than the delta, and the long leg's is less.
"""

_SOLD_AT_MOST = 0.5
"""A side whose short strike lies out of the money brings less than half of its width."""
_MULTIPLIER = 100
_UNTESTED = Measure("untested_side_delta", "position")
_DAYS = Measure("dte", "position")
_A_WEEK = 7
_OF_STRIKES = frozenset(
    {"short_delta", "delta", "short_strike_breached", "short_distance", "short_strike", "untested_side_delta"}
) | {f"{side}_side_{name}" for side in SIDES for name in ("delta", "breached", "distance")}
"""What hangs on where the strikes lie, and hardly on the day."""
_OF_DAYS = frozenset({"dte", "days_held", "extrinsic_of_short", "first_trading_day", "last_trading_day"})
"""What another day ends."""
_AT_THE_MONEY = 0.4
"""A vertical costs at least about so much of its width once its short strike is reached."""


def check_roll(validation: Validation) -> None:
    """Exits that roll and no word where to, or the other way round; and a roll that can hardly bring what it asks."""
    rules = [rule for rule in validation.strategy.exits if rule.rolls]
    rolling = [rule.condition for rule in rules]
    if len(validation.spread.expiries) > 1 and not _check_two_expiries(validation, rules):
        return
    if not _check_where(validation, rules):
        return
    for at, rule in enumerate(validation.strategy.exit_lines):
        if rule.rolls and rule.portion.short and not has_rollable_short(validation.spread):
            message = "what is sold is rolled by itself where what is bought lives longer: in a calendar or a diagonal"
            validation.error(validation.deed_at(at), message, write(_nearest_roll(rule, validation.spread)))
            return
    if rolling and "roll" not in validation.tree:  # one that is written and wrong is told by itself
        message = "this exit rolls, but roll: does not say where to"
        expiry = validation.spread.first_expiry
        days = _within(expiry) if isinstance(expiry, DayRange) else "30-60 days"
        if any(rule.action == "roll" for rule in rules) and isinstance(validation.spread, OfTwoExpiries):
            far = validation.spread.expiry.far
            behind = _within(far) if isinstance(far, DayRange) else far.as_written if isinstance(far, DaysAfter) else "50-90 days"
            days = f"{{near: {days}, far: {behind}}}"
        validation.error(rolling[0], message, add(f"roll: {{to: {days}, for: a credit}}"))
    if validation.strategy.roll is not None and not rolling:
        validation.warn(validation.at("roll"), "no exit rolls, so this never happens", remove(", or end an exit with  : roll"))
    roll = validation.strategy.roll
    _check_days_of_sides(validation)
    for rule in rules:
        _check_kept(validation, rule)
        if rule.portion.short or (roll is not None and roll.strikes is not None):
            continue
        if rule.action in TESTED_ROLLS:
            _check_untested(validation, rule)
        elif rule.portion.side is None:
            _check_net(validation, rule.condition)
        elif has_rollable_sides(validation.spread):
            _check_side_net(validation, rule.condition, rule.portion.side)
    if any(rule.is_of_a_side for rule in rules) and has_rollable_sides(validation.spread):
        _check_both_sides(validation)


def _within(days: DayRange) -> str:
    """The days of a rule that a roll can look into: it takes no nearest one."""
    return DayRange(days.min_days, days.max_days).as_written


def _check_two_expiries(validation: Validation, rules: Sequence[ExitRule]) -> bool:
    """Whether all is sound so far: of two expiries the whole is rolled, to two, or what is sold, to before the bought ends."""
    name, roll, is_sound = validation.spread.name(), validation.strategy.roll, True
    of_each, _ = groups_of(validation.strategy.exits_as_written)
    for at, rule in enumerate(validation.strategy.exit_lines):
        is_of_each = at < len(of_each)
        is_all = rule.action == "roll" and not is_of_each
        is_short = rule.portion.short if is_of_each else _is_of_short(rule, validation.spread)
        if not rule.rolls or is_all or is_short:
            continue
        is_sound = False
        also = ", or what it has sold" if has_rollable_short(validation.spread) else ""
        instead = "roll short" if is_of_each else _nearest_roll(rule, validation.spread)
        validation.error(validation.deed_at(at), f"a {name} is rolled as a whole{also}", write(instead))
    if roll is None or not is_sound:
        return is_sound
    near, far = (_within(rule) if isinstance(rule, DayRange) else "" for rule in validation.spread.expiries)
    if any(rule.action == "roll" for rule in rules) and not isinstance(roll.to, RollExpiries):
        message = f"of a {name} that is rolled as a whole, what is sold and what is bought each need new days"
        pair = f"{{near: {near or '20-30 days'}, far: {far or '50-90 days'}}}"
        validation.error(validation.at("roll", "to"), message, write(pair))
        return False
    last = validation.spread.expiries[-1]
    is_short = any(rule.portion.short for rule in rules)
    if is_short and roll.near is not None and isinstance(last, DayRange) and roll.near.min_days >= last.max_days:
        message = f"what is sold is rolled to days before what is bought ends, and that is bought {last.as_written} out"
        where = ("roll", "to", "near") if isinstance(roll.to, RollExpiries) else ("roll", "to")
        validation.error(validation.at(*where), message, write(near or "20-40 days"))
        return False
    return True


def _is_of_short(rule: ExitRule, spread: Structure) -> bool:
    """Whether it rolls what this structure has sold, on both sides or on one that it has."""
    return rule.portion.short and (has_rollable_shorts(spread) or (rule.portion.side is None and has_rollable_short(spread)))


def _nearest_roll(rule: ExitRule, spread: Structure) -> str:
    """The roll that this structure has and that comes nearest to one that it has not."""
    side = rule.portion.side
    if has_rollable_shorts(spread):
        return "roll short" if side is None else f"roll {side} short"
    return "roll" if side is None or not has_rollable_sides(spread) else f"roll {side} side"


def _check_where(validation: Validation, rules: Sequence[ExitRule]) -> bool:
    """Whether a roll leads to other contracts, and to as many days as the structure has."""
    roll, to = validation.strategy.roll, validation.at("roll", "to")
    if roll is None:
        return True
    if isinstance(roll.to, RollExpiries) and not isinstance(validation.spread, OfTwoExpiries):
        validation.error(to, f"all legs of a {validation.spread.name()} end on one day", f"write  to: {roll.to.near.as_written}")
        return False
    of_one_strike = isinstance(validation.spread, Calendar | DoubleCalendar)
    stays = of_one_strike and any(rule.portion.short for rule in rules)
    if isinstance(roll.to, SameExpiry) and (roll.strikes is not None or stays):
        kept = "of a calendar the strike stays" if stays else "the strikes stay"
        validation.error(to, f"{kept}, so in the same expiry nothing would be rolled", write("30-60 days"))
        return False
    return True


def _check_kept(validation: Validation, rule: ExitRule) -> None:
    """A line that holds still when it has rolled: about deltas or strikes that are kept, or about days that are."""
    roll = validation.strategy.roll
    names = {measure.name for measure in measures_in(rule.condition.expression)}
    if roll is not None and isinstance(roll.to, SameExpiry) and names and names <= {"dte"}:
        message = "in the same expiry the days are the same, so that roll is never made"
        validation.warn(rule.condition, message, write("short_delta >= 0.30 and dte >= 7"))
    if roll is None or roll.strikes is None or roll.near is None or not names & _OF_STRIKES or names & _OF_DAYS:
        return
    line, before = " ".join(rule.condition.text.split()), roll.near.min_days - 1
    days = max(0, min(14, before), min(_closed_from(validation) + _A_WEEK, before))
    message = "of the same strikes this holds still on another day, so that roll is never made"
    validation.warn(rule.condition, message, write(f"{line} and dte <= {days}"))


def _closed_from(validation: Validation) -> int:
    """Days to expiry at which a position is closed whatever else; -1 where no line says so."""
    closing = [rule.condition for rule in validation.strategy.exits if rule.action == "close" and rule.portion == ALL]
    told = [
        bound.high for one in closing if isinstance(one.expression, Compare) for about, bound in bounds_of(one) if about == _DAYS
    ]
    return int(max((high for high in told if math.isfinite(high)), default=-1))


def _check_days_of_sides(validation: Validation) -> None:
    """Lines on days that roll one side to another day: the days of the position are those of the other side still."""
    roll = validation.strategy.roll
    if roll is None or roll.near is None or (roll.at_most == 1 and roll.otherwise != "close"):
        return
    for at, rule in enumerate(validation.strategy.exit_lines):
        names = {measure.name for measure in measures_in(rule.condition.expression)}
        if rule.rolls and rule.portion.side is not None and names == {"dte"}:
            instead = "roll short" if rule.portion.short else "roll"
            message = "the days are those of the other side still once this one has been rolled, so that roll is never made"
            validation.warn(validation.deed_at(at), message, write(instead))


def _check_untested(validation: Validation, rule: ExitRule) -> None:
    """A line that the roll of the untested side does not end: its successor would be rolled, or closed, at once."""
    roll = validation.strategy.roll
    ends = any(about == _UNTESTED and math.isfinite(bound.high) for about, bound in bounds_of(rule.condition))
    stays = roll is not None and roll.at_most == 1 and roll.otherwise != "close"
    if rule.action != "roll untested side" or roll is None or ends or stays:
        return
    lows = [float(deltas.low) for (key, *_), deltas in validation.spread.deltas if key == "short_delta"]
    most = max(0.01, round(min(lows, default=0.12) * 0.6, 2))
    line = " ".join(rule.condition.text.split())
    message = "this holds still when the untested side has been rolled, so that roll is never made"
    validation.warn(rule.condition, message, write(f"{line} and untested_side_delta <= {most:g}"))


def _check_both_sides(validation: Validation) -> None:
    """Risk for one side, where one that was rolled to another day may lose beside the other."""
    risk = validation.strategy.sizing.risk
    roll = validation.strategy.roll
    if not isinstance(risk, Usd) or roll is None or isinstance(roll.to, SameExpiry):
        return
    alone = [side_alone(validation.spread, side) for side in SIDES]
    widths = sum(side.width.low for side in alone)
    brought = sum(float(side.width.low) * min(_SOLD_AT_MOST, _share_brought(side)) for side in alone)
    least = math.ceil((float(widths) - brought) * _MULTIPLIER)
    if risk.usd < least:
        message = (
            f"a side that is rolled to another day may lose beside the other one: both together risk ${least:,} at the least, "
            f"and with  risk: {spelled(risk)}  the roll is never made"
        )
        validation.warn(
            validation.at("sizing", "risk"), message, write(f"${widths * _MULTIPLIER:,.0f}", note=", or roll the whole")
        )


def _check_net(validation: Validation, condition: Condition) -> None:
    """What closing costs at least when this exit holds, against what a successor brings at most."""
    if validation.spread.pays == "credit" and validation.spread.span is not None:
        _check_brings(validation, condition, _costs_at_least(validation, condition), _brings_at_most(validation), "spreads")


def _check_side_net(validation: Validation, condition: Condition, side: Side) -> None:
    """The same of one side, by what its own delta says."""
    alone = side_alone(validation.spread, side)
    low, high = float(alone.width.low), float(alone.width.high)
    brings = high * min(1.0, _share_brought(alone))
    costs = [0.0]
    for about, bound in bounds_of(condition):
        if about == Measure(f"{side}_side_delta", "position") and math.isfinite(bound.low):
            costs.append(max(0.0, bound.low) * _BELOW_DELTA * low)
    if condition.expression == Measure(f"{side}_side_breached", "position"):
        costs.append(_AT_THE_MONEY * low)
    _check_brings(validation, condition, max(costs), brings, f"{side} sides")


def _share_brought(side: BullPut | BearCall) -> float:
    """What a side brings at the most, as a share of its width."""
    return float(side.short_delta.high) * _ABOVE_DELTA if side.short_delta is not None else 1.0


def _check_brings(validation: Validation, condition: Condition, costs: float, brings: float, what: str) -> None:
    roll = validation.strategy.roll
    if roll is None or costs == 0 or brings - costs > (wanted := float(roll.for_.least_net)):
        return
    asked = "a credit" if wanted == 0 else f"a credit of ${wanted:.2f}" if wanted > 0 else f"a debit up to ${-wanted:.2f}"
    message = (
        f"'{' '.join(condition.text.split())}' rolls when closing costs at least about ${costs:.2f} a share, "
        f"and the {what} of this file bring about ${brings:.2f} at most: that is not {asked}"
    )
    debit = math.ceil((costs - brings) * 20 + 1) / 20
    instead = "a credit" if brings > costs else f"a debit up to ${debit:.2f}"
    validation.warn(validation.at("roll", "for"), message, write(instead, note=", or roll earlier"))


def _brings_at_most(validation: Validation) -> float:
    """USD per share that opening a spread of this file brings."""
    spread = validation.spread
    shares, amounts = [1.0], [math.inf]
    sold = [float(deltas.high) for (key, *_), deltas in spread.deltas if key == "short_delta"]
    if sold:
        shares.append(_of_all_sides(validation, sold) * _ABOVE_DELTA)
    for name, of_width, bound in _bounds_on(validation, ("credit", "natural_credit", "short_delta")):
        if name == "short_delta":
            shares.append(_of_all_sides(validation, [bound[1]]) * _ABOVE_DELTA)
        else:
            (shares if of_width else amounts).append(bound[1])
    return min(_span(validation)[1] * min(shares), *amounts)


def _of_all_sides(validation: Validation, deltas: Sequence[float]) -> float:
    """The deltas of all legs that are sold together, of which one was said for each side, or one for all."""
    return sum(deltas) if len(deltas) > 1 else deltas[0] * sum(leg.sign < 0 for leg in validation.spread.shape.legs)


def _span(validation: Validation) -> tuple[float, float]:
    """Least and most that a spread of this file can be worth at most, USD per share."""
    span = validation.spread.span
    return (0.0, math.inf) if span is None else (float(span.low), float(span.high))


def _costs_at_least(validation: Validation, condition: Condition) -> float:
    """USD per share that closing costs when a condition holds; 0 where it says nothing of it."""
    (low, high), opened = _span(validation), _opened_at_least(validation)
    costs = [0.0]
    for about, bound in bounds_of(condition):
        if not math.isfinite(bound.low) or bound.low <= 0:
            continue
        match about:
            case Measure(name="short_delta"):
                costs.append(bound.low * _BELOW_DELTA * low)
            case Measure(name="mark"):
                costs.append(bound.low)
            case Arithmetic(left=Measure(name="mark"), right=Measure(name="width")):
                costs.append(bound.low * low)
            case Arithmetic(left=Measure(name="loss"), right=Measure(name="credit" | "max_profit")):
                costs.append(opened * (1 + bound.low))
            case Arithmetic(left=Measure(name="loss"), right=Measure(name="max_loss")):
                costs.append(opened + bound.low * max(0.0, low - opened))
            case _:
                pass
    if condition.expression == Measure("short_strike_breached", "position"):
        costs.append(_AT_THE_MONEY * low)
    return min(max(costs), high)


def _opened_at_least(validation: Validation) -> float:
    """USD per share that a position of this file was opened for."""
    low, _ = _span(validation)
    found = [bound[0] * (low if of_width else 1) for _, of_width, bound in _bounds_on(validation, ("credit", "natural_credit"))]
    return max((amount for amount in found if math.isfinite(amount)), default=0.0)


def _bounds_on(validation: Validation, names: tuple[str, ...]) -> Iterator[tuple[str, bool, tuple[float, float]]]:
    """Bounds of the rules on these measures: name, whether it is a share of the width, and the two ends."""
    for condition in validation.spread.rules:
        for about, bound in bounds_of(condition):
            match about:
                case Measure(name=name) if name in names:
                    yield name, False, (bound.low, bound.high)
                case Arithmetic(left=Measure(name=name), right=Measure(name="width")) if name in names:
                    yield name, True, (bound.low, bound.high)
                case _:
                    pass
