"""One side of a structure that has two, as a structure of its own: what a side is rolled to is found as that."""

from __future__ import annotations

from typing import TypeVar

from engine.strategy.spreads.pairs import Pair, Side
from engine.strategy.spreads.structure import Structure
from engine.strategy.spreads.verticals import BearCall, BullPut
from engine.strategy.spreads.wings import TwoWings

Of = TypeVar("Of")


def has_rollable_sides(spread: Structure) -> bool:
    """Whether one side of it can be found alone."""
    return isinstance(spread, TwoWings)


def side_alone(spread: Structure, side: Side) -> BullPut | BearCall:
    """The vertical that a side is, chosen by what the file says of that side.

    Rules and rank of the file are those of the whole structure, and are not asked of a side.
    """
    assert isinstance(spread, TwoWings), "asked of structures whose sides are verticals"
    of = BullPut if side == "put" else BearCall
    return of(
        expiry=spread.expiry,
        short_delta=spread.short_delta_of(side),
        long_delta=spread.long_delta_of(side),
        short_strike=_of(spread.short_strike, side),
        short_price=_of(spread.short_price, side),
        long_price=_of(spread.long_price, side),
        width=spread.width_of(side),
        keep=spread.keep,
    )


def _of(said: Of | Pair | None, side: Side) -> Of | None:
    """What was said of one side, or of both."""
    return getattr(said, side) if isinstance(said, Pair) else said
