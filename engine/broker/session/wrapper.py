"""Hears what TWS really said and gives each message to the part that it concerns.

ib_async connects, frames, encodes, decodes and matches answers to requests. What it derives from messages is not used: its
trades call living orders cancelled, and its tickers count no lines. So every message about orders, executions, quotes and
values ends here. What cannot be read is left out, counted and said; where it may have been about an order, that order is
doubted.
"""
# ruff: noqa: N802 - the overridden names are ib_async's

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from ib_async import BarData, CommissionReport, ContractDetails, Execution, OrderState, RequestError
from ib_async import Contract as IbContract
from ib_async import Order as IbOrder

from engine.broker.data.account import Account
from engine.broker.data.quotes import Stream
from engine.broker.errors import UNREAD, Meaning, meaning
from engine.broker.gauges import BrokerGauges
from engine.broker.orders.books import COMPLETED, OPEN, POSITIONS, Books
from engine.broker.orders.executions import Executions
from engine.broker.orders.gateway import OrderGateway
from engine.broker.orders.names import Disagreement, Names
from engine.broker.orders.previews import Previews
from engine.broker.session.garbled import Garbled
from engine.broker.session.pacing import Pacing
from engine.broker.session.session import Session
from engine.broker.session.timed import TimedWrapper
from engine.broker.translate import ID_MAX
from engine.broker.unread import Unread, Unreadable
from engine.domain.facts.orders import LegFilled
from engine.domain.facts.running import ErrorHeard, FactRefused
from engine.ports import Clock, Publish

HANGING = 321
"""ib_async takes this refusal for a warning and never ends the request it belongs to."""
TELL_AGAIN_S = 60.0
"""A code is told at most so often: a missing subscription comes once for every line."""
REFUSED_MAX = 500


@dataclass(frozen=True, slots=True)
class Parts:
    """Who listens."""

    session: Session
    account: Account
    gateway: OrderGateway
    previews: Previews
    books: Books
    stream: Stream
    names: Names
    executions: Executions
    unread: Unread
    pacing: Pacing
    gauges: BrokerGauges
    clock: Clock
    publish: Publish
    passed_on_at: dict[int, float] = field(default_factory=dict[int, float])
    """Loop seconds at which a code was last passed on."""
    refused: dict[str, None] = field(default_factory=dict[str, None])
    """Refusals that were written down; TWS tells a row again and again."""


class EngineWrapper(TimedWrapper):
    """ib_async's wrapper; `parts` is set before the first connect."""

    parts: Parts

    # Session and account.

    def managedAccounts(self, accountsList: str) -> None:
        super().managedAccounts(accountsList)
        if self.parts.session.accounts_heard(self.accounts):
            self.parts.account.reset(self.parts.session.account)
            self.parts.executions.account = self.parts.names.account = self.parts.session.account

    def nextValidId(self, reqId: int) -> None:
        self._next_id(reqId, "next order id")

    def currentTime(self, time: int) -> None:
        self.parts.session.time_heard(time)

    def updateAccountValue(self, tag: str, val: str, currency: str, account: str) -> None:
        self.parts.account.value(tag, val, currency, account)

    def updateAccountTime(self, timestamp: str) -> None:
        self.parts.account.reported()

    def updatePortfolio(
        self,
        contract: IbContract,
        posSize: float,
        marketPrice: float,
        marketValue: float,
        averageCost: float,
        unrealizedPNL: float,
        realizedPNL: float,
        account: str,
    ) -> None:
        """Not used: positions are asked for, and marked by the engine."""

    def position(self, account: str, contract: IbContract, posSize: float, avgCost: float) -> None:
        self.parts.books.position(account, contract, posSize, avgCost)

    def positionEnd(self) -> None:
        self.parts.books.ended(POSITIONS)
        super().positionEnd()

    def pnl(self, reqId: int, dailyPnL: float, unrealizedPnL: float, realizedPnL: float) -> None:
        self.parts.account.pnl(dailyPnL)

    # Orders.

    def openOrder(self, orderId: int, contract: IbContract, order: IbOrder, orderState: OrderState) -> None:
        if contract.right == "?":
            contract.right = ""  # TWS's mark for none, which it would not read in a change of the order
        if order.whatIf:
            if not self.parts.previews.answered(orderId, contract, order, orderState):
                self.parts.gateway.doubt(self.parts.names.mentioned_by(order), "TWS shows it as a what-if")
            return
        self.parts.session.sign_of_life()
        self.parts.books.open_order(orderId, contract, order, orderState)
        try:
            self.parts.gateway.open_order(orderId, contract, order, orderState)
        except Disagreement as problem:
            self._refuse("OrderAcknowledged", f"an open order was {problem}", problem.refs)
        if order.clientId == self.clientId:
            self._next_id(orderId + 1, "order id")

    def openOrderEnd(self) -> None:
        self.parts.books.ended(OPEN)
        super().openOrderEnd()

    def orderStatus(
        self,
        orderId: int,
        status: str,
        filled: float,
        remaining: float,
        avgFillPrice: float,
        permId: int,
        parentId: int,
        lastFillPrice: float,
        clientId: int,
        whyHeld: str,
        mktCapPrice: float = 0.0,
    ) -> None:
        self.parts.session.sign_of_life()
        with self.parts.unread.row("order status", f"status of the order with permanent id {permId}"):
            self.parts.books.order_status(clientId, orderId, permId, filled)
        try:
            self.parts.gateway.order_status(clientId, orderId, status, permId)
        except Disagreement as problem:
            self._refuse("OrderStatus", f"the status {status} was {problem}", problem.refs)

    def completedOrder(self, contract: IbContract, order: IbOrder, orderState: OrderState) -> None:
        self.parts.books.completed_order(contract, order, orderState)

    def completedOrdersEnd(self) -> None:
        self.parts.books.ended(COMPLETED)
        super().completedOrdersEnd()

    def execDetails(self, reqId: int, contract: IbContract, execution: Execution) -> None:
        """An answer's rows are read when all of them are in, see `Books`."""
        if reqId in self._futures:
            self.parts.books.execution(contract, execution)
        else:
            self.parts.session.sign_of_life()
            self.executed(contract, execution)

    def executed(self, contract: IbContract, execution: Execution) -> None:
        """An execution that happened now, or whose order has become known now."""
        name = f"execution {execution.execId} of order {execution.orderRef or execution.permId}"
        try:
            facts = self.parts.executions.execution(contract, execution)
        except Disagreement as problem:
            self._refuse("LegFilled", f"{name} was {problem}", problem.refs)
            return
        except Unreadable as problem:
            ref = execution.orderRef if self.parts.names.is_ours(execution.orderRef) else ""
            self.parts.unread.left_out("execution", problem, name, "the order is doubted")
            self.parts.gateway.doubt([ref] if ref else [], f"{name} tells {problem}, which cannot be read")
            return
        for fact in facts:
            if isinstance(fact, LegFilled):
                self.parts.gateway.filled(fact)
            self.parts.publish(fact)

    def bound(self, ref: str, perm_id: int) -> None:
        """The permanent id of an order has become known: what was executed under it alone is its."""
        for contract, execution in self.parts.executions.claim(perm_id):
            self.executed(contract, execution)

    def commissionReport(self, commissionReport: CommissionReport) -> None:
        with self.parts.unread.row("commission", f"commission of execution {commissionReport.execId}"):
            for fact in self.parts.executions.commission(commissionReport):
                if not self.parts.books.has_asked_for(commissionReport.execId):
                    self.parts.publish(fact)

    # Contracts and history.

    def contractDetails(self, reqId: int, contractDetails: ContractDetails) -> None:
        """A row that comes after its answer was given up belongs to nothing."""
        found = self._results.get(reqId)
        if found is not None:
            found.append(contractDetails)

    def historicalData(self, reqId: int, bar: BarData) -> None:
        found = self._results.get(reqId)
        if found is not None:
            found.append(bar)

    # Quotes.

    def tcpDataArrived(self) -> None:
        super().tcpDataArrived()
        self.parts.stream.at = self.parts.clock.now().timestamp()

    def priceSizeTick(self, reqId: int, tickType: int, price: float, size: float) -> None:
        self.parts.stream.tick_price(reqId, tickType, price, size)

    def tickSize(self, reqId: int, tickType: int, size: float) -> None:
        self.parts.stream.tick_size(reqId, tickType, size)

    def tickOptionComputation(
        self,
        reqId: int,
        tickType: int,
        tickAttrib: int,
        impliedVol: float,
        delta: float,
        optPrice: float,
        pvDividend: float,
        gamma: float,
        vega: float,
        theta: float,
        undPrice: float,
    ) -> None:
        self.parts.stream.tick_model(reqId, tickType, impliedVol, delta, gamma, theta, vega)

    def marketDataType(self, reqId: int, marketDataId: int) -> None:
        self.parts.stream.tick_quality(reqId, marketDataId)

    def tickGeneric(self, reqId: int, tickType: int, value: float) -> None:
        self.parts.stream.tick_generic(reqId, tickType, value)

    def tickString(self, reqId: int, tickType: int, value: str) -> None:
        self.parts.stream.tick_string(reqId, tickType, value)

    def tickReqParams(self, reqId: int, minTick: float, bboExchange: str, snapshotPermissions: int) -> None:
        """Not used: increments come from the engine's own table."""

    # Errors.

    def error(self, reqId: int, errorCode: int, errorString: str, advancedOrderRejectJson: str) -> None:
        parts = self.parts
        row = meaning(errorCode)
        parts.gauges.count_error(errorCode, is_failure=row.is_failure)
        if reqId in self._futures:
            if errorCode == HANGING:
                self._endReq(reqId, RequestError(reqId, errorCode, errorString), success=False)
            else:
                super().error(reqId, errorCode, errorString, advancedOrderRejectJson)
            return
        if parts.previews.error(reqId, errorCode, errorString) or parts.gateway.error(reqId, errorCode, errorString):
            return
        parts.stream.error(reqId, row)
        if row.link == "slow_down":
            parts.pacing.slow_down()
        changed = parts.session.error(row, errorString)
        if row.link == "restored_empty":
            parts.stream.restart()
        if not changed and not row.is_quiet and row.link != "competing":  # that comes once for every line
            self._tell(row, errorString)

    def unreadable(self, fields: Sequence[str], problem: Exception) -> None:
        """A message could not be decoded, or says what cannot be meant."""
        garbled = Garbled(fields)
        then = "it is left out"
        match garbled.number:
            case "3":
                then = self._doubt(garbled)
            case "5":
                then = self._doubt(garbled)
                if self._may_be_ours(garbled):
                    self.parts.books.unreadable(f"an open order of {garbled.names} could not be read ({problem})")
            case "11" if garbled.request in self._futures:
                if self._may_be_ours(garbled):
                    self.parts.books.unreadable(f"an execution of {garbled.names} could not be read ({problem})")
            case "11":
                then = self._doubt(garbled)
            case "61" if garbled.account in {self.parts.session.account, ""}:
                self.parts.books.unread_position(garbled.con_id)
            case "49":
                self.parts.session.time_heard(None)
            case "17" if garbled.request in self._futures:
                then = "they may be asked for again"
                self._endReq(garbled.request, RequestError(garbled.request, UNREAD, str(problem)), success=False)
            case _:
                pass
        self.parts.unread.left_out(garbled.kind, problem, f"a message of TWS ({garbled.kind})", then)

    # Inside.

    def _next_id(self, number: int, what: str) -> None:
        """Numbers above what TWS keeps in 32 bits are garbled, and taking one up would leave none to give."""
        if not number <= ID_MAX:
            raise Unreadable(what, number)
        self.ib.client.updateReqId(number)

    def _may_be_ours(self, garbled: Garbled) -> bool:
        """False where both of its names could be read and are somebody else's."""
        told = garbled.names
        return bool(self.parts.names.mentioned(told)) or not (told.ref and told.perm_id)

    def _doubt(self, garbled: Garbled) -> str:
        """Doubt the orders that it names, or all where nobody can tell whose it was; what that means, for people."""
        refs = sorted(self.parts.names.mentioned(garbled.names))
        if refs:
            self.parts.gateway.doubt(refs, "a message of TWS about it could not be read")
            return f"{', '.join(refs)} is doubted"
        if not self._may_be_ours(garbled):
            return "it is about no order of ours"
        self.parts.gateway.doubt_all("a message of TWS about orders could not be read")
        return "every working order is doubted"

    def _refuse(self, kind: str, text: str, refs: Sequence[str]) -> None:
        """Write down, once, what names two orders, and doubt both."""
        self.parts.gauges.count_unreadable("names that disagree")
        refused = self.parts.refused
        if text not in refused:
            refused[text] = None
            if len(refused) > REFUSED_MAX:
                del refused[next(iter(refused))]
            self.parts.publish(FactRefused(kind, refs[0] if refs else "", text))
        self.parts.gateway.doubt(refs, text)

    def _tell(self, row: Meaning, text: str) -> None:
        now = asyncio.get_running_loop().time()
        told = self.parts.passed_on_at
        if now - told.get(row.code, -TELL_AGAIN_S) >= TELL_AGAIN_S:
            told[row.code] = now
            self.parts.publish(ErrorHeard(row.code, row.sentence(text)))
