"""What halts the engine by itself: states that a person must look at before anything more is opened.

Nothing is judged before it was asked: each waits for what the broker answered to a question that is younger than the doubt, over
the link as it stands. A person who resumes has seen them: each halts again only for what came after.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from engine.decide.rulebook import Rulebook
from engine.domain.decision import Halt
from engine.domain.order import Order
from engine.domain.position import Position
from engine.domain.rolled import orders_of
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Leg

UNBALANCED_FOR = timedelta(seconds=30)
"""Legs of one combination are reported within a second. A broker that is asked so long after the last one, over
the same link, would have told the others, and would have corrected what it told wrongly."""
UNKNOWN_FOR = timedelta(seconds=60)
"""An unknown order is asked about every few seconds: after a restart or a lost link most are known again by then."""
NOT_ASKED = timedelta(0)


def halt_due(snapshot: Snapshot, rulebook: Rulebook) -> Halt | None:
    """The halt that is due; None while nothing is wrong, and while the engine is halted already."""
    if snapshot.ledger.halt is not None:
        return None
    reason = next(_reasons(snapshot, rulebook), None)
    return Halt(reason) if reason is not None else None


def _reasons(snapshot: Snapshot, rulebook: Rulebook) -> Iterator[str]:
    yield from _legs(snapshot)
    yield from _excess(snapshot)
    yield from _bare(snapshot)
    ledger, limits = snapshot.ledger, rulebook.account.breakers
    failures, failed_at = ledger.messages.failures_in_a_row, ledger.messages.failed_at
    if failures >= limits.rejects_in_a_row and failed_at is not None and snapshot.requested_since(failed_at) > NOT_ASKED:
        yield (
            f"the broker rejected {failures} orders in a row, the last at {failed_at:%H:%M:%S} UTC,"
            " and lists none of them as working"
        )
    lost = [order.ref for order in ledger.working() if _is_lost(order, snapshot)]
    if len(lost) >= limits.unknown_orders:
        yield f"nobody knows what became of {', '.join(lost)}: look at them in TWS"


def _legs(snapshot: Snapshot) -> Iterator[str]:
    for ref, filled_at in snapshot.ledger.unbalanced.items():
        if snapshot.requested_since(filled_at) > UNBALANCED_FOR and _is_news(filled_at, snapshot):
            counts, way_out = _counted(snapshot.ledger.orders[ref].spread.legs, snapshot, "make them whole in TWS")
            yield f"the legs of {ref} are not whole spreads ({counts}): {way_out}, then resume"


def _excess(snapshot: Snapshot) -> Iterator[str]:
    for position in snapshot.ledger.excess_positions():
        if _is_asked(position, snapshot):
            counts, way_out = _counted(_all_legs(position), snapshot, "undo that in TWS")
            more = f"position {position.id} was closed {position.excess} more than it was opened"
            yield f"{more} ({counts}): {way_out}, then resume"


def _bare(snapshot: Snapshot) -> Iterator[str]:
    """Shorts that stand alone, but for those of a leg that was closed too often: that is said already."""
    for position in snapshot.ledger.bare_positions():
        if not position.excess and _is_asked(position, snapshot):
            counts, way_out = _counted(_all_legs(position), snapshot, "buy them back in TWS")
            bare = ", ".join(f"{count} × {contract}" for contract, count in position.bare)
            yield f"position {position.id} owes {bare} with no long contract beside it ({counts}): {way_out}, then resume"


def _is_asked(position: Position, snapshot: Snapshot) -> bool:
    """Whether the broker has been asked since the last fill of the position, and no person has seen it since."""
    orders = orders_of(position.id, snapshot.ledger)
    filled_at = max((order.fill_reported_at for order in orders if order.fill_reported_at), default=position.opened_at)
    return snapshot.requested_since(filled_at) > UNBALANCED_FOR and _is_news(filled_at, snapshot)


def _all_legs(position: Position) -> tuple[Leg, ...]:
    """Every option that it has traded, as opened."""
    return tuple(lot.leg for lot in position.lots if not lot.leg.contract.is_share)


def _counted(legs: Sequence[Leg], snapshot: Snapshot, way_out: str) -> tuple[str, str]:
    """Our count of each leg beside the broker's, and what a person is to do: to trade only where the two are one."""
    ours = snapshot.ledger.contracts_held()
    theirs = snapshot.count.contracts if snapshot.count is not None else {}
    told, is_one = list[str](), True
    for leg in legs:
        con_id = leg.contract.con_id
        mine, broker = Decimal(ours.get(con_id, 0)), theirs.get(con_id, Decimal(0))
        told.append(f"{leg.contract}: our fills make {_signed(mine)}, the broker holds {_signed(broker)}")
        is_one = is_one and mine == broker
    if not is_one:
        way_out = "the two counts differ: look at the executions in TWS before anything is traded there"
    return "; ".join(told), way_out


def _signed(quantity: Decimal) -> str:
    return f"{quantity:+f}" if quantity else "0"


def _is_news(since: datetime, snapshot: Snapshot) -> bool:
    """Whether it came after a person resumed: what was there then has been seen."""
    resumed_at = snapshot.ledger.resumed_at
    return resumed_at is None or since > resumed_at


def _is_lost(order: Order, snapshot: Snapshot) -> bool:
    """Still unknown to a broker that was asked so long after it became so."""
    return (
        order.state == "unknown"
        and snapshot.is_connected
        and snapshot.requested_since(order.changed_at) > UNKNOWN_FOR
        and _is_news(order.changed_at, snapshot)
    )
