"""What our order messages came to: how many left for openings, and how many orders were rejected in a row."""

from dataclasses import dataclass, field
from datetime import datetime

from engine.domain.facts.orders import (
    CancelRequested,
    LegFilled,
    OrderAcknowledged,
    OrderCanceled,
    OrderRejected,
    OrderRepriced,
    OrderSent,
)
from engine.domain.facts.union import OrderFact
from engine.domain.order import Order

MESSAGES_KEPT = 120
"""Enough to hold the busiest minute that the message limits allow, four times over."""


@dataclass(slots=True)
class Messages:
    """Order messages and their failures, as far as facts tell."""

    of_openings: list[datetime] = field(default_factory=list[datetime])
    """When messages of openings (send, reprice, cancel) were written, newest last, at most `MESSAGES_KEPT`. Closes are not held
    up by their number, nor do they hold up others: they back off."""
    failures_in_a_row: int = 0
    """Orders of ours that the broker rejected since the last one that filled or could be canceled."""
    failed_at: datetime | None = None
    """When the last of them was."""

    def hear(self, fact: OrderFact, order: Order, at: datetime) -> None:
        """Take one fact in; `order` is as it was before."""
        match fact:
            case OrderSent() | OrderRepriced() | CancelRequested():
                if order.purpose == "open":
                    self.of_openings = [*self.of_openings[1 - MESSAGES_KEPT :], at]
            case OrderRejected():
                self.failures_in_a_row += order.state != "rejected"
                self.failed_at = at
            case OrderAcknowledged() if order.state == "rejected":
                self.failures_in_a_row = max(0, self.failures_in_a_row - 1)  # it came back: it was not rejected
            case LegFilled() | OrderCanceled():
                # An acknowledgement says little: an order may be acknowledged and rejected a moment later.
                self.failures_in_a_row = 0
            case _:
                pass
