"""What of the broker's state our books cannot explain: positions, terms of contracts, and orders under this program's name."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from engine.decide.order.references import day_of
from engine.domain.contract import Contract
from engine.domain.cover import uncovered
from engine.domain.facts.account import Foreign
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.past_orders import in_contract
from engine.domain.session import trading_day
from engine.ports import BrokerPosition, BrokerState
from engine.runtime.exercised import SHARE, foreign_quantity

NAMED_MAX = 5
"""References named in one difference; a day's worth would fill a screen."""
LAST_TRADE_BEFORE = timedelta(days=5)
"""An option trades last on its expiration day, or on the session before it, which holidays and a weekend may move back so far."""


def differences(ledger: Ledger, state: BrokerState, requested_at: datetime) -> Iterator[str]:
    """Every difference as a sentence; while there is one nothing is opened."""
    yield from _of_positions(ledger, state, requested_at)
    yield from _bare(ledger, state)
    yield from _of_terms(ledger, state)
    yield from _not_in_books(ledger, state, requested_at)


def missing(ledger: Ledger, state: BrokerState) -> tuple[int, ...]:
    """Contracts, by con_id, of which the broker holds less in our direction than our fills make; unreadable ones are not."""
    theirs = {position.con_id: position.quantity for position in state.positions}
    ours = sorted(ledger.contracts_held().items())
    return tuple(
        con_id
        for con_id, quantity in ours
        if con_id not in state.unread_positions and theirs.get(con_id, Decimal(0)) * (1 if quantity > 0 else -1) < abs(quantity)
    )


def changed(ledger: Ledger, state: BrokerState) -> tuple[int, ...]:
    """Contracts that we hold, by con_id, whose terms at the broker are not those that they were traded on."""
    return tuple(
        position.con_id for position, contract in _held_contracts(ledger, state) if any(_other_terms(position, contract))
    )


def foreign(ledger: Ledger, state: BrokerState, requested_at: datetime) -> Iterator[Foreign]:
    """Positions in contracts that are not ours."""
    told = ((one, _not_ours(one, ledger, requested_at)) for one in sorted(state.positions, key=_con_id))
    yield from (Foreign(position.text, quantity) for position, quantity in told if quantity)


def foreign_told(held: Iterable[Foreign]) -> tuple[str, ...]:
    """The same for people."""
    return tuple(f"{one.name} {_signed(one.quantity)}" for one in held)


def is_ours(con_id: int, ledger: Ledger, requested_at: datetime) -> bool:
    """Whether an order of ours has traded a contract or may have; that of a released position has not."""
    return any(_concerns(order, ledger, requested_at) for order in in_contract(con_id, ledger))


def _not_ours(position: BrokerPosition, ledger: Ledger, requested_at: datetime) -> Decimal:
    """How much of a position is not ours: of shares what is there beyond ours, of everything else all or nothing."""
    if position.kind == SHARE:
        return foreign_quantity(position, ledger) + _beyond(position, ledger)
    return Decimal(0) if is_ours(position.con_id, ledger, requested_at) else position.quantity


def _beyond(position: BrokerPosition, ledger: Ledger) -> Decimal:
    """Shares that the account holds beyond ours; 0 where it does not hold all of ours."""
    ours = ledger.contracts_held().get(position.con_id, 0)
    return position.quantity - ours if _has_all(position.quantity, ours) else Decimal(0)


def _has_all(there: Decimal, ours: int) -> bool:
    """Whether so many are there, in our direction."""
    return not ours or there * (1 if ours > 0 else -1) >= abs(ours)


def _of_positions(ledger: Ledger, state: BrokerState, requested_at: datetime) -> Iterator[str]:
    ours = ledger.contracts_held()
    theirs = {position.con_id: position for position in state.positions if position.quantity}
    asked = {*ours, *theirs, *state.unread_positions}
    names = {con_id: _named(con_id, ledger) for con_id in asked if is_ours(con_id, ledger, requested_at)}
    names |= {fact.share.con_id: str(fact.share) for facts in ledger.ends.exercised.values() for fact in facts}
    shares = {position.con_id for position in state.positions if position.kind == SHARE}
    for con_id in sorted(state.unread_positions):
        if con_id in names or con_id in ours:
            yield f"{names.get(con_id, f'contract {con_id}')}: what the broker holds of it cannot be read"
    for con_id, quantity in sorted(ours.items()):
        position = theirs.get(con_id)
        there = position.quantity if position else Decimal(0)
        is_more = con_id in shares and _has_all(there, quantity)  # the rest is somebody else's
        is_explained = is_more or (not there and _has_traded_last(con_id, ledger, requested_at))
        if there != quantity and not is_explained and con_id not in state.unread_positions:
            yield f"{names.get(con_id, f'contract {con_id}')}: our fills make {quantity:+d}, the broker holds {_signed(there)}"
    for con_id, position in sorted(theirs.items()):
        if con_id in names and con_id not in ours and con_id not in shares and not _has_expired(con_id, ledger):
            yield f"{names[con_id]}: our fills make 0, the broker holds {_signed(position.quantity)}"


def _bare(ledger: Ledger, state: BrokerState) -> Iterator[str]:
    """Positions of ours whose shorts would stand alone by what the broker holds: a long that was sold, exercised or is gone.

    A contract of several positions may be missing from any of them: each is held against the whole of what is missing.
    """
    ours = ledger.contracts_held()
    theirs = {position.con_id: position.quantity for position in state.positions}
    for position in ledger.open_positions():
        there: dict[Contract, int] = {}
        for contract, count in position.held.items():
            con_id = contract.con_id
            is_unread = con_id in state.unread_positions
            turn = 1 if count > 0 else -1
            lacks = 0 if is_unread else max(0, turn * int(ours.get(con_id, 0) - theirs.get(con_id, Decimal(0))))
            there[contract] = turn * max(0, abs(count) - lacks)
        bare = uncovered(there)
        if bare and not position.bare:
            told = ", ".join(f"{count} × {contract}" for contract, count in bare.items())
            yield f"position {position.id}: by what the broker holds, {told} is owed with no long contract beside it"


def _of_terms(ledger: Ledger, state: BrokerState) -> Iterator[str]:
    for position, contract in _held_contracts(ledger, state):
        other = ", ".join(_other_terms(position, contract))
        if other:
            yield (
                f"{contract}: its terms have changed, the broker calls it {position.text} ({other}), as after a split: nothing is"
                " opened; its exits reckon with the old terms, so close it in TWS or see to it yourself"
            )


def _held_contracts(ledger: Ledger, state: BrokerState) -> list[tuple[BrokerPosition, Contract]]:
    """The broker's positions in contracts that our fills make, with the contracts as they were traded."""
    ours = ledger.contracts_held()
    held = [position for position in state.positions if position.con_id in ours and position.kind != SHARE]
    traded = ((one, _last(order for order in in_contract(one.con_id, ledger) if order.fills)) for one in held)
    return [(one, _contract(one.con_id, order)) for one, order in traded if order is not None]


def _other_terms(position: BrokerPosition, contract: Contract) -> Iterator[str]:
    """Each term that the broker tells otherwise than the contract was traded on; what it does not tell is no difference."""
    if position.root is not None and position.root != contract.root:
        yield f"class {position.root} instead of {contract.root}"
    if position.multiplier is not None and position.multiplier != contract.multiplier:
        yield f"multiplier {position.multiplier:f} instead of {contract.multiplier}"
    if position.strike is not None and position.strike != contract.strike:
        yield f"strike {position.strike.normalize():f} instead of {contract.strike.normalize():f}"
    if position.put_call is not None and position.put_call != contract.put_call:
        yield f"{position.put_call} instead of {contract.put_call}"
    last = position.last_trade
    if last is not None and not timedelta(0) <= contract.expiry - last <= LAST_TRADE_BEFORE:
        yield f"last traded on {last} instead of {contract.expiry}"


def _not_in_books(ledger: Ledger, state: BrokerState, requested_at: datetime) -> Iterator[str]:
    """What trades under this program's name and is not in our books: limits would be counted without it.

    Another engine works on the account, the journal was moved away, or its end is lost; then references of today would be
    given a second time as well. What was executed on an earlier day is over: its positions are foreign.
    """
    for order in state.open_orders:
        if order.order_ref and order.order_ref not in ledger.orders:
            yield (
                f"order {order.order_ref} works at the broker under this program's name and is not in our books: {order.text};"
                f" stop the engine that sent it, put its journal back, or cancel it in TWS"
            )
    told = (getattr(fact, "order_ref", "") for fact in state.executions)
    refs = {ref for ref in (*told, *state.unknown_refs) if ref not in ledger.orders and day_of(ref) == trading_day(requested_at)}
    if refs:
        more = f" and {len(refs) - NAMED_MAX} more" if len(refs) > NAMED_MAX else ""
        yield (
            f"executed today under this program's name and not in our books: {', '.join(sorted(refs)[:NAMED_MAX])}{more};"
            " put the journal back that has them, or wait: from the next trading day on their positions are foreign"
        )


def _concerns(order: Order, ledger: Ledger, requested_at: datetime) -> bool:
    """Whether positions in the order's contracts may be its doing: it filled, or nobody saw how it ended.

    On the day of its end the executions say what an order has filled; later they are told no more.
    """
    if order.proposed.position in ledger.ends.released:
        return False
    is_lost = order.state == "unknown" or (order.state == "expired" and order.sent_at is not None)
    return bool(order.fills) or is_lost or is_end_unseen(order, ledger, requested_at)


def is_end_unseen(order: Order, ledger: Ledger, requested_at: datetime) -> bool:
    """Whether an order ended on an earlier day without filling whole, and no books that agreed have followed."""
    return ledger.is_end_unchecked(order) and trading_day(order.changed_at) < trading_day(requested_at)


def _has_expired(con_id: int, ledger: Ledger) -> bool:
    """Whether a contract was settled: the broker may list it for a night more."""
    ends = ledger.ends
    return any(
        order.ref in ends.settled
        or any(leg.con_id == con_id for fact in ends.expired.get(order.proposed.position, ()) for leg in fact.expired)
        for order in in_contract(con_id, ledger)
    )


def _has_traded_last(con_id: int, ledger: Ledger, requested_at: datetime) -> bool:
    """Whether it is the day on which a contract settles that traded last in the session before: nobody can have sold it, so one
    that is gone at the broker has been settled there."""
    order = _last(in_contract(con_id, ledger))
    contract = _contract(con_id, order) if order is not None else None
    if contract is None or contract.is_share or contract.rule.trades_until != "session before":
        return False
    return trading_day(requested_at) >= contract.expiry


def _named(con_id: int, ledger: Ledger) -> str:
    order = _last(in_contract(con_id, ledger))
    return str(_contract(con_id, order)) if order is not None else f"contract {con_id}"


def _last(orders: Iterable[Order]) -> Order | None:
    return next(reversed(list(orders)), None)


def _contract(con_id: int, order: Order) -> Contract:
    return next(leg.contract for leg in order.spread.legs if leg.contract.con_id == con_id)


def _con_id(position: BrokerPosition) -> int:
    return position.con_id


def _signed(quantity: Decimal) -> str:
    return f"{quantity:+f}" if quantity else "0"
