"""Hears what TWS really said and gives each message to the part that it concerns.

ib_async connects, frames, encodes, decodes and matches answers to requests. What it derives from messages is not used: its
trades call living orders cancelled, and its tickers count no lines. So every message about orders, executions, quotes and
values ends here.
"""
# ruff: noqa: N802 - the overridden names are ib_async's

import asyncio
from dataclasses import dataclass, field

from ib_async import CommissionReport, Execution, OrderState, RequestError, Wrapper
from ib_async import Contract as IbContract
from ib_async import Order as IbOrder

from engine.broker.account import Account
from engine.broker.books import Books
from engine.broker.desk import Desk
from engine.broker.errors import Meaning, meaning
from engine.broker.gauges import BrokerGauges
from engine.broker.pacing import Pacing
from engine.broker.previews import Previews
from engine.broker.quotes import Stream
from engine.broker.session import Session
from engine.broker.translate import Executions
from engine.domain.facts import ErrorHeard, LegFilled
from engine.ports import Clock, Hear

HANGING = 321
"""ib_async takes this refusal for a warning and never ends the request it belongs to."""
TELL_AGAIN_S = 60.0
"""A code is told at most so often: a missing subscription comes once for every line."""
ORDER_MESSAGES = frozenset({"3", "5", "11", "59"})
"""Status, open order, execution, commission: what an unreadable one may have said leaves our orders unknown."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Who listens."""

    session: Session
    account: Account
    desk: Desk
    previews: Previews
    books: Books
    stream: Stream
    executions: Executions
    pacing: Pacing
    gauges: BrokerGauges
    clock: Clock
    hear: Hear
    told_at: dict[int, float] = field(default_factory=dict[int, float])
    """Loop seconds at which a code was last passed on."""


class Ear(Wrapper):
    """ib_async's wrapper; `parts` is set before the first connect."""

    parts: Parts

    # Session and account.

    def managedAccounts(self, accountsList: str) -> None:
        super().managedAccounts(accountsList)
        self.parts.session.accounts_heard(self.accounts)
        self.parts.account.reset(self.parts.session.account)

    def nextValidId(self, reqId: int) -> None:
        self.ib.client.updateReqId(reqId)

    def currentTime(self, time: int) -> None:
        self.parts.session.time_heard(time)

    def updateAccountValue(self, tag: str, val: str, currency: str, account: str) -> None:
        self.parts.account.value(tag, val, currency, account)

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

    def pnl(self, reqId: int, dailyPnL: float, unrealizedPnL: float, realizedPnL: float) -> None:
        self.parts.account.pnl(dailyPnL)

    # Orders.

    def openOrder(self, orderId: int, contract: IbContract, order: IbOrder, orderState: OrderState) -> None:
        if contract.right == "?":
            contract.right = ""  # TWS's mark for none, which it would not read in a change of the order
        self.ib.client.updateReqId(orderId + 1)
        if order.whatIf:
            self.parts.previews.answered(orderId, orderState)
            return
        self.parts.books.open_order(orderId, contract, order, orderState)
        self.parts.desk.open_order(orderId, contract, order, orderState)

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
        self.parts.books.order_status(permId, filled)
        self.parts.desk.order_status(clientId, orderId, status, permId)

    def completedOrder(self, contract: IbContract, order: IbOrder, orderState: OrderState) -> None:
        self.parts.books.completed_order(contract, order, orderState)

    def execDetails(self, reqId: int, contract: IbContract, execution: Execution) -> None:
        is_asked = reqId in self._futures
        if is_asked:
            self.parts.books.execution(execution)
        try:
            facts = self.parts.executions.execution(contract, execution)
        except ValueError as problem:
            self.unreadable("11", problem)
            return
        for fact in facts:
            if isinstance(fact, LegFilled):
                self.parts.desk.filled(fact)
            if not is_asked:
                self.parts.hear(fact)

    def commissionReport(self, commissionReport: CommissionReport) -> None:
        try:
            facts = self.parts.executions.commission(commissionReport)
        except ValueError as problem:
            self.parts.hear(ErrorHeard(0, str(problem)))
            return
        for fact in facts:
            if not self.parts.books.has_asked_for(commissionReport.execId):
                self.parts.hear(fact)

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
        """Not used: the age of a quote is counted from its arrival."""

    def tickReqParams(self, reqId: int, minTick: float, bboExchange: str, snapshotPermissions: int) -> None:
        """Not used: increments come from the engine's own table."""

    # Errors.

    def error(self, reqId: int, errorCode: int, errorString: str, advancedOrderRejectJson: str) -> None:
        parts = self.parts
        parts.gauges.count_error(errorCode)
        row = meaning(errorCode)
        if reqId in self._futures:
            if errorCode == HANGING:
                self._endReq(reqId, RequestError(reqId, errorCode, errorString), success=False)
            else:
                super().error(reqId, errorCode, errorString, advancedOrderRejectJson)
            return
        if parts.previews.error(reqId, errorCode, errorString) or parts.desk.error(reqId, errorCode, errorString):
            return
        parts.stream.error(reqId, row)
        if row.link == "slow_down":
            parts.pacing.slow_down()
        changed = parts.session.error(row, errorString)
        if row.link == "restored_empty":
            parts.stream.restart()
        if not changed and not row.is_quiet:
            self._tell(row, errorString)

    def unreadable(self, message: str, problem: Exception) -> None:
        """A message that could not be decoded or cannot be meant; `message` is its number."""
        self.parts.gauges.unreadable += 1
        self.parts.books.unreadable(message)
        if message in ORDER_MESSAGES:
            self.parts.hear(ErrorHeard(0, f"message {message} of TWS could not be read: {problem}"))
            self.parts.desk.unreadable()

    def _tell(self, row: Meaning, text: str) -> None:
        now = asyncio.get_running_loop().time()
        told = self.parts.told_at
        if now - told.get(row.code, -TELL_AGAIN_S) >= TELL_AGAIN_S:
            told[row.code] = now
            self.parts.hear(ErrorHeard(row.code, row.sentence(text)))
