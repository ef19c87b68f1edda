"""The life of an order: one table of state × event → state, and the order that a sequence of facts makes.

Fills are the truth, statuses are hints: a fill is legal in every state that follows the sending, also after a cancel was
confirmed, because an execution that the broker reports has happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from engine.domain.errors import IllegalFact
from engine.domain.facts import (
    ApprovalAsked,
    CancelRequested,
    CommissionReported,
    LegFilled,
    OrderAbsent,
    OrderAcknowledged,
    OrderApproved,
    OrderCanceled,
    OrderDeclined,
    OrderDenied,
    OrderExpired,
    OrderFact,
    OrderPreviewed,
    OrderProposed,
    OrderRejected,
    OrderRepriced,
    OrderSent,
    OrderUnknown,
    Purpose,
)
from engine.domain.spread import Spread

OrderState = Literal[
    "proposed", "previewed", "approved", "sent", "working", "partly_filled", "filled",
    "denied", "expired", "declined", "unknown", "canceled", "rejected",
]  # fmt: skip

BEFORE_SENDING: frozenset[OrderState] = frozenset({"proposed", "previewed", "approved"})
AT_BROKER: frozenset[OrderState] = frozenset({"sent", "working", "partly_filled", "unknown"})
"""States in which the broker may hold the order: money may be at risk and nothing may be sent a second time."""
OVER: frozenset[OrderState] = frozenset({"filled", "denied", "expired", "declined", "canceled", "rejected"})

_FILLS: dict[str, OrderState] = {"PartFilled": "partly_filled", "WholeFilled": "filled"}
_LATE_FILLS: dict[str, OrderState] = {"PartFilled": "canceled", "WholeFilled": "filled"}

TRANSITIONS: Mapping[OrderState, Mapping[str, OrderState]] = {
    "proposed": {
        "OrderPreviewed": "previewed",
        "OrderApproved": "approved",
        "OrderDenied": "denied",
        "OrderDeclined": "declined",
        "OrderExpired": "expired",
    },
    "previewed": {
        "OrderPreviewed": "previewed",
        "ApprovalAsked": "previewed",
        "OrderApproved": "approved",
        "OrderDenied": "denied",
        "OrderDeclined": "declined",
        "OrderExpired": "expired",
    },
    "approved": {"OrderSent": "sent", "OrderDenied": "denied", "OrderExpired": "expired"},
    "sent": {
        "OrderAcknowledged": "working",
        "CancelRequested": "sent",
        "OrderCanceled": "canceled",
        "OrderRejected": "rejected",
        "OrderUnknown": "unknown",
        **_FILLS,
    },
    "working": {
        "OrderAcknowledged": "working",
        "OrderRepriced": "working",
        "CancelRequested": "working",
        "OrderCanceled": "canceled",
        "OrderRejected": "rejected",
        "OrderUnknown": "unknown",
        **_FILLS,
    },
    "partly_filled": {
        "OrderAcknowledged": "partly_filled",
        "OrderRepriced": "partly_filled",
        "CancelRequested": "partly_filled",
        "OrderCanceled": "canceled",
        "OrderRejected": "canceled",
        "OrderUnknown": "unknown",
        "CommissionReported": "partly_filled",
        **_FILLS,
    },
    "unknown": {
        "OrderAcknowledged": "working",
        "OrderUnknown": "unknown",
        "OrderCanceled": "canceled",
        "OrderRejected": "rejected",
        "OrderAbsent": "expired",
        "CommissionReported": "unknown",
        "CancelRequested": "unknown",
        **_FILLS,
    },
    "filled": {"OrderAcknowledged": "filled", "CommissionReported": "filled", "WholeFilled": "filled"},
    "canceled": {"OrderCanceled": "canceled", "CommissionReported": "canceled", **_LATE_FILLS},
    "rejected": {"OrderRejected": "rejected", "CommissionReported": "rejected", **_LATE_FILLS},
    "expired": {"CommissionReported": "expired", **_LATE_FILLS},
    "denied": {},
    "declined": {},
}
"""The whole life. What is not here is illegal and raises."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order as its facts left it. Prices are USD per share, + received and - paid."""

    proposed: OrderProposed
    state: OrderState
    proposed_at: datetime
    changed_at: datetime
    """When the state last changed."""
    limit: Decimal
    priced_at: datetime
    """When the limit last changed."""
    preview: OrderPreviewed | None = None
    asked: ApprovalAsked | None = None
    approved_by: str | None = None
    sent_at: datetime | None = None
    perm_id: int | None = None
    order_id: int | None = None
    reprices: int = 0
    cancel_requested_at: datetime | None = None
    why: str = ""
    """The last reason that came with a fact: of a denial, a cancel, a rejection, an unknown."""
    fills: Mapping[str, LegFilled] = field(default_factory=dict[str, LegFilled])
    """Leg executions by the part of the execution id that corrections keep."""
    commissions: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])

    @property
    def ref(self) -> str:
        return self.proposed.order_ref

    @property
    def purpose(self) -> Purpose:
        return self.proposed.purpose

    @property
    def strategy(self) -> str:
        return self.proposed.strategy

    @property
    def spread(self) -> Spread:
        return self.proposed.spread

    @property
    def quantity(self) -> int:
        return self.proposed.quantity

    @property
    def is_at_broker(self) -> bool:
        return self.state in AT_BROKER

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def filled(self) -> int:
        """Whole spreads filled: what every leg has executed in its ratio."""
        return min(self.leg_filled(leg.contract.con_id) // leg.ratio for leg in self.spread.legs)

    @property
    def remaining(self) -> int:
        return max(0, self.quantity - self.filled)

    @property
    def is_balanced(self) -> bool:
        """True when the executed legs are whole spreads and nothing is left over on one side."""
        return all(self.leg_filled(leg.contract.con_id) == self.filled * leg.ratio for leg in self.spread.legs)

    def leg_filled(self, con_id: int) -> int:
        """Contracts of one leg executed so far."""
        return sum(fill.quantity for fill in self.fills.values() if fill.con_id == con_id)

    @property
    def net_filled(self) -> Decimal | None:
        """Average net of what filled, USD per share, + received; None before the first whole spread."""
        if self.filled == 0:
            return None
        cash = Decimal(0)
        for fill in self.fills.values():
            cash += fill.price * fill.quantity * (1 if fill.action == "sell" else -1)
        return cash / self.filled

    @property
    def commission(self) -> Decimal:
        """USD reported so far for the whole order."""
        return sum(self.commissions.values(), Decimal(0))


def execution_key(exec_id: str) -> str:
    """The part of an execution id that stays when the broker corrects the execution: all but the digits after the last dot.

    Source: TWS API documentation of execution ids.
    """
    head, dot, _ = exec_id.rpartition(".")
    return head if dot else exec_id


def proposed(fact: OrderProposed, at: datetime) -> Order:
    """The order that a proposal starts."""
    return Order(fact, "proposed", proposed_at=at, changed_at=at, limit=fact.limit, priced_at=at)


def advance(order: Order, fact: OrderFact, at: datetime) -> Order:
    """The order after one more fact.

    Raises IllegalFact where the table has no such step.
    """
    if isinstance(fact, LegFilled):
        return _filled(order, fact, at)
    state = _next(order, type(fact).__name__)
    if state == "working" and order.fills:
        state = "partly_filled"  # found again after it was unknown
    moved = replace(order, state=state, changed_at=at if state != order.state else order.changed_at)
    match fact:
        case OrderPreviewed():
            return replace(moved, preview=fact)
        case ApprovalAsked():
            return replace(moved, asked=fact)
        case OrderApproved():
            return replace(moved, approved_by=fact.by, limit=fact.limit, priced_at=at)
        case OrderDenied():
            return replace(moved, why=str(fact.obstacle))
        case OrderDeclined() | OrderExpired() | OrderCanceled() | OrderUnknown():
            return replace(moved, why=fact.reason)
        case OrderSent():
            return replace(moved, sent_at=at, limit=fact.limit, priced_at=at)
        case OrderAcknowledged():
            return replace(moved, perm_id=fact.perm_id or order.perm_id, order_id=fact.order_id)
        case OrderRepriced():
            return replace(moved, limit=fact.limit, priced_at=at, reprices=order.reprices + 1)
        case CancelRequested():
            return replace(moved, cancel_requested_at=at, why=fact.reason)
        case OrderRejected():
            return replace(moved, why=f"{fact.code}: {fact.text}")
        case CommissionReported():
            return replace(moved, commissions={**order.commissions, fact.exec_id: fact.amount})
        case OrderAbsent():
            return replace(moved, why="the broker knows nothing of it")
        case OrderProposed():
            raise IllegalFact(f"order {order.ref} was proposed twice")


def _filled(order: Order, fact: LegFilled, at: datetime) -> Order:
    fills = {**order.fills, execution_key(fact.exec_id): fact}
    grown = replace(order, fills=fills, perm_id=fact.perm_id or order.perm_id)
    whole = grown.remaining == 0 and grown.is_balanced
    state = _next(order, "WholeFilled" if whole else "PartFilled")
    return replace(grown, state=state, changed_at=at if state != order.state else order.changed_at)


def _next(order: Order, event: str) -> OrderState:
    state = TRANSITIONS[order.state].get(event)
    if state is None:
        raise IllegalFact(f"{event} cannot follow {order.state} (order {order.ref})")
    return state
