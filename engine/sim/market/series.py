"""Which options an exchange lists: expiration days by the class's cycle, strikes around the spot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, exp, floor, sqrt
from typing import assert_never

from engine.domain.contract import settlement_rule
from engine.domain.session import Session
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


def listed(character: Character, spot: float, sessions: Sequence[Session], today: date, breadth: Breadth) -> set[Key]:
    """Options that an exchange would list on this underlying today."""
    keys: set[Key] = set()
    days = trading_days(today, sessions)
    symbol = character.underlying.symbol
    for root, cycle in character.cycles.items():
        for expiry in expiries(cycle, today, days, breadth):
            if expiry == today and settlement_rule(root).settlement == "AM":
                continue  # settled at this morning's opening, last traded the session before
            for strike in strikes(character, spot, (expiry - today).days, breadth.deviations):
                keys.add(Key(symbol, expiry, root, "C", strike))
                keys.add(Key(symbol, expiry, root, "P", strike))
    return keys


def trading_days(today: date, sessions: Sequence[Session]) -> list[date]:
    """Trading days of the coming year from today on: the sessions as far as they are known, weekdays beyond."""
    known = [session.day for session in sessions if session.day >= today]
    first_unknown = known[-1] + timedelta(days=1) if known else today
    beyond = (first_unknown + timedelta(days=n) for n in range(400))
    return known + [day for day in beyond if day.weekday() <= _FRIDAY]


def expiries(cycle: Cycle, today: date, days: Sequence[date], breadth: Breadth) -> list[date]:
    """Expiration days of a class, soonest first; a holiday's expiry moves to the trading day before it."""
    monthly = _on_or_before(_third_fridays(today, breadth.monthlies), days)
    match cycle:
        case "monthly":
            chosen = monthly
        case "weekly":
            chosen = monthly | _on_or_before(_fridays(today, breadth.weeklies), days)
        case "daily":
            chosen = monthly | _on_or_before(_fridays(today, breadth.weeklies), days) | set(days[: breadth.dailies])
        case _:
            assert_never(cycle)
    return sorted(chosen)


def strikes(character: Character, spot: float, days: int, deviations: float) -> list[float]:
    """Strikes listed for an expiry so many calendar days away, lowest first; downwards they reach further."""
    spread = deviations * max(character.level, character.shape.long_level) * sqrt((days + 1) / 365)
    reach = min(max(spread, _LEAST_REACH), _GREATEST_REACH)
    low, high = spot * exp(-1.25 * reach), spot * exp(0.8 * reach)
    unit = character.strike_unit
    fine = _grid(max(low, spot * (1 - _FINE_REACH)), min(high, spot * (1 + _FINE_REACH)), unit)
    return sorted(set(fine) | set(_grid(low, high, 5 * unit)))


def _grid(low: float, high: float, unit: float) -> list[float]:
    return [n * unit for n in range(max(1, ceil(low / unit)), floor(high / unit) + 1)]


def _on_or_before(wanted: Iterable[date], days: Sequence[date]) -> set[date]:
    found: set[date] = set()
    for day in wanted:
        earlier = [known for known in days if known <= day]
        if earlier and (day - earlier[-1]).days < 4:
            found.add(earlier[-1])
    return found


def _fridays(today: date, count: int) -> list[date]:
    first = today + timedelta(days=(_FRIDAY - today.weekday()) % 7)
    return [first + timedelta(weeks=n) for n in range(count)]


def _third_fridays(today: date, count: int) -> list[date]:
    found: list[date] = []
    month = date(today.year, today.month, 1)
    while len(found) < count:
        first = month + timedelta(days=(_FRIDAY - month.weekday()) % 7)
        third = first + timedelta(weeks=2)
        if third >= today:
            found.append(third)
        month = (month + timedelta(days=32)).replace(day=1)
    return found
