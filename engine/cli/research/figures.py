"""Figures of a result: sums by month and by bucket, drawdown, and what was not traded. Amounts in USD, fees paid."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.domain.session import NEW_YORK
from engine.research.drive import DayEnd
from engine.research.result import NotTraded, Result, Trade

ZERO = Decimal(0)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DTE = ((0, "0"), (7, "1-7"), (21, "8-21"), (45, "22-45"), (90, "46-90"))
RANK = ((0.25, "to 25%"), (0.50, "to 50%"), (0.75, "to 75%"), (1.0, "to 100%"))
DELTA = ((0.10, "to 0.10"), (0.15, "to 0.15"), (0.20, "to 0.20"), (0.30, "to 0.30"), (0.40, "to 0.40"))


@dataclass(frozen=True, slots=True)
class Fall:
    """The deepest drawdown, from closes of days."""

    usd: Decimal
    """Below zero; 0 where the account never fell."""
    share: float
    """Of the peak."""
    peak: date
    trough: date


@dataclass(frozen=True, slots=True)
class Bucket:
    name: str
    trades: int
    won: int
    made: Decimal
    worst: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """One result in numbers."""

    made: Decimal
    fees: Decimal
    trades: int
    open: int
    unrealised: Decimal
    """What open trades have made at mid, their fees paid: the result less what closed trades made."""
    won: int
    mean_won: Decimal | None
    mean_lost: Decimal | None
    """Below zero."""
    worst_day: tuple[date, Decimal] | None
    fall: Fall


def figures(result: Result) -> Figures:
    over = [trade for trade in result.trades if trade.closed_at is not None]
    won = [trade.made for trade in over if trade.made > 0]
    lost = [trade.made for trade in over if trade.made <= 0]
    changes = day_changes(result)
    return Figures(
        made=result.made,
        fees=sum((trade.fees for trade in result.trades), ZERO),
        trades=len(result.trades),
        open=len(result.trades) - len(over),
        unrealised=result.made - sum((*won, *lost), ZERO),
        won=len(won),
        mean_won=sum(won, ZERO) / len(won) if won else None,
        mean_lost=sum(lost, ZERO) / len(lost) if lost else None,
        worst_day=min(changes, key=lambda one: one[1], default=None),
        fall=fall_of(result.days, Decimal(str(result.setup["cash"]))),
    )


def day_changes(result: Result) -> list[tuple[date, Decimal]]:
    """By how much the account changed on each day."""
    before, changes = Decimal(str(result.setup["cash"])), list[tuple[date, Decimal]]()
    for day in result.days:
        changes.append((day.day, day.equity - before))
        before = day.equity
    return changes


def fall_of(days: Sequence[DayEnd], cash: Decimal) -> Fall:
    peak, peak_day = cash, days[0].day
    deepest = Fall(ZERO, 0.0, peak_day, peak_day)
    for day in days:
        if day.equity > peak:
            peak, peak_day = day.equity, day.day
        elif day.equity - peak < deepest.usd:
            deepest = Fall(day.equity - peak, float((day.equity - peak) / peak), peak_day, day.day)
    return deepest


def months(result: Result) -> dict[int, dict[int, Decimal]]:
    """What each month made, by year and month: from the account's closes."""
    found: dict[int, dict[int, Decimal]] = {}
    for day, change in day_changes(result):
        year = found.setdefault(day.year, {})
        year[day.month] = year.get(day.month, ZERO) + change
    return found


def buckets(trades: Iterable[Trade], name: Callable[[Trade], str], order: Sequence[str] = ()) -> list[Bucket]:
    """Closed trades by a name, in the given order, else the most frequent first."""
    groups: dict[str, list[Trade]] = {}
    for trade in trades:
        if trade.closed_at is not None:
            groups.setdefault(name(trade), []).append(trade)
    names = [one for one in order if one in groups] or sorted(groups, key=lambda one: (-len(groups[one]), one))
    return [_bucket(one, groups[one]) for one in names]


def by_dte(trade: Trade) -> str:
    return next((name for most, name in DTE if trade.dte <= most), "91 and more")


def by_delta(trade: Trade) -> str:
    if trade.short_delta is None:
        return "unknown"
    return next((name for most, name in DELTA if trade.short_delta <= most), "above 0.40")


def by_rank(trade: Trade) -> str:
    if trade.iv_rank is None:
        return "unknown"
    return next((name for most, name in RANK if trade.iv_rank <= most), RANK[-1][1])


def by_weekday(trade: Trade) -> str:
    return WEEKDAYS[trade.opened_at.astimezone(NEW_YORK).weekday()]


def by_reason(trade: Trade) -> str:
    return trade.reason or "open"


DTE_ORDER = (*(name for _, name in DTE), "91 and more")
RANK_ORDER = (*(name for _, name in RANK), "unknown")
DELTA_ORDER = (*(name for _, name in DELTA), "above 0.40", "unknown")


def stopped(not_traded: Iterable[NotTraded]) -> list[tuple[str, str, str, int]]:
    """(strategy, stopper, name, days), most days first: what stopped each strategy, and on how many days."""
    counted = Counter((one.strategy, one.stopper, one.name or one.text) for one in not_traded)
    return [(*key, days) for key, days in sorted(counted.items(), key=lambda item: (item[0][0], -item[1], item[0]))]


def _bucket(name: str, trades: Sequence[Trade]) -> Bucket:
    made = [trade.made for trade in trades]
    return Bucket(name, len(trades), sum(one > 0 for one in made), sum(made, ZERO), min(made))
