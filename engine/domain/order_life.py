"""The life of an order: one table of state × event → state, and the order that a sequence of facts makes.

Fills are the truth, statuses are hints: a fill is legal in every state that follows the sending, also after a cancel was
confirmed, because an execution that the broker reports has happened. For the same reason an order that is over for us and that
the broker says works is working again: it is `revived`, and canceled as soon as it can be.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from engine.domain.errors import IllegalFact
from engine.domain.executions import commission_key, fill_key
from engine.domain.facts.orders import (
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
    OrderPreviewed,
    OrderProposed,
    OrderRejected,
    OrderRepriced,
    OrderSent,
    OrderTightened,
    OrderUnknown,
)
from engine.domain.facts.positions import PositionAdopted
from engine.domain.facts.union import OrderFact
from engine.domain.order import OVER, Order, OrderState

_FILLS: dict[str, OrderState] = {"PartFilled": "partly_filled", "WholeFilled": "filled"}
_LATE_FILLS: dict[str, OrderState] = {"PartFilled": "canceled", "WholeFilled": "filled"}

TRANSITIONS: Mapping[OrderState, Mapping[str, OrderState]] = {
    "proposed": {
        "OrderPreviewed": "previewed",
        "OrderTightened": "proposed",
        "OrderApproved": "approved",
        "OrderDenied": "denied",
        "OrderDeclined": "declined",
        "OrderExpired": "expired",
        "PositionAdopted": "filled",
    },
    "previewed": {
        "OrderPreviewed": "previewed",
        "ApprovalAsked": "previewed",
        "OrderTightened": "previewed",
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
        "CommissionReported": "sent",
        **_FILLS,
    },
    "working": {
        "OrderAcknowledged": "working",
        "OrderRepriced": "working",
        "OrderTightened": "working",
        "CancelRequested": "working",
        "OrderCanceled": "canceled",
        "OrderRejected": "rejected",
        "OrderUnknown": "unknown",
        "CommissionReported": "working",
        **_FILLS,
    },
    "partly_filled": {
        "OrderAcknowledged": "partly_filled",
        "OrderRepriced": "partly_filled",
        "OrderTightened": "partly_filled",
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
    "filled": {
        "OrderAcknowledged": "filled",
        "OrderCanceled": "filled",
        "OrderRejected": "filled",
        "OrderUnknown": "filled",
        "CommissionReported": "filled",
        "PartFilled": "unknown",
        "WholeFilled": "filled",
    },
    "canceled": {
        "OrderAcknowledged": "working",
        "OrderCanceled": "canceled",
        "OrderRejected": "canceled",
        "OrderUnknown": "unknown",
        "CommissionReported": "canceled",
        **_LATE_FILLS,
    },
    "rejected": {
        "OrderAcknowledged": "working",
        "OrderCanceled": "rejected",
        "OrderRejected": "rejected",
        "OrderUnknown": "unknown",
        "CommissionReported": "rejected",
        **_LATE_FILLS,
    },
    "expired": {
        "OrderPreviewed": "expired",
        "OrderAcknowledged": "working",
        "OrderCanceled": "canceled",
        "OrderRejected": "rejected",
        "OrderUnknown": "unknown",
        "CommissionReported": "expired",
        **_LATE_FILLS,
    },
    "denied": {"OrderPreviewed": "denied"},
    "declined": {"OrderPreviewed": "declined"},
}
"""The whole life. What is not here is illegal and raises. An expired order that was never sent hears a late preview only."""


def proposed(fact: OrderProposed, at: datetime) -> Order:
    """The order that a proposal starts."""
    return Order(fact, "proposed", proposed_at=at, changed_at=at, limit=fact.limit, priced_at=at)


def adopted(fact: PositionAdopted, at: datetime) -> Order:
    """The opening order, filled at what each leg cost, that stands in for whatever opened an adopted position.

    Raises IllegalFact where it is no spread, or where not each leg has one cost.
    """
    costs = {cost.con_id: cost.price for cost in fact.costs}
    if fact.quantity < 1 or not fact.spread.legs or sorted(costs) != sorted(leg.contract.con_id for leg in fact.spread.legs):
        raise IllegalFact(f"{fact.order_ref} was adopted without a quantity, or without one cost for each of its legs")
    stand_in = OrderProposed(
        order_ref=fact.order_ref,
        purpose="open",
        strategy=fact.strategy,
        digest=fact.digest,
        snapshot="",
        position=fact.order_ref,
        spread=fact.spread,
        quantity=fact.quantity,
        limit=fact.net,
        worst=fact.net,
        max_loss=fact.max_loss,
        fees=fact.fees,
        reason=f"adopted by {fact.by}: {fact.reason}",
    )
    fills = {}
    for leg in fact.spread.legs:
        con_id = leg.contract.con_id
        fill = LegFilled(fact.order_ref, "adopted", con_id, leg.action, leg.ratio * fact.quantity, costs[con_id], None)
        fills[fill_key(fill)] = fill
    return replace(
        proposed(stand_in, at),
        state=TRANSITIONS["proposed"][type(fact).__name__],
        approved_by=fact.by,
        is_adopted=True,
        fills=fills,
        filled_at=dict.fromkeys(fills, at),
    )


def advance(order: Order, fact: OrderFact, at: datetime) -> Order:
    """The order after one more fact.

    Raises IllegalFact where the table has no such step.
    """
    if isinstance(fact, LegFilled):
        return _filled(order, fact, at)
    state = _next(order, type(fact).__name__)
    if order.fills and state in _WITH_FILLS:
        state = _WITH_FILLS[state]
    moved = replace(
        order,
        state=state,
        changed_at=at if state != order.state else order.changed_at,
        revived=order.revived or (order.is_over and state not in OVER),
    )
    match fact:
        case OrderPreviewed():
            return replace(moved, preview=fact)
        case ApprovalAsked():
            return replace(moved, asked=fact)
        case OrderTightened():
            return replace(moved, proposed=_tightened(order.proposed, fact))
        case OrderApproved():
            return replace(moved, approved_by=fact.by, spot=fact.spot, limit=fact.limit, priced_at=at)
        case OrderDenied():
            return replace(moved, why=str(fact.obstacle))
        case OrderDeclined() | OrderExpired() | OrderCanceled() | OrderUnknown():
            return replace(moved, why=fact.reason)
        case OrderSent():
            return replace(moved, sent_at=at, limit=fact.limit, priced_at=at)
        case OrderAcknowledged():
            # Found where it was doubted: a cancel may have been lost on its way and is to be asked for again.
            found = order.state == "unknown" or order.is_over
            requested = None if found else order.cancel_requested_at
            perm_id = fact.perm_id or order.perm_id
            return replace(moved, perm_id=perm_id, order_id=fact.order_id, cancel_requested_at=requested)
        case OrderRepriced():
            return replace(moved, limit=fact.limit, priced_at=at, reprices=order.reprices + 1)
        case CancelRequested():
            return replace(moved, cancel_requested_at=at, cancels=order.cancels + 1, last_cancel_at=at, why=fact.reason)
        case OrderRejected():
            return replace(moved, why=f"{fact.code}: {fact.text}")
        case CommissionReported():
            return replace(moved, commissions={**order.commissions, commission_key(fact): fact})
        case OrderAbsent():
            return replace(moved, why="the broker knows nothing of it")
        case OrderProposed():
            raise IllegalFact(f"order {order.ref} was proposed twice")


_WITH_FILLS: dict[OrderState, OrderState] = {"working": "partly_filled", "rejected": "canceled", "expired": "canceled"}
"""States that do not fit an order of which something has filled, and those that do."""


def _filled(order: Order, fact: LegFilled, at: datetime) -> Order:
    """The order with one more execution, or with a correction of one.

    More than was ordered counts as well: what was executed is owned or owed, whoever is to blame for it; `overfill` says so.
    """
    _must_be_a_leg(order, fact)
    key = fill_key(fact)
    known = _without_provisional(order, fact) if key not in order.fills else order.fills
    fills = {**known, key: fact}
    filled_at = {**{other: order.filled_at[other] for other in known}, key: fact.executed_at or at}
    grown = replace(order, fills=fills, filled_at=filled_at, fill_reported_at=at, perm_id=fact.perm_id or order.perm_id)
    whole = grown.remaining == 0
    state = _next(order, "WholeFilled" if whole else "PartFilled")
    return replace(grown, state=state, changed_at=at if state != order.state else order.changed_at)


def _must_be_a_leg(order: Order, fact: LegFilled) -> None:
    """Raises IllegalFact where the execution is of a contract that the order does not trade, or on the other side of it."""
    leg = next((leg for leg in order.spread.legs if leg.contract.con_id == fact.con_id), None)
    if leg is None:
        raise IllegalFact(f"execution {fact.exec_id} is of contract {fact.con_id}, which is no leg of order {order.ref}")
    if (fact.action == leg.action) != (order.purpose == "open"):
        did, does = ("bought", "sells") if fact.action == "buy" else ("sold", "buys")
        raise IllegalFact(f"execution {fact.exec_id} {did} {leg.contract}, which order {order.ref} {does}")


def _without_provisional(order: Order, fact: LegFilled) -> Mapping[str, LegFilled]:
    """The fills without those that stand in for an execution which the broker tells now: it takes their place."""
    if fact.provisional:
        return order.fills
    return {key: fill for key, fill in order.fills.items() if not (fill.provisional and fill.con_id == fact.con_id)}


def _next(order: Order, event: str) -> OrderState:
    state = TRANSITIONS[order.state].get(event)
    if state is None or (order.state == "expired" and order.sent_at is None and event != "OrderPreviewed"):
        raise IllegalFact(f"{event} cannot follow {order.state} (order {order.ref})")
    return state


def _tightened(proposal: OrderProposed, fact: OrderTightened) -> OrderProposed:
    """The proposal as it stands from now on. What it may lose and cost shrinks with its size; a better price is not counted."""
    share = Decimal(fact.quantity) / proposal.quantity
    return replace(
        proposal,
        quantity=fact.quantity,
        worst=fact.worst,
        limit=max(proposal.limit, fact.worst),
        max_loss=_cents(proposal.max_loss * share),
        fees=_cents(proposal.fees * share),
    )


def _cents(usd: Decimal) -> Decimal:
    """Never less than it is."""
    return usd.quantize(Decimal("0.01"), rounding=ROUND_CEILING)
