"""The structures that a strategy can trade: one class each, with its keys, the shape of its legs and the words for it.

A class that joins the union `Spread` is known to every list of structures: template, completion, sentences, names of
other programs.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from engine.domain.structure import Join, LegShape, Meeting, PutCall, Shape, vertical
from engine.strategy.conditions import Ranking, SpreadRule
from engine.strategy.expressions.tree import Arithmetic, Measure
from engine.strategy.values.counts import Count
from engine.strategy.values.meaning import DeltaRange, ExpiryRule, WidthRange
from engine.strategy.values.scalar import words
from engine.strategy.values.spread import Deltas, Expiry, Width
from engine.strategy.written import Written

Side: TypeAlias = Literal["put", "call"]
Pays: TypeAlias = Literal["credit", "debit", "either"]
"""What opening a structure brings."""


@dataclass(frozen=True, slots=True)
class Example:
    """Lines of a file that trades a structure, as `spreads new` writes them."""

    keys: tuple[str, ...]
    """Of the section `spread`, below its type."""
    rules: tuple[str, ...]
    exits: tuple[str, ...]


_ONE_EXPIRY = "expiry: 30-60 days              # or: 45 days, next monthly"
_TWO_EXPIRIES = "expiry: {near: 25-40 days, far: 50-90 days}"
_OF_CREDIT = ("profit >= 50% of credit", "loss >= 200% of credit")
_OF_DEBIT = ("profit >= 50% of max_profit", "loss >= 50% of debit")
_SOLD = Example((_ONE_EXPIRY, "short_delta: 0.12-0.20", "width: $5-$50"), ("credit >= 10% of width", "pop >= 70%"), _OF_CREDIT)
_BOUGHT = Example((_ONE_EXPIRY, "long_delta: 0.45-0.60", "width: $5-$50"), ("debit <= 50% of width", "pop >= 35%"), _OF_DEBIT)
_NO_WIDTH = "what its bought leg is worth when the sold one expires is not bounded by strikes"


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


class BrokenWidths(Pair):
    """Widths of a butterfly whose wings differ."""

    said: ClassVar[Mapping[str, str]] = {"near": "inner, narrow, first, short", "far": "outer, wide, second, long"}

    near: Width
    """From the sold strike to the bought one that is nearer to the money: above the body for puts, below it for calls."""
    far: Width
    """From the sold strike to the bought one beyond it: below the body for puts, above it for calls."""

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
    far: Expiry
    """Of what is bought: later than what is sold."""

    @classmethod
    def beside(cls, key: str, other: str) -> str:
        """A month and more behind the near expiry, or before the far one."""
        days = [int(number) for number in re.findall("[0-9]+", other)]
        if not days:
            return "50-90 days" if key == "far" else "next monthly"
        return f"{days[-1] + 20}-{days[-1] + 50} days" if key == "far" else f"{days[0] // 3}-{days[0] // 2} days"


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

_FAR_STRIKES = {"lower": ("below",), "higher": ("above",)}

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
    pays: ClassVar[Pays]
    says: ClassVar[str]
    """What a strategy with it does, for `spreads explain`."""
    also: ClassVar[str] = ""
    """Other names of it, set off by commas."""
    perhaps: ClassVar[str] = ""
    """Names that other structures have too, and for which it is offered first."""
    example: ClassVar[Example]
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Measures that it does not have, each with the reason."""
    lacks_held: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Measures that it has when it is searched and an open position of it does not have any more."""

    rules: tuple[SpreadRule, ...] = ()
    """What the spread must fulfil, one condition a line."""
    rank: Ranking = Arithmetic("*", Measure("return_on_risk", "spread"), Measure("pop", "spread"))
    """By which number candidates are ordered, best (highest) first."""
    keep: Count = 5
    """How many of the best candidates are kept for each underlying."""

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """Its legs, and how they meet."""

    @property
    @abstractmethod
    def first_expiry(self) -> ExpiryRule:
        """When the first of its legs expires."""

    @property
    @abstractmethod
    def expiries(self) -> tuple[ExpiryRule, ...]:
        """When its legs expire: one rule for all, or that of what is sold and that of what is bought."""

    @property
    def span(self) -> WidthRange | None:
        """Distances that its least and its greatest worth may have at expiry, USD per share; None where strikes do not tell."""
        return None

    def delta_of(self, role: str) -> DeltaRange | None:
        """The deltas that the leg of a role may have, without their sign; None where any will do."""
        del role
        return None

    def reach_of(self, role: str) -> WidthRange | None:
        """How far, USD, the leg of a role lies from the one that it joins; None where the shape alone says it."""
        del role
        return None

    @property
    def deltas(self) -> Iterator[tuple[tuple[str, ...], DeltaRange]]:
        """Deltas that choose its legs, each with the keys it stands below."""
        for name in type(self).model_fields:
            match getattr(self, name):
                case DeltaRange() as both:
                    yield (name,), both
                case DeltaSides(put=put, call=call):
                    yield (name, "put"), put
                    yield (name, "call"), call
                case _:
                    pass

    @classmethod
    def name(cls) -> str:
        """Its name in a file."""
        return str(cls.model_fields["type"].default)


class OfOneExpiry(Structure):
    """A structure whose legs expire together."""

    expiry: Expiry
    """Days to expiration, or `next monthly`."""

    @property
    def first_expiry(self) -> ExpiryRule:
        return self.expiry

    @property
    def expiries(self) -> tuple[ExpiryRule, ...]:
        return (self.expiry,)


class OfTwoExpiries(Structure):
    """A structure whose bought legs outlive those that are sold."""

    lacks_held: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "max_profit": "what its bought legs will be worth when the sold ones expire hangs on their volatility then",
            "width": _NO_WIDTH,
        }
    )

    expiry: Expiries
    """Expiries of what is sold and of what is bought: `{near: 25-40 days, far: 50-90 days}`."""

    @property
    def first_expiry(self) -> ExpiryRule:
        return self.expiry.near

    @property
    def expiries(self) -> tuple[ExpiryRule, ...]:
        return (self.expiry.near, self.expiry.far)


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
    def span(self) -> WidthRange:
        return self.width

    def delta_of(self, role: str) -> DeltaRange | None:
        return self.short_delta if role == "short" else self.long_delta

    def reach_of(self, role: str) -> WidthRange | None:
        return self.width if role == "long" else None

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
    pays: ClassVar[Pays] = "credit"
    says: ClassVar[str] = "sells a put and buys a put with a lower strike, both with the same expiration"
    also: ClassVar[str] = (
        "put_credit_spread, bull_put_spread, short_put_spread, short_put_vertical, put_credit, credit_put_spread, pcs, "
        "bps, put_credit_vertical, bull_put_credit_spread, vertical_put_credit, credit_put, bull_put_vertical, "
        "sell_put_spread, put_vertical_credit, sell_put_vertical, short_put_credit_spread"
    )
    perhaps: ClassVar[str] = (
        "credit_spread, vertical, vertical_spread, put_spread, put_vertical, bull_spread, credit_vertical, credit, "
        "short_vertical, short_spread"
    )
    example: ClassVar[Example] = _SOLD
    type: Literal["bull_put"] = "bull_put"


class BearCall(Vertical):
    """Sell a call, buy one above: earns a credit while the underlying stays down."""

    of_legs: ClassVar[Shape] = vertical("C", short_is_higher=False)
    pays: ClassVar[Pays] = "credit"
    says: ClassVar[str] = "sells a call and buys a call with a higher strike, both with the same expiration"
    also: ClassVar[str] = (
        "call_credit_spread, bear_call_spread, short_call_spread, short_call_vertical, call_credit, credit_call_spread, "
        "ccs, bcs, call_credit_vertical, bear_call_credit_spread, credit_call, bear_call_vertical, sell_call_spread, "
        "sell_call_vertical"
    )
    perhaps: ClassVar[str] = "call_spread, call_vertical, bear_spread, bear_credit_spread"
    example: ClassVar[Example] = _SOLD
    type: Literal["bear_call"] = "bear_call"


class BullCall(Vertical):
    """Buy a call, sell one above: pays a debit and gains when the underlying rises."""

    of_legs: ClassVar[Shape] = vertical("C", short_is_higher=True)
    pays: ClassVar[Pays] = "debit"
    says: ClassVar[str] = "buys a call and sells a call with a higher strike, both with the same expiration"
    also: ClassVar[str] = (
        "call_debit_spread, bull_call_spread, long_call_spread, long_call_vertical, call_debit, debit_call_spread, cds, "
        "call_debit_vertical, bull_call_debit_spread, debit_call, bull_call_vertical, buy_call_spread"
    )
    perhaps: ClassVar[str] = "debit_spread, long_vertical, debit_vertical, long_spread, debit"
    example: ClassVar[Example] = _BOUGHT
    type: Literal["bull_call"] = "bull_call"


class BearPut(Vertical):
    """Buy a put, sell one below: pays a debit and gains when the underlying falls."""

    of_legs: ClassVar[Shape] = vertical("P", short_is_higher=False)
    pays: ClassVar[Pays] = "debit"
    says: ClassVar[str] = "buys a put and sells a put with a lower strike, both with the same expiration"
    also: ClassVar[str] = (
        "put_debit_spread, bear_put_spread, long_put_spread, long_put_vertical, put_debit, debit_put_spread, pds, "
        "put_debit_vertical, bear_put_debit_spread, debit_put, bear_put_vertical, buy_put_spread"
    )
    example: ClassVar[Example] = _BOUGHT
    type: Literal["bear_put"] = "bear_put"


class TwoWings(OfOneExpiry):
    """A put spread below a call spread, both sold and of one expiry."""

    pays: ClassVar[Pays] = "credit"
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({"long_delta": "it has two bought legs"})
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

    def delta_of(self, role: str) -> DeltaRange | None:
        side = _side_of(role)
        return self.short_delta_of(side) if role.startswith("short") else self.long_delta_of(side)

    def reach_of(self, role: str) -> WidthRange | None:
        return self.width_of(_side_of(role)) if role.startswith("long") else None

    @property
    def span(self) -> WidthRange:
        put, call = self.width_of("put"), self.width_of("call")
        return WidthRange(max(put.low, call.low), max(put.high, call.high))

    @property
    def shape(self) -> Shape:
        return _EQUAL_WINGS[self.meeting] if self.has_equal_widths else _WINGS[self.meeting]


def _side_of(role: str) -> Side:
    return "put" if role.endswith("put") else "call"


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
    says: ClassVar[str] = (
        "sells a put and a call with a higher strike, and buys a put below and a call above them, all with the same expiration"
    )
    also: ClassVar[str] = "condor, ic, short_iron_condor, iron_condors, short_condor"
    example: ClassVar[Example] = Example(
        (
            _ONE_EXPIRY,
            "short_delta: 0.10-0.20          # of each side; or {put: 0.10-0.16, call: 0.08-0.14}",
            "width: $5-$50                   # of both wings, equally wide; or {put: $5, call: $10}",
        ),
        ("credit >= 15% of width", "pop >= 60%"),
        _OF_CREDIT,
    )
    type: Literal["iron_condor"] = "iron_condor"


class IronButterfly(TwoWings):
    """Sell a put and a call of one strike, buy one on either side: earns a credit while the underlying stays near that strike."""

    meeting: ClassVar[Literal["other side", "same strike"]] = "same strike"
    says: ClassVar[str] = (
        "sells a put and a call with one strike, and buys a put below and a call above them, all with the same expiration"
    )
    also: ClassVar[str] = "iron_fly, ironfly, short_iron_butterfly, short_iron_fly"
    example: ClassVar[Example] = Example(
        (_ONE_EXPIRY, "short_delta: 0.40-0.60", "width: $10-$50                  # of both wings, equally wide"),
        ("credit >= 40% of width", "pop >= 35%"),
        ("profit >= 25% of credit", "loss >= 50% of credit"),
    )
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

    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({"long_delta": "it has two bought legs"})

    body_delta: Deltas | None = None
    """Delta of the two options that are sold, without its sign."""

    def delta_of(self, role: str) -> DeltaRange | None:
        return self.body_delta if role == "body" else None


def _fly(put_call: PutCall, last: Literal["above", "same distance"]) -> Shape:
    legs = (LegShape("lower", "buy", put_call), LegShape("body", "sell", put_call, 2), LegShape("upper", "buy", put_call))
    return Shape(legs, (Join("body", "lower", "above"), Join("upper", "body", last)))


class Butterfly(Fly):
    """Sell two options of one strike, buy one at the same distance on either side: pays a debit and gains near that strike."""

    pays: ClassVar[Pays] = "debit"
    says: ClassVar[str] = (
        "sells two {right}s with one strike, and buys one below and one above at the same distance, all with the same expiration"
    )
    also: ClassVar[str] = "fly, long_butterfly, butterflies, butterfly_spread, long_fly"
    example: ClassVar[Example] = Example(
        ("right: put                      # or: call", _ONE_EXPIRY, "body_delta: 0.25-0.50", "width: $10-$50"),
        ("debit <= 30% of width", "pop >= 15%"),
        ("profit >= 30% of max_profit", "loss >= 50% of debit"),
    )
    type: Literal["butterfly"] = "butterfly"
    width: Width
    """Distance from the sold strike to either bought one in dollars."""

    @property
    def span(self) -> WidthRange:
        return self.width

    def reach_of(self, role: str) -> WidthRange | None:
        return None if role == "lower" else self.width

    @property
    def shape(self) -> Shape:
        return _fly(self.put_call, "same distance")


class BrokenWing(Fly):
    """Sell two options of one strike, buy one on either side, the one towards the money nearer: gains near that strike."""

    pays: ClassVar[Pays] = "either"
    says: ClassVar[str] = (
        "sells two {right}s with one strike, and buys one on either side, the nearer one towards the money, all with the same "
        "expiration"
    )
    also: ClassVar[str] = "bwb, broken_wing_butterfly, skip_strike_butterfly, skip_strike, broken_butterfly"
    example: ClassVar[Example] = Example(
        (
            "right: put                      # or: call",
            _ONE_EXPIRY,
            "body_delta: 0.15-0.35",
            "width: {near: $5-$25, far: $10-$50}   # near is the wing towards the money",
        ),
        ("credit >= $0                    # below zero it is a debit", "pop >= 60%"),
        ("profit >= 40% of max_profit", "loss >= 50% of max_loss"),
    )
    type: Literal["broken_wing"] = "broken_wing"
    width: BrokenWidths
    """Distances from the sold strike to the bought ones: `{near: $5, far: $10}`."""

    @property
    def shape(self) -> Shape:
        return _fly(self.put_call, "above")

    @property
    def span(self) -> WidthRange:
        return WidthRange(max(self.width.near.low, self.width.far.low), max(self.width.near.high, self.width.far.high))

    def reach_of(self, role: str) -> WidthRange | None:
        return {"body": self.lower_width, "upper": self.upper_width}.get(role)

    @property
    def lower_width(self) -> WidthRange:
        """Distance of the lower bought strike from the sold one."""
        return self.width.far if self.right == "put" else self.width.near

    @property
    def upper_width(self) -> WidthRange:
        """Distance of the upper bought strike from the sold one."""
        return self.width.near if self.right == "put" else self.width.far


class Calendar(OfTwoExpiries, OfOneRight):
    """Sell an option, buy one of the same strike that expires later: pays a debit and gains near that strike."""

    pays: ClassVar[Pays] = "debit"
    says: ClassVar[str] = "sells a {right} and buys one with the same strike and a later expiration"
    also: ClassVar[str] = "calendar_spread, time_spread, horizontal, horizontal_spread, long_calendar"
    example: ClassVar[Example] = Example(
        ("right: put                      # or: call", _TWO_EXPIRIES, "short_delta: 0.40-0.60"),
        ("quote_width <= 20% of debit",),
        ("profit >= 25% of debit", "loss >= 40% of debit"),
    )
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({"width": "both of its legs have one strike"})
    type: Literal["calendar"] = "calendar"
    short_delta: Deltas | None = None
    """Delta of the leg that is sold, without its sign."""

    def delta_of(self, role: str) -> DeltaRange | None:
        return self.short_delta if role == "near" else None

    @property
    def shape(self) -> Shape:
        return Shape(_near_and_far(self.put_call), (Join("far", "near", "same strike", is_later=True),))


class Diagonal(OfTwoExpiries, OfOneRight):
    """Sell an option, buy one of another strike that expires later."""

    pays: ClassVar[Pays] = "either"
    says: ClassVar[str] = "sells a {right} and buys one with a {far_strike} strike and a later expiration"
    also: ClassVar[str] = "diagonal_spread, pmcc, poor_mans_covered_call"
    example: ClassVar[Example] = Example(
        (
            "right: call                     # or: put",
            "far_strike: lower               # where the bought strike lies; or: higher",
            _TWO_EXPIRIES,
            "short_delta: 0.20-0.35",
            "width: $5-$50",
        ),
        ("quote_width <= $2",),
        ("profit >= 25% of max_loss", "loss >= 40% of max_loss"),
    )
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({"width": _NO_WIDTH})
    type: Literal["diagonal"] = "diagonal"
    far_strike: Annotated[Literal["lower", "higher"], words("lower", "higher", wanted="lower or higher", also=_FAR_STRIKES)]
    """Whether the strike that is bought lies below or above the one that is sold."""
    short_delta: Deltas | None = None
    """Delta of the leg that is sold, without its sign."""
    long_delta: Deltas | None = None
    """Delta of the leg that is bought, without its sign."""
    width: Width
    """Distance between the strikes in dollars."""

    def delta_of(self, role: str) -> DeltaRange | None:
        return self.short_delta if role == "near" else self.long_delta

    def reach_of(self, role: str) -> WidthRange | None:
        return self.width if role == "far" else None

    @property
    def shape(self) -> Shape:
        how = "below" if self.far_strike == "lower" else "above"
        return Shape(_near_and_far(self.put_call), (Join("far", "near", how, is_later=True),))


def _near_and_far(put_call: PutCall) -> tuple[LegShape, LegShape]:
    return LegShape("near", "sell", put_call), LegShape("far", "buy", put_call)


class TwoCalendars(OfTwoExpiries):
    """A structure of puts below one of calls above, both of which sell the near expiry and buy the far one."""

    pays: ClassVar[Pays] = "debit"
    short_delta: DeltasOfSides | None = None
    """Deltas of the legs that are sold, without their sign: one range for both, or `{put: 0.20-0.30, call: 0.20-0.30}`."""

    def short_delta_of(self, side: Side) -> DeltaRange | None:
        """Which deltas the sold leg of a side may have."""
        return _of_side(self.short_delta, side)

    def delta_of(self, role: str) -> DeltaRange | None:
        return self.short_delta_of(_side_of(role)) if role.startswith("near") else None


class DoubleCalendar(TwoCalendars):
    """A calendar of puts below and one of calls above: pays a debit and gains while the underlying stays between them."""

    says: ClassVar[str] = "sells a put and a call above it, and buys the same strikes with a later expiration"
    also: ClassVar[str] = "double_calendars, double_calendar_spread"
    example: ClassVar[Example] = Example(
        (_TWO_EXPIRIES, "short_delta: 0.20-0.35          # of each side"),
        ("quote_width <= 20% of debit",),
        ("profit >= 25% of debit", "loss >= 40% of debit"),
    )
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({"width": _NO_WIDTH, "long_delta": "it has two bought legs"})
    type: Literal["double_calendar"] = "double_calendar"

    @property
    def shape(self) -> Shape:
        return _double("same strike", "same strike")


class DoubleDiagonal(TwoCalendars):
    """A condor whose bought legs expire later: gains while the underlying stays between the strikes that are sold."""

    says: ClassVar[str] = "sells a put and a call above it, and buys a put below and a call above them with a later expiration"
    also: ClassVar[str] = "double_diagonals, double_diagonal_spread"
    pays: ClassVar[Pays] = "either"
    example: ClassVar[Example] = Example(
        (
            _TWO_EXPIRIES,
            "short_delta: 0.20-0.35          # of each side",
            "width: $5-$50                   # of both sides, equally wide; or {put: $5, call: $10}",
        ),
        ("quote_width <= $4",),
        ("profit >= 25% of max_loss", "loss >= 40% of max_loss"),
    )
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({"width": _NO_WIDTH, "long_delta": "it has two bought legs"})
    type: Literal["double_diagonal"] = "double_diagonal"
    long_delta: DeltasOfSides | None = None
    """Deltas of the legs that are bought, without their sign: one range for both, or one for each side."""
    width: WidthOfSides
    """Distance between the strikes of a side: one range makes both equally wide, `{put: $5, call: $10}` lets them differ."""

    def long_delta_of(self, side: Side) -> DeltaRange | None:
        """Which deltas the bought leg of a side may have."""
        return _of_side(self.long_delta, side)

    def width_of(self, side: Side) -> WidthRange:
        """How far apart the strikes of a side may be."""
        return self.width if isinstance(self.width, WidthRange) else getattr(self.width, side)

    def delta_of(self, role: str) -> DeltaRange | None:
        return self.long_delta_of(_side_of(role)) if role.startswith("far") else super().delta_of(role)

    def reach_of(self, role: str) -> WidthRange | None:
        return self.width_of(_side_of(role)) if role.startswith("far") else None

    @property
    def shape(self) -> Shape:
        return _double("below", "same distance" if isinstance(self.width, WidthRange) else "above")


def _double(of_put: Meeting, of_call: Meeting) -> Shape:
    legs = (
        LegShape("near_put", "sell", "P"),
        LegShape("far_put", "buy", "P"),
        LegShape("near_call", "sell", "C"),
        LegShape("far_call", "buy", "C"),
    )
    joins = (
        Join("far_put", "near_put", of_put, is_later=True),
        Join("near_call", "near_put", "other side"),
        Join("far_call", "near_call", of_call, is_later=True),
    )
    return Shape(legs, joins)


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

_DECLARED: tuple[type[Structure], ...] = (
    *(BullPut, BearCall, BullCall, BearPut),
    *(IronCondor, IronButterfly, Butterfly, BrokenWing),
    *(Calendar, Diagonal, DoubleCalendar, DoubleDiagonal),
)

STRUCTURES: Mapping[str, type[Structure]] = {kind.name(): kind for kind in get_args(get_args(Spread)[0])}
"""The structures that can be searched, by name."""

LATER: Mapping[str, type[Structure]] = {kind.name(): kind for kind in _DECLARED if kind.name() not in STRUCTURES}
"""Those that the language knows and the scan does not find yet, by name."""
