"""A person makes an opening safer: fewer spreads before it is sent, a better worst price also while it works.

Nothing else of an order can be changed by hand. What would risk more is a new decision, and a close is not made safer by a better
price: it is made slower.
"""

from collections.abc import Iterator
from decimal import Decimal

from engine.decide.order.price import combo_tick
from engine.domain.decision import Decision, Reply, Reprice, Tighten
from engine.domain.facts.orders import OrderTightened
from engine.domain.order import Order
from engine.domain.snapshot import Snapshot, TightenAsked


def tightening(request: TightenAsked, snapshot: Snapshot) -> Iterator[Decision]:
    """The change, and the new price of an order that works; else the reply that says why there is none."""
    order = snapshot.ledger.orders.get(request.order_ref)
    if order is None:
        yield Reply(request.order_ref, "unknown", f"no order {request.order_ref}")
        return
    obstacle = _obstacle(order, request, snapshot)
    if obstacle is not None:
        yield Reply(order.ref, "late", f"nothing was changed: {obstacle}")
        return
    worst = order.proposed.worst if request.worst is None else request.worst
    quantity = order.quantity if request.quantity is None else request.quantity
    yield Tighten(OrderTightened(order.ref, request.by, request.reason, quantity, worst))
    if order.is_at_broker and order.limit < worst:
        yield Reprice(order.ref, worst, order.reprices + 1)


def _obstacle(order: Order, request: TightenAsked, snapshot: Snapshot) -> str | None:
    """Why the order is not changed so; None where it is."""
    if order.purpose == "close":
        return f"{order.ref} closes, and a better price would only make that slower; cancel it instead"
    if order.is_over:
        return f"{order.ref} is {order.state}"
    if not order.is_asked and order.state not in {"working", "partly_filled"}:
        return f"{order.ref} is {order.state}; it can be changed while it waits for a yes and while it works"
    if order.cancel_requested_at is not None:
        return f"its cancel is on its way, since {order.cancel_requested_at:%H:%M:%S} UTC"
    if order.is_at_broker and snapshot.link_obstacle is not None:
        return snapshot.link_obstacle
    return _size(order, request.quantity) or _price(order, request.worst) or _sameness(order, request)


def _size(order: Order, quantity: int | None) -> str | None:
    if quantity is None or quantity == order.quantity:
        return None
    if order.is_at_broker:
        return "the size of an order that works is not changed; cancel it, what has filled stays"
    if not 1 <= quantity < order.quantity:
        return f"it is for {order.quantity}, and may become fewer but not {quantity}"
    return None


def _price(order: Order, worst: Decimal | None) -> str | None:
    if worst is None:
        return None
    now, tick = order.proposed.worst, combo_tick(order.spread)
    if worst < now:
        return f"it is never priced below {now} now, and {worst} is worse"
    if worst % tick:
        return f"{worst} is no price of it: they go in steps of {tick}"
    if worst * now <= 0 or not order.spread.is_sane(worst):
        return f"nobody trades it at {worst}: it cannot both win and lose there"
    return None


def _sameness(order: Order, request: TightenAsked) -> str | None:
    is_same = request.quantity in {None, order.quantity} and request.worst in {None, order.proposed.worst}
    return "it is so already" if is_same else None
