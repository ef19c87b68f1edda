"""Spreads: contracts chosen for the legs of a declared structure, and what they can be worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from engine.domain.contract import Contract
from engine.domain.structure import Action

ZERO = Decimal(0)
UNBOUNDED = Decimal("Infinity")


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

    structure: str
    """As the language names it: bull_put, iron_condor."""
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
    def shorts(self) -> tuple[Leg, ...]:
        """The legs that are owed."""
        return tuple(leg for leg in self.legs if leg.sign < 0)

    def worth(self, level: Decimal) -> Decimal:
        """What one combination is worth at its first expiry where the underlying stands at `level`, USD per share; negative is
        owed. A leg that lives longer counts what exercising it would bring."""
        return _worth(self.legs, level)

    @property
    def floor(self) -> Decimal:
        """The least that one combination can be worth at its first expiry, USD per share; -Infinity where nothing bounds it."""
        return _bounds(self.legs)[0]

    @property
    def cap(self) -> Decimal:
        """The most that one combination can be worth at its first expiry, USD per share; Infinity where nothing bounds it."""
        return _bounds(self.legs)[1]

    @property
    def width(self) -> Decimal:
        """Distance between the least and the most that it can be worth, USD per share: of a vertical that of its strikes, of a
        condor the wider wing."""
        return self.cap - self.floor

    def max_loss(self, net: Decimal) -> Decimal:
        """Most that one combination opened for `net` can lose, USD per share, fees apart; below zero where it can only win."""
        return -(self.floor + net)

    def max_profit(self, net: Decimal) -> Decimal:
        """Most that one combination opened for `net` can make, USD per share, fees apart."""
        return self.cap + net

    def is_sane(self, net: Decimal) -> bool:
        """Whether an opening for `net`, USD per share, can both win and lose: what cannot is a bad quote."""
        return 0 < self.max_loss(net) < UNBOUNDED and self.max_profit(net) > 0

    @property
    def key(self) -> str:
        """One name for these legs in these directions, whoever trades them."""
        return "|".join(f"{leg.sign * leg.ratio:+d}x{leg.contract.con_id}" for leg in sorted(self.legs, key=_con_id))

    def __str__(self) -> str:
        strikes = "/".join(f"{leg.contract.strike.normalize():f}" for leg in self.legs)
        rights = {leg.contract.put_call for leg in self.legs}
        return f"{self.root} {self.expiry:%d %b %y} {strikes}{rights.pop() if len(rights) == 1 else ''} {self.structure}"


def _con_id(leg: Leg) -> int:
    return leg.contract.con_id


def _worth(legs: Sequence[Leg], level: Decimal) -> Decimal:
    return sum((leg.sign * leg.ratio * _intrinsic(leg.contract, level) for leg in legs), ZERO)


def _intrinsic(contract: Contract, level: Decimal) -> Decimal:
    return max(ZERO, level - contract.strike if contract.put_call == "C" else contract.strike - level)


@lru_cache(maxsize=4096)
def _bounds(legs: tuple[Leg, ...]) -> tuple[Decimal, Decimal]:
    """Least and most of the worth over all levels: it bends at the strikes only, and beyond the last one follows the calls."""
    corners = {ZERO, *(leg.contract.strike for leg in legs)}
    values = [_worth(legs, level) for level in corners]
    slope = sum(leg.sign * leg.ratio for leg in legs if leg.contract.put_call == "C")
    return (-UNBOUNDED if slope < 0 else min(values)), (UNBOUNDED if slope > 0 else max(values))
