"""Exits that hold the moment a position opens, by what the file says of an opening: the market that it waits for, the deltas
of its legs, the hours. The engine opens nothing on which one of its exits holds already, so such a file never trades. It may
stand for positions that a person hands over, so it is warned of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import time

from engine.strategy.conditions import LEFT_SIDES, LET_EXPIRE
from engine.strategy.expressions.tree import And, Arithmetic, Condition, Expression, Measure, measures_in
from engine.strategy.validation.bounds import bounds_of
from engine.strategy.validation.validation import Validation
from engine.strategy.way_out import remove, write

_OF_LEGS = {"short_delta": "short", "long_delta": "long"}
_OF_SPREAD = frozenset({"pop", "short_delta", "long_delta", "quote_width"})
"""Numbers that are the same of a spread and of the position that it becomes."""
_NEW_YORK = "America/New_York"
_CLOSE = 16 * 60
"""Minutes of the day in New York."""


def check_openings(validation: Validation) -> None:
    """Exits that hold whenever something may be opened."""
    for rule in validation.strategy.exit_lines:
        if rule.action in {"alert", LET_EXPIRE, *LEFT_SIDES} or isinstance(rule.condition.expression, And):
            continue
        for about, bound in bounds_of(rule.condition):
            for said, low, high in _openings(validation, about):
                if bound.covers(low, high):
                    message = f"with  {said}  this holds the moment a position opens, so nothing is opened"
                    validation.warn(rule.condition, message, _instead(about, high))
                    break


def _openings(validation: Validation, about: Expression) -> Iterator[tuple[str, float, float]]:
    """What the file says of a number when a position opens, and between which values that leaves it."""
    match about:
        case Measure(name="time") | Measure(name="minutes_to_close"):
            yield from _hours(validation, about.name)
        case Measure(relation="position", name=name) if name in _OF_SPREAD:
            yield from _deltas(validation, name)
            yield from _lines(validation.spread.rules, Measure(name, "spread"))
        case Measure(relation="market") | Arithmetic() if all(one.relation == "market" for one in measures_in(about)):
            yield from _lines(validation.strategy.when, about)
        case _:
            return


def _lines(conditions: Iterable[Condition], about: Expression) -> Iterator[tuple[str, float, float]]:
    """The bounds that a list of conditions, of which all must hold, puts on a number; each line by itself."""
    for condition in conditions:
        for seen, bound in bounds_of(condition):
            if seen == about:
                yield " ".join(condition.text.split()), bound.low, bound.high


def _deltas(validation: Validation, name: str) -> Iterator[tuple[str, float, float]]:
    leg = _OF_LEGS.get(name)
    for role in validation.spread.shape.roles if leg else ():
        found = validation.spread.delta_of(role)
        if found is not None and role == leg:
            yield f"{name}: {found.low}-{found.high}", float(found.low), float(found.high)


def _hours(validation: Validation, name: str) -> Iterator[tuple[str, float, float]]:
    """The hours of openings, as minutes of the day or as minutes before a usual close."""
    entry = validation.strategy.entry
    window = entry.window
    if entry.at is not None or window.zone != _NEW_YORK:
        return
    first, last = _minutes(window.start), _minutes(window.end)
    said = f"window: {window.start:%H:%M}-{window.end:%H:%M} New York"
    if name == "time":
        yield said, first, last
    else:
        # On a half day the close is nearer still: less is left, and what holds below a number holds all the more.
        yield said, -math.inf, _CLOSE - first


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _instead(about: Expression, high: float) -> str:
    match about:
        case Measure(name="time"):
            return write("time >= 15:45 New York")
        case Measure(name="minutes_to_close"):
            return write("minutes_to_close <= 15")
        case Measure(name="short_delta") if high <= _MOST_DELTA:
            return write(f"short_delta >= {high + _DELTA_BEYOND:.2f}")
        case _:
            return remove(", or change one of the two")


_MOST_DELTA, _DELTA_BEYOND = 0.8, 0.15
"""A sold leg is left when it has moved this far beyond the deltas with which it is opened."""
