"""The structures that a strategy can trade: one class each. Whatever lists structures derives from the union `Spread`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias, get_args

from pydantic import Field

from engine.strategy.spreads.calendars import Calendar, Diagonal, DoubleCalendar, DoubleDiagonal
from engine.strategy.spreads.flies import BrokenWing, Butterfly
from engine.strategy.spreads.structure import Structure
from engine.strategy.spreads.verticals import BearCall, BearPut, BullCall, BullPut
from engine.strategy.spreads.wings import IronButterfly, IronCondor

Spread: TypeAlias = Annotated[
    BullPut
    | BearCall
    | BullCall
    | BearPut
    | IronCondor
    | IronButterfly
    | Butterfly
    | BrokenWing
    | Calendar
    | Diagonal
    | DoubleCalendar
    | DoubleDiagonal,
    Field(discriminator="type"),
]
"""The structures that can be searched."""

STRUCTURES: Mapping[str, type[Structure]] = {kind.name(): kind for kind in get_args(get_args(Spread)[0])}
"""The structures, by name."""
