"""What became of positions without an order of ours: settled, expired in part, turned into shares, or given back to a person."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.domain.errors import IllegalFact
from engine.domain.facts.positions import LegsExpired, OptionsExercised, PositionReleased, PositionSettled
from engine.domain.order import Order
from engine.domain.position import Position, position_of, released


@dataclass(slots=True)
class Ends:
    """By position, as far as facts tell."""

    settled: dict[str, tuple[Decimal, datetime]] = field(default_factory=dict[str, tuple[Decimal, datetime]])
    levels: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    """Of positions that were settled, the level of the underlying at which that was, USD per share."""
    expired: dict[str, tuple[LegsExpired, ...]] = field(default_factory=dict[str, tuple[LegsExpired, ...]])
    """Of positions of several expiries, the legs that are over while others live."""
    exercised: dict[str, tuple[OptionsExercised, ...]] = field(default_factory=dict[str, tuple[OptionsExercised, ...]])
    """Of positions whose options became shares, what became of them."""
    released: dict[str, tuple[datetime, PositionReleased]] = field(default_factory=dict[str, tuple[datetime, PositionReleased]])
    """Positions that a person took out of the engine's hands, with the moment."""

    def hear(
        self, fact: PositionSettled | LegsExpired | OptionsExercised | PositionReleased, at: datetime, position: Position | None
    ) -> None:
        """Take one fact in: all of a position, legs that are over before others, options that became shares, or its release.

        `position` is how it stood before. Raises IllegalFact where so many of an option that became shares are not held.
        """
        match fact:
            case PositionSettled():
                self.settled[fact.position] = (fact.value, min(at, fact.expired_at or at))
                if fact.level is not None:
                    self.levels[fact.position] = fact.level
            case LegsExpired():
                self.expired[fact.position] = (*self.expired.get(fact.position, ()), fact)
            case OptionsExercised():
                self._exercise(fact, position)
            case PositionReleased():
                self.released.setdefault(fact.position, (at, fact))

    def position_of(self, opening: Order, closings: Sequence[Order], rolls: Sequence[Order]) -> Position | None:
        """The position that an opening made, with what became of it; None while nothing of it has filled."""
        name = opening.ref
        value, at = self.settled.get(name, (None, opening.changed_at))
        made = position_of(opening, closings, value, at, self.expired.get(name, ()), self.exercised.get(name, ()), rolls)
        return released(made, *self.released[name]) if made is not None and name in self.released else made

    def contracts_of(self, position: str, orders: Sequence[Order]) -> dict[int, int]:
        """Contracts that the fills of a position's orders make, by con_id; short is negative, flat ones are left out.

        Counted from every leg execution, so that unbalanced legs show, less what expired, with the shares that options became.
        """
        if position in self.released:
            return {}
        is_settled, held = position in self.settled, Counter[int]()
        for fill in (fill for order in orders if not is_settled or order.spread.is_shares for fill in order.fills.values()):
            held[fill.con_id] += fill.quantity if fill.action == "buy" else -fill.quantity
        signs = _signs(orders) if position in self.exercised or position in self.expired else {}
        for fact in self.exercised.get(position, ()):
            held[fact.share.con_id] += fact.shares
            if not is_settled:
                held[fact.con_id] -= signs[fact.con_id] * fact.contracts
        if not is_settled and any(order.ref == position for order in orders):
            for leg in (leg for fact in self.expired.get(position, ()) for leg in fact.expired):
                held[leg.con_id] -= signs[leg.con_id] * leg.contracts
        return {con_id: quantity for con_id, quantity in held.items() if quantity}

    @property
    def positions(self) -> set[str]:
        """Every position of which something is told here."""
        return {*self.settled, *self.expired, *self.exercised, *self.released}

    def _exercise(self, fact: OptionsExercised, position: Position | None) -> None:
        lots = position.lots if position is not None else ()
        least = 0 if fact.position in self.settled else 1
        if not any(lot.leg.contract.con_id == fact.con_id and lot.held >= fact.contracts >= least for lot in lots):
            raise IllegalFact(f"position {fact.position} does not hold {fact.contracts} of contract {fact.con_id}")
        self.exercised[fact.position] = (*self.exercised.get(fact.position, ()), fact)


def _signs(orders: Sequence[Order]) -> dict[int, int]:
    """+1 where a position has got a contract by buying it, -1 where by selling it, as it was last; by con_id."""
    openings = (one for one in orders if one.purpose == "open" and one.filled)
    return {leg.contract.con_id: leg.sign for one in openings for leg in one.spread.legs}
