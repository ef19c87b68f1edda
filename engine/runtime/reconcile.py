"""Our fold held against what the broker says it holds: the facts that follow, and what nobody can explain.

    executions   first: fills are the truth
    orders       every order that may be at the broker, matched by order_ref and permId, never by orderId
    positions    contract by contract; more or fewer than our fold says is a difference, contracts not ours are foreign

Pure: the picture and the ledger come in, facts go out.
"""

from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from engine.domain.errors import IllegalFact
from engine.domain.facts import (
    Fact,
    LegFilled,
    OrderAbsent,
    OrderAcknowledged,
    OrderCanceled,
    OrderRejected,
    Reconciled,
)
from engine.domain.ledger import Ledger
from engine.domain.order import Order, execution_key
from engine.ports import BrokerOrder, BrokerPicture

ABSENT_AFTER = timedelta(seconds=30)
"""An order younger than this may still be on its way; it is not declared absent."""


@dataclass(frozen=True, slots=True)
class Outcome:
    facts: tuple[Fact, ...]
    """What the broker's picture teaches, in order, `Reconciled` last."""
    is_settled: bool
    """False while an order is still unknown: ask again."""


def reconcile(ledger: Ledger, picture: BrokerPicture, now: datetime) -> Outcome:
    """The facts that bring our fold in line with the broker's picture.

    The ledger is not changed: it is folded forward on a copy, so that the differences are those that remain afterwards.
    """
    after = _copy(ledger)
    facts: list[Fact] = []
    for fact in (*_executions(ledger, picture), *_orders(ledger, picture, now)):
        try:
            if after.apply(fact, now):
                facts.append(fact)
        except IllegalFact:
            continue
    unknown = [order.ref for order in after.orders.values() if order.state == "unknown"]
    differences = (*_differences(after, picture), *(f"order {ref} is neither found nor absent yet" for ref in unknown))
    facts.append(Reconciled(differences, _foreign(after, picture)))
    return Outcome(tuple(facts), is_settled=not unknown)


def held(ledger: Ledger) -> dict[int, int]:
    """Contracts that our fold says the account holds, by con_id; short is negative, flat ones are left out.

    Counted from every leg execution, so that unbalanced legs show, less what expired.
    """
    count: Counter[int] = Counter()
    for order in ledger.orders.values():
        if order.proposed.position in ledger.settled:
            continue
        for fill in order.fills.values():
            count[fill.con_id] += fill.quantity if fill.action == "buy" else -fill.quantity
    return {con_id: quantity for con_id, quantity in count.items() if quantity}


def _executions(ledger: Ledger, picture: BrokerPicture) -> Iterator[Fact]:
    """Executions that we do not know yet and that belong to an order of ours."""
    for fact in picture.executions:
        order = ledger.orders.get(getattr(fact, "order_ref", ""))
        if order is None:
            continue
        if isinstance(fact, LegFilled) and _is_known(order, fact):
            continue
        yield fact


def _is_known(order: Order, fact: LegFilled) -> bool:
    known = order.fills.get(execution_key(fact.exec_id))
    return known is not None and known.exec_id >= fact.exec_id


def _orders(ledger: Ledger, picture: BrokerPicture, now: datetime) -> Iterator[Fact]:
    executed = {fact.order_ref for fact in picture.executions if isinstance(fact, LegFilled)}
    for order in ledger.orders.values():
        if not order.is_at_broker:
            continue
        found = _find(order, picture.open_orders)
        if found is not None:
            if order.state in {"sent", "unknown"}:
                yield OrderAcknowledged(order.ref, found.perm_id, found.order_id, found.status)
            continue
        ended = _find(order, picture.completed_orders)
        if ended is not None and ended.status == "canceled":
            yield OrderCanceled(order.ref, ended.text or "the broker ended it")
        elif ended is not None and ended.status == "rejected":
            yield OrderRejected(order.ref, 0, ended.text)
        elif ended is None and order.ref not in executed and not order.fills:
            if order.state == "unknown" and order.sent_at is not None and now - order.sent_at >= ABSENT_AFTER:
                yield OrderAbsent(order.ref)
        elif ended is None and order.state in {"working", "partly_filled", "unknown"} and order.remaining > 0:
            # Partly executed and no longer open anywhere: what did not fill is gone.
            yield OrderCanceled(order.ref, "no longer at the broker")


def _find(order: Order, candidates: tuple[BrokerOrder, ...]) -> BrokerOrder | None:
    for found in candidates:
        if found.order_ref == order.ref or (order.perm_id and found.perm_id == order.perm_id):
            return found
    return None


def _differences(ledger: Ledger, picture: BrokerPicture) -> Iterator[str]:
    ours = held(ledger)
    theirs = {position.con_id: position for position in picture.positions if position.quantity}
    names = {
        leg.contract.con_id: str(leg.contract) for order in ledger.orders.values() for leg in order.spread.legs if order.fills
    }
    for con_id, quantity in sorted(ours.items()):
        position = theirs.get(con_id)
        there = position.quantity if position else Decimal(0)
        if there != quantity:
            yield f"{names[con_id]}: our fills make {quantity:+d}, the broker holds {there:+f}".replace("+0", "0")
    for con_id, position in sorted(theirs.items()):
        if con_id in names and con_id not in ours:
            yield f"{names[con_id]}: our fills make 0, the broker holds {position.quantity:+f}"


def _foreign(ledger: Ledger, picture: BrokerPicture) -> tuple[str, ...]:
    ours = {leg.contract.con_id for order in ledger.orders.values() for leg in order.spread.legs if order.fills}
    return tuple(
        f"{position.text} {position.quantity:+f}"
        for position in sorted(picture.positions, key=lambda position: position.con_id)
        if position.quantity and position.con_id not in ours
    )


def _copy(ledger: Ledger) -> Ledger:
    twin = copy(ledger)
    for name in ("orders", "positions", "settled", "strategies", "denials", "funnels", "candidates", "messages"):
        setattr(twin, name, copy(getattr(ledger, name)))
    return twin
