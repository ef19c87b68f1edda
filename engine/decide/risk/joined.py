"""The position that an opening which joins it would make, and the opening as the gates are asked of it."""

from collections.abc import Sequence
from decimal import Decimal

from engine.decide.quotes import Rows, mids
from engine.decide.risk.asked import Opening
from engine.domain.facts.orders import OrderProposed
from engine.domain.order import Order
from engine.domain.position import Position
from engine.domain.rolled import position_with
from engine.domain.snapshot import Snapshot
from engine.domain.supposed import supposed
from engine.pricing.mark import Mark
from engine.strategy.model import Strategy


def joined(opening: OrderProposed, snapshot: Snapshot, rows: Rows, closes: Sequence[Order] = ()) -> Position:
    """The position once the opening has filled at its worst price, and these closes before it."""
    filled = supposed(opening, opening.worst, mids(opening.spread.legs, rows), snapshot.at)
    return position_with(opening.position, snapshot.ledger, *closes, filled)


def opening_of(order: Order, strategy: Strategy, quote: Mark, needed: Decimal | None, snapshot: Snapshot, rows: Rows) -> Opening:
    """An order that exists already, as the gates are asked of it once more: at the loss of its worst price, which is frozen."""
    asked = Opening(strategy, order.spread, order.quantity, order.max_loss, quote, order.ref, needed)
    if order.joins is None:
        return asked
    position = snapshot.ledger.positions[order.joins]
    after = joined(order.proposed, snapshot, rows)
    loss = max(order.max_loss, after.max_loss)
    return Opening(strategy, order.spread, order.quantity, loss, quote, order.ref, needed, after, position.max_loss)
