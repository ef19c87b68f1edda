"""The words in which `explain` says values: days, dollars, deltas, clock times, spans."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from engine.strategy.conditions import Action
from engine.strategy.expressions.tree import Condition
from engine.strategy.values.entry import ZONES
from engine.strategy.values.meaning import (
    Amount,
    DayRange,
    DaysAfter,
    DeltaRange,
    LaterRule,
    Place,
    PriceRange,
    ShareOf,
    StrikeAt,
    StrikePlace,
    Times,
    Usd,
    Window,
)

CITIES = {zone: city for city, zone in ZONES.items()}


def plain(value: float | Decimal) -> str:
    """A number without zeros behind its last digit."""
    number = round(Decimal(str(value)), 8).normalize()
    return f"{number:f}"


def listed(parts: list[str] | tuple[str, ...]) -> str:
    """Words as one would say them: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def an(noun: str) -> str:
    """An iron condor, a calendar."""
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def all_of(conditions: Iterable[Condition]) -> str:
    """The lines, each as it is written."""
    return "; ".join(f"`{condition.text}`" for condition in conditions)


def positions(count: int) -> str:
    """So many positions."""
    return "one position" if count == 1 else f"{count} positions"


def in_days(rule: LaterRule) -> str:
    """When something expires."""
    match rule:
        case DayRange(min_days=low, max_days=high, nearest=nearest) if nearest is not None:
            return f"the {'monthly ' * rule.is_monthly}one nearest to {nearest} days, within {low} to {high} days"
        case DayRange(min_days=low, max_days=high, is_monthly=True):
            return f"a monthly one of {low} to {high} days"
        case DaysAfter(min_days=low, max_days=high):
            return f"{f'{low}' if low == high else f'{low} to {high}'} {'day' if high == 1 else 'days'} later"
        case DayRange(min_days=low, max_days=high):
            return f"{low} days" if low == high else f"{low} to {high} days"
        case _:
            return "the next monthly one"


def from_to(sign: str, low: Decimal, high: Decimal) -> str:
    """One amount, or from one to another."""
    return f"{sign}{plain(low)}" if low == high else f"{sign}{plain(low)} to {sign}{plain(high)}"


def in_deltas(deltas: DeltaRange) -> str:
    """Which deltas a leg has."""
    if deltas.nearest is not None:
        return f"nearest to {delta(deltas.nearest)} of its expiration, within {delta(deltas.low)} to {delta(deltas.high)}"
    return f"of {delta(deltas.low)}" if deltas.low == deltas.high else f"from {delta(deltas.low)} to {delta(deltas.high)}"


def in_place(place: Place) -> str:
    """Where a leg stands: what it costs, or how far it is from the price."""
    match place:
        case PriceRange(low=None, high=high):
            return f"a price of at most ${money(high)}"
        case PriceRange(low=low, high=high, nearest=nearest):
            between = f"${money(low or Decimal(0))} to ${money(high)}"
            if nearest is None:
                return f"a price of {between}"
            return f"the price nearest to ${money(nearest)} of its expiration, within {between}"
        case StrikeAt(text=text):
            return f"the strike nearest to {text}"
        case StrikePlace(nearest=nearest) if nearest == 0:
            return "the strike nearest to the price of the underlying"
        case StrikePlace(is_share=is_share, low=low, high=high, nearest=nearest):
            ends = [low, high] if nearest is None else [nearest]
            said = " to ".join(f"{plain(end * 100)}%" if is_share else f"${money(end)}" for end in ends)
            nearest_to = "a strike" if nearest is None else "the strike nearest to"
            return f"{nearest_to} {said} out of the money"


def money(usd: Decimal) -> str:
    """Dollars without their sign, cents where there are some."""
    return f"{usd:,.2f}".removesuffix(".00") if usd == round(usd, 2) else f"{usd:,}"


def delta(of: Decimal) -> str:
    """A delta with its hundredths, as traders say it."""
    return f"{of:.2f}" if of == round(of, 2) else plain(of)


def amount_of(amount: Amount) -> str:
    """An amount, or a share of the account."""
    match amount:
        case Usd(usd=usd):
            return f"${money(usd)}"
        case ShareOf(fraction=fraction, base=base):
            return f"{plain(fraction * 100)}% of {base}"


def duration(seconds: int) -> str:
    """A span in the largest unit that is whole."""
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds % length == 0:
            number = seconds // length
            return f"{number} {unit.removesuffix('s') if number == 1 else unit}"
    return f"{seconds} seconds"


def at_times(at: Times) -> str:
    """The sentence about the times at which it opens."""
    clocks = listed([f"{clock:%H:%M}" for clock in at.times])
    each = ", one position for each time" if len(at.times) > 1 else ""
    late = f"{duration(at.within_s)} later at the latest"
    return f"It opens at {clocks} {CITIES[at.zone]}{each}, {late}; a time that passed is passed."


def in_window(window: Window) -> str:
    """A window between two clock times."""
    return f"{window.start:%H:%M} and {window.end:%H:%M} {CITIES[window.zone]}"


def side_says(action: Action) -> str:
    """What a line below `each side:` does to the side that it looks at."""
    return {
        "close": "Each side alone is closed",
        "close short": "Each side alone has its sold leg bought back, the bought one stays,",
        "roll": "Each side alone is rolled, the other one stays,",
        "roll short": "Each side alone has what it sold rolled, against what it bought,",
        "alert": "Each side alone is reported",
    }.get(action, "Each side alone is left to expire, and nothing below looks at it,")
