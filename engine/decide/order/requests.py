"""What people ask for beside a yes or a no: a position closed or rolled, an order ended or made safer.

A person's close is an order like that of an exit rule, of a position in several parts one for each: by the same prices, hours and
walk, and refused with the reason where a rule could not act either. A person may close a portion: a side, half, the shorts alone.
It asks for no more than natural: what does not fill in its time is told, and asked for
again by whoever wants it. What a rule closes, nobody cancels: the rule would only close it again.
"""

from collections.abc import Iterator, Sequence

from engine.decide.exit.closing import Why, close, proposals
from engine.decide.exit.cuts import net_of, portion_cuts
from engine.decide.order.by_hand import by_whom, close_obstacle
from engine.decide.order.hand_rolls import rolling
from engine.decide.order.price import combo_tick, has_moved
from engine.decide.order.tighten import tightening
from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.candidate import candidate_name
from engine.domain.decision import Cancel, Decision, Decline, Expire, Reply, Tighten
from engine.domain.order import BEFORE_SENDING, Order
from engine.domain.snapshot import CancelAsked, CloseAsked, OpenAsked, Request, RollAsked, Snapshot, TightenAsked


def requests(snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> list[Decision]:
    """What is done about each request, or the reply that says why nothing is; the first of several about one thing counts."""
    decisions: list[Decision] = []
    heard: set[str] = set()
    for request in snapshot.requests:
        about = subject(request)
        if about in heard:
            continue
        heard.add(about)
        match request:
            case CloseAsked():
                decisions += _closing(request, snapshot, rulebook, rows, proposals(decisions))
            case RollAsked():
                decisions += rolling(request, snapshot, rulebook, rows, proposals(decisions))
            case CancelAsked():
                decisions += _canceling(request, snapshot)
            case TightenAsked():
                decisions += tightening(request, snapshot)
            case OpenAsked():
                pass  # what is opened is decided last: `entry/picks.py`
    return decisions


def subject(request: Request) -> str:
    """What a request is about: the position, the order, or the spread of a strategy."""
    match request:
        case CloseAsked(position=position) | RollAsked(position=position):
            return position
        case CancelAsked(order_ref=ref) | TightenAsked(order_ref=ref):
            return ref
        case OpenAsked(strategy=strategy, key=key):
            return candidate_name(strategy, key)


def without(decisions: Sequence[Decision], asked: Sequence[Decision]) -> list[Decision]:
    """The decisions but for those about orders that a person ends or changes in this beat."""
    ended = {one.order_ref for one in asked if isinstance(one, Cancel | Decline | Expire)}
    ended |= {one.fact.order_ref for one in asked if isinstance(one, Tighten)}
    return [one for one in decisions if getattr(one, "order_ref", None) not in ended]


def _closing(request: CloseAsked, snapshot: Snapshot, rulebook: Rulebook, rows: Rows, proposed: int) -> Iterator[Decision]:
    position = snapshot.ledger.positions.get(request.position)
    if position is None:
        yield Reply(request.position, "unknown", f"no position {request.position}")
        return
    cuts = portion_cuts(position, request.portion, rows)
    obstacle = close_obstacle(position, cuts, snapshot, rulebook, rows, request.portion)
    if obstacle is not None:
        yield Reply(position.id, "late", f"nothing was sent: {obstacle}")
        return
    marks = [(cut, mark.mid) for cut in cuts if (mark := rows.mark(cut.spread, "close")) is not None]
    mid = net_of(marks)
    if request.shown_net is not None and has_moved(request.shown_net, mid, combo_tick(cuts[0].spread)):
        word = "brings" if mid > 0 else "costs"
        text = f"closing it {word} {abs(mid)} now, you were shown {abs(request.shown_net)}; ask again to accept"
        yield Reply(position.id, "moved", f"nothing was sent: {text}")
        return
    for number, cut in enumerate(cuts):
        why = Why(by_whom(request), asked_by=request.by)
        yield from close(position, cut, why, snapshot, rows, urgent=False, proposed=proposed + number)


def _canceling(request: CancelAsked, snapshot: Snapshot) -> Iterator[Decision]:
    order = snapshot.ledger.orders.get(request.order_ref)
    if order is None:
        yield Reply(request.order_ref, "unknown", f"no order {request.order_ref}")
        return
    obstacle = _uncancelable(order)
    if obstacle is not None:
        yield Reply(order.ref, "late", f"nothing was canceled: {obstacle}")
    elif order.state == "previewed":
        yield Decline(order.ref, request.by, request.reason)
    elif order.state in BEFORE_SENDING:
        yield Expire(order.ref, by_whom(request))
    else:
        yield Cancel(order.ref, by_whom(request))


def _uncancelable(order: Order) -> str | None:
    if order.is_over:
        return f"{order.ref} is {order.state}"
    if order.purpose == "close" and order.proposed.asked_by is None:
        rule = order.proposed.reason
        return f"{order.ref} closes {order.proposed.position} by its exit rule ({rule}); stop the engine to act by hand in TWS"
    if order.cancel_requested_at is not None:
        return f"its cancel is on its way, since {order.cancel_requested_at:%H:%M:%S} UTC"
    if order.state == "proposed" and order.purpose == "open":
        return f"the broker is previewing {order.ref}; try again in some seconds"
    return f"the broker is being asked what became of {order.ref}; try again in a minute" if order.state == "unknown" else None
