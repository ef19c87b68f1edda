"""The structures that a strategy can trade: one class each, with its keys, the shape of its legs and the words for it.

A class that joins the union `Spread` is known to every list of structures: template, completion, sentences, names of
other programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from engine.domain.structure import Join, LegShape, PutCall, Shape, vertical
from engine.strategy.conditions import Ranking, SpreadRule
from engine.strategy.expressions.tree import Arithmetic, Measure
from engine.strategy.values.counts import Count
from engine.strategy.values.meaning import DeltaRange, ExpiryRule, WidthRange
from engine.strategy.values.scalar import words
from engine.strategy.values.spread import Deltas, Expiry, Width
from engine.strategy.written import Written

Side: TypeAlias = Literal["put", "call"]


class DeltaSides(Written):
    """Deltas of the two sides."""

    put: Deltas
    """Of the put side."""
    call: Deltas
    """Of the call side."""


class WidthSides(Written):
    """Widths of the two sides, each its own: the broker margins them as two spreads."""

    put: Width
    """Of the put side."""
    call: Width
    """Of the call side."""


class BrokenWidths(Written):
    """Widths of a butterfly whose wings differ."""

    near: Width
    """From the sold strike to the bought one that is nearer to the money: above the body for puts, below it for calls."""
    far: Width
    """From the sold strike to the bought one beyond it: below the body for puts, above it for calls."""


class Expiries(Written):
    """Expiries of the two halves of a calendar."""

    near: Expiry
    """Of what is sold."""
    far: Expiry
    """Of what is bought: later than what is sold."""


def _form(written: object) -> str:
    return "each" if isinstance(written, Mapping | BaseModel) else "both"


DeltasOfSides: TypeAlias = Annotated[Annotated[DeltaSides, Tag("each")] | Annotated[Deltas, Tag("both")], Discriminator(_form)]
"""One range for both sides, or {put: …, call: …}."""

WidthOfSides: TypeAlias = Annotated[Annotated[WidthSides, Tag("each")] | Annotated[Width, Tag("both")], Discriminator(_form)]
"""One range and equal widths, or {put: …, call: …}."""

Right: TypeAlias = Annotated[
    Literal["put", "call"],
    words("put", "call", wanted="put or call", also={"put": ("p", "puts"), "call": ("c", "calls")}),
]

_LAST = ("rules", "rank", "keep", "type")
"""Keys that stand behind those of the single structure, though the base class has them."""


def _in_order(schema: dict[str, Any]) -> None:
    properties = schema["properties"]
    for key in _LAST:
        if key in properties:
            properties[key] = properties.pop(key)


class Structure(Written):
    """What every structure has: when it expires, what it must fulfil, and how its candidates are ordered."""

    model_config = ConfigDict(json_schema_extra=_in_order)

    last_keys: ClassVar[tuple[str, ...]] = _LAST
    pays: ClassVar[Literal["credit", "debit", "either"]]
    """What opening it brings: a credit, a debit, or one or the other."""

    rules: tuple[SpreadRule, ...] = ()
    """What the spread must fulfil, one condition a line."""
    rank: Ranking = Arithmetic("*", Measure("return_on_risk", "spread"), Measure("pop", "spread"))
    """By which number candidates are ordered, best (highest) first."""
    keep: Count = 5
    """How many of the best candidates are kept for each underlying."""

    @property
    def shape(self) -> Shape:
        """Its legs, and how they meet."""
        raise NotImplementedError

    @property
    def first_expiry(self) -> ExpiryRule:
        """When the first of its legs expires."""
        raise NotImplementedError


class OfOneExpiry(Structure):
    """A structure whose legs expire together."""

    expiry: Expiry
    """Days to expiration, or `next monthly`."""

    @property
    def first_expiry(self) -> ExpiryRule:
        return self.expiry


class Vertical(OfOneExpiry):
    """Two options of one expiry and one side, one sold and one bought."""

    of_legs: ClassVar[Shape]

    short_delta: Deltas | None = None
    """Delta of the leg that is sold, without its sign."""
    long_delta: Deltas | None = None
    """Delta of the leg that is bought, without its sign."""
    width: Width
    """Distance between the strikes in dollars."""

    @property
    def shape(self) -> Shape:
        return self.of_legs

    @property
    def put_call(self) -> PutCall:
        """The right of both legs."""
        return self.of_legs.legs[0].put_call

    @property
    def short_is_higher(self) -> bool:
        """Whether the short leg has the higher strike."""
        return self.of_legs.joins[0].how == "below"

    @property
    def is_credit(self) -> bool:
        """Whether the short leg is the dearer one: the higher put, the lower call."""
        return self.short_is_higher == (self.put_call == "P")


class BullPut(Vertical):
    """Sell a put, buy one below: earns a credit while the underlying stays up."""

    of_legs: ClassVar[Shape] = vertical("P", short_is_higher=True)
    pays: ClassVar[Literal["credit", "debit", "either"]] = "credit"
    type: Literal["bull_put"] = "bull_put"


class BearCall(Vertical):
    """Sell a call, buy one above: earns a credit while the underlying stays down."""

    of_legs: ClassVar[Shape] = vertical("C", short_is_higher=False)
    pays: ClassVar[Literal["credit", "debit", "either"]] = "credit"
    type: Literal["bear_call"] = "bear_call"


class BullCall(Vertical):
    """Buy a call, sell one above: pays a debit and gains when the underlying rises."""

    of_legs: ClassVar[Shape] = vertical("C", short_is_higher=True)
    pays: ClassVar[Literal["credit", "debit", "either"]] = "debit"
    type: Literal["bull_call"] = "bull_call"


class BearPut(Vertical):
    """Buy a put, sell one below: pays a debit and gains when the underlying falls."""

    of_legs: ClassVar[Shape] = vertical("P", short_is_higher=False)
    pays: ClassVar[Literal["credit", "debit", "either"]] = "debit"
    type: Literal["bear_put"] = "bear_put"


class TwoWings(OfOneExpiry):
    """A put spread below a call spread, both sold and of one expiry."""

    pays: ClassVar[Literal["credit", "debit", "either"]] = "credit"
    meeting: ClassVar[Literal["other side", "same strike"]]
    """How the sold call meets the sold put."""

    short_delta: DeltasOfSides | None = None
    """Deltas of the legs that are sold, without their sign: one range for both, or `{put: 0.10-0.16, call: 0.08-0.14}`."""
    long_delta: DeltasOfSides | None = None
    """Deltas of the legs that are bought, without their sign: one range for both, or `{put: 0.05, call: 0.05}`."""
    width: WidthOfSides
    """Distance between the strikes of a wing: one range makes both equally wide, `{put: $5, call: $10}` lets them differ."""

    @property
    def has_equal_widths(self) -> bool:
        """Whether both wings are equally wide, so that the broker margins them as one."""
        return isinstance(self.width, WidthRange)

    def short_delta_of(self, side: Side) -> DeltaRange | None:
        """Which deltas the sold leg of a side may have."""
        return _of_side(self.short_delta, side)

    def long_delta_of(self, side: Side) -> DeltaRange | None:
        """Which deltas the bought leg of a side may have."""
        return _of_side(self.long_delta, side)

    def width_of(self, side: Side) -> WidthRange:
        """How wide the wing of a side may be."""
        return self.width if isinstance(self.width, WidthRange) else getattr(self.width, side)

    @property
    def shape(self) -> Shape:
        return _EQUAL_WINGS[self.meeting] if self.has_equal_widths else _WINGS[self.meeting]


def _of_side(deltas: DeltaSides | DeltaRange | None, side: Side) -> DeltaRange | None:
    return getattr(deltas, side) if isinstance(deltas, DeltaSides) else deltas


def _wings(meeting: Literal["other side", "same strike"], last: Literal["above", "same distance"]) -> Shape:
    legs = (
        LegShape("short_put", "sell", "P"),
        LegShape("long_put", "buy", "P"),
        LegShape("short_call", "sell", "C"),
        LegShape("long_call", "buy", "C"),
    )
    joins = (
        Join("long_put", "short_put", "below"),
        Join("short_call", "short_put", meeting),
        Join("long_call", "short_call", last),
    )
    return Shape(legs, joins)


_WINGS = {meeting: _wings(meeting, "above") for meeting in ("other side", "same strike")}
_EQUAL_WINGS = {meeting: _wings(meeting, "same distance") for meeting in ("other side", "same strike")}


class IronCondor(TwoWings):
    """Sell a put spread below and a call spread above: earns a credit while the underlying stays between them."""

    meeting: ClassVar[Literal["other side", "same strike"]] = "other side"
    type: Literal["iron_condor"] = "iron_condor"


class IronButterfly(TwoWings):
    """Sell a put and a call of one strike, buy one on either side: earns a credit while the underlying stays near that strike."""

    meeting: ClassVar[Literal["other side", "same strike"]] = "same strike"
    type: Literal["iron_butterfly"] = "iron_butterfly"


class OfOneRight(Structure):
    """A structure of puts alone or of calls alone."""

    right: Right
    """put or call: what all of its legs are."""

    @property
    def put_call(self) -> PutCall:
        """The right of all legs."""
        return "P" if self.right == "put" else "C"


class Fly(OfOneExpiry, OfOneRight):
    """Two options sold at one strike, one bought below and one above, all of one expiry."""

    body_delta: Deltas | None = None
    """Delta of the two options that are sold, without its sign."""


def _fly(put_call: PutCall, last: Literal["above", "same distance"]) -> Shape:
    legs = (LegShape("lower", "buy", put_call), LegShape("body", "sell", put_call, 2), LegShape("upper", "buy", put_call))
    return Shape(legs, (Join("body", "lower", "above"), Join("upper", "body", last)))


class Butterfly(Fly):
    """Sell two options of one strike, buy one at the same distance on either side: pays a debit and gains near that strike."""

    pays: ClassVar[Literal["credit", "debit", "either"]] = "debit"
    type: Literal["butterfly"] = "butterfly"
    width: Width
    """Distance from the sold strike to either bought one in dollars."""

    @property
    def shape(self) -> Shape:
        return _fly(self.put_call, "same distance")


class BrokenWing(Fly):
    """Sell two options of one strike, buy one on either side, one nearer than the other: gains near that strike, and loses on one
    side only where it is opened for a credit."""

    pays: ClassVar[Literal["credit", "debit", "either"]] = "either"
    type: Literal["broken_wing"] = "broken_wing"
    width: BrokenWidths
    """Distances from the sold strike to the bought ones: `{near: $5, far: $10}`."""

    @property
    def shape(self) -> Shape:
        return _fly(self.put_call, "above")

    @property
    def lower_width(self) -> WidthRange:
        """Distance of the lower bought strike from the sold one."""
        return self.width.far if self.right == "put" else self.width.near

    @property
    def upper_width(self) -> WidthRange:
        """Distance of the upper bought strike from the sold one."""
        return self.width.near if self.right == "put" else self.width.far


Spread: TypeAlias = Annotated[BullPut | BearCall | BullCall | BearPut, Field(discriminator="type")]
"""The structures that can be searched."""
