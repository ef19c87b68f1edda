"""Which expiries a strategy looks into, those that it opens and those that it rolls to, and which strikes a roll keeps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from engine.decide.rows import next_monthly
from engine.domain.calendar import Calendar as ExchangeCalendar
from engine.domain.contract import Contract
from engine.domain.index_classes import OptionClass
from engine.domain.ledger import Ledger
from engine.domain.position import Position
from engine.domain.session import days_to_expiry, trading_day
from engine.strategy.model import Strategy
from engine.strategy.spreads.calendars import Calendar, DoubleCalendar
from engine.strategy.values.meaning import DayRange, ExpiryRule

EXPIRIES_MAX = 2
"""Expiries of one strategy that are watched at a time, those nearest to the middle of its window."""


def expiry_rules(strategy: Strategy, ledger: Ledger, today: date) -> tuple[tuple[ExpiryRule, ...], ...]:
    """Which expiries a strategy looks for: those it opens, and those it rolls to while it holds or has just closed something.

    Each is one rule, or that of what is sold and that of what is bought.
    """
    entered, roll = strategy.spread.expiries, strategy.roll
    if roll is None or roll.expiries == entered:
        return (entered,)
    held = list(_rollable(strategy, ledger, today))
    if roll.expiries:
        return (entered, roll.expiries) if held else (entered,)
    days = sorted({(contract.expiry - today).days for one in held for contract in _options(one)})
    return (entered, *((DayRange(left, left),) for left in days if left >= 0))


def kept_strikes(
    strategies: Iterable[Strategy],
    listed: Mapping[str, Mapping[tuple[str, date], Sequence[Contract]]],
    ledger: Ledger,
    now: datetime,
    calendar: ExchangeCalendar,
) -> Iterator[Contract]:
    """The options to which a roll that keeps its strikes would lead: those of what is held, in the days of the roll.

    What a calendar has sold keeps its strike whatever the file says, since it is sold again against what is held.
    """
    today = trading_day(now)
    for strategy in strategies:
        if strategy.roll is None or not (strategy.roll.strikes is not None or _rolls_a_calendar_s_short(strategy)):
            continue
        for contract in (one for position in _rollable(strategy, ledger, today) for one in _options(position)):
            series = listed.get(contract.underlying, {})
            known = {(group[0].rule, day) for (_, day), group in series.items()}
            days = {day for rule in strategy.roll.expiries for day in expiries_of(rule, known, now, calendar)}
            for (root, day), group in series.items():
                if root == contract.root and day in days:
                    like = (contract.strike, contract.put_call)
                    yield from (one for one in group if (one.strike, one.put_call) == like)


def _rolls_a_calendar_s_short(strategy: Strategy) -> bool:
    is_of_one_strike = isinstance(strategy.spread, Calendar | DoubleCalendar)
    return is_of_one_strike and any(rule.rolls and rule.portion.short for rule in strategy.exits)


def _rollable(strategy: Strategy, ledger: Ledger, today: date) -> Iterator[Position]:
    """What it holds, and what it has closed today."""
    yield from (position for position in ledger.open_positions() if position.strategy == strategy.name)
    yield from ledger.closed_on(strategy.name, today)


def _options(position: Position) -> Iterator[Contract]:
    """Of what is held of it; of one that is closed, all that it was."""
    legs = position.legs or position.spread.legs
    yield from (leg.contract for leg in legs if not leg.contract.is_share)


def expiries_of(
    rule: ExpiryRule,
    listed: set[tuple[OptionClass, date]],
    now: datetime,
    calendar: ExchangeCalendar,
    most: int | None = EXPIRIES_MAX,
) -> list[date]:
    """The expiries that a rule names, those nearest to its middle first and at most so many."""
    if isinstance(rule, DayRange):
        middle = (rule.min_days + rule.max_days) / 2 if rule.nearest is None else rule.nearest
        days = {day for of, day in listed if not rule.is_monthly or calendar.is_monthly(of, day)}
        inside = [day for day in sorted(days) if rule.min_days <= days_to_expiry(now, day) <= rule.max_days]
        return sorted(inside, key=lambda day: (abs(days_to_expiry(now, day) - middle), day))[:most]
    day = next_monthly(listed, now, calendar)
    return [] if day is None else [day]
