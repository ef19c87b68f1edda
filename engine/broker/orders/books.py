"""Asks TWS what it holds: open orders, completed orders, executions, positions, in this order, each with a deadline.

The order matters: an order that fills while TWS is asked moves from a book that was read to one that is read later, and is
then seen twice, never missed. Whose a row is, is decided when all are in: a reference may stand in the last of them only.

Three of the questions carry no number, so an answer does not say which question it belongs to: one that came too late would be
taken for the next one's. So none is asked again while TWS owes an answer, and a connection that goes on owing one is given up.
What TWS holds is handed on whole or not at all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ib_async import IB, Execution, OrderState
from ib_async import Contract as IbContract
from ib_async import Order as IbOrder

from engine.broker.asking import NoAnswer, answer, machine_s
from engine.broker.classes import BY_NAME
from engine.broker.orders.executions import Executions
from engine.broker.orders.names import Disagreement, Names, RowNames, legs_of, order_fits
from engine.broker.orders.times import execution_time
from engine.broker.translate import STANDING, money, position, whole
from engine.broker.unread import Unread, Unreadable
from engine.decide.order.references import day_of
from engine.domain.errors import Transient
from engine.domain.facts.orders import LegFilled
from engine.domain.facts.running import FactRefused
from engine.domain.facts.union import Fact
from engine.ports import BrokerOrder, BrokerPosition, BrokerState

BOOK_S = BY_NAME["positions"].deadline_s or 0.0
"""For one book. TWS answers in well under a second; during a reset it answers late or never."""
OWED_S = 20.0
"""An answer that is so late will not come on this connection. Half a minute after it was asked for the books are to be agreed."""
OPEN, COMPLETED, POSITIONS = "open orders", "completed orders", "positions"
"""The books whose questions carry no number."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One order as TWS told it."""

    names: RowNames
    contract: IbContract
    order: IbOrder
    status: str
    filled: Decimal
    completed_time: str = ""


@dataclass(frozen=True, slots=True)
class _Executed:
    """One execution as TWS told it."""

    contract: IbContract
    execution: Execution


@dataclass(slots=True)
class _Reading:
    """What has come in for one state of the books."""

    account: str
    open: dict[tuple[int, int, int], _Row] = field(default_factory=dict[tuple[int, int, int], _Row])
    """By permanent id, or where there is none yet by client and order id. TWS may tell an order again: the last word counts."""
    filled: dict[tuple[int, int, int], Decimal] = field(default_factory=dict[tuple[int, int, int], Decimal])
    """Whole combinations executed, in the same way: TWS says it in the status that follows an open order."""
    completed: list[_Row] = field(default_factory=list[_Row])
    executions: dict[tuple[str, int, str], _Executed] = field(default_factory=dict[tuple[str, int, str], _Executed])
    exec_ids: set[str] = field(default_factory=set[str])
    positions: dict[int, BrokerPosition] = field(default_factory=dict[int, BrokerPosition])
    refused: list[FactRefused] = field(default_factory=list[FactRefused])
    unread: list[str] = field(default_factory=list[str])
    unread_positions: set[int] = field(default_factory=set[int])
    is_torn: bool = False
    """Something is missing, and nobody can tell what of."""


class Books:
    """One state of the books at a time, gathered from the raw messages. `overdue` is told of a book that TWS goes on owing."""

    def __init__(self, ib: IB, names: Names, executions: Executions, unread: Unread, zone: str) -> None:
        self._ib = ib
        self._names = names
        self._executions = executions
        self._unread = unread
        self._zone = zone
        self._reading: _Reading | None = None
        self._owed: dict[str, float] = {}
        """Loop seconds at which a book was asked for whose end has not come."""
        self._timer: asyncio.TimerHandle | None = None
        self.overdue: Callable[[str], None] = lambda _book: None
        self.filled: Callable[[LegFilled], None] = lambda _fill: None
        """Called with every execution that an answer teaches."""

    async def state(self, account: str) -> BrokerState:
        """Raises Transient when an answer stays away or is torn: half of it would hide an order."""
        if self._reading is not None:
            raise Transient("the broker is being asked for its books already; wait for that answer")
        self._must_not_owe()
        reading = self._reading = _Reading(account)
        try:
            await self._ask(OPEN, self._ib.reqAllOpenOrdersAsync)
            await self._ask(COMPLETED, self._ib.reqCompletedOrdersAsync, False)
            await answer("executions", BOOK_S, self._ib.reqExecutionsAsync)
            await self._ask(POSITIONS, self._ib.reqPositionsAsync)
        finally:
            self._reading = None
        if reading.is_torn:
            raise Transient("the broker's books: a row that may be ours could not be read; they may be asked for again")
        return self._put_together(reading)

    # What TWS says meanwhile.

    def ended(self, book: str) -> None:
        """The answer to a question about this book is complete."""
        self._owed.pop(book, None)
        if not self._owed:
            self._stop_waiting()

    def link_lost(self) -> None:
        self._owed.clear()
        self._stop_waiting()

    def open_order(self, order_id: int, contract: IbContract, order: IbOrder, state: OrderState) -> None:
        if self._reading is not None:
            names = RowNames(order.orderRef, order.permId, order_id, order.clientId, order.account)
            self._reading.open[_key(names)] = _Row(names, contract, order, state.status, Decimal(0))

    def order_status(self, client_id: int, order_id: int, perm_id: int, filled: float) -> None:
        if self._reading is not None:
            done = Decimal(whole(filled, "filled quantity"))
            self._reading.filled[perm_id, 0, 0] = self._reading.filled[0, client_id, order_id] = done

    def completed_order(self, contract: IbContract, order: IbOrder, state: OrderState) -> None:
        if self._reading is not None:
            names = RowNames(order.orderRef, order.permId, 0, 0, order.account)
            filled = money(order.filledQuantity if isinstance(order.filledQuantity, float) else None) or Decimal(0)
            self._reading.completed.append(_Row(names, contract, order, state.status, filled, state.completedTime))

    def execution(self, contract: IbContract, execution: Execution) -> None:
        """An execution came as part of the answer; its facts belong to that answer, not to the queue."""
        if self._reading is not None:
            side = "buy" if execution.side == "BOT" else "sell"
            self._reading.executions[execution.execId, contract.conId, side] = _Executed(contract, execution)
            self._reading.exec_ids.add(execution.execId)

    def position(self, account: str, contract: IbContract, quantity: float, average_cost: float) -> None:
        """Raises Unreadable where nobody can tell what is held or how much."""
        if self._reading is None or account != self._reading.account:
            return
        self.unread_position(contract.conId)  # until it has been read
        self._reading.positions[contract.conId] = position(contract, quantity, average_cost)
        self._reading.unread_positions.discard(contract.conId)

    def unread_position(self, con_id: int) -> None:
        """Nobody can read how much the account holds of this contract; 0 where nobody can read of which."""
        if self._reading is not None:
            self._reading.positions.pop(con_id, None)
            self._reading.unread_positions.add(con_id)
            self._reading.is_torn |= con_id <= 0

    def has_asked_for(self, exec_id: str) -> bool:
        """True while an answer is being gathered that will tell this execution and what it cost."""
        return self._reading is not None and exec_id in self._reading.exec_ids

    def unreadable(self, text: str) -> None:
        """Something that may concern us could not be read: the answer says so."""
        if self._reading is not None and text not in self._reading.unread:
            self._reading.unread.append(text)

    # Inside.

    async def _ask(self, book: str, question: Callable[..., Awaitable[Any]], *args: object) -> None:
        at = asyncio.get_running_loop().time()
        try:
            await answer(book, BOOK_S, question, *args)
        except NoAnswer:
            self._owed[book] = at
            self._stop_waiting()
            self._timer = asyncio.get_running_loop().call_at(at + machine_s(OWED_S), self._give_up)
            raise

    def _must_not_owe(self) -> None:
        now = asyncio.get_running_loop().time()
        for book, requested_at in self._owed.items():
            late_s = now - requested_at
            raise Transient(
                f"{book}: TWS still owes the answer of {late_s:.0f} s ago; it is waited for, so that two answers never mix"
            )

    def _give_up(self) -> None:
        self._timer = None
        if self._owed:
            self.overdue(next(iter(self._owed)))

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _put_together(self, reading: _Reading) -> BrokerState:
        opened = _latest(reading.open)
        self._names.settle(
            [
                *((row.names.ref, row.names.perm_id) for row in (*opened, *reading.completed)),
                *((row.execution.orderRef, row.execution.permId) for row in reading.executions.values()),
            ]
        )
        return BrokerState(
            account=reading.account,
            open_orders=self._orders(reading, opened),
            completed_orders=self._orders(reading, reading.completed),
            executions=self._facts(reading),
            positions=tuple(held for held in reading.positions.values() if held.quantity),
            unknown_refs=self._unknown_refs(reading),
            refused=tuple(dict.fromkeys(reading.refused)),
            unread=tuple(dict.fromkeys(reading.unread)),
            unread_positions=frozenset(reading.unread_positions),
        )

    def _orders(self, reading: _Reading, rows: Sequence[_Row]) -> tuple[BrokerOrder, ...]:
        """Each under the name that is its own; without those whose names are those of two orders."""
        orders: list[BrokerOrder] = []
        for row in rows:
            try:
                with self._unread.row("order", f"order with {row.names}"):
                    orders.append(self._order(reading, row))
            except Disagreement as problem:
                reading.refused += [FactRefused("BrokerOrder", ref, f"an order was {problem}") for ref in problem.refs]
        return tuple(orders)

    def _order(self, reading: _Reading, row: _Row) -> BrokerOrder:
        names, order, contract = row.names, row.order, row.contract
        ref = self._names.match(names, order_fits(contract, order))
        if not ref and day_of(names.ref) is not None and order.account == reading.account:
            ref = names.ref  # of another journal of this program
        quantity = money(order.totalQuantity)
        return BrokerOrder(
            order_ref=ref,
            perm_id=names.perm_id,
            order_id=names.order_id,
            status=STANDING.get(row.status, row.status),
            filled=reading.filled.get(_key(names), row.filled).normalize(),
            text=f"{order.action} {order.totalQuantity:g} {contract.localSymbol or contract.symbol} {contract.secType}",
            client_id=names.client_id,
            legs=legs_of(contract, order),
            quantity=quantity.normalize() if quantity else None,
            ended_at=execution_time(row.completed_time, self._zone) if row.completed_time else None,
        )

    def _facts(self, reading: _Reading) -> tuple[Fact, ...]:
        """The executions of ours, each with what it cost, also those that were told before."""
        for row in reading.executions.values():
            self._take(reading, row)
        facts: list[Fact] = []
        for exec_id, con_id, side in reading.executions:
            fill = self._executions.fills.get((exec_id, con_id, "buy" if side == "buy" else "sell"))
            if fill is not None:
                paid = self._executions.commissions.get(exec_id)
                facts += [fill] if paid is None or paid.con_id != con_id else [fill, paid]
        return tuple(facts)

    def _take(self, reading: _Reading, row: _Executed) -> None:
        name = f"execution {row.execution.execId} of order {row.execution.orderRef or row.execution.permId}"
        try:
            for fact in self._executions.execution(row.contract, row.execution):
                if isinstance(fact, LegFilled):
                    self.filled(fact)
        except Disagreement as problem:
            reading.refused += [FactRefused("LegFilled", ref, f"{name} was {problem}") for ref in problem.refs]
        except Unreadable as problem:
            self._unread.left_out("execution", problem, name)
            reading.unread.append(f"{name}: {problem} cannot be read; look at it in TWS")

    def _unknown_refs(self, reading: _Reading) -> tuple[str, ...]:
        """References that another journal of this program gave."""
        refs = (
            row.execution.orderRef
            for row in reading.executions.values()
            if row.execution.acctNumber == reading.account and not self._names.is_ours(row.execution.orderRef)
        )
        return tuple(dict.fromkeys(ref for ref in refs if day_of(ref) is not None))


def _key(names: RowNames) -> tuple[int, int, int]:
    return (names.perm_id, 0, 0) if names.perm_id > 0 else (0, names.client_id, names.order_id)


def _latest(rows: dict[tuple[int, int, int], _Row]) -> list[_Row]:
    """The rows without the first word on orders that had no permanent id then and have one now."""
    named = {(row.names.client_id, row.names.order_id) for row in rows.values() if row.names.perm_id > 0}
    return [
        row
        for row in rows.values()
        if row.names.perm_id > 0 or row.names.order_id <= 0 or (row.names.client_id, row.names.order_id) not in named
    ]
