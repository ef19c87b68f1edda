"""Our fold held against what the broker says it holds: the facts that follow, and what nobody can explain.

    executions   first: fills are the truth
    orders       every order that may be at the broker, matched by order_ref and permId, never by orderId
    positions    contract by contract; more or fewer than our fold says is a difference, contracts not ours are foreign
    names        orders and executions of today under this program's name that our books do not have are a difference

Pure: the picture and the ledger come in, facts go out.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal

from engine.decide.refs import day_of
from engine.domain.errors import IllegalFact
from engine.domain.facts import (
    Fact,
    LegFilled,
    OrderAbsent,
    OrderAcknowledged,
    OrderCanceled,
    OrderRejected,
    OrderUnknown,
    Reconciled,
)
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.session import trading_day
from engine.ports import BrokerOrder, BrokerPicture

ABSENT_AFTER = timedelta(seconds=30)
"""An order younger than this may still be on its way; it is not declared absent."""

NAMED_MAX = 5
"""References named in one difference; a day's worth would fill a screen."""


@dataclass(frozen=True, slots=True)
class Outcome:
    facts: tuple[Fact, ...]
    """What the broker's picture teaches, in order, `Reconciled` last; without it where positions could not be judged."""
    is_settled: bool
    """False while an order is still unknown, or positions moved under the question: ask again."""


def reconcile(ledger: Ledger, picture: BrokerPicture, now: datetime, asked_at: datetime) -> Outcome:
    """The facts that bring our fold in line with the broker's picture, which was asked for at `asked_at` and took its time.

    The ledger is not changed: it is folded forward on a copy, so that the differences are those that remain afterwards.
    """
    after = _copy(ledger)
    facts: list[Fact] = []
    for told in (_executions, _orders):
        for fact in list(told(after, picture, asked_at)):
            try:
                if after.apply(fact, now):
                    facts.append(fact)
            except IllegalFact:
                continue
    if _is_moving(after, picture, asked_at):
        return Outcome(tuple(facts), is_settled=False)
    unknown = [order.ref for order in after.orders.values() if order.state == "unknown"]
    differences = (
        *_differences(after, picture),
        *_not_in_books(after, picture, asked_at),
        *(f"order {ref} is neither found nor absent yet" for ref in unknown),
    )
    facts.append(Reconciled(differences, _foreign(after, picture), _missing(after, picture)))
    return Outcome(tuple(facts), is_settled=not unknown)


def _is_moving(ledger: Ledger, picture: BrokerPicture, asked_at: datetime) -> bool:
    """Whether positions that differ were traded since the broker was asked: they may have been told before it or after it."""
    ours = ledger.contracts_held()
    theirs = {position.con_id: position.quantity for position in picture.positions}
    told = {fact.exec_id for fact in picture.executions if isinstance(fact, LegFilled)}
    return any(
        theirs.get(fill.con_id, Decimal(0)) != ours.get(fill.con_id, 0)
        for order in ledger.orders.values()
        if order.fill_heard_at is not None and order.fill_heard_at > asked_at
        for fill in order.fills.values()
        if fill.exec_id not in told
    )


def _executions(ledger: Ledger, picture: BrokerPicture, _: datetime) -> Iterator[Fact]:
    """Executions that belong to an order of ours; the fold knows which of them are news."""
    return (fact for fact in picture.executions if getattr(fact, "order_ref", "") in ledger.orders)


def _orders(ledger: Ledger, picture: BrokerPicture, asked_at: datetime) -> Iterator[Fact]:
    for order in ledger.orders.values():
        found = _find(order, picture.open_orders)
        if order.is_at_broker:
            yield from _standing(order, found or _find(order, picture.completed_orders), asked_at)
        elif found is not None and found.status == "working" and _ended_before(order, asked_at):
            yield OrderAcknowledged(order.ref, found.perm_id, found.order_id, found.status)


def _standing(order: Order, found: BrokerOrder | None, asked_at: datetime) -> Iterator[Fact]:
    """What the broker's word on an order that it may hold makes of it; where it has none, what its age and its fills say."""
    status = found.status if found is not None else ""
    if found is not None and status == "working" and order.state in {"sent", "unknown"}:
        yield OrderAcknowledged(order.ref, found.perm_id, found.order_id, found.status)
    elif found is not None and status == "canceled":
        yield OrderCanceled(order.ref, found.text or "the broker ended it")
    elif found is not None and status in {"inactive", "rejected"}:
        yield OrderRejected(order.ref, 0, f"the broker holds it inactive: {found.text}")
    elif status == "filled" and not order.fills and order.state != "unknown":
        yield OrderUnknown(order.ref, "the broker has it as filled and tells no executions")
    elif found is None and order.sent_at is not None and asked_at - order.sent_at >= ABSENT_AFTER:
        if order.fills:
            # Partly executed and no longer open anywhere: what did not fill is gone.
            yield OrderCanceled(order.ref, "no longer at the broker")
        elif order.state == "unknown":
            yield OrderAbsent(order.ref)
        else:
            yield OrderUnknown(order.ref, "the broker does not list it")


def _ended_before(order: Order, asked_at: datetime) -> bool:
    """Whether an order was over for us before the picture was begun: then its standing in it is news and not history."""
    return order.sent_at is not None and order.is_over and order.state != "filled" and order.changed_at < asked_at


def _find(order: Order, candidates: tuple[BrokerOrder, ...]) -> BrokerOrder | None:
    for found in candidates:
        # A reference says whose it is; the permId stands in for one that is missing, and a simulator may give it again.
        if found.order_ref == order.ref or (not found.order_ref and order.perm_id and found.perm_id == order.perm_id):
            return found
    return None


def _differences(ledger: Ledger, picture: BrokerPicture) -> Iterator[str]:
    ours, expired = ledger.contracts_held(), _expired(ledger)
    theirs = {position.con_id: position for position in picture.positions if position.quantity}
    names = {
        leg.contract.con_id: str(leg.contract)
        for order in ledger.orders.values()
        if _concerns(order)
        for leg in order.spread.legs
    }
    for con_id, quantity in sorted(ours.items()):
        position = theirs.get(con_id)
        there = position.quantity if position else Decimal(0)
        if there != quantity:
            yield f"{names[con_id]}: our fills make {quantity:+d}, the broker holds {_signed(there)}"
    for con_id, position in sorted(theirs.items()):
        if con_id in names and con_id not in ours and con_id not in expired:
            yield f"{names[con_id]}: our fills make 0, the broker holds {_signed(position.quantity)}"


def _not_in_books(ledger: Ledger, picture: BrokerPicture, asked_at: datetime) -> Iterator[str]:
    """What trades under this program's name and is not in our books: limits would be counted without it.

    Another engine works on the account, the journal was moved away, or its end is lost; then references of today would be
    given a second time as well. What was executed on an earlier day is over: its positions are foreign.
    """
    for order in picture.open_orders:
        if order.order_ref and order.order_ref not in ledger.orders:
            yield (
                f"order {order.order_ref} works at the broker under this program's name and is not in our books: {order.text};"
                f" stop the engine that sent it, put its journal back, or cancel it in TWS"
            )
    told = (getattr(fact, "order_ref", "") for fact in picture.executions)
    refs = {ref for ref in (*told, *picture.strangers) if ref not in ledger.orders and day_of(ref) == trading_day(asked_at)}
    if refs:
        more = f" and {len(refs) - NAMED_MAX} more" if len(refs) > NAMED_MAX else ""
        yield (
            f"executed today under this program's name and not in our books: {', '.join(sorted(refs)[:NAMED_MAX])}{more};"
            " put the journal back that has them, or wait: from the next trading day on their positions are foreign"
        )


def _missing(ledger: Ledger, picture: BrokerPicture) -> tuple[int, ...]:
    theirs = {position.con_id: position.quantity for position in picture.positions}
    ours = sorted(ledger.contracts_held().items())
    return tuple(
        con_id for con_id, quantity in ours if theirs.get(con_id, Decimal(0)) * (1 if quantity > 0 else -1) < abs(quantity)
    )


def _foreign(ledger: Ledger, picture: BrokerPicture) -> tuple[str, ...]:
    ours = {leg.contract.con_id for order in ledger.orders.values() if _concerns(order) for leg in order.spread.legs}
    return tuple(
        f"{position.text} {_signed(position.quantity)}"
        for position in sorted(picture.positions, key=lambda position: position.con_id)
        if position.quantity and position.con_id not in ours
    )


def _concerns(order: Order) -> bool:
    """Whether positions in the order's contracts may be its doing: it filled, or nobody saw how it ended."""
    return bool(order.fills) or order.state == "unknown" or (order.state == "expired" and order.sent_at is not None)


def _expired(ledger: Ledger) -> set[int]:
    """Contracts of settled positions: the broker may list them for a night more."""
    return {leg.contract.con_id for ref in ledger.settled if ref in ledger.orders for leg in ledger.orders[ref].spread.legs}


def _signed(quantity: Decimal) -> str:
    return f"{quantity:+f}" if quantity else "0"


def _copy(ledger: Ledger) -> Ledger:
    twin = copy(ledger)
    for field in fields(Ledger):
        setattr(twin, field.name, copy(getattr(ledger, field.name)))
    return twin
