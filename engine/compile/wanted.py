"""What a strategy asks of each leg of its structure, by the leg's role.

Plain bounds are asked where the legs meet. A leg that is the nearest to something is chosen before: among the options of its
class, expiry and side that may become it, so that the join has one of them where it had a range. That answer, with every other
bound on such a leg, is a column of `legs`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from engine.compile.sql import EQUAL, FINITE, Parameters
from engine.strategy.spreads.structure import Structure
from engine.strategy.values.legs import AT_A_LEVEL_WITHIN
from engine.strategy.values.meaning import Place, PriceRange, StrikeAt, StrikePlace

Wanted = Callable[[str, str], list[str]]
"""The conditions on the leg of a role whose columns have this prefix."""

LEVELS: Final = ("level_1", "level_2", "level_3", "level_4")
"""Columns of the scan's relation for the numbers of the market that legs stand at: no structure has more legs."""
MID = "((bid + ask) / 2)"


def wanted(spread: Structure, parameters: Parameters) -> Wanted:
    """What the legs must fulfil besides the filters: what is sold has a bid, and each stands where it is wanted."""

    def of_leg(role: str, prefix: str) -> list[str]:
        bid = [f"{prefix}bid > 0"] if spread.shape.leg(role).action == "sell" else []
        if is_placed(spread, role):
            return [*bid, f"{prefix}stands_{role}"]
        bounds = spread.delta_of(role)
        if bounds is None:
            return bid
        low, high = _of_delta(role, spread, parameters)
        return [*bid, f"abs({prefix}delta) BETWEEN {low} AND {high}"]

    return of_leg


def is_placed(spread: Structure, role: str) -> bool:
    """Whether the leg of a role is chosen by more than a range of deltas."""
    deltas = spread.delta_of(role)
    return (deltas is not None and deltas.nearest is not None) or any(True for _ in spread.places_of(role))


def has_choice(spread: Structure) -> bool:
    """Whether anything of the structure is the nearest to something, or stands by strike or price."""
    of_days = any(getattr(rule, "nearest", None) is not None for rule in spread.expiries)
    return of_days or any(is_placed(spread, role) for role in spread.shape.roles)


def places(spread: Structure, parameters: Parameters, among: Sequence[str] = ()) -> dict[str, str]:
    """SQL over the chain for each leg that is placed: whether an option stands there, among those that fulfil this."""
    return {role: _stands(spread, role, parameters, among) for role in spread.shape.roles if is_placed(spread, role)}


def placed_columns(spread: Structure, parameters: Parameters) -> list[str]:
    """The same as columns of `legs`."""
    return [f"{sql} AS stands_{role}" for role, sql in places(spread, parameters).items()]


def _stands(spread: Structure, role: str, parameters: Parameters, among: Sequence[str]) -> str:
    leg = spread.shape.leg(role)
    right = 1 if leg.put_call == "C" else -1
    asked = [*among, f"put_call = {right}", *["bid > 0"] * (leg.action == "sell")]
    nearest: list[str] = []
    deltas = spread.delta_of(role)
    if deltas is not None:
        low, high = _of_delta(role, spread, parameters)
        asked.append(f"abs(delta) BETWEEN {low} AND {high}")
        if deltas.nearest is not None:
            nearest.append(f"abs(abs(delta) - {parameters.numbered(float(deltas.nearest))})")
    for place in spread.places_of(role):
        value, low, high = _bounds(place, spread)
        if low is not None:
            asked.append(f"{value} BETWEEN {parameters.numbered(low)} - {EQUAL} AND {parameters.numbered(high)} + {EQUAL}")
        else:
            asked.append(f"{value} <= {parameters.numbered(high)} + {EQUAL}")
        if place.nearest is not None:
            nearest.append(f"abs({value} - {parameters.numbered(float(place.nearest))})")
    stands = f"coalesce({' AND '.join(asked)}, FALSE)"
    if not nearest:
        return stands
    order = f"round({nearest[0]}, 9), row_id"
    first = f"row_number() OVER (PARTITION BY group_id, {stands} ORDER BY {order}) = 1"
    return f"({stands} AND {nearest[0]} <= {FINITE} AND {first})"


def _of_delta(role: str, spread: Structure, parameters: Parameters) -> tuple[str, str]:
    bounds = spread.delta_of(role)
    assert bounds is not None, "asked of a leg that has deltas"
    return (
        parameters.named(f"{role}_delta_low", float(bounds.low)),
        parameters.named(f"{role}_delta_high", float(bounds.high)),
    )


def _bounds(place: Place, spread: Structure) -> tuple[str, float | None, float]:
    """What of an option is asked, and between which bounds it lies."""
    match place:
        case PriceRange(low=low, high=high):
            return MID, None if low is None else float(low), float(high)
        case StrikeAt(level=level):
            within = float(AT_A_LEVEL_WITHIN)
            return f"(strike / {LEVELS[spread.levels.index(level)]} - 1)", -within, within
        case StrikePlace(low=low, high=high, is_share=True):
            return "(put_call * (strike / spot - 1))", float(low), float(high)
        case StrikePlace(low=low, high=high):
            return "(put_call * (strike - spot))", float(low), float(high)
