"""A value of the trader's files as it would be written there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from pydantic import BaseModel

from engine.strategy.conditions import ExitRule
from engine.strategy.events import Event
from engine.strategy.explain import written
from engine.strategy.expressions.tree import Arithmetic, Call, Condition, Measure
from engine.strategy.universe import Weighted
from engine.strategy.values.entry import ZONES
from engine.strategy.values.meaning import (
    Again,
    Auto,
    Budget,
    ContractRange,
    DayRange,
    DaysAfter,
    DeltaRange,
    Manual,
    NextMonthly,
    PriceRange,
    PriceWalk,
    RollFor,
    ShareOf,
    Span,
    StrikeAt,
    StrikePlace,
    Times,
    TimesNear,
    Usd,
    WidthRange,
    Window,
    WorstFromMid,
    WorstShare,
)
from engine.strategy.written import fields_in_order

_CITIES = {zone: city for city, zone in ZONES.items()}


def spelled(value: object) -> str:
    """The value in the words of the file; what is absent is left out there."""
    match value:
        case None:
            return "left out"
        case bool():
            return str(value).lower()
        case Decimal():  # the limits that are bare numbers are shares, and a loss is one of net liquidation
            return f"{_plain(value * 100)}%" + (" of net liquidation" if value < 0 else "")
        case Weighted():
            return f"{{{', '.join(f'{ticker}: {_plain(share * 100)}%' for ticker, share in value.shares.items())}}}"
        case tuple() | list():
            return f"[{', '.join(spelled(part) for part in value)}]"  # pyright: ignore[reportUnknownVariableType]
        case Mapping():
            return f"{{{', '.join(f'{key}: {spelled(part)}' for key, part in value.items())}}}"  # pyright: ignore[reportUnknownVariableType]
        case Event(date=day, what=kind):
            return f"{kind} {day}"
        case BaseModel():
            named = {field.alias or name: getattr(value, name) for name, field in fields_in_order(type(value))}
            return spelled({name: part for name, part in named.items() if part is not None})
        case date():
            return value.isoformat()
        case Condition(text=text):
            return " ".join(text.split())
        case ExitRule(condition=condition, action=action):
            return spelled(condition) + ("" if action == "close" or value.lets_all_expire else f": {value.deed}")
        case Arithmetic() | Call() | Measure():
            return written(value)
        case _:
            return _of_money(value) or _of_range(value) or _of_entry(value) or str(value)


def parts_of(walk: PriceWalk) -> tuple[str, ...]:
    """The four parts of a price, in their order."""
    start = f"from ${_plain(walk.better_than_mid)} better than mid" if walk.better_than_mid else "from mid"
    share = (walk.step.of_half_width or Decimal(0)) * 100
    step = f"${_plain(walk.step.usd)}" if walk.step.usd is not None else f"{_plain(share)}% of half width"
    match walk.worst:
        case WorstShare(fraction=fraction, base=base):
            worst = f"{_plain(fraction * 100)}% of {base}"
        case WorstFromMid(usd=usd):
            worst = f"${_plain(usd)} from mid"
        case _:
            worst = "natural"
    pace, patience = _span(walk.every_s), _span(walk.give_up_after_s)
    return (start, f"{step} every {pace}", f"no worse than {worst}", f"give up after {patience}")


def _of_money(value: object) -> str | None:
    match value:
        case Usd(usd=usd):
            return f"-${-usd:,}" if usd < 0 else f"${usd:,}"
        case ShareOf(fraction=fraction, base=base):
            return f"{_plain(fraction * 100)}% of {base}"
        case Budget(risk_usd=risk, orders_per_day=orders):
            return f"${risk:,} risk, {orders} orders per day"
        case RollFor(least_net=net):
            return "a credit" if net == 0 else f"a credit of ${net}" if net > 0 else f"a debit up to ${-net}"
        case _:
            return None


def _of_range(value: object) -> str | None:
    match value:
        case DayRange() | DaysAfter():
            return value.as_written
        case TimesNear(factor=factor):
            return f"{_plain(factor)} x near"
        case NextMonthly():
            return "next monthly"
        case DeltaRange(low=low, high=high, nearest=nearest) if nearest is not None:
            return f"nearest {nearest}, within {low}-{high}"
        case DeltaRange(low=low, high=high) | ContractRange(low=low, high=high):
            return f"{low}" if low == high else f"{low}-{high}"
        case PriceRange():
            return spelled_price(value)
        case StrikePlace() | StrikeAt():
            return spelled_strike(value)
        case WidthRange(low=low, high=high):
            return f"${low:,}" if low == high else f"${low:,}-${high:,}"
        case Window(start=start, end=end, zone=zone):
            return f"{start:%H:%M}-{end:%H:%M} {_CITIES[zone]}"
        case _:
            return None


def spelled_price(price: PriceRange) -> str:
    """What one leg costs."""
    if price.low is None:
        return f"at most ${_cents(price.high)}"
    between = f"${_cents(price.low)}-${_cents(price.high)}"
    return between if price.nearest is None else f"nearest ${_cents(price.nearest)}, within {between}"


def spelled_strike(place: StrikePlace | StrikeAt) -> str:
    """Where one leg stands."""
    if isinstance(place, StrikeAt):
        return f"at {place.text}"
    if place.nearest == 0:
        return "at the money"
    ends = [place.nearest] if place.nearest is not None else [place.low, place.high]
    return "-".join(f"{_plain(end * 100)}%" if place.is_share else f"${_plain(end)}" for end in ends) + " from price"


def _cents(usd: Decimal) -> str:
    return f"{usd:,.2f}"


def _of_entry(value: object) -> str | None:
    match value:
        case Manual(expires_s=seconds):
            return f"manual, expires in {_span(seconds)}"
        case Auto(expires_s=seconds):
            return f"auto, expires in {_span(seconds)}"
        case Times(times=times, zone=zone, within_s=seconds):
            return f"{', '.join(f'{clock:%H:%M}' for clock in times)} {_CITIES[zone]}, within {_span(seconds)}"
        case Span(seconds=seconds):
            return _span(seconds)
        case Again(times=count, not_before_s=seconds):
            wait = f", not before {_span(seconds)}" if seconds else ""
            return f"after a stop, {'once' if count == 1 else f'{count} times'}{wait}"
        case PriceWalk():
            return ", ".join(parts_of(value))
        case _:
            return None


def _span(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
