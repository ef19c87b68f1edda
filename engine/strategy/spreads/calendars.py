"""Structures whose bought legs outlive those that are sold: calendars and diagonals, single and double."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from engine.domain.structure import Join, LegShape, Meeting, PutCall, Shape
from engine.strategy.spreads.pairs import DeltasOfSides, PricesOfSides, Side, StrikesOfSides, WidthOfSides, of_side, side_of
from engine.strategy.spreads.structure import (
    NO_WIDTH,
    TWO_EXPIRIES,
    Example,
    Keys,
    OfOneRight,
    OfTwoExpiries,
    Pays,
    of_both_rights,
)
from engine.strategy.values.legs import LegPrice, StrikeFrom
from engine.strategy.values.meaning import DeltaRange, WidthRange
from engine.strategy.values.scalar import words
from engine.strategy.values.spread import Deltas, Width

_FAR_STRIKES = {"lower": ("below",), "higher": ("above",)}


class Calendar(OfTwoExpiries, OfOneRight):
    """Sell an option, buy one of the same strike that expires later: pays a debit and gains near that strike."""

    pays: ClassVar[Pays] = "debit"
    says: ClassVar[str] = "sells a {right} and buys one with the same strike and a later expiration"
    also: ClassVar[str] = "calendar_spread, time_spread, horizontal, horizontal_spread, long_calendar"
    example: ClassVar[Example] = Example(
        ("right: put                      # or: call", TWO_EXPIRIES, "short_delta: 0.40-0.60"),
        ("quote_width <= 20% of debit",),
        ("profit >= 25% of debit", "loss >= 40% of debit"),
    )
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({"width": "both of its legs have one strike"})
    widest: ClassVar[Keys] = of_both_rights("short_delta: 0.05-0.75")
    type: Literal["calendar"] = "calendar"
    short_delta: Deltas | None = None
    """Delta of the leg that is sold, without its sign."""
    long_delta: Deltas | None = None
    """Delta of the leg that is bought, without its sign."""
    short_strike: StrikeFrom | None = None
    """Where the strike of the leg that is sold stands: `at the money`, `1%-2% from price`, `$30 from price`."""
    short_price: LegPrice | None = None
    """Price of the leg that is sold, at the middle of the quote: `$3.40-$3.60`, `at most $0.05`."""

    def delta_of(self, role: str) -> DeltaRange | None:
        return self.short_delta if role == "near" else self.long_delta

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
            TWO_EXPIRIES,
            "short_delta: 0.20-0.35",
            "width: $5-$50",
        ),
        ("quote_width <= $2",),
        ("profit >= 25% of max_loss", "loss >= 40% of max_loss"),
    )
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({"width": NO_WIDTH})
    widest: ClassVar[Keys] = (
        *of_both_rights("far_strike: lower", "short_delta: 0.05-0.60", "width: {width}"),
        *of_both_rights("far_strike: higher", "short_delta: 0.05-0.60", "width: {width}"),
    )
    type: Literal["diagonal"] = "diagonal"
    far_strike: Annotated[Literal["lower", "higher"], words("lower", "higher", wanted="lower or higher", also=_FAR_STRIKES)]
    """Whether the strike that is bought lies below or above the one that is sold."""
    short_delta: Deltas | None = None
    """Delta of the leg that is sold, without its sign."""
    long_delta: Deltas | None = None
    """Delta of the leg that is bought, without its sign."""
    short_strike: StrikeFrom | None = None
    """Where the strike of the leg that is sold stands: `at the money`, `1%-2% from price`, `$30 from price`."""
    long_strike: StrikeFrom | None = None
    """Where the strike of the leg that is bought stands: `at the money`, `1%-2% from price`, `$30 from price`."""
    short_price: LegPrice | None = None
    """Price of the leg that is sold, at the middle of the quote: `$3.40-$3.60`, `at most $0.05`."""
    long_price: LegPrice | None = None
    """Price of the leg that is bought, at the middle of the quote: `$3.40-$3.60`, `at most $0.05`."""
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
    long_delta: DeltasOfSides | None = None
    """Deltas of the legs that are bought, without their sign: one range for both, or one for each side."""
    short_strike: StrikesOfSides | None = None
    """Where the strikes of the legs that are sold stand: `$30 from price` for both, or one place for each side."""
    short_price: PricesOfSides | None = None
    """Prices of the legs that are sold, each at the middle of its quote: `$1.00-$1.75` for both, or one for each side."""

    def short_delta_of(self, side: Side) -> DeltaRange | None:
        """Which deltas the sold leg of a side may have."""
        return of_side(self.short_delta, side)

    def long_delta_of(self, side: Side) -> DeltaRange | None:
        """Which deltas the bought leg of a side may have."""
        return of_side(self.long_delta, side)

    def delta_of(self, role: str) -> DeltaRange | None:
        return self.short_delta_of(side_of(role)) if role.startswith("near") else self.long_delta_of(side_of(role))


class DoubleCalendar(TwoCalendars):
    """A calendar of puts below and one of calls above: pays a debit and gains while the underlying stays between them."""

    says: ClassVar[str] = "sells a put and a call above it, and buys the same strikes with a later expiration"
    also: ClassVar[str] = "double_calendars, double_calendar_spread"
    example: ClassVar[Example] = Example(
        (TWO_EXPIRIES, "short_delta: 0.20-0.35          # of each side"),
        ("quote_width <= 20% of debit",),
        ("profit >= 25% of debit", "loss >= 40% of debit"),
    )
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({"width": NO_WIDTH, "long_delta": "it has two bought legs"})
    widest: ClassVar[Keys] = (("short_delta: 0.10-0.45",),)
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
            TWO_EXPIRIES,
            "short_delta: 0.20-0.35          # of each side",
            "width: $5-$50                   # of both sides, equally wide; or {put: $5, call: $10}",
        ),
        ("quote_width <= $4",),
        ("profit >= 25% of max_loss", "loss >= 40% of max_loss"),
    )
    lacks: ClassVar[Mapping[str, str]] = MappingProxyType({"width": NO_WIDTH, "long_delta": "it has two bought legs"})
    widest: ClassVar[Keys] = (("short_delta: 0.10-0.45", "width: {width}"),)
    type: Literal["double_diagonal"] = "double_diagonal"
    width: WidthOfSides
    """Distance between the strikes of a side: one range makes both equally wide, `{put: $5, call: $10}` lets them differ."""

    def width_of(self, side: Side) -> WidthRange:
        """How far apart the strikes of a side may be."""
        return self.width if isinstance(self.width, WidthRange) else getattr(self.width, side)

    def reach_of(self, role: str) -> WidthRange | None:
        return self.width_of(side_of(role)) if role.startswith("far") else None

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
