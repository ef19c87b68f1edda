"""What is at risk already: open positions and every opening that may still fill, each counted once.

The parts are plain values so that a gate can ask for any slice: one strategy, one underlying, one expiry, one group, all.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.session import trading_day
from engine.domain.spread import Spread


@dataclass(frozen=True, slots=True)
class Holding:
    """One open position with what of its opening may still fill, or one opening of which nothing has filled yet."""

    strategy: str
    spread: Spread
    quantity: int
    """Spreads."""
    max_loss: Decimal
    """USD, fees included."""
    since: datetime
    is_working: bool
    """True while it is an order of which nothing has filled yet."""
    beside: tuple[tuple[Spread, int], ...] = ()
    """What else of it is open, beside these spreads: the call side where half of the put side is gone, a leg alone."""

    @property
    def combinations(self) -> tuple[tuple[Spread, int], ...]:
        """All of it, combinations with their number."""
        return ((self.spread, self.quantity), *self.beside)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Everything held or on its way, and what was opened today."""

    holdings: tuple[Holding, ...]
    opened_today: tuple[Holding, ...]
    """Openings proposed today that are not known to have ended without a fill."""

    def risk(self, of: Callable[[Holding], bool] = lambda _: True) -> Decimal:
        """USD that the selected holdings can lose together at the most."""
        return sum((holding.max_loss for holding in self.holdings if of(holding)), Decimal(0))

    def beside(self, openings: Iterable[Holding]) -> "Exposure":
        """With these openings as if they were proposed already."""
        more = tuple(openings)
        return Exposure((*self.holdings, *more), (*self.opened_today, *more)) if more else self

    def count(self, of: Callable[[Holding], bool]) -> int:
        return sum(1 for holding in self.holdings if of(holding))


def exposure(ledger: Ledger, now: datetime, without: str | None = None) -> Exposure:
    """The exposure of the ledger; `without` leaves one order out, for asking its own gates again, or one position.

    An opening that joins a position names the loss of all of it: the two are left out together.
    """
    holdings = tuple(_holdings(ledger, without))
    return Exposure(holdings, tuple(_opened_on(ledger, trading_day(now), without)))


def directions(ledger: Ledger, without: str | None = None) -> dict[int, set[int]]:
    """+1, -1 or both for every option contract that is held or may be traded now, by con_id: nobody may trade against it.

    A close that works trades the other way round than its position was opened. What a person has taken out of the engine's hands
    is both: the broker would count it together with whatever is opened in it.
    """
    signs: dict[int, set[int]] = {}
    for holding in _holdings(ledger, without):
        for spread, _ in holding.combinations:
            for leg in spread.legs:
                signs.setdefault(leg.contract.con_id, set()).add(leg.sign)
    for name in ledger.ends.released:
        for lot in ledger.positions[name].lots if name in ledger.positions else ():
            signs[lot.leg.contract.con_id] = {1, -1}
    for order in ledger.working():
        if order.purpose == "close":
            for leg in order.spread.legs:
                signs.setdefault(leg.contract.con_id, set()).add(-leg.sign)
    return signs


def crosses(close: Order, opening: Order) -> bool:
    """Whether the two would trade a contract both ways at once, which the broker rejects.

    The close sells what the opening buys: they share a leg that both list in the same direction.
    """
    signs = {leg.contract.con_id: leg.sign for leg in close.spread.legs}
    return any(signs.get(leg.contract.con_id) == leg.sign for leg in opening.spread.legs)


def _holdings(ledger: Ledger, without: str | None) -> Iterator[Holding]:
    """A position together with what of its opening may still fill is one holding: two would count twice in every count."""
    left_out = _left_out(ledger, without)
    openings = {order.joins or order.ref: order for order in ledger.working() if order.purpose == "open" and order.remaining}
    for position in ledger.open_positions():
        rest = openings.pop(position.id, None)
        if position.id in left_out:
            continue
        parts = Counter({part.spread: part.quantity for part in position.parts})
        loss = position.max_loss
        if rest is not None:
            parts[rest.spread] += rest.remaining
            loss = loss + _rest_loss(rest) if rest.joins is None else max(loss, rest.max_loss)
        (spread, quantity), *beside = parts.items()
        yield Holding(position.strategy, spread, quantity, loss, position.opened_at, is_working=False, beside=tuple(beside))
    for order in openings.values():
        if left_out.isdisjoint((order.ref, order.joins)):
            is_working = order.filled == 0
            yield Holding(order.strategy, order.spread, order.remaining, _rest_loss(order), order.proposed_at, is_working)


def _left_out(ledger: Ledger, without: str | None) -> frozenset[str]:
    order = ledger.orders.get(without) if without is not None else None
    return frozenset(name for name in (without, order.joins if order is not None else None) if name is not None)


def _rest_loss(order: Order) -> Decimal:
    return order.max_loss * order.remaining / order.quantity


def _opened_on(ledger: Ledger, day: date, without: str | None) -> Iterator[Holding]:
    left_out = _left_out(ledger, without)
    for order in ledger.opened_on(day):
        if order.ref not in left_out:
            filled = order.filled
            spreads = order.quantity if not order.is_over else filled
            loss = order.max_loss * spreads / order.quantity
            yield Holding(order.strategy, order.spread, spreads, loss, order.proposed_at, is_working=filled == 0)
