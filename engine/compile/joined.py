"""How the legs of any structure of one expiry meet: one after the other, as its shape says, within the group of the first.

The structures that ship have joins of their own, which look at fewer combinations; the rows are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.compile.pairs import ROUNDING, conjunction, side, underlying
from engine.compile.sql import Parameters
from engine.compile.wanted import Wanted
from engine.domain.structure import Join
from engine.strategy.spreads.structure import Structure

OF_GROUP = ("class_id", "dte")
"""What the legs of one expiry and class share."""
KEYS = (*OF_GROUP, "put_call")


def joined_legs(
    spread: Structure, parameters: Parameters, columns: Sequence[str], wanted: Wanted, *, several: bool
) -> tuple[list[str], str]:
    """See `combinations.combinations`. Raises TypeError where a leg expires later than another."""
    shape = spread.shape
    if any(join.is_later for join in shape.joins):
        raise TypeError(f"{type(spread).__name__} has legs that expire later: its joins must be written")
    first, there = shape.legs[0].role, ""
    has_both = len({leg.put_call for leg in shape.legs}) > 1
    found = [*columns, *(column for column in KEYS if column not in columns), *["strike"] * ("strike" not in columns)]
    steps: list[str] = []
    for number, role in enumerate(shape.roles, 1):
        asked = [*wanted(role, f"{role}."), *[f"{role}.put_call = {side(shape.leg(role).put_call)}"] * has_both]
        selected = [f"{role}.row_id AS {role}_row_id", *(f"{role}.{column} AS {role}_{column}" for column in found)]
        if not there:
            selected += underlying(first, several=several)
            source = f"legs {role}\n  WHERE {conjunction(asked or ['TRUE'], 4)}"
        else:
            join = next(one for one in shape.joins if role == one.leg)
            selected.insert(0, f"{there}.*")
            of_group = [f"{there}.{first}_{key} = {role}.{key}" for key in OF_GROUP]
            met = conjunction([*of_group, *_met(spread, join, parameters), *asked], 3)
            source = f"{there}\n  JOIN legs {role}\n    ON {met}"
        there = "pairs" if number == len(shape.roles) else f"joined_{number}"
        steps.append(f"{there} AS (\n  SELECT {', '.join(selected)}\n  FROM {source}\n)")  # noqa: S608 - fixed text and named numbers
    return list(KEYS), ",\n".join(steps)


def _distance(join: Join) -> str:
    """USD between the strikes of a join whose legs are both there."""
    low, high = (join.leg, join.meets) if join.how == "below" else (join.meets, join.leg)
    return f"{high}_strike - {low}_strike"


def _met(spread: Structure, join: Join, parameters: Parameters) -> list[str]:
    """How the leg that joins lies to the one it meets."""
    strike, met = f"{join.leg}.strike", f"{join.meets}_strike"
    match join.how:
        case "same strike":
            return [f"{strike} = {met}"]
        case "other side":
            return [f"{strike} > {met}"]
        case "same distance":
            return [f"abs({strike} - {met} - ({_distance(spread.shape.joins[0])})) < {ROUNDING}"]
        case "below" | "above":
            reach = spread.reach_of(join.leg)
            between = f"{met} - {strike}" if join.how == "below" else f"{strike} - {met}"
            if reach is None:
                return [f"{between} > 0"]
            low = parameters.named(f"{join.leg}_reach_low", float(reach.low) - ROUNDING)
            high = parameters.named(f"{join.leg}_reach_high", float(reach.high) + ROUNDING)
            return [f"{between} BETWEEN {low} AND {high}"]
