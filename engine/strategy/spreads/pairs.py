"""Two values that stand together, of the two sides or of the two halves of a structure, and how a value of both is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, Discriminator, Tag

from engine.strategy.values.legs import LegPrice, StrikeFrom
from engine.strategy.values.meaning import DeltaRange, TimesNear, WidthRange
from engine.strategy.values.scalar import words
from engine.strategy.values.spread import Days, Deltas, Expiry, FarWidth, LaterExpiry, RollDays, Width
from engine.strategy.written import Written

Side: TypeAlias = Literal["put", "call"]


class Pair(Written):
    """Two values of one kind that stand together."""

    said: ClassVar[Mapping[str, str]]
    """Other words for its keys, set off by commas."""

    @classmethod
    def beside(cls, key: str, other: str) -> str:
        """What `key` is likely to be beside the other value of the pair, as it is written: the same."""
        del key
        return other


_SIDES = {"put": "puts, put_side, p, lower, below, down, near", "call": "calls, call_side, c, upper, above, up, far"}


class DeltaSides(Pair):
    """Deltas of the two sides."""

    said: ClassVar[Mapping[str, str]] = _SIDES

    put: Deltas
    """Of the put side."""
    call: Deltas
    """Of the call side."""


class WidthSides(Pair):
    """Widths of the two sides, each its own: the broker margins them as two spreads."""

    said: ClassVar[Mapping[str, str]] = _SIDES

    put: Width
    """Of the put side."""
    call: Width
    """Of the call side."""


class StrikeSides(Pair):
    """Where the strikes of the two sides stand."""

    said: ClassVar[Mapping[str, str]] = _SIDES

    put: StrikeFrom
    """Of the put side."""
    call: StrikeFrom
    """Of the call side."""


class PriceSides(Pair):
    """Prices of a leg of the two sides."""

    said: ClassVar[Mapping[str, str]] = _SIDES

    put: LegPrice
    """Of the put side."""
    call: LegPrice
    """Of the call side."""


class BrokenWidths(Pair):
    """Widths of a butterfly whose wings differ."""

    said: ClassVar[Mapping[str, str]] = {"near": "inner, narrow, first, short", "far": "outer, wide, second, long"}

    near: Width
    """From the sold strike to the bought one that is nearer to the money: above the body for puts, below it for calls."""
    far: FarWidth
    """From the sold strike to the bought one beyond it, below the body for puts, above it for calls; or `2 x near`."""

    @property
    def of_far(self) -> WidthRange:
        """What the far one is at the most."""
        return self.far.of(self.near) if isinstance(self.far, TimesNear) else self.far

    @classmethod
    def beside(cls, key: str, other: str) -> str:
        """The far wing twice as wide as the near one."""
        twice = Decimal(2) if key == "far" else Decimal("0.5")
        return re.sub(
            r"[0-9]+(?:\.[0-9]+)?", lambda number: f"{(Decimal(number[0]) * twice).normalize():f}", other.replace(",", "")
        )


class Expiries(Pair):
    """Expiries of the two halves of a calendar."""

    said: ClassVar[Mapping[str, str]] = {
        "near": "front, short, sold, sell, first, front_month",
        "far": "back, long, bought, buy, second, back_month",
    }

    near: Expiry
    """Of what is sold."""
    far: LaterExpiry
    """Of what is bought: later than what is sold, from today or from its expiry: `25-35 days after near`."""

    @classmethod
    def beside(cls, key: str, other: str) -> str:
        """A month and more behind the near expiry, or before the far one."""
        days = [int(number) for number in re.findall("[0-9]+", other)]
        if not days:
            return "50-90 days" if key == "far" else "next monthly"
        return f"{days[-1] + 20}-{days[-1] + 50} days" if key == "far" else f"{days[0] // 3}-{days[0] // 2} days"


class RollExpiries(Pair):
    """Days to which a calendar or a diagonal is rolled as a whole."""

    said: ClassVar[Mapping[str, str]] = Expiries.said

    near: Days
    """Of what is sold."""
    far: LaterExpiry
    """Of what is bought: later than what is sold, from today or from its expiry: `25-35 days after near`."""

    @classmethod
    def beside(cls, key: str, other: str) -> str:
        """As of the expiries of an opening."""
        return Expiries.beside(key, other)


def _form(written: object) -> str:
    return "each" if isinstance(written, Mapping | BaseModel) else "both"


DeltasOfSides: TypeAlias = Annotated[Annotated[DeltaSides, Tag("each")] | Annotated[Deltas, Tag("both")], Discriminator(_form)]
"""One range for both sides, or {put: …, call: …}."""

WidthOfSides: TypeAlias = Annotated[Annotated[WidthSides, Tag("each")] | Annotated[Width, Tag("both")], Discriminator(_form)]
"""One range and equal widths, or {put: …, call: …}."""

StrikesOfSides: TypeAlias = Annotated[
    Annotated[StrikeSides, Tag("each")] | Annotated[StrikeFrom, Tag("both")], Discriminator(_form)
]
"""One place for both sides, or {put: …, call: …}."""

PricesOfSides: TypeAlias = Annotated[Annotated[PriceSides, Tag("each")] | Annotated[LegPrice, Tag("both")], Discriminator(_form)]
"""One price for both sides, or {put: …, call: …}."""

RollTo: TypeAlias = Annotated[Annotated[RollExpiries, Tag("each")] | Annotated[RollDays, Tag("both")], Discriminator(_form)]
"""One range of days, the same expiry, or {near: …, far: …}."""

Right: TypeAlias = Annotated[
    Literal["put", "call"],
    words("put", "call", wanted="put or call", also={"put": ("p", "puts"), "call": ("c", "calls")}),
]


def side_of(role: str) -> Side:
    return "put" if role.endswith("put") else "call"


def of_side(deltas: DeltaSides | DeltaRange | None, side: Side) -> DeltaRange | None:
    return getattr(deltas, side) if isinstance(deltas, DeltaSides) else deltas
