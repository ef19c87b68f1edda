"""When a stop is believed: it held on several fresh looks over some seconds, and the leg whose quote made it hold was told anew.

One bad print must not close a position, however long it stands. So that the waiting ends in time, whatever the cadence of the
name, the legs are asked for at once and again while it lasts. Where every leg was told anew and the loss grew all the same, no
print stands and the market runs: two looks are enough then. A profit, a date and a time of day are believed at once: a date
cannot be a bad print, and a profit that was one does not fill.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from engine.decide.entry.find import ExitAnswer
from engine.domain.clocks import CONFIRMED_BY, CONFIRMED_OVER, FORGOTTEN_AFTER, RUNS_BY, RUNS_OVER, TRIGGERED_WITHIN
from engine.domain.snapshot import ExitHits, Snapshot
from engine.pricing.mark import Mark
from engine.strategy.conditions import ExitRule
from engine.strategy.expressions.tree import measures_in
from engine.strategy.measures.market import OF_THE_CALENDAR

AT_ONCE = frozenset(
    {"profit", "dte", "days_held", "time", "minutes_to_close", "credit", "debit", "max_profit", "days_to_ex_dividend"}
    | {"minutes_held", "total_credit", *OF_THE_CALENDAR}
    | {f"{side}_side_{name}" for side in ("put", "call") for name in ("profit", "credit")}
)
_PROFITS = ("profit", "put_side_profit", "call_side_profit")
"""Measures that one look is enough for."""


@dataclass(frozen=True, slots=True)
class Count:
    """How a rule that holds stands after one more fresh look."""

    first_at: datetime
    count: int
    was_believed: bool
    """Before this look."""
    is_believed: bool
    net: Decimal | None = None
    """What closing would have brought on the first look, USD per share at mid."""
    runs: bool = False
    """Whether the market has run on since the first look: a price that waits is left behind."""


def counted(
    hits: ExitHits | None,
    snapshot: Snapshot,
    quoted_at: Collection[datetime],
    *,
    at_once: bool,
    forgets: bool = True,
    mark: Mark | None = None,
) -> Count:
    """The count of a rule that holds on this fresh look; `quoted_at` are the moments at which its legs were quoted, `mark` is
    what closing would bring."""
    before = pending(hits, snapshot) if forgets else _ever(hits)
    first_at, count = (before.first_at, before.count + 1) if before else (snapshot.at, 1)
    first_net = before.net if before else mark.mid if mark else None
    runs = mark is not None and _runs(first_at, first_net, mark, quoted_at)
    if any(first_at - TRIGGERED_WITHIN <= at <= first_at for at in quoted_at):
        count = min(count, CONFIRMED_BY - 1)  # the print that made the rule hold is still standing there, and may be a bad one
    was = before is not None and _is_enough(before.count, before.last_at - before.first_at, at_once=at_once)
    over = snapshot.at - first_at
    is_believed = _is_enough(count, over, at_once=at_once) or (runs and over >= RUNS_OVER)
    return Count(first_at, count, was, is_believed, first_net, runs)


def pending(hits: ExitHits | None, snapshot: Snapshot) -> ExitHits | None:
    """The count of a rule that was looked at a moment ago and held; None where it begins anew."""
    known = _ever(hits)
    return None if known is None or snapshot.at - known.last_at > FORGOTTEN_AFTER else known


def is_stop(found: ExitAnswer) -> bool:
    """Whether a rule must be confirmed and its close is urgent: it looks at prices, or at a profit that is a loss."""
    profits = [found.values.get(name) for name in _PROFITS]
    return not _is_at_once(found.rule) or any(profit is not None and profit < 0 for profit in profits)


def _is_at_once(rule: ExitRule) -> bool:
    return {measure.name for measure in measures_in(rule.condition.expression)} <= AT_ONCE


def _runs(first_at: datetime, first_net: Decimal | None, mark: Mark, quoted_at: Collection[datetime]) -> bool:
    """Whether each leg was quoted after the first look, and closing brings less by more than the noise of quotes."""
    if first_net is None or not quoted_at or min(quoted_at) <= first_at:
        return False
    return first_net - mark.mid >= max(mark.half_width, abs(first_net) * RUNS_BY)


def _ever(hits: ExitHits | None) -> ExitHits | None:
    return hits if hits is not None and hits.count else None


def _is_enough(count: int, over: timedelta, *, at_once: bool) -> bool:
    return at_once or (count >= CONFIRMED_BY and over >= CONFIRMED_OVER)
