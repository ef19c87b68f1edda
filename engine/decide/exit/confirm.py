"""When a stop is believed: it held on several fresh looks over some seconds, and the leg whose quote made it hold was told anew.

One bad print must not close a position, however long it stands. So that the waiting ends in time, whatever the cadence of the
name, the legs are asked for at once and again while it lasts. A profit, a date and a time of day are believed at once: a date
cannot be a bad print, and a profit that was one does not fill.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.decide.entry.find import ExitAnswer
from engine.domain.clocks import CONFIRMED_BY, CONFIRMED_OVER, FORGOTTEN_AFTER, TRIGGERED_WITHIN
from engine.domain.snapshot import ExitHits, Snapshot
from engine.strategy.conditions import ExitRule
from engine.strategy.expressions.tree import measures_in

AT_ONCE = frozenset(
    {"profit", "dte", "days_held", "time", "minutes_to_close", "credit", "debit", "max_profit", "days_to_ex_dividend"}
)
"""Measures that one look is enough for."""


@dataclass(frozen=True, slots=True)
class Count:
    """How a rule that holds stands after one more fresh look."""

    first_at: datetime
    count: int
    was_believed: bool
    """Before this look."""
    is_believed: bool


def counted(
    hits: ExitHits | None, snapshot: Snapshot, quoted_at: Iterable[datetime], *, at_once: bool, forgets: bool = True
) -> Count:
    """The count of a rule that holds on this fresh look; `quoted_at` are the moments at which its legs were told."""
    before = pending(hits, snapshot) if forgets else _ever(hits)
    first_at, count = (before.first_at, before.count + 1) if before else (snapshot.at, 1)
    if any(first_at - TRIGGERED_WITHIN <= at <= first_at for at in quoted_at):
        count = min(count, CONFIRMED_BY - 1)  # the print that made the rule hold is still standing there, and may be a bad one
    was = before is not None and _is_enough(before.count, before.last_at - before.first_at, at_once=at_once)
    return Count(first_at, count, was, _is_enough(count, snapshot.at - first_at, at_once=at_once))


def pending(hits: ExitHits | None, snapshot: Snapshot) -> ExitHits | None:
    """The count of a rule that was looked at a moment ago and held; None where it begins anew."""
    known = _ever(hits)
    return None if known is None or snapshot.at - known.last_at > FORGOTTEN_AFTER else known


def is_stop(found: ExitAnswer) -> bool:
    """Whether a rule must be confirmed and its close is urgent: it looks at prices, or at a profit that is a loss."""
    profit = found.values.get("profit")
    return not _is_at_once(found.rule) or (profit is not None and profit < 0)


def _is_at_once(rule: ExitRule) -> bool:
    return {measure.name for measure in measures_in(rule.condition.expression)} <= AT_ONCE


def _ever(hits: ExitHits | None) -> ExitHits | None:
    return hits if hits is not None and hits.count else None


def _is_enough(count: int, over: timedelta, *, at_once: bool) -> bool:
    return at_once or (count >= CONFIRMED_BY and over >= CONFIRMED_OVER)
