"""What a day of a strategy looks like: when it looks and leaves, and the most that it opens, risks and sends.

Bounds from the file alone: the account's limits and the market make it less, never more.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.strategy.exit_groups import groups_of
from engine.strategy.explain_words import CITIES, amount_of, duration, in_window, listed
from engine.strategy.expressions.tree import And, Compare, Expression, Measure, Number
from engine.strategy.model import Strategy
from engine.strategy.values.meaning import Amount, ShareOf, Usd, comparable


def day_of(strategy: Strategy) -> list[str]:
    """A day of it in sentences; one that is off opens nothing, and its positions are still watched."""
    if not strategy.enabled:
        return ["A day of it: nothing is opened while it is off; exits of what is open are watched from the open to the close."]
    opened = openings_most(strategy)
    return [
        f"A day of it: {_looks(strategy)}; exits are watched from the open to the close{_clocks(strategy)}.",
        f"At most {_counted(opened, 'opening')} that day{_again(strategy)}, and {_risked(strategy, opened)}.",
        _orders(strategy, opened),
    ]


def openings_most(strategy: Strategy) -> int:
    """How many positions it opens on one day at the most, with those that follow a stop."""
    again, at = strategy.entry.again, strategy.entry.at
    planned = strategy.limits.per_day if at is None else min(strategy.limits.per_day, len(at.times))
    return planned + (again.times if again is not None else 0)


def _looks(strategy: Strategy) -> str:
    at = strategy.entry.at
    if at is None:
        return f"it looks for openings between {in_window(strategy.entry.window)}"
    clocks = listed([f"{clock:%H:%M}" for clock in at.times])
    return f"it looks for openings at {clocks} {CITIES[at.zone]}, for {duration(at.within_s)} each"


def _clocks(strategy: Strategy) -> str:
    """The times of the day that stand in its exits."""
    rules = [rule for group in groups_of(strategy.exits_as_written) for rule in group]
    minutes = sorted({minute for rule in rules for minute in _minutes_in(rule.condition.expression)})
    said = listed([f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes]) if minutes else ""
    ends = ["what is left then expires"] if strategy.lets_expire else []
    return "".join([f", some of them from {said} New York on" if said else "", *(f"; {end}" for end in ends)])


def _minutes_in(expression: Expression) -> Iterator[int]:
    match expression:
        case Compare(left=Measure(name="time"), right=Number(value=value)):
            yield int(value)
        case And(parts=parts):
            for part in parts:
                yield from _minutes_in(part)
        case _:
            return


def _again(strategy: Strategy) -> str:
    again = strategy.entry.again
    return f", {again.times} of them only after one was closed at a loss" if again is not None else ""


def _risked(strategy: Strategy, opened: int) -> str:
    new = _least(_times(strategy.sizing.risk, opened), strategy.limits.open_risk)
    whole = _least(_times(strategy.sizing.risk, strategy.limits.open), strategy.limits.open_risk)
    return f"new risk of at most {amount_of(new)}; all that is open risks at most {amount_of(whole)}"


def _times(amount: Amount, count: int) -> Amount:
    return Usd(amount.usd * count) if isinstance(amount, Usd) else ShareOf(amount.fraction * count, amount.base)


def _least(amount: Amount, bound: Amount | None) -> Amount:
    """The smaller of two where they can be compared, else the first."""
    both = comparable(amount, bound) if bound is not None else None
    return bound if bound is not None and both is not None and both[1] < both[0] else amount


def _orders(strategy: Strategy, opened: int) -> str:
    walk = strategy.walk
    changes = max(0, walk.give_up_after_s // walk.every_s - 1)
    closes = strategy.limits.open + opened
    each = f" has up to {_counted(changes, 'change')} of price and" if changes else ""
    return (
        f"An opening order{each} is given up after {duration(walk.give_up_after_s)}, and what fits is proposed anew; at most "
        f"{_counted(opened, 'order')} of them can fill. Closing orders: one at a time for each of at most "
        f"{_counted(closes, 'position')} that can be open in the course of the day."
    )


def _counted(count: int, what: str) -> str:
    return f"one {what}" if count == 1 else f"{count} {what}s"
