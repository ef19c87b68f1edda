"""Butterflies of one right, with equal wings and with broken ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from engine.domain.structure import Join, LegShape, PutCall, Shape
from engine.strategy.spreads.pairs import BrokenWidths
from engine.strategy.spreads.structure import ONE_EXPIRY, Example, Keys, OfOneExpiry, OfOneRight, Pays, of_both_rights
from engine.strategy.values.legs import LegPrice, StrikeFrom
from engine.strategy.values.meaning import DeltaRange, WidthRange
from engine.strategy.values.spread import Deltas, Width


class Fly(OfOneExpiry, OfOneRight):
    """Two options sold at one strike, one bought below and one above, all of one expiry."""

    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({"long_delta": "it has two bought legs"})

    body_delta: Deltas | None = None
    """Delta of the two options that are sold, without its sign."""
    body_strike: StrikeFrom | None = None
    """Where the strike of the two options that are sold stands: `at the money`, `1%-2% from price`, `$30 from price`."""
    body_price: LegPrice | None = None
    """Price of the two options that are sold, at the middle of the quote: `$3.40-$3.60`, `at most $0.05`."""

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
        ("right: put                      # or: call", ONE_EXPIRY, "body_delta: 0.25-0.50", "width: $10-$50"),
        ("debit <= 30% of width", "pop >= 15%"),
        ("profit >= 30% of max_profit", "loss >= 50% of debit"),
    )
    widest: ClassVar[Keys] = of_both_rights("body_delta: 0.05-0.60", "width: {width}")
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
    """Sell two options of one strike, buy one on either side, not equally far from it: gains near that strike."""

    pays: ClassVar[Pays] = "either"
    says: ClassVar[str] = (
        "sells two {right}s with one strike, and buys one on either side, not equally far from it, all with the same expiration"
    )
    also: ClassVar[str] = "bwb, broken_wing_butterfly, skip_strike_butterfly, skip_strike, broken_butterfly"
    example: ClassVar[Example] = Example(
        (
            "right: put                      # or: call",
            ONE_EXPIRY,
            "body_delta: 0.15-0.35",
            "width: {near: $5-$25, far: $10-$50}   # near is the wing towards the money",
        ),
        ("credit >= $0                    # below zero it is a debit", "pop >= 60%"),
        ("profit >= 40% of max_profit", "loss >= 50% of max_loss"),
    )
    widest: ClassVar[Keys] = of_both_rights("body_delta: 0.05-0.60", "width: {{near: {width}, far: {wide}}}")
    type: Literal["broken_wing"] = "broken_wing"
    near_delta: Deltas | None = None
    """Delta of the option that is bought towards the money, without its sign."""
    width: BrokenWidths
    """Distances from the sold strike to the bought ones: `{near: $5, far: $10}`, `{near: $25-$50, far: 2 x near}`."""

    @property
    def shape(self) -> Shape:
        return _fly(self.put_call, "above")

    @property
    def span(self) -> WidthRange:
        near, far = self.width.near, self.width.of_far
        return WidthRange(max(near.low, far.low), max(near.high, far.high))

    def delta_of(self, role: str) -> DeltaRange | None:
        return self.near_delta if role == self.near_role else super().delta_of(role)

    @property
    def near_role(self) -> str:
        """The role of the leg that is bought towards the money."""
        return "upper" if self.right == "put" else "lower"

    def reach_of(self, role: str) -> WidthRange | None:
        return {"body": self.lower_width, "upper": self.upper_width}.get(role)

    @property
    def lower_width(self) -> WidthRange:
        """Distance of the lower bought strike from the sold one."""
        return self.width.of_far if self.right == "put" else self.width.near

    @property
    def upper_width(self) -> WidthRange:
        """Distance of the upper bought strike from the sold one."""
        return self.width.near if self.right == "put" else self.width.of_far
