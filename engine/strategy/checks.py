"""What is wrong across the fields of a strategy that are each right by themselves.

Errors are what could never trade, or could trade without the protection that its approval needs. Warnings are what is
probably not meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from engine.strategy.bounds import Bound, bounds_of, contradictions
from engine.strategy.document import Document
from engine.strategy.expressions import And, Arithmetic, Condition, Expression, Measure, measures_in
from engine.strategy.measures import declaration
from engine.strategy.model import Policy, StrategyFile
from engine.strategy.positions import Mapped, Place, place_at
from engine.strategy.units import Unit
from engine.strategy.values import Amount, Auto, DayRange, ExpiryRule, ShareOf, Usd, WorstShare

_NEAR = Decimal("0.02")
"""How far a range may reach about a single delta."""


class _Case:
    """One strategy with its file, so that each check is a few lines."""

    def __init__(self, strategy: StrategyFile, document: Document, tree: Mapped) -> None:
        self.strategy = strategy
        self.document = document
        self.tree = tree

    def at(self, *path: str | int) -> Place:
        return place_at(self.tree, *path)

    def error(self, place: Place, message: str, hint: str) -> None:
        self.document.report(place, message, hint)

    def warn(self, place: Place, message: str, hint: str) -> None:
        self.document.report(place, message, hint, "warning")


def check_strategy(strategy: StrategyFile, document: Document) -> None:
    """Reports every problem across fields."""
    if document.tree is None:
        return
    case = _Case(strategy, document, document.tree)
    for check in _CHECKS:
        check(case)


def _contradictions(case: _Case) -> None:
    strategy = case.strategy
    for conditions in (strategy.when, strategy.filters, strategy.spread.rules):
        for earlier, later in contradictions(conditions):
            if earlier.source is later.source:
                case.error(
                    _of(later.source),
                    "this can never be true: its parts exclude each other",
                    "write  or  for  and, or change one",
                )
                continue
            text = " ".join(earlier.source.text.split())
            case.error(
                _of(later.source), f"this can never be true together with '{text}'", f"change it or line {earlier.source.line}"
            )


def _out_of_bounds(case: _Case) -> None:
    """Conditions that no value of the measure fulfils, such as a probability above 100%."""
    strategy = case.strategy
    exits = [rule.condition for rule in strategy.exits]
    for condition in (*strategy.when, *strategy.filters, *strategy.spread.rules, *exits):
        for about, bound in bounds_of(condition):
            between = _between(case, about) if isinstance(about, Measure) else None
            if not isinstance(about, Measure) or between is None:
                continue
            low, high = (
                f"{value:.0%}" if declaration(about.name, about.relation).unit is Unit.RATIO else f"{value:g}"
                for value in between
            )
            message = f"{about.name} is always between {low} and {high}"
            if about.name == "delta" and about.relation == "leg":
                kind = "put" if strategy.spread.put_call == "P" else "call"
                message, hint = (
                    f"the delta of a {kind} is between {low} and {high}",
                    "write  abs(delta)  for the delta without its sign",
                )
            else:
                hint = "write a number between them"
            if bound.misses(*between):
                case.error(_of(condition), message, hint)
            elif bound.covers(*between) and condition in exits and not isinstance(condition.expression, And):
                case.error(_of(condition), f"this holds the moment a position opens: {message}", hint)
            elif bound.covers(*between):
                case.warn(_of(condition), f"this is always true: {message}", f"{hint}, or remove it")


def _between(case: _Case, measure: Measure) -> tuple[float, float] | None:
    """Bounds that a measure never leaves in this strategy."""
    if measure.name == "delta" and measure.relation == "leg":
        return (-1, 0) if case.strategy.spread.put_call == "P" else (0, 1)
    return declaration(measure.name, measure.relation).between


def _expiry(case: _Case) -> None:
    """Conditions on dte against the expiry that is searched."""
    rule = case.strategy.spread.expiry
    if not isinstance(rule, DayRange):
        return
    if rule.min_days == rule.max_days:
        hint = f"write  {max(0, rule.min_days - 5)}-{rule.max_days + 5} days"
        case.warn(
            case.at("spread", "expiry"),
            f"only an expiry exactly {rule.min_days} days away fits, on most days there is none",
            hint,
        )
    days = _days(rule)
    for condition in (*case.strategy.filters, *case.strategy.spread.rules):
        for about, bound in bounds_of(condition):
            if isinstance(about, Measure) and about.name == "dte":
                if bound.misses(rule.min_days, rule.max_days):
                    case.error(_of(condition), f"this can never be true with  expiry: {days}", "change one of the two")
                elif bound.covers(rule.min_days, rule.max_days):
                    case.warn(_of(condition), f"this is always true with  expiry: {days}", "remove it")


def _deltas(case: _Case) -> None:
    """A single delta is that delta, not the nearest to it."""
    spread = case.strategy.spread
    for key, bounds in (("short_delta", spread.short_delta), ("long_delta", spread.long_delta)):
        if bounds is not None and bounds.low == bounds.high:
            low, high = max(Decimal(0), bounds.low - _NEAR), min(Decimal(1), bounds.high + _NEAR)
            case.warn(
                case.at("spread", key),
                f"only a delta of exactly {bounds.low} fits, and hardly any option has it",
                f"write  {low}-{high}",
            )


def _width(case: _Case) -> None:
    """Conditions on width, credit and debit against the width that is searched: a vertical is never worth more than
    its width.
    """
    width = case.strategy.spread.width
    for condition in case.strategy.spread.rules:
        for about, bound in bounds_of(condition):
            match about:
                case Measure(name="width") if bound.misses(float(width.low), float(width.high)):
                    case.error(
                        _of(condition),
                        f"this can never be true with  width: {_dollars(width.low, width.high)}",
                        "change one of the two",
                    )
                case Measure(name="width") if bound.covers(float(width.low), float(width.high)):
                    case.warn(_of(condition), f"this is always true with  width: {_dollars(width.low, width.high)}", "remove it")
                case Measure(name="credit" | "natural_credit" | "debit" | "natural_debit") if bound.misses(0, float(width.high)):
                    most = f"a spread {_dollars(width.high)} wide is never worth more than {_dollars(width.high)}"
                    least = f"no spread has a {about.name} below $0"
                    case.error(_of(condition), least if bound.high <= 0 else most, f"write  {about.name} >= 15% of width")
                case Arithmetic(
                    left=Measure(name="credit" | "natural_credit" | "debit" | "natural_debit") as left,
                    right=Measure(name="width"),
                ):
                    if bound.misses(0, 1) or (bound.low == 1 and not bound.is_low_open):
                        case.error(_of(condition), f"no width can pay this {left.name}", f"write  {left.name} >= 15% of width")
                case _:
                    pass


def _undefined(case: _Case) -> None:
    """Measures that the structure does not have: a debit structure has no credit."""
    strategy = case.strategy
    kind = "credit" if strategy.spread.is_credit else "debit"
    wrong = "debit" if strategy.spread.is_credit else "credit"
    rank = case.at("spread", "rank")
    lines: list[tuple[Expression, Place]] = [(strategy.spread.rank, rank)]
    lines += [(rule.expression, _of(rule)) for rule in strategy.spread.rules]
    lines += [(rule.condition.expression, _of(rule.condition)) for rule in strategy.exits]
    if isinstance(strategy.entry.approval, Policy):
        lines += [(rule.expression, _of(rule)) for rule in strategy.entry.approval.auto_when]
    for expression, place in lines:
        for name in dict.fromkeys(measure.name for measure in measures_in(expression) if _structures(measure) == wrong):
            pays = "receives a credit" if kind == "credit" else "pays a debit"
            message = f"'{name}' is not defined for a {strategy.spread.type}: it {pays}"
            case.error(place, message, f"use  {name.replace(wrong, kind)}  instead")


def _structures(measure: Measure) -> str | None:
    return declaration(measure.name, measure.relation).structures


def _exits(case: _Case) -> None:
    strategy = case.strategy
    closing = [rule for rule in strategy.exits if rule.action != "alert"]
    names = {measure.name for rule in closing for measure in measures_in(rule.condition.expression)}
    place = case.at("exits")
    if not names & {"loss", "profit", "short_delta", "short_strike_breached", "delta", "mark"} or (
        names & {"loss", "profit"} == {"profit"} and not (names & {"short_delta", "short_strike_breached", "delta", "mark"})
    ):
        case.warn(
            place,
            "no exit limits a loss",
            "add  - loss >= 200% of credit" if strategy.spread.is_credit else "add  - loss >= 50% of debit",
        )
    if not names & {"dte", "time", "minutes_to_close", "days_held"}:
        case.warn(place, "no exit closes before expiry", "add  - dte <= 21")
    for rule in strategy.exits:
        _fires_at_once(case, rule.condition)
    rolls_already = any(key == "roll" for key in case.tree)  # written, and perhaps wrong, which is told then
    if any(rule.action == "roll" for rule in strategy.exits) and strategy.roll is None and not rolls_already:
        rule = next(rule for rule in strategy.exits if rule.action == "roll")
        case.error(
            _of(rule.condition), "this exit rolls, but roll: does not say where to", "add  roll: {to: 30-60 days, for: a credit}"
        )
    if strategy.roll is not None and not any(rule.action == "roll" for rule in strategy.exits):
        case.warn(
            case.at("roll"), "no exit rolls, so this never happens", "write  - short_delta >= 0.35: roll  in exits, or remove it"
        )


def _fires_at_once(case: _Case, condition: Condition) -> None:
    """Exits that would close what was just opened, and exits that can never come true."""
    spread, roll = case.strategy.spread, case.strategy.roll
    place = _of(condition)
    alone = not isinstance(condition.expression, And)
    for about, bound in bounds_of(condition):
        match about:
            case Measure(name="dte"):
                if not _days_of_exit(case, condition, bound, "expiry", spread.expiry):
                    _days_of_exit(case, condition, bound, "to", roll.to if roll else None)
            case Arithmetic(left=Measure(name="profit"), right=Measure(name="credit" | "max_profit")) if bound.misses(-100, 1):
                case.error(place, "a position never earns more than that", "write  profit >= 50% of max_profit")
            case Arithmetic(left=Measure(name="loss"), right=Measure(name="max_loss" | "debit")) if bound.low > 1:
                case.error(place, "a position never loses more than that", "write  loss >= 50% of max_loss")
            case Measure(name="mark") if bound.misses(0, float(spread.width.high)):
                most = f"a spread {_dollars(spread.width.high)} wide is never worth more than {_dollars(spread.width.high)}"
                case.error(place, most, "write  loss >= 50% of max_loss")
            case Measure(name="days_held") if alone and bound.covers(0, 0):
                case.error(place, "this holds the moment a position opens", "write  days_held >= 30")
            case Measure(name="profit" | "loss") | Arithmetic(left=Measure(name="profit" | "loss"), right=Measure()) if (
                alone and bound.covers(0, 0) and bound.low <= 0
            ):
                name = next(measure.name for measure in measures_in(about))
                way_out = "loss >= 50% of max_loss" if name == "loss" else "profit >= 50% of max_profit"
                case.error(place, "this holds the moment a position opens", f"write  {way_out}")
            case _:
                pass


def _days_of_exit(case: _Case, condition: Condition, bound: Bound, key: str, rule: ExpiryRule | None) -> bool:
    """An exit on days to expiry against the days with which a position begins, opened or rolled. True where it is wrong.

    Beside another condition it may well be fulfilled from the first moment.
    """
    if not isinstance(rule, DayRange):
        return False
    alone = not isinstance(condition.expression, And)
    fewer = min(21, rule.min_days - 1)
    hint = f"write  dte <= {fewer}" if fewer >= 0 else "remove it, and close by the clock:  time >= 15:45 New York"
    days, place = f"{key}: {_days(rule)}", _of(condition)
    if bound.misses(0, rule.max_days):
        case.error(place, f"with  {days}  this never holds", hint)
    elif alone and bound.covers(rule.min_days, rule.max_days):
        case.error(place, f"with  {days}  this holds the moment a position {'opens' if key == 'expiry' else 'is rolled'}", hint)
    elif alone and not bound.misses(rule.min_days, rule.max_days):
        case.warn(place, f"with  {days}  some positions would be closed at once", hint)
    else:
        return False
    return True


def _days(rule: DayRange) -> str:
    return f"{rule.min_days} days" if rule.min_days == rule.max_days else f"{rule.min_days}-{rule.max_days} days"


def _approval(case: _Case) -> None:
    strategy = case.strategy
    approval, limits = strategy.entry.approval, strategy.limits
    place = case.at("entry", "approval")
    if isinstance(approval, Auto | Policy) and limits.stop_for_day is None:
        kind = "auto" if isinstance(approval, Auto) else "a policy"
        message = f"approval: {kind}, but no stop_for_day is set"
        case.error(place, message, "automatic strategies need a daily stop, e.g.  stop_for_day: -$500  in limits")
    if isinstance(approval, Auto) and strategy.entry.auto_up_to is None:
        hint = "add  auto_up_to: $500 risk, 2 orders per day  in entry; above it a person is asked"
        case.error(place, "approval: auto, but no budget is set", hint)
    if strategy.entry.auto_up_to is not None and not isinstance(approval, Auto):
        case.warn(case.at("entry", "auto_up_to"), "this budget is for  approval: auto  and changes nothing here", "remove it")
    if strategy.mode == "live" and limits.stop_for_day is None and not isinstance(approval, Auto | Policy):
        case.warn(case.at("mode"), "mode: live, but no stop_for_day is set", "add  stop_for_day: -$500  in limits")
    if isinstance(approval, Policy) and strategy.sizing.contracts.high > 1:
        _risk_of_one(case, approval)


def _risk_of_one(case: _Case, policy: Policy) -> None:
    for condition in policy.auto_when:
        if any(measure.name == "max_loss" for measure in measures_in(condition.expression)):
            most = case.strategy.sizing.contracts.high
            case.warn(
                _of(condition),
                f"max_loss is the risk of one spread, and an order may have {most}",
                "write  order_risk <= $300  for all of them",
            )


def _never_binds(case: _Case) -> None:
    limits, sizing = case.strategy.limits, case.strategy.sizing
    if limits.per_expiry > limits.open:
        case.warn(
            case.at("limits", "per_expiry"),
            f"this never binds: only {limits.open} may be open at all",
            f"write  {limits.open}  or less",
        )
    if limits.open_risk is not None:
        each = _comparable(sizing.risk, limits.open_risk)
        if each is not None and each[0] > each[1]:
            case.error(
                case.at("limits", "open_risk"),
                "one position may risk more than all of them together",
                "make it larger than  sizing.risk",
            )
        elif each is not None and each[0] * limits.open <= each[1] and limits.open * each[0] != each[1]:
            message = f"this never binds: {limits.open} positions at the risk of sizing stay below it"
            case.warn(case.at("limits", "open_risk"), message, "make it smaller, or remove it")
    budget = case.strategy.entry.auto_up_to
    if budget is not None and budget.orders_per_day > limits.per_day:
        message = f"its {budget.orders_per_day} orders never bind: limits.per_day allows {limits.per_day}"
        case.warn(case.at("entry", "auto_up_to"), message, f"write  {limits.per_day} orders per day  or less")


def _comparable(left: Amount, right: Amount) -> tuple[Decimal, Decimal] | None:
    """Both amounts as numbers where they are parts of the same thing."""
    match left, right:
        case Usd(usd=a), Usd(usd=b):
            return a, b
        case ShareOf(fraction=a, base=one), ShareOf(fraction=b, base=other) if one == other:
            return a, b
        case _:
            return None


def _entry(case: _Case) -> None:
    entry, credit = case.strategy.entry, case.strategy.spread.is_credit
    window = entry.window
    shift = 60 if window.zone == "America/Chicago" else 0
    start, end = window.start.hour * 60 + window.start.minute + shift, window.end.hour * 60 + window.end.minute + shift
    if start < 9 * 60 + 30 or end > 16 * 60 + 15:
        case.error(
            case.at("entry", "window"), "options trade from 09:30 to 16:15 New York at most", "write  09:45-15:30 New York"
        )
    walk = entry.price
    if walk is None or not isinstance(walk.worst, WorstShare):
        return
    if walk.worst.base == "mid" and credit and walk.worst.fraction > 1:
        case.error(
            case.at("entry", "price"), "a credit gets worse below the mid, not above it", "write  no worse than 92% of mid"
        )
    if walk.worst.base == "mid" and not credit and walk.worst.fraction < 1:
        case.error(
            case.at("entry", "price"), "a debit gets worse above the mid, not below it", "write  no worse than 108% of mid"
        )
    if walk.worst.base == "width" and walk.worst.fraction >= 1:
        case.error(case.at("entry", "price"), "no spread is worth its whole width", "write  no worse than 15% of width")


def _repeated(case: _Case) -> None:
    strategy = case.strategy
    exits = [rule.condition for rule in strategy.exits]
    lists: Iterable[Iterable[Condition]] = (strategy.when, strategy.filters, strategy.spread.rules, exits)
    for conditions in lists:
        seen: dict[Expression, Condition] = {}
        for condition in conditions:
            if condition.expression in seen:
                case.warn(_of(condition), f"this stands already in line {seen[condition.expression].line}", "remove one of them")
            seen.setdefault(condition.expression, condition)
    for at, ticker in enumerate(strategy.universe):
        if ticker in strategy.universe[:at]:
            case.warn(case.at("universe", at), f"{ticker} is named twice", "remove one of them")


_CHECKS: tuple[Callable[[_Case], None], ...] = (
    _contradictions, _out_of_bounds, _expiry, _deltas, _width, _undefined, _exits, _approval, _never_binds, _entry, _repeated,
)  # fmt: skip


def _of(condition: Condition) -> Place:
    return Place(condition.line, condition.column, condition.column + len(condition.text))


def _dollars(*amounts: Decimal) -> str:
    return "-".join(f"${amount:,}" for amount in amounts)
