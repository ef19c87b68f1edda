"""Shapes: what the legs of a structure are called, which way they are traded, and how they meet.

A structure of the language declares one shape; the scan, the candidates, the words of messages and every list of structures come
from it.
"""

from dataclasses import dataclass
from typing import Literal

Action = Literal["buy", "sell"]
PutCall = Literal["P", "C"]
Meeting = Literal["below", "above", "same strike", "same distance", "other side"]


@dataclass(frozen=True, slots=True)
class LegShape:
    """One leg, as traded when the structure is opened."""

    role: str
    """Its name in keys, messages and columns: short, long, short_put, body, far."""
    action: Action
    put_call: PutCall
    ratio: int = 1

    @property
    def sign(self) -> int:
        """+1 for a leg that is owned, -1 for one that is owed."""
        return 1 if self.action == "buy" else -1


@dataclass(frozen=True, slots=True)
class Join:
    """How one leg meets another that is there already."""

    leg: str
    """Role of the leg that joins."""
    meets: str
    """Role of the leg that it joins."""
    how: Meeting
    """below, above: its strike is, within the width of the strategy. same strike. same distance: as far beyond the other leg as
    the one that is there. other side: the wing of the other right, above it or at its short strike."""
    is_later: bool = False
    """Whether it expires later than the other; else both are of one group: one class and one expiry."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The legs of a structure, first the one that the others are found from."""

    legs: tuple[LegShape, ...]
    joins: tuple[Join, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(leg.role for leg in self.legs)

    def is_later(self, role: str) -> bool:
        """Whether the leg of this role outlives the one that it meets."""
        return any(join.is_later for join in self.joins if join.leg == role)

    def leg(self, role: str) -> LegShape:
        """Raises StopIteration for a role that is none of its."""
        return next(leg for leg in self.legs if leg.role == role)


def vertical(put_call: PutCall, *, short_is_higher: bool) -> Shape:
    """Two options of one group: one sold, one bought below or above it."""
    legs = (LegShape("short", "sell", put_call), LegShape("long", "buy", put_call))
    return Shape(legs, (Join("long", "short", "below" if short_is_higher else "above"),))
