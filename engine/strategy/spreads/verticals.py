"""The verticals: one option sold and one bought, of one right and one expiry."""

from __future__ import annotations

from typing import ClassVar, Literal

from engine.domain.structure import PutCall, Shape, vertical
from engine.strategy.spreads.structure import OF_CREDIT, OF_DEBIT, ONE_EXPIRY, Example, Keys, OfOneExpiry, Pays
from engine.strategy.values.legs import LegPrice, StrikeFrom
from engine.strategy.values.meaning import DeltaRange, WidthRange
from engine.strategy.values.spread import Deltas, Width

_SOLD = Example((ONE_EXPIRY, "short_delta: 0.12-0.20", "width: $5-$50"), ("credit >= 10% of width", "pop >= 70%"), OF_CREDIT)
_BOUGHT = Example((ONE_EXPIRY, "long_delta: 0.45-0.60", "width: $5-$50"), ("debit <= 50% of width", "pop >= 35%"), OF_DEBIT)


class Vertical(OfOneExpiry):
    """Two options of one expiry and one side, one sold and one bought."""

    of_legs: ClassVar[Shape]

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
    widest: ClassVar[Keys] = (("short_delta: 0.05-0.75", "width: {width}"),)
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
    widest: ClassVar[Keys] = (("short_delta: 0.05-0.75", "width: {width}"),)
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
    widest: ClassVar[Keys] = (("long_delta: 0.15-0.85", "width: {width}"),)
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
    widest: ClassVar[Keys] = (("long_delta: 0.15-0.85", "width: {width}"),)
    type: Literal["bear_put"] = "bear_put"
