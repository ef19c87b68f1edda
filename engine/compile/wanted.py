"""What a strategy asks of each leg of its structure, by the leg's role."""

from __future__ import annotations

from collections.abc import Callable

from engine.compile.sql import Parameters
from engine.strategy.spreads import Calendar, Diagonal, DoubleDiagonal, Fly, Side, Structure, TwoCalendars, TwoWings, Vertical
from engine.strategy.values.meaning import DeltaRange

Wanted = Callable[[str, str], list[str]]
"""The conditions on the leg of a role whose columns have this prefix."""


def wanted(spread: Structure, parameters: Parameters) -> Wanted:
    """What the legs must fulfil besides the filters: what is sold has a bid, and deltas lie in their ranges."""

    def of_leg(role: str, prefix: str) -> list[str]:
        bid = [f"{prefix}bid > 0"] if spread.shape.leg(role).action == "sell" else []
        bounds = delta_of(spread, role)
        if bounds is None:
            return bid
        low, high = (
            parameters.named(f"{role}_delta_low", float(bounds.low)),
            parameters.named(f"{role}_delta_high", float(bounds.high)),
        )
        return [*bid, f"abs({prefix}delta) BETWEEN {low} AND {high}"]

    return of_leg


def delta_of(spread: Structure, role: str) -> DeltaRange | None:
    """The deltas that the leg of a role may have, without their sign; None where any will do."""
    match spread:
        case Vertical():
            return spread.short_delta if role == "short" else spread.long_delta
        case TwoWings():
            side = _side(spread, role)
            return spread.short_delta_of(side) if role.startswith("short") else spread.long_delta_of(side)
        case Fly():
            return spread.body_delta if role == "body" else None
        case Diagonal():
            return spread.long_delta if role == "far" else spread.short_delta
        case Calendar():
            return spread.short_delta if role == "near" else None
        case DoubleDiagonal() if role.startswith("far"):
            return spread.long_delta_of(_side(spread, role))
        case TwoCalendars():
            return spread.short_delta_of(_side(spread, role)) if role.startswith("near") else None
        case _:
            return None


def _side(spread: Structure, role: str) -> Side:
    return "put" if spread.shape.leg(role).put_call == "P" else "call"
