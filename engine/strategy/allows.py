"""Which of two values of one key allows more, whatever the key is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.strategy.universe import shares_of
from engine.strategy.values.bands import Band
from engine.strategy.values.meaning import (
    Again,
    Auto,
    Budget,
    ContractRange,
    DayRange,
    DaysAfter,
    DeltaRange,
    Manual,
    PriceRange,
    RollFor,
    ShareOf,
    Span,
    StrikePlace,
    Times,
    Usd,
    WidthRange,
    Window,
    comparable,
)


def allows_more(old: Any, new: Any) -> bool:
    """Whether the new value allows what the old one did not; of two that cannot be compared the new one does."""
    match old, new:
        case (None, Again()):
            return True
        case (Again(), None):
            return False
        case (Again(), Again()):
            return new.times > old.times or new.not_before_s < old.not_before_s
        case (Span(), Span()):
            return new.seconds > old.seconds
        case (Times(), Times()):
            return new.zone != old.zone or not set(new.times) <= set(old.times) or new.within_s > old.within_s
        case (None, _) | (Budget(), None):  # without a budget every order is asked for
            return False
        case _, None:
            return True
        case (int(), int()) | (Decimal(), Decimal()):
            return abs(new) > abs(old)
        case (Usd() | ShareOf(), Usd() | ShareOf()):
            both = comparable(old, new)
            return both is None or abs(both[1]) > abs(both[0])
        case (Budget(), Budget()):
            return new.risk_usd > old.risk_usd or new.orders_per_day > old.orders_per_day
        case (RollFor(), RollFor()):
            return new.least_net < old.least_net
        case (tuple(), tuple()) if _is_of(old + new, Decimal):
            return max(new, default=0) > max(old, default=0)
        case (tuple(), tuple()):
            return not set(new) <= set(old) or _divides_less(shares_of(old), shares_of(new))
        case (Window(), Window()):
            return _minutes(new)[0] < _minutes(old)[0] or _minutes(new)[1] > _minutes(old)[1]
        case _ if _is_chosen(old) and not _is_chosen(new):
            return True
        case (PriceRange(), PriceRange()):
            return (new.low or 0) < (old.low or 0) or new.high > old.high
        case (Band(), Band()):
            same = (new.counted, new.index) == (old.counted, old.index)
            return not same or new.low < old.low or new.high > old.high
        case (StrikePlace(), StrikePlace()):
            return new.is_share != old.is_share or new.low < old.low or new.high > old.high
        case (DayRange(), DayRange()) if old.is_monthly and not new.is_monthly:
            return True
        case (DayRange(), DayRange()) | (DaysAfter(), DaysAfter()):
            return new.min_days < old.min_days or new.max_days > old.max_days
        case (DeltaRange(), DeltaRange()) | (WidthRange(), WidthRange()) | (ContractRange(), ContractRange()):
            return new.low < old.low or new.high > old.high
        case (Manual(), Manual()) | (Auto(), _) | (_, Manual()):
            return False
        case _:
            return True


def _divides_less(were: Mapping[str, Decimal], shares: Mapping[str, Decimal]) -> bool:
    """An underlying may take more of the risk than before: all of it where it has no share."""
    return any(shares.get(name, 1) > share for name, share in were.items())


def _is_chosen(value: object) -> bool:
    """Whether it means the nearest to something, and not all within a range."""
    return getattr(value, "nearest", None) is not None


def _minutes(window: Window) -> tuple[int, int]:
    """Start and end in minutes after midnight in New York."""
    shift = 60 if window.zone == "America/Chicago" else 0
    return window.start.hour * 60 + window.start.minute + shift, window.end.hour * 60 + window.end.minute + shift


def _is_of(values: tuple[object, ...], kind: type) -> bool:
    return bool(values) and all(isinstance(value, kind) for value in values)
