"""The lots of a position: of each leg that was opened, what is closed of it, what is held, and at which prices.

A leg that was rolled to is a lot of its own behind those of the opening, because it was opened at its own price. A contract may
so stand in several lots; what is closed of it is taken from the oldest first.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from engine.domain.facts.positions import ExpiredLeg
from engine.domain.order import Order
from engine.domain.parts import Lot
from engine.domain.spread import ZERO, Leg

Key = tuple[int, str]
"""A contract, by con_id, and the direction in which it was opened."""


@dataclass(slots=True)
class _Closed:
    contracts: Counter[Key] = field(default_factory=Counter[Key])
    cash: dict[Key, Decimal] = field(default_factory=dict[Key, Decimal])

    def add(self, key: Key, contracts: int, price: Decimal) -> None:
        self.contracts[key] += contracts
        self.cash[key] = self.cash.get(key, ZERO) + price * contracts


def lots_of(
    opening: Order,
    rolls: Sequence[Order],
    closings: Sequence[Order],
    expired: Mapping[int, ExpiredLeg],
    exercised: Mapping[int, int],
) -> list[Lot]:
    """The lots of the opening in the order of its structure, then those of each roll.

    `expired` are legs that were over before others, each counts as closed at what it turned into; `exercised` contracts by con_id
    that became shares, each counts as closed at nothing.
    """
    made = [(number, order, leg) for number, order in enumerate((opening, *rolls)) for leg in order.spread.legs]
    last = {leg.contract.con_id: leg for _, _, leg in made}
    closed = _Closed()
    for order in closings:
        for leg in order.spread.legs:
            if order.filled:
                closed.add(_key(leg), leg.ratio * order.filled, order.leg_price(leg.contract.con_id))
    for con_id, over in expired.items():
        closed.add(_key(last[con_id]), over.contracts, over.worth)
    for con_id, contracts in exercised.items():
        closed.add(_key(last[con_id]), contracts, ZERO)
    left = Counter(closed.contracts)
    behind = Counter(_key(leg) for _, _, leg in made)
    lots: list[Lot] = []
    for number, order, leg in made:
        key, opened = _key(leg), order.filled * leg.ratio
        behind[key] -= 1
        # What was closed beyond all that was opened shows in the last lot of the contract.
        taken = min(left[key], opened) if behind[key] else left[key]
        left[key] -= taken
        price = closed.cash[key] / closed.contracts[key] if taken else None
        held = max(0, opened - taken)
        lots.append(Lot(leg, opened, taken, held, order.leg_price(leg.contract.con_id), price, number))
    return lots


def standing(lots: Sequence[Lot], legs: Sequence[Leg]) -> list[Lot]:
    """The lots that the structure stands in now, in the order of these legs: of each the one that was opened last."""
    last = {_key(lot.leg): lot for lot in lots}
    return [last[_key(leg)] for leg in legs]


def _key(leg: Leg) -> Key:
    return leg.contract.con_id, leg.action
