"""What has happened to each order since the engine was started, step by step, for people; what came before is in the history."""

from collections import OrderedDict
from datetime import datetime

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
from engine.domain.facts.union import Fact, OrderFact
from engine.runtime.plain import Row

ORDERS_KEPT = 500
"""Orders of some weeks; the history has all."""
STEPS_KEPT = 200
"""Of one order: far more than the limits on changes allow."""


class Timelines:
    """An observer of facts that keeps what concerns orders, the newest orders last."""

    def __init__(self) -> None:
        self._steps: OrderedDict[str, list[Row]] = OrderedDict()

    def saw(self, fact: Fact, at: datetime) -> None:
        if not isinstance(fact, OrderFact | PositionAdopted):
            return
        steps = self._steps.setdefault(fact.order_ref, [])
        if len(steps) < STEPS_KEPT:
            steps.append({"at": at.isoformat(), "kind": type(fact).__name__, "text": told(fact)})
        while len(self._steps) > ORDERS_KEPT:
            self._steps.popitem(last=False)

    def of(self, order_ref: str) -> list[Row]:
        """The steps of an order, oldest first; empty where nothing has happened to it since the start."""
        return list(self._steps.get(order_ref, ()))


def told(fact: OrderFact | PositionAdopted) -> str:
    """One step for people; nets are USD per share, + received."""
    match fact:
        case OrderProposed(quantity=quantity, spread=spread, limit=limit, worst=worst):
            return f"proposed: {quantity} × {spread} at {limit}, never below {worst}"
        case PositionAdopted(quantity=quantity, spread=spread, net=net, by=by, reason=reason):
            return f"adopted by {by}: {quantity} × {spread}, opened at {net} by no order of this engine: {reason}"
        case OrderPreviewed(outcome=outcome, text=text):
            return f"the broker's preview: {outcome}{f' ({text})' if text else ''}"
        case ApprovalAsked(shown_net=net, reason=reason):
            return f"asked a person, at {net}: {reason}"
        case OrderTightened(by=by, quantity=quantity, worst=worst):
            return f"made safer by {by}: {quantity}, never below {worst}"
        case OrderApproved(by=by, limit=limit):
            return f"approved by {by} at {limit}"
        case OrderDenied(obstacle=obstacle):
            return f"denied: {obstacle}"
        case OrderDeclined(by=by, reason=reason):
            return f"declined by {by}{f': {reason}' if reason else ''}"
        case OrderExpired(reason=reason):
            return f"expired: {reason}"
        case OrderSent(limit=limit):
            return f"sent at {limit}{_asked_in(fact)}"
        case OrderAcknowledged(status=status, order_id=order_id):
            return f"the broker holds it as {order_id}: {status}"
        case OrderRepriced(limit=limit, step=step):
            return f"price changed to {limit}, step {step}{_asked_in(fact)}"
        case CancelRequested(reason=reason):
            return f"cancel asked for: {reason}"
        case LegFilled(action=action, quantity=quantity, price=price, con_id=con_id):
            return f"filled: {action} {quantity} of contract {con_id} at {price}"
        case CommissionReported(amount=amount):
            return f"commission ${amount}"
        case OrderCanceled(reason=reason):
            return f"canceled{f': {reason}' if reason else ''}"
        case OrderRejected(code=code, text=text):
            return f"rejected by the broker, {code}: {text}"
        case OrderUnknown(reason=reason):
            return f"nobody knows what became of it: {reason}"
        case OrderAbsent():
            return "the broker knows nothing of it"


def _asked_in(fact: OrderSent | OrderRepriced) -> str:
    """The quote that a price was asked in, where it was known."""
    return "" if fact.mid is None else f" (mid {fact.mid}, natural {fact.natural})"
