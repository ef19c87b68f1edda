"""What people ask for beside a yes or a no: the close of a position, the end of an order, an order made safer.

A person's close is an order like that of an exit rule, of a position in several parts one for each: by the same prices, hours and
walk, and refused with the reason where a rule could not act either. A person may close a portion: a side, half, the shorts alone.
It asks for no more than natural: what does not fill in its time is told, and asked for
again by whoever wants it. What a rule closes, nobody cancels: the rule would only close it again.
"""

from collections.abc import Iterator, Sequence

from engine.decide.exit.closing import NOT_HELD, Why, close, may_close, on_its_way, proposals
from engine.decide.exit.cuts import Cut, net_of, portion_cuts
from engine.decide.order.price import combo_tick, has_moved
from engine.decide.order.tighten import tightening
from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.candidate import candidate_name
from engine.domain.decision import Cancel, Decision, Decline, Expire, Reply, Tighten
from engine.domain.order import BEFORE_SENDING, Order
from engine.domain.parts import ALL, Portion
from engine.domain.position import Position
from engine.domain.snapshot import CancelAsked, CloseAsked, OpenAsked, Request, Snapshot, TightenAsked
from engine.pricing.mark import Mark


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
        case CloseAsked(position=position):
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


def close_obstacle(
    position: Position, cuts: Sequence[Cut], snapshot: Snapshot, rulebook: Rulebook, rows: Rows, portion: Portion = ALL
) -> str | None:
    """Why these orders of a position cannot leave now; None where each of them can."""
    if not position.is_open:
        return "it is closed already"
    if not cuts:
        return f"nothing is open of {portion}"
    reason = next((text for cut in cuts if (text := _out_of_hands(position, cut, snapshot)) is not None), None)
    if reason is None:
        reason = snapshot.link_obstacle
    if reason is None and not snapshot.is_open:
        reason = "the market is closed"
    if reason is None and snapshot.data != "live":
        reason = f"market data is {snapshot.data}"
    if reason is None and not may_close(snapshot, rulebook):
        window = rulebook.account.session.close
        reason = f"outside of the hours for closing, {window.start:%H:%M}-{window.end:%H:%M} {window.zone} (account.yaml)"
    return reason or next((text for cut in cuts if (text := _unpriced(rows.mark(cut.spread, "close"))) is not None), None)


def _out_of_hands(position: Position, cut: Cut, snapshot: Snapshot) -> str | None:
    return on_its_way(position, snapshot, cut.spread.legs) or (None if snapshot.holds(cut.spread) else NOT_HELD)


def _unpriced(quote: Mark | None) -> str | None:
    if quote is None:
        return "a leg has no quote"
    if not quote.stands():
        return f"the quotes of its legs are too old, {quote.age_s:.0f} s"
    return quote.obstacle


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
        why = Why(_by(request), asked_by=request.by)
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
        yield Expire(order.ref, _by(request))
    else:
        yield Cancel(order.ref, _by(request))


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


def _by(request: Request) -> str:
    return f"by {request.by}" + (f": {request.reason}" if request.reason else "")
