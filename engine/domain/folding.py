"""Many facts taken in at once: each position is made once, from all that is known at the end, and not anew after each execution.

A ledger that was folded so is the one that `Ledger.apply` makes, fact by fact: a position follows from its orders and from what
became of it, and not from how it stood before. Where a fact asks how positions stand, they are made before it.
"""

from dataclasses import fields
from datetime import datetime

from engine.domain.facts.orders import LegFilled
from engine.domain.facts.positions import LegsExpired, OptionsExercised, PositionAdopted, PositionReleased, PositionSettled
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger

ASKING = (PositionSettled, LegsExpired, OptionsExercised, PositionReleased, PositionAdopted)
"""Facts that are held against positions as they stand."""


class Folding(Ledger):
    """A ledger that takes facts in; its positions stand as they were until it is `folded`."""

    __slots__ = ("_stale",)

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(**{one.name: getattr(ledger, one.name) for one in fields(ledger)})
        self._stale: dict[str, None] = {}
        """Positions that are to be made anew, in the order in which something was told of them."""

    def apply(self, fact: Fact, at: datetime) -> bool:
        if isinstance(fact, ASKING):
            self._make()
        if not isinstance(fact, LegFilled):
            return super().apply(fact, at)
        before = self._executions(fact.order_ref)
        is_new = super().apply(fact, at)
        if self._executions(fact.order_ref) == before:
            self._make()  # a correction may take a position away: what fills later is a newer one
        return is_new

    def refresh(self, position: str) -> None:
        self._stale[position] = None

    def folded(self) -> Ledger:
        """The ledger of all that was taken in; this one is done with."""
        self._make()
        return Ledger(**{one.name: getattr(self, one.name) for one in fields(self)})

    def _make(self) -> None:
        stale, self._stale = self._stale, {}
        for position in stale:
            super().refresh(position)

    def _executions(self, ref: str) -> int:
        order = self.orders.get(ref)
        return len(order.fills) if order is not None else 0
