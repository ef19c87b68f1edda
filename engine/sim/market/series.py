"""Which options an exchange lists: expiration days by the class's cycle, strikes around the spot."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, exp, floor, sqrt
from typing import assert_never

from engine.domain.calendar import Calendar
from engine.domain.index_classes import OptionClass, option_class, trades_itself
from engine.sim.market.catalogue import Character, Cycle
from engine.sim.market.contracts import Key

_FRIDAY = 4
_FINE_REACH = 0.08
"""Share of the spot within which strikes lie a unit apart; beyond it five units."""
_LEAST_REACH, _GREATEST_REACH = 0.03, 0.60
"""Strikes reach at least and at most this far, as logarithms."""


@dataclass(frozen=True, slots=True)
class Breadth:
    """How much of a chain is listed. The defaults give a whole SPX chain of about 13,000 options."""

    dailies: int = 10
    """Sessions ahead with an expiry of their own, today included, where the class has dailies."""
    weeklies: int = 6
    monthlies: int = 8
    deviations: float = 3.5
    """Strikes reach this many standard deviations of the log price at expiry."""


def listed(character: Character, spot: float, calendar: Calendar, today: date, breadth: Breadth) -> set[Key]:
    """Options that an exchange would list on this underlying today: those that trade in this session or later."""
    keys: set[Key] = set()
    symbol = character.underlying.symbol
    for root, cycle in character.cycles.items():
        of = option_class(root)
        for expiry in expiries(of, cycle, today, calendar, breadth):
            if calendar.last_session(of, expiry).day < today:
                continue
            for strike in strikes(character, spot, (expiry - today).days, breadth.deviations):
                keys.add(Key(symbol, expiry, root, "C", strike))
                keys.add(Key(symbol, expiry, root, "P", strike))
    return keys


def expiries(of: OptionClass, cycle: Cycle, today: date, calendar: Calendar, breadth: Breadth) -> list[date]:
    """Expiration days of a class, soonest first."""
    chosen = set(_monthlies(of, today, calendar, breadth.monthlies))
    match cycle:
        case "monthly":
            pass
        case "weekly":
            chosen |= set(_weeklies(today, calendar, breadth.weeklies))
        case "Wednesdays":
            return [day for day in _wednesdays(today, calendar, breadth.weeklies) if day not in chosen]
        case "daily":
            chosen |= set(_weeklies(today, calendar, breadth.weeklies)) | set(_next_sessions(today, calendar, breadth.dailies))
        case _:
            assert_never(cycle)
    return sorted(chosen)


def strikes(character: Character, spot: float, days: int, deviations: float) -> list[float]:
    """Strikes listed for an expiry so many calendar days away, lowest first; downwards they reach further.

    Those of a volatility are the same for every expiry: it may be anywhere soon.
    """
    if not trades_itself(character.underlying.symbol):
        return [
            *_grid(min(10.0, spot / 2), 20.0, 0.5),
            *_grid(21.0, 40.0, 1.0),
            *_grid(42.5, 60.0, 2.5),
            *_grid(65.0, 100.0, 5.0),
        ]
    spread = deviations * max(character.level, character.shape.long_level) * sqrt((days + 1) / 365)
    reach = min(max(spread, _LEAST_REACH), _GREATEST_REACH)
    low, high = spot * exp(-1.25 * reach), spot * exp(0.8 * reach)
    unit = character.strike_unit
    fine = _grid(max(low, spot * (1 - _FINE_REACH)), min(high, spot * (1 + _FINE_REACH)), unit)
    return sorted(set(fine) | set(_grid(low, high, 5 * unit)))


def _grid(low: float, high: float, unit: float) -> list[float]:
    return [n * unit for n in range(max(1, ceil(low / unit)), floor(high / unit) + 1)]


def _next_sessions(today: date, calendar: Calendar, count: int) -> list[date]:
    """So many trading days from today on, today included where it is one."""
    found: list[date] = []
    day = today - timedelta(days=1)
    while len(found) < count:
        day = calendar.after(day).day
        found.append(day)
    return found


def _weeklies(today: date, calendar: Calendar, count: int) -> list[date]:
    """The Fridays ahead, or the sessions before those on which the exchange is closed."""
    first = today + timedelta(days=(_FRIDAY - today.weekday()) % 7)
    days = (calendar.on_or_before(first + timedelta(weeks=n)).day for n in range(count))
    return [day for day in days if day >= today]


def _wednesdays(today: date, calendar: Calendar, count: int) -> list[date]:
    """The Wednesdays ahead, thirty days before a Friday each, or the sessions before them where the exchange is closed."""
    first = today + timedelta(days=30 + (_FRIDAY - today.weekday() - 30) % 7)
    days = (calendar.thirty_days_before(first + timedelta(weeks=n)) for n in range(count))
    return [day for day in days if day >= today]


def _monthlies(of: OptionClass, today: date, calendar: Calendar, count: int) -> list[date]:
    """The standard expiries of the months ahead."""
    found: list[date] = []
    month = date(today.year, today.month, 1)
    while len(found) < count:
        day = calendar.monthly(of, month.year, month.month)
        if day >= today:
            found.append(day)
        month = (month + timedelta(days=32)).replace(day=1)
    return found
