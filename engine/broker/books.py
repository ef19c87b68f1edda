"""Asks TWS what it holds: open orders, completed orders, executions, positions, in this order, each with a deadline.

The order matters: an order that fills while TWS is asked moves from a book that was read to one that is read later, and is
then seen twice, never missed.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from ib_async import IB, Execution, OrderState
from ib_async import Contract as IbContract
from ib_async import Order as IbOrder

from engine.broker.asking import answer
from engine.broker.translate import STANDING, Executions, money, position
from engine.decide.refs import day_of
from engine.domain.errors import Transient
from engine.domain.facts import Fact
from engine.ports import BrokerOrder, BrokerPicture

BOOK_S = 10.0
"""For one book. TWS answers in well under a second; during a reset it answers late or never."""


@dataclass(slots=True)
class _Reading:
    """What has come in for one picture."""

    account: str
    open: dict[int, BrokerOrder] = field(default_factory=dict[int, BrokerOrder])
    """By permId: TWS may tell an order again when it changes meanwhile, the last word counts."""
    filled: dict[int, Decimal] = field(default_factory=dict[int, Decimal])
    """Whole combinations executed, by permId: TWS says it in the status that follows an open order."""
    completed: list[BrokerOrder] = field(default_factory=list[BrokerOrder])
    exec_ids: dict[str, None] = field(default_factory=dict[str, None])
    strangers: dict[str, None] = field(default_factory=dict[str, None])
    """References that another journal of this program gave."""
    is_torn: bool = False


class Books:
    """One picture at a time, gathered from the raw messages."""

    def __init__(self, ib: IB, executions: Executions) -> None:
        self._ib = ib
        self._executions = executions
        self._reading: _Reading | None = None

    async def picture(self, account: str) -> BrokerPicture:
        """Raises Transient when an answer stays away or cannot be read: half a picture would hide an order."""
        if self._reading is not None:
            raise Transient("the broker is being asked for its books already; wait for that answer")
        reading = self._reading = _Reading(account)
        try:
            await answer("open orders", BOOK_S, self._ib.reqAllOpenOrdersAsync)
            await answer("completed orders", BOOK_S, self._ib.reqCompletedOrdersAsync, False)
            await answer("executions", BOOK_S, self._ib.reqExecutionsAsync)
            told = await answer("positions", BOOK_S, self._ib.reqPositionsAsync)
        finally:
            self._reading = None
        if reading.is_torn:
            raise Transient("the broker's books: a message could not be read; they may be asked for again")
        held = {one.contract.conId: one for one in told if one.account == account}
        return BrokerPicture(
            account=account,
            open_orders=tuple(self._with_fills(reading, order) for order in reading.open.values()),
            completed_orders=tuple(reading.completed),
            executions=self._facts(reading),
            positions=tuple(position(one.contract, one.position) for one in held.values() if one.position),
            strangers=tuple(reading.strangers),
        )

    # What TWS says meanwhile.

    def open_order(self, order_id: int, contract: IbContract, order: IbOrder, state: OrderState) -> None:
        if self._reading is not None:
            self._reading.open[order.permId] = self._order(self._reading, order_id, contract, order, state.status, Decimal(0))

    def order_status(self, perm_id: int, filled: float) -> None:
        if self._reading is not None:
            self._reading.filled[perm_id] = Decimal(str(filled)).normalize()

    def completed_order(self, contract: IbContract, order: IbOrder, state: OrderState) -> None:
        if self._reading is not None:
            filled = money(order.filledQuantity if isinstance(order.filledQuantity, float) else None)
            known = self._order(self._reading, order.orderId, contract, order, state.status, filled or Decimal(0))
            self._reading.completed.append(known)

    def execution(self, execution: Execution) -> None:
        """An execution came as part of the answer; its facts belong to the picture, not to the queue."""
        if self._reading is None:
            return
        self._reading.exec_ids[execution.execId] = None
        ref = execution.orderRef
        if day_of(ref) is not None and not self._executions.is_ours(ref) and execution.acctNumber == self._reading.account:
            self._reading.strangers[ref] = None

    def has_asked_for(self, exec_id: str) -> bool:
        """True while a picture is being gathered that will tell this execution and what it cost."""
        return self._reading is not None and exec_id in self._reading.exec_ids

    def unreadable(self, message: str) -> None:
        """A message could not be decoded. A completed order is dead and its executions are told apart, so it may be missed."""
        if self._reading is not None and message in {"3", "5", "11", "61"}:
            self._reading.is_torn = True

    # Inside.

    def _order(
        self, reading: _Reading, order_id: int, contract: IbContract, order: IbOrder, status: str, filled: Decimal
    ) -> BrokerOrder:
        ref = order.orderRef
        is_known = self._executions.is_ours(ref) or (day_of(ref) is not None and order.account == reading.account)
        return BrokerOrder(
            order_ref=ref if is_known else "",
            perm_id=order.permId,
            order_id=order_id,
            status=STANDING.get(status, status),
            filled=filled.normalize(),
            text=f"{order.action} {order.totalQuantity:g} {contract.localSymbol or contract.symbol} {contract.secType}",
        )

    def _with_fills(self, reading: _Reading, order: BrokerOrder) -> BrokerOrder:
        return BrokerOrder(
            order_ref=order.order_ref,
            perm_id=order.perm_id,
            order_id=order.order_id,
            status=order.status,
            filled=reading.filled.get(order.perm_id, order.filled),
            text=order.text,
        )

    def _facts(self, reading: _Reading) -> tuple[Fact, ...]:
        facts: list[Fact] = []
        for exec_id in reading.exec_ids:
            fill, paid = self._executions.fills.get(exec_id), self._executions.commissions.get(exec_id)
            facts += [fact for fact in (fill, paid) if fact is not None]
        return tuple(facts)
