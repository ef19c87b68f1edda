"""Conditions that can never hold, always hold, are said twice, or ask for what the structure does not have."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.domain.parts import ALL
from engine.strategy.conditions import LEFT_SIDES
from engine.strategy.explain_words import an
from engine.strategy.expressions.tree import And, Condition, Expression, Measure, measures_in
from engine.strategy.measures.index import declaration
from engine.strategy.measures.positions import SIDE_MEASURES
from engine.strategy.measures.spreads import CREDITS_OF_SIDES
from engine.strategy.model import Policy
from engine.strategy.source import Place
from engine.strategy.units import Unit
from engine.strategy.validation.bounds import bounds_of, contradictions
from engine.strategy.validation.signs import unsigned
from engine.strategy.validation.validation import Validation
from engine.strategy.way_out import WayOut, remove, write


def check_contradictions(validation: Validation) -> None:
    """Conditions of one list of which all must hold, and two never do."""
    strategy = validation.strategy
    for conditions in (strategy.when, strategy.filters, strategy.spread.rules):
        for earlier, later in contradictions(conditions):
            if earlier.source is later.source:
                message = "this can never be true: its parts exclude each other"
                validation.error(later.source, message, "write  or  for  and, or change one")
                continue
            message = f"this can never be true together with '{' '.join(earlier.source.text.split())}'"
            validation.error(later.source, message, remove(f", or change it or line {earlier.source.line}"))


def check_values(validation: Validation) -> None:
    """Conditions that no value of the measure fulfils, such as a probability above 100%, or every value."""
    strategy = validation.strategy
    exits = [rule.condition for rule in strategy.exit_lines]
    for condition in (*strategy.when, *strategy.filters, *strategy.spread.rules, *exits):
        for about, bound in bounds_of(condition):
            between = _between(validation, about) if isinstance(about, Measure) else None
            if not isinstance(about, Measure) or between is None:
                continue
            message, hint = _always(validation, about, between, condition)
            if bound.misses(*between):
                validation.error(condition, message, hint)
            elif bound.covers(*between) and condition in exits and not isinstance(condition.expression, And):
                validation.error(condition, f"this holds the moment a position opens: {message}", hint)
            elif bound.covers(*between):
                or_not = hint.reworded(f"{hint}, or remove it") if isinstance(hint, WayOut) else f"{hint}, or remove it"
                validation.warn(condition, f"this is always true: {message}", or_not)


def check_undefined(validation: Validation) -> None:
    """Measures that the structure does not have: a debit structure has no credit, a calendar no width."""
    spread, approval = validation.spread, validation.strategy.entry.approval
    conditions = [*spread.rules, *(rule.condition for rule in validation.strategy.exit_lines)]
    if isinstance(approval, Policy):
        conditions.extend(approval.auto_when)
    lines: list[tuple[Expression, Place | Condition]] = [(spread.rank, validation.at("spread", "rank"))]
    lines.extend((condition.expression, condition) for condition in conditions)
    for expression, where in lines:
        for measure in dict.fromkeys(measures_in(expression)):
            _check_defined(validation, where, measure)


def _check_defined(validation: Validation, where: Place | Condition, measure: Measure) -> None:
    spread, name = validation.spread, measure.name
    defined_for = declaration(name, measure.relation).structures
    lacks = {**spread.lacks_held, **spread.lacks} if measure.relation == "position" else spread.lacks
    if measure.relation in {"spread", "position"} and name in lacks:
        what = remove() if isinstance(where, Condition) else write("return_on_risk")
        if name == "max_profit" and isinstance(where, Condition):
            paid = "debit" if spread.pays == "debit" else "max_loss"
            what = write(re.sub(r"\bmax_profit\b", paid, " ".join(where.text.split())))
        held = " that is open" if name not in spread.lacks else ""
        validation.error(where, f"'{name}' is not defined for {an(spread.name())}{held}: {lacks[name]}", what)
    elif name == "short_strike" and isinstance(where, Condition):
        _check_strike(validation, where)
    elif name in CREDITS_OF_SIDES and len({leg.put_call for leg in spread.shape.legs}) < 2:
        message = f"'{name}' is not defined for {an(spread.name())}: all of its legs are of one right"
        whole = write("return_on_risk")
        if isinstance(where, Condition):
            whole = write(re.sub(rf"\b{name}\b", "credit", " ".join(where.text.split())))
        validation.error(where, message, whole)
    elif name in SIDE_MEASURES and len({leg.put_call for leg in spread.shape.legs}) < 2:
        message = f"'{name}' is not defined for {an(spread.name())}: all of its legs are of one right"
        whole = name.split("_side_", 1)[1].replace("delta", "short_delta").replace("breached", "short_strike_breached")
        whole = whole.replace("distance", "short_distance")
        validation.error(where, message, _turned(where, name, whole))
    elif defined_for is None or defined_for == spread.pays:
        return
    elif spread.pays != "either":
        pays = "receives a credit" if spread.pays == "credit" else "pays a debit"
        message = f"'{name}' is not defined for {an(spread.name())}: it {pays}"
        validation.error(where, message, _turned(where, name, name.replace(defined_for, spread.pays)))
    elif measure.relation == "position":
        other = "debit" if defined_for == "credit" else "credit"
        message = f"{an(spread.name())} may open for a {other}, and '{name}' of that position is unknown: this would never hold"
        validation.error(where, message, _turned(where, name, "max_loss"))


def _check_strike(validation: Validation, where: Condition) -> None:
    """The price less the sold strike, where that strike does not lie below the price."""
    spread, said = validation.spread, " ".join(where.text.split())
    rights = {leg.put_call for leg in spread.shape.legs}
    apart = re.compile(r"\bprice\s*-\s*short_strike\b" if rights == {"C"} else r"\bshort_strike\s*-\s*price\b")
    if len(rights) > 1:
        message = (
            f"{an(spread.name())} has a sold strike on either side of the price, and 'short_strike' is now one, now the other"
        )
        meant = re.sub(r"\b(?:price\s*-\s*short_strike|short_strike\s*-\s*price)\b", "short_distance", said)
        validation.error(where, message, write(meant if "short_strike" not in meant else "short_distance <= $0"))
    elif apart.search(said):
        side = "above" if rights == {"C"} else "below"
        message = f"the sold strike of {an(spread.name())} lies {side} the price, so this holds the moment a position opens"
        validation.error(where, message, write(apart.sub("short_distance", said)))


def _turned(where: Place | Condition, name: str, instead: str) -> WayOut:
    """The line with the other measure; what is compared with it directly is the least of a credit and the most of a debit."""
    if not isinstance(where, Condition):
        return WayOut.of(f"use  {instead}  instead")
    text = re.sub(rf"\b{name}\b", instead, " ".join(where.text.split()))
    if instead == "debit":  # a debit is lost at most once
        text = re.sub(r"(loss\s*>=?\s*)[0-9]{3,}\s*%", r"\g<1>50%", text)
    direct = re.match(rf"({instead}\s*)([<>])(.*)", text)
    return write(f"{direct[1]}{'<' if direct[2] == '>' else '>'}{direct[3]}" if direct else text)


def check_repeated(validation: Validation) -> None:
    """Conditions and underlyings that stand twice in one list."""
    strategy = validation.strategy
    # Behind an alert, or what is about one portion, the same may close.
    exits = [rule.condition for rule in strategy.exit_lines if rule.portion == ALL and rule.action not in {"alert", *LEFT_SIDES}]
    alerts = [rule.condition for rule in strategy.exit_lines if rule.action == "alert"]
    lists: Iterable[Iterable[Condition]] = (strategy.when, strategy.filters, strategy.spread.rules, exits, alerts)
    for conditions in lists:
        seen: dict[Expression, Condition] = {}
        for condition in conditions:
            if condition.expression in seen:
                validation.warn(condition, f"this stands already in line {seen[condition.expression].line}", remove())
            seen.setdefault(condition.expression, condition)
    for at, ticker in enumerate(strategy.universe):
        if ticker in strategy.universe[:at]:
            validation.warn(validation.at("universe", at), f"{ticker} is named twice", remove())


def _between(validation: Validation, measure: Measure) -> tuple[float, float] | None:
    """Bounds that a measure never leaves in this strategy."""
    if _is_delta_of_leg(measure):
        return _DELTAS[_right(validation)]
    return declaration(measure.name, measure.relation).between


def _always(validation: Validation, measure: Measure, between: tuple[float, float], condition: Condition) -> tuple[str, str]:
    """What holds of every value of a measure, and the way out for who did not know."""
    unit = declaration(measure.name, measure.relation).unit
    low, high = (f"{value:.0%}" if unit is Unit.RATIO else f"{value:g}" for value in between)
    if _is_delta_of_leg(measure):
        kind = _right(validation)
        without = re.sub(r"(?<![a-z_(])delta\b(?!\s*\))", "abs(delta)", " ".join(condition.text.split()), count=1)
        way_out = write(unsigned(without), note="  for the delta without its sign")
        return f"the delta of a {kind} is between {low} and {high}", way_out
    message = f"{measure.name} is always between {low} and {high}"
    without = unsigned(condition.text)
    if between[0] == 0 and without != " ".join(condition.text.split()):
        return message, write(without)
    return message, "write a number between them"


_DELTAS = {"put": (-1.0, 0.0), "call": (0.0, 1.0), "leg": (-1.0, 1.0)}
"""Between what the delta of a leg lies."""


def _right(validation: Validation) -> str:
    """What all legs of the structure are, puts or calls."""
    rights = {leg.put_call for leg in validation.spread.shape.legs}
    return "leg" if len(rights) > 1 else "put" if rights == {"P"} else "call"


def _is_delta_of_leg(measure: Measure) -> bool:
    return measure.name == "delta" and measure.relation == "leg"
