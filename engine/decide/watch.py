"""What halts the engine by itself: states that a person must look at before anything more is opened.

A person who resumes has seen them: each halts again only for what came after.
"""

from collections.abc import Iterator
from datetime import timedelta

from engine.decide.book import Book
from engine.decide.gate import falls
from engine.domain.decision import Stop
from engine.domain.order import Order
from engine.domain.snapshot import Snapshot

UNBALANCED_FOR = timedelta(seconds=30)
"""Legs of one combination are reported within a second; so long after the last one the others will not come."""
UNKNOWN_FOR = timedelta(seconds=60)
"""An unknown order is asked about every few seconds: after a restart or a lost link most are known again by then."""


def watch(snapshot: Snapshot, book: Book) -> Stop | None:
    """The halt that is due; None while nothing is wrong, and while the engine is halted already."""
    if snapshot.ledger.halt is not None:
        return None
    reason = next(_reasons(snapshot, book), None)
    return Stop(reason) if reason is not None else None


def _reasons(snapshot: Snapshot, book: Book) -> Iterator[str]:
    yield from _legs(snapshot)
    ledger, limits = snapshot.ledger, book.account.breakers
    if ledger.failures_in_a_row >= limits.rejects_in_a_row:
        yield f"the broker rejected {ledger.failures_in_a_row} orders in a row"
    lost = [order.ref for order in ledger.working() if _is_lost(order, snapshot)]
    if len(lost) >= limits.unknown_orders:
        yield f"nobody knows what became of {', '.join(lost)}: look at them in TWS"
    for verdict in falls(snapshot, book):
        if verdict.answer == "fail":
            yield str(verdict)


def _legs(snapshot: Snapshot) -> Iterator[str]:
    resumed_at = snapshot.ledger.resumed_at
    for ref, filled_at in snapshot.ledger.unbalanced.items():
        if snapshot.at - filled_at > UNBALANCED_FOR and (resumed_at is None or filled_at > resumed_at):
            order = snapshot.ledger.orders[ref]
            legs = ", ".join(f"{order.leg_filled(leg.contract.con_id)} of {leg.contract}" for leg in order.spread.legs)
            yield f"the legs of {order.ref} are not whole spreads ({legs}): make them so in TWS, then resume"
    for position in snapshot.ledger.positions.values():
        closed_at = position.closed_at
        if position.excess and (resumed_at is None or closed_at is None or closed_at > resumed_at):
            yield f"position {position.id} was closed {position.excess} more than it was opened: undo that in TWS, then resume"


def _is_lost(order: Order, snapshot: Snapshot) -> bool:
    """Unknown for so long, though the broker can be asked and answers."""
    resumed_at = snapshot.ledger.resumed_at
    return (
        order.state == "unknown"
        and snapshot.is_connected
        and snapshot.ledger.reconciled is not None
        and snapshot.at - order.changed_at > UNKNOWN_FOR
        and (resumed_at is None or order.changed_at > resumed_at)
    )
