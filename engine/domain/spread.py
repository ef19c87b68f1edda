"""Spreads: contracts chosen for the legs of a declared structure, and what they can be worth."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from engine.domain.contract import Contract
from engine.domain.structure import Action

ZERO = Decimal(0)
UNBOUNDED = Decimal("Infinity")
DOUBLED = 2
"""How many times the highest strike of a structure of two expiries the underlying is looked at: by so much it does not rise
within the life of what is sold."""


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
    onward_growth: Decimal = Decimal(1)
    """Of two expiries, as the market had them when it was found: the forward of the last over that of the first. 1 of one."""
    onward_discount: Decimal = Decimal(1)
    """What 1 USD at the last expiry was worth at the first; 1 of one expiry."""

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
    def is_shares(self) -> bool:
        """Whether it is shares alone."""
        return all(leg.contract.is_share for leg in self.legs)

    @property
    def is_of_one_expiry(self) -> bool:
        """Whether all of its legs expire together."""
        return len({leg.contract.expiry for leg in self.legs}) == 1

    @property
    def multiplier(self) -> int:
        return self.legs[0].contract.multiplier

    @property
    def shorts(self) -> tuple[Leg, ...]:
        """The legs that are owed."""
        return tuple(leg for leg in self.legs if leg.sign < 0)

    def worth(self, level: Decimal) -> Decimal:
        """What one combination is worth at its first expiry where the underlying stands at `level`, USD per share; negative is
        owed. A leg that lives longer counts the least that it can be worth then: what exercising it would bring where it may be
        exercised early, and the discounted bound of a European option where it may not."""
        return _worth(self, level)

    @property
    def floor(self) -> Decimal:
        """The least that one combination can be worth at its first expiry, USD per share; -Infinity where nothing bounds it."""
        return _bounds(self)[0]

    @property
    def cap(self) -> Decimal:
        """The most that one combination can be worth at its first expiry, USD per share; Infinity where nothing bounds it, as
        where a leg that is bought lives longer, whose volatility then is not known."""
        return _bounds(self)[1]

    @property
    def width(self) -> Decimal:
        """Distance between the least and the most that it can be worth, USD per share: of a vertical that of its strikes, of a
        condor the wider wing. Where nothing bounds the most, what it can come to owe at the least: of a diagonal whose bought
        strike is the worse one the distance of the strikes."""
        return max(ZERO, -self.floor) if self.cap == UNBOUNDED else self.cap - self.floor

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
        if self.is_shares:
            return f"{self.underlying} {self.structure}"
        strikes = "/".join(f"{leg.contract.strike.normalize():f}" for leg in self.legs)
        rights = {leg.contract.put_call for leg in self.legs}
        days = "/".join(f"{day:%d %b %y}" for day in sorted({leg.contract.expiry for leg in self.legs}))
        return f"{self.root} {days} {strikes}{rights.pop() if len(rights) == 1 else ''} {self.structure}"


def _con_id(leg: Leg) -> int:
    return leg.contract.con_id


def _worth(spread: Spread, level: Decimal) -> Decimal:
    first = spread.expiry
    return sum((leg.sign * leg.ratio * _least(leg.contract, level, first, spread) for leg in spread.legs), ZERO)


def _least(contract: Contract, level: Decimal, first: date, spread: Spread) -> Decimal:
    """The least that an option can be worth on the first day on which a leg expires."""
    if contract.expiry == first or contract.rule.exercise == "American":
        return contract.intrinsic(level)
    return spread.onward_discount * contract.intrinsic(level * spread.onward_growth)


@lru_cache(maxsize=4096)
def _bounds(spread: Spread) -> tuple[Decimal, Decimal]:
    """Least and most of the worth over all levels: it bends at the strikes only, and beyond the last one follows the calls."""
    strikes = [leg.contract.strike for leg in spread.legs]
    corners = {ZERO, *strikes}
    slope = sum(leg.sign * leg.ratio for leg in spread.legs if leg.contract.put_call == "C")
    if spread.is_of_one_expiry:
        values = [_worth(spread, level) for level in corners]
        return (-UNBOUNDED if slope < 0 else min(values)), (UNBOUNDED if slope > 0 else max(values))
    corners |= {strike / spread.onward_growth for strike in strikes} | {DOUBLED * max(strikes)}
    values = [_worth(spread, level) for level in corners]
    outlive = {leg.sign for leg in spread.legs if leg.contract.expiry > spread.expiry}
    return (
        -UNBOUNDED if slope < 0 or -1 in outlive else min(values),
        UNBOUNDED if slope > 0 or 1 in outlive else max(values),
    )
