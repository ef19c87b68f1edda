"""Spreads: contracts chosen for the legs of a declared structure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from engine.domain.contract import Contract

Action = Literal["buy", "sell"]
Structure = Literal["bull_put", "bear_call", "bull_call", "bear_put"]


@dataclass(frozen=True, slots=True)
class Leg:
    """One contract of a spread, as traded when the spread is opened."""

    contract: Contract
    action: Action
    ratio: int = 1

    @property
    def sign(self) -> int:
        """+1 for a leg that is owned, -1 for one that is owed."""
        return 1 if self.action == "buy" else -1


@dataclass(frozen=True, slots=True)
class Spread:
    """The legs of one structure, listed as opened: closing sells this same combination."""

    structure: Structure
    legs: tuple[Leg, ...]

    @property
    def underlying(self) -> str:
        return self.legs[0].contract.underlying

    @property
    def root(self) -> str:
        return self.legs[0].contract.root

    @property
    def expiry(self) -> date:
        """The first day on which a leg expires."""
        return min(leg.contract.expiry for leg in self.legs)

    @property
    def multiplier(self) -> int:
        return self.legs[0].contract.multiplier

    @property
    def is_credit(self) -> bool:
        """Whether opening it brings money: the leg that is sold is the dearer one."""
        return self.structure in {"bull_put", "bear_call"}

    @property
    def short(self) -> Leg:
        return next(leg for leg in self.legs if leg.action == "sell")

    @property
    def long(self) -> Leg:
        return next(leg for leg in self.legs if leg.action == "buy")

    @property
    def width(self) -> Decimal:
        """Distance of the strikes, USD per share; more than it a vertical can never be worth."""
        return abs(self.short.contract.strike - self.long.contract.strike)

    @property
    def floor(self) -> Decimal:
        """The least that one combination can be worth at expiry, USD per share; negative is owed."""
        return -self.width if self.is_credit else Decimal(0)

    @property
    def cap(self) -> Decimal:
        """The most that one combination can be worth at expiry, USD per share."""
        return Decimal(0) if self.is_credit else self.width

    @property
    def key(self) -> str:
        """One name for these legs in these directions, whoever trades them."""
        return "|".join(f"{leg.sign * leg.ratio:+d}x{leg.contract.con_id}" for leg in sorted(self.legs, key=_con_id))

    def __str__(self) -> str:
        strikes = "/".join(f"{leg.contract.strike.normalize():f}" for leg in self.legs)
        return f"{self.root} {self.expiry:%d %b %y} {strikes}{self.legs[0].contract.put_call} {self.structure}"


def _con_id(leg: Leg) -> int:
    return leg.contract.con_id
