"""Whether some legs are a structure: which of them plays which role of its shape."""

from collections.abc import Mapping, Sequence
from itertools import permutations

from engine.domain.contract import Contract
from engine.domain.spread import Leg
from engine.domain.structure import Join, Shape


def in_shape(shape: Shape, legs: Sequence[Leg]) -> tuple[Leg, ...] | None:
    """The legs in the order of the shape; None where they are not this structure, whatever their deltas and widths are.

    Wings of two rights may lie at two distances, also where a strategy opens them at one: the structure is the same.
    """
    if len(legs) != len(shape.legs):
        return None
    for order in permutations(legs):
        plays = all(
            (leg.action, leg.ratio, leg.contract.put_call) == (role.action, role.ratio, role.put_call)
            for leg, role in zip(order, shape.legs, strict=True)
        )
        if plays:
            by_role = {role: leg.contract for role, leg in zip(shape.roles, order, strict=True)}
            if all(_meets(join, shape, by_role) for join in shape.joins):
                return order
    return None


def _meets(join: Join, shape: Shape, by_role: Mapping[str, Contract]) -> bool:
    one, other = by_role[join.leg], by_role[join.meets]
    if one.underlying != other.underlying or one.multiplier != other.multiplier:
        return False
    is_of_one_group = (one.root, one.expiry) == (other.root, other.expiry)
    return (one.expiry > other.expiry if join.is_later else is_of_one_group) and _lies(join, shape, by_role)


def _lies(join: Join, shape: Shape, by_role: Mapping[str, Contract]) -> bool:
    one, other = by_role[join.leg], by_role[join.meets]
    match join.how:
        case "below":
            return one.strike < other.strike
        case "above":
            return one.strike > other.strike
        case "same strike":
            return one.strike == other.strike
        case "other side":
            return one.put_call != other.put_call and one.strike >= other.strike
        case "same distance":
            return one.strike > other.strike and all(
                one.strike - other.strike == abs(other.strike - beyond.strike) for beyond in _beside(join, shape, by_role)
            )


def _beside(join: Join, shape: Shape, by_role: Mapping[str, Contract]) -> list[Contract]:
    """What of the same right the leg in the middle has met already."""
    before = [known for known in shape.joins if known is not join and join.meets in {known.leg, known.meets}]
    others = {role for known in before for role in (known.leg, known.meets)} - {join.leg, join.meets}
    return [by_role[role] for role in sorted(others) if by_role[role].put_call == by_role[join.meets].put_call]
