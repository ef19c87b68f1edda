"""What a strategy asks of each leg of its structure, by the leg's role."""

from __future__ import annotations

from collections.abc import Callable

from engine.compile.sql import Parameters
from engine.strategy.spreads.structure import Structure

Wanted = Callable[[str, str], list[str]]
"""The conditions on the leg of a role whose columns have this prefix."""


def wanted(spread: Structure, parameters: Parameters) -> Wanted:
    """What the legs must fulfil besides the filters: what is sold has a bid, and deltas lie in their ranges."""

    def of_leg(role: str, prefix: str) -> list[str]:
        bid = [f"{prefix}bid > 0"] if spread.shape.leg(role).action == "sell" else []
        bounds = spread.delta_of(role)
        if bounds is None:
            return bid
        low, high = (
            parameters.named(f"{role}_delta_low", float(bounds.low)),
            parameters.named(f"{role}_delta_high", float(bounds.high)),
        )
        return [*bid, f"abs({prefix}delta) BETWEEN {low} AND {high}"]

    return of_leg
