"""What the trader's scalars become: `30-60 days`, `$25-$50`, `2% of net liquidation`, `manual, expires in 10 min`.

Prices and money are Decimal, shares are Decimal fractions (2% is 0.02), durations are whole seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Literal, TypeAlias

from engine.strategy.expressions.tree import Expression


@dataclass(frozen=True, slots=True)
class DayRange:
    """Expiries this many calendar days away, both ends included; of the monthly ones alone where that is said. With `nearest`
    only that of them which is nearest to it, of two the earlier.
    """

    min_days: int
    max_days: int
    nearest: int | None = None
    is_monthly: bool = False

    @property
    def as_written(self) -> str:
        """The range as it stands in the file."""
        days = f"{self.min_days}" if self.min_days == self.max_days else f"{self.min_days}-{self.max_days}"
        nearest = "" if self.nearest is None else f"nearest {self.nearest} days"
        chosen = " ".join([*["monthly"] * self.is_monthly, *[nearest] * bool(nearest)])
        return f"{chosen}, within {days} days" if chosen else f"{days} days"


@dataclass(frozen=True, slots=True)
class NextMonthly:
    """The next standard monthly expiry: the third Friday, or the Thursday before it when the exchange is closed."""


ExpiryRule: TypeAlias = DayRange | NextMonthly


@dataclass(frozen=True, slots=True)
class SameExpiry:
    """The expiry of what was closed."""

    @property
    def as_written(self) -> str:
        """As it stands in the file."""
        return "the same expiry"


@dataclass(frozen=True, slots=True)
class DaysAfter:
    """Expiries this many calendar days after that of what is sold, both ends included and above zero."""

    min_days: int
    max_days: int

    @property
    def as_written(self) -> str:
        """The range as it stands in the file."""
        days = f"{self.min_days}" if self.min_days == self.max_days else f"{self.min_days}-{self.max_days}"
        return f"{days} {'day' if days == '1' else 'days'} after near"

    def behind(self, near: ExpiryRule) -> DayRange:
        """The days from today that these are at the most, behind expiries of this rule."""
        first, last = (near.min_days, near.max_days) if isinstance(near, DayRange) else (1, LATEST_MONTHLY)
        return DayRange(first + self.min_days, last + self.max_days)


LATEST_MONTHLY = 45
"""Days: `next monthly` is at most five weeks away; with a few of slack."""
LaterRule: TypeAlias = ExpiryRule | DaysAfter


@dataclass(frozen=True, slots=True)
class DeltaRange:
    """Absolute deltas between 0 and 1, both ends included; puts are meant by their distance from zero. With `nearest` only the
    one of an expiry that is nearest to it.
    """

    low: Decimal
    high: Decimal
    nearest: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Middle of the quote of one leg, USD per share, both ends included; `low` is None for any down to nothing. With `nearest`
    only the leg of an expiry that is nearest to it.
    """

    low: Decimal | None
    high: Decimal
    nearest: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StrikePlace:
    """How far a strike lies out of the money, both ends included: USD, or a share of the price (1% is 0.01); in the money it is
    below zero. With `nearest` only the strike of an expiry that is nearest to it.
    """

    low: Decimal
    high: Decimal
    is_share: bool
    nearest: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StrikeAt:
    """The strike of an expiry that is nearest to a number of the market, in points; nowhere while that is unknown."""

    level: Expression
    text: str
    """The number as it is written."""

    @property
    def nearest(self) -> Decimal:
        """What the strike's distance from it is to be nearest to."""
        return Decimal(0)


Place: TypeAlias = PriceRange | StrikePlace | StrikeAt
"""What is asked of a leg besides its delta."""


@dataclass(frozen=True, slots=True)
class WidthRange:
    """Distance between the two strikes in USD per share, both ends included."""

    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class TimesNear:
    """A distance that is so many times that of the other wing."""

    factor: Decimal

    def of(self, near: WidthRange) -> WidthRange:
        """The distances that it is at the most, beside these."""
        return WidthRange(near.low * self.factor, near.high * self.factor)


@dataclass(frozen=True, slots=True)
class Usd:
    usd: Decimal


Base: TypeAlias = Literal["net liquidation", "buying power"]


@dataclass(frozen=True, slots=True)
class ShareOf:
    """A part of an account value: fraction 0.02 of net liquidation is 2% of it."""

    fraction: Decimal
    base: Base


Amount: TypeAlias = Usd | ShareOf


def comparable(left: Amount, right: Amount) -> tuple[Decimal, Decimal] | None:
    """Both amounts as numbers where they are parts of the same thing."""
    match left, right:
        case Usd(usd=a), Usd(usd=b):
            return a, b
        case ShareOf(fraction=a, base=one), ShareOf(fraction=b, base=other) if one == other:
            return a, b
        case _:
            return None


@dataclass(frozen=True, slots=True)
class ContractRange:
    """Fewest and most spreads in one order; fewer than `low` affordable means no order."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Window:
    """Clock times of a trading day between which something is allowed; `zone` is an IANA name."""

    start: time
    end: time
    zone: str = "America/New_York"


@dataclass(frozen=True, slots=True)
class Times:
    """Clock times of a trading day, ascending, at each of which something happens once, `within_s` seconds at the latest; `zone`
    is an IANA name.
    """

    times: tuple[time, ...]
    zone: str
    within_s: int


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Again:
    """After a stop a strategy opens again, so many times a day, and not before so many seconds have passed."""

    times: int
    not_before_s: int


@dataclass(frozen=True, slots=True)
class Manual:
    """A person approves; no answer within `expires_s` seconds means no."""

    expires_s: int


@dataclass(frozen=True, slots=True)
class Auto:
    """No person is asked while the budget of `entry.auto_up_to` lasts; above it a person is, for `expires_s` seconds."""

    expires_s: int


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be opened on one day without asking: most new risk in USD, most orders."""

    risk_usd: Decimal
    orders_per_day: int


@dataclass(frozen=True, slots=True)
class Step:
    """How far the price moves toward natural at each step: USD per share, or a fraction of half the bid-ask width.
    One of the two is set.
    """

    usd: Decimal | None = None
    of_half_width: Decimal | None = None


@dataclass(frozen=True, slots=True)
class WorstShare:
    """The worst price as a fraction of the mid or of the width: a credit is at least that, a debit at most that."""

    fraction: Decimal
    base: Literal["mid", "width"]


@dataclass(frozen=True, slots=True)
class WorstFromMid:
    """The worst price is this many USD per share worse than the mid at the first look."""

    usd: Decimal


@dataclass(frozen=True, slots=True)
class WorstNatural:
    """The worst price is the natural one: every leg at its far side."""


Worst: TypeAlias = WorstShare | WorstFromMid | WorstNatural


@dataclass(frozen=True, slots=True)
class PriceWalk:
    """How the limit price is worked: first price, step, pause, worst price, patience.

    `better_than_mid` is USD per share by which the first price is better for us than the mid. `every_s` and
    `give_up_after_s` are seconds. `worst` is frozen from the quotes at the first look.
    """

    step: Step
    every_s: int
    worst: Worst
    give_up_after_s: int
    better_than_mid: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class RollFor:
    """The least net a roll must bring, USD per share, credit positive: 0 is `a credit` (more than nothing), -0.50 a
    debit up to $0.50.
    """

    least_net: Decimal
