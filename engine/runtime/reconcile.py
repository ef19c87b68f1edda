"""Our fold held against what the broker says it holds: the facts that follow, and what nobody can explain.

    executions   first: fills are the truth; what the broker tells no more is made again from what it still tells (`rebuild`), and
                 what it neither tells nor counts nor holds did not happen (`withdrawn`)
    shares       options that are gone and left their shares were assigned or exercised (`exercised`)
    orders       every order that may be at the broker, matched by order_ref, else by permId, never where the two disagree
    positions    contract by contract; more or fewer than our fold says is a difference, contracts not ours are foreign
    terms        a contract of ours that is another one by now, as after a split, is a difference
    names        orders and executions of today under this program's name that our books do not have are a difference

Pure: what the broker holds and the ledger come in, facts go out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from engine.domain.errors import IllegalFact
from engine.domain.executions import is_repeated
from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import (
    CommissionReported,
    LegFilled,
    OrderAbsent,
    OrderAcknowledged,
    OrderCanceled,
    OrderRejected,
    OrderUnknown,
)
from engine.domain.facts.running import FactRefused
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.past_orders import filled_since, oldest_first
from engine.domain.twin import twin
from engine.domain.waited import Leap, waited
from engine.ports import BrokerOrder, BrokerState
from engine.runtime.differences import changed, differences, foreign, foreign_told, missing
from engine.runtime.exercised import beside_foreign, exercised
from engine.runtime.matching import matched
from engine.runtime.rebuild import rebuilt
from engine.runtime.withdrawn import withdrawn

ABSENT_AFTER = timedelta(seconds=30)
"""An order younger than this may still be on its way; it is not declared absent."""


@dataclass(frozen=True, slots=True)
class Outcome:
    facts: tuple[Fact, ...]
    """What the broker's state teaches, in order, `Reconciled` last; without it where positions could not be judged."""
    is_settled: bool
    """False while an order is still unknown, or positions moved under the question: ask again."""


def reconcile(ledger: Ledger, state: BrokerState, now: datetime, requested_at: datetime, leaps: Sequence[Leap] = ()) -> Outcome:
    """The facts that bring our fold in line with the broker's state, which was asked for at `requested_at` and took its time.

    No order is given up for a time that the machine slept or skipped in one of `leaps`.

    The ledger is not changed: it is folded forward on a copy, so that the differences are those that remain afterwards.
    """
    after, state = ledger, beside_foreign(ledger, state)
    facts: list[Fact] = []

    def learn(told: Iterator[Fact]) -> None:
        nonlocal after
        for fact in list(told):
            if after is ledger:
                if _is_known(fact, ledger):
                    continue
                after = twin(ledger)  # the copy of a long history costs more than all else here
            try:
                if after.apply(fact, now):
                    facts.append(fact)
            except IllegalFact as error:
                refused.append(FactRefused(type(fact).__name__, getattr(fact, "order_ref", ""), str(error)))

    refused = list(state.refused)
    found, contradictions = matched(after, state)
    refused += contradictions
    learn(_executions(after, state))
    learn(withdrawn(after, state, found, requested_at))
    learn(rebuilt(after, state, found, requested_at, leaps))
    learn(_orders(after, state, found, requested_at, leaps))
    facts += _news(refused, ledger)
    if _is_moving(after, state, requested_at):
        return Outcome(tuple(facts), is_settled=False)
    learn(exercised(after, state, now))
    unknown = [order.ref for order in after.working() if order.state == "unknown"]
    told = (
        *differences(after, state, requested_at),
        *(f"order {ref} is neither found nor absent yet" for ref in unknown),
        *(_said(one) for one in refused),
        *state.unread,
    )
    held = tuple(foreign(after, state, requested_at))
    facts.append(Reconciled(told, foreign_told(held), missing(after, state), changed(after, state), held))
    return Outcome(tuple(facts), is_settled=not unknown)


def _is_known(fact: Fact, ledger: Ledger) -> bool:
    """Whether it is an execution or a commission that the books have: the broker tells those of its day each time."""
    if not isinstance(fact, LegFilled | CommissionReported):
        return False
    order = ledger.orders.get(fact.order_ref)
    return order is not None and is_repeated(order, fact)


def _news(refused: list[FactRefused], ledger: Ledger) -> Iterator[FactRefused]:
    """What is refused and was not at the last look: the broker says it again each time it is asked."""
    known = ledger.reconciled.differences if ledger.reconciled is not None else ()
    return (one for one in dict.fromkeys(refused) if _said(one) not in known)


def _said(refused: FactRefused) -> str:
    of = f"order {refused.order_ref}: " if refused.order_ref else ""
    return f"{of}what the broker says is refused: {refused.text}; look at it in TWS"


def _is_moving(ledger: Ledger, state: BrokerState, requested_at: datetime) -> bool:
    """Whether positions that differ were traded since the broker was asked: they may have been told before it or after it."""
    ours = ledger.contracts_held()
    theirs = {position.con_id: position.quantity for position in state.positions}
    told = {fact.exec_id for fact in state.executions if isinstance(fact, LegFilled)}
    return any(
        theirs.get(fill.con_id, Decimal(0)) != ours.get(fill.con_id, 0)
        for order in filled_since(requested_at, ledger)
        for fill in order.fills.values()
        if fill.exec_id not in told and not fill.provisional
    )


def _executions(ledger: Ledger, state: BrokerState) -> Iterator[Fact]:
    """Executions that belong to an order of ours; the fold knows which of them are news."""
    return (fact for fact in state.executions if getattr(fact, "order_ref", "") in ledger.orders)


def _orders(
    ledger: Ledger, state: BrokerState, found: Mapping[str, BrokerOrder], requested_at: datetime, leaps: Sequence[Leap]
) -> Iterator[Fact]:
    def stood(since: datetime) -> timedelta:
        return waited(since, requested_at, leaps)

    for order in oldest_first([*(order.ref for order in ledger.working()), *found], ledger):
        theirs = found.get(order.ref)
        if order.is_at_broker:
            yield from _standing(order, theirs, ledger, state, stood)
        elif theirs is not None and theirs.status == "working" and _ended_before(order, requested_at):
            yield OrderAcknowledged(order.ref, theirs.perm_id, theirs.order_id, theirs.status)


def _standing(
    order: Order, found: BrokerOrder | None, ledger: Ledger, state: BrokerState, stood: Callable[[datetime], timedelta]
) -> Iterator[Fact]:
    """What the broker's word on an order that it may hold makes of it; where it has none, what its age and its fills say."""
    status = found.status if found is not None else ""
    if found is not None and (found.filled > order.filled or (status == "filled" and not order.fills)):
        if status == "filled" and _was_taken_back(order) and not _may_have_filled(order, ledger, state):
            yield OrderCanceled(order.ref, "the exchange took executions of it back")
        # Else it may be over or work on: first its executions must be told.
        elif order.state != "unknown":
            filled = int(found.filled) or order.quantity
            yield OrderUnknown(order.ref, f"the broker has {filled} of it as filled and tells executions of {order.filled}")
    elif found is not None and status == "working" and order.state in {"sent", "unknown"}:
        yield OrderAcknowledged(order.ref, found.perm_id, found.order_id, found.status)
    elif found is not None and status == "canceled":
        yield OrderCanceled(order.ref, found.text or "the broker ended it")
    elif found is not None and status == "inactive" and found in state.open_orders and stood(order.changed_at) < ABSENT_AFTER:
        if order.state != "unknown":
            yield OrderUnknown(order.ref, "the broker holds it inactive, from where it may come back")
    elif found is not None and status in {"inactive", "rejected"}:
        yield OrderRejected(order.ref, 0, f"the broker holds it inactive: {found.text}")
    elif found is None and order.sent_at is not None and stood(order.sent_at) >= ABSENT_AFTER:
        if order.state != "unknown" and not order.fills:
            yield OrderUnknown(order.ref, "the broker does not list it")
        elif not _may_have_filled(order, ledger, state):
            # Neither open nor completed nor in the positions: what did not fill is gone.
            yield OrderCanceled(order.ref, "no longer at the broker") if order.fills else OrderAbsent(order.ref)
        elif order.state != "unknown":
            yield OrderUnknown(order.ref, "the broker does not list it, and its positions are not what was heard of it")


def _was_taken_back(order: Order) -> bool:
    """Whether the exchange has busted executions of it: for the broker it stays filled, and nothing more is to be told."""
    return any(fill.quantity == 0 for fill in order.fills.values())


def _may_have_filled(order: Order, ledger: Ledger, state: BrokerState) -> bool:
    """Whether the broker's positions in the order's contracts are not those that our fills make."""
    ours = ledger.contracts_held()
    theirs = {position.con_id: position.quantity for position in state.positions}
    contracts = {leg.contract.con_id for leg in order.spread.legs}
    return bool(contracts & state.unread_positions) or any(
        theirs.get(con_id, Decimal(0)) != ours.get(con_id, 0) for con_id in contracts
    )


def _ended_before(order: Order, requested_at: datetime) -> bool:
    """Whether an order was over for us before the broker was asked: then its standing in it is news and not history."""
    return order.sent_at is not None and order.is_over and order.state != "filled" and order.changed_at < requested_at
