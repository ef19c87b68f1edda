"""Condors and iron butterflies: a put spread below a call spread, both sold."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from engine.domain.structure import Join, LegShape, Shape
from engine.strategy.spreads.pairs import DeltasOfSides, PricesOfSides, Side, StrikesOfSides, WidthOfSides, of_side, side_of
from engine.strategy.spreads.structure import OF_CREDIT, ONE_EXPIRY, Example, Keys, OfOneExpiry, Pays
from engine.strategy.values.meaning import DeltaRange, WidthRange


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
    short_strike: StrikesOfSides | None = None
    """Where the strikes of the legs that are sold stand: `$30 from price` for both, or one place for each side."""
    short_price: PricesOfSides | None = None
    """Prices of the legs that are sold, each at the middle of its quote: `$1.00-$1.75` for both, or one for each side."""
    long_price: PricesOfSides | None = None
    """Prices of the legs that are bought, each at the middle of its quote: `$1.00-$1.75` for both, or one for each side."""
    width: WidthOfSides
    """Distance between the strikes of a wing: one range makes both equally wide, `{put: $5, call: $10}` lets them differ."""

    @property
    def has_equal_widths(self) -> bool:
        """Whether both wings are equally wide, so that the broker margins them as one."""
        return isinstance(self.width, WidthRange)

    def short_delta_of(self, side: Side) -> DeltaRange | None:
        """Which deltas the sold leg of a side may have."""
        return of_side(self.short_delta, side)

    def long_delta_of(self, side: Side) -> DeltaRange | None:
        """Which deltas the bought leg of a side may have."""
        return of_side(self.long_delta, side)

    def width_of(self, side: Side) -> WidthRange:
        """How wide the wing of a side may be."""
        return self.width if isinstance(self.width, WidthRange) else getattr(self.width, side)

    def delta_of(self, role: str) -> DeltaRange | None:
        side = side_of(role)
        return self.short_delta_of(side) if role.startswith("short") else self.long_delta_of(side)

    def reach_of(self, role: str) -> WidthRange | None:
        return self.width_of(side_of(role)) if role.startswith("long") else None

    @property
    def span(self) -> WidthRange:
        put, call = self.width_of("put"), self.width_of("call")
        return WidthRange(max(put.low, call.low), max(put.high, call.high))

    @property
    def shape(self) -> Shape:
        return _EQUAL_WINGS[self.meeting] if self.has_equal_widths else _WINGS[self.meeting]


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
            ONE_EXPIRY,
            "short_delta: 0.10-0.20          # of each side; or {put: 0.10-0.16, call: 0.08-0.14}",
            "width: $5-$50                   # of both wings, equally wide; or {put: $5, call: $10}",
        ),
        ("credit >= 15% of width", "pop >= 60%"),
        OF_CREDIT,
    )
    widest: ClassVar[Keys] = (("short_delta: 0.05-0.49", "width: {width}"),)
    type: Literal["iron_condor"] = "iron_condor"


class IronButterfly(TwoWings):
    """Sell a put and a call of one strike, buy one on either side: earns a credit while the underlying stays near that strike."""

    meeting: ClassVar[Literal["other side", "same strike"]] = "same strike"
    says: ClassVar[str] = (
        "sells a put and a call with one strike, and buys a put below and a call above them, all with the same expiration"
    )
    also: ClassVar[str] = "iron_fly, ironfly, short_iron_butterfly, short_iron_fly"
    example: ClassVar[Example] = Example(
        (ONE_EXPIRY, "short_delta: 0.40-0.60", "width: $10-$50                  # of both wings, equally wide"),
        ("credit >= 40% of width", "pop >= 35%"),
        ("profit >= 25% of credit", "loss >= 50% of credit"),
    )
    widest: ClassVar[Keys] = (("short_delta: 0.15-0.85", "width: {width}"),)
    type: Literal["iron_butterfly"] = "iron_butterfly"
