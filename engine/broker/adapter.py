"""The Broker port over TWS: puts the parts of this package together and speaks to the loop in domain types."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from ib_async import Contract as IbContract

from engine.broker.asking import machine_s
from engine.broker.data.account import Account
from engine.broker.data.chains import Chains
from engine.broker.data.history import History
from engine.broker.data.lines import Lines
from engine.broker.data.quotes import Stream
from engine.broker.gauges import BrokerGauges
from engine.broker.orders.books import Books
from engine.broker.orders.executions import Executions
from engine.broker.orders.gateway import OrderGateway
from engine.broker.orders.names import Names
from engine.broker.orders.previews import Previews
from engine.broker.questions import Questions
from engine.broker.session.session import Address, Session
from engine.broker.session.tws import Tws
from engine.broker.session.wrapper import Parts
from engine.broker.translate import ID_MAX
from engine.broker.unread import Unread
from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.contract import Contract
from engine.domain.errors import Transient, UserError
from engine.domain.facts.orders import OrderPreviewed, OrderProposed, OrderUnknown
from engine.domain.maintenance import Restart, window_at
from engine.domain.order import Order
from engine.domain.snapshot import AccountValues, DataQuality
from engine.ports import BrokerState, Clock, ContractShelf, DailyBars, Publish, QuoteSink, Underlying

LINES = 100
"""Market data lines that IBKR gives every user."""
LINES_RESERVED = 5
"""Left to TWS's own windows: a line that a person's watch list takes must not cost an open leg its quote."""
LIVE, DELAYED = 1, 3
SPOKEN_OF = timedelta(days=4)
"""After its end: TWS tells executions and completed orders of today, and after a weekend of Friday."""
DRAIN_S, DRAIN_STEP_S = 3.0, 0.05
"""At leaving: a hundred cancels take little more than two seconds at TWS's pace."""


class IbBroker:
    """`ports.Broker` through ib_async. One TWS, one account, one client id.

    `order_prefix` begins every reference of ours. `last_order_id` is the highest order id of past sessions: none is used
    again. `zone` is the time zone that TWS runs in, for its times that name none. `calendar` tells the exchange's sessions around
    an instant: TWS lists options by their last trading day.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: int,
        account: str | None,
        publish: Publish,
        quotes: QuoteSink,
        clock: Clock,
        *,
        order_prefix: str,
        last_order_id: int = 0,
        lines: int = LINES,
        accepts_delayed: bool = False,
        zone: str = "America/New_York",
        calendar: Callable[[datetime], Calendar] = lambda _: WEEKDAYS,
        restart: Restart | None = None,
        shelf: ContractShelf | None = None,
    ) -> None:
        """`restart` is when TWS restarts by itself; a loss then, or while IBKR resets, is told as expected. `shelf` keeps lists
        of contracts."""
        if not order_prefix:
            raise ValueError("order_prefix is empty: without one every order in the account would count as ours")
        self.gauges = BrokerGauges()
        self._publish = publish
        self._clock = clock
        self._restart = restart
        self._accepts_delayed = accepts_delayed
        self._contracts: dict[int, IbContract] = {}
        ib = self._ib = Tws(clock, self.gauges, zone)
        unread = Unread(publish, self.gauges)
        names = self._names = Names(order_prefix, client_id)
        executions = Executions(names)
        self._account = Account(clock)
        self._pnl_id = 0
        """Request number of the subscription to the result of the day."""
        self._session = Session(ib, Address(host, port, client_id, account), publish, clock, self.gauges, self._expected)
        self._session.lost = self._lost
        self._gateway = OrderGateway(ib.client, ib.client.pacing, client_id, publish, names, self.gauges)
        self._gateway.highest_order_id = min(last_order_id, ID_MAX)
        self._previews = Previews(ib.client, ib.client.pacing, self.gauges)
        self._books = Books(ib, names, executions, unread, zone)
        self._books.filled = self._gateway.filled
        self._books.overdue = self._overdue
        free = Lines(max(1, lines - LINES_RESERVED))
        self._stream = Stream(
            ib.client, quotes, free, self.gauges, self._contracts, unread, self._session.link, ib.client.pacing, self._session.say
        )
        questions = self._questions = Questions(publish, clock, self.gauges, lambda: self._session.is_up)
        self._chains = Chains(ib, questions, self._stream, self._contracts, clock, unread, calendar, publish, shelf)
        self._history = History(ib, questions, self._contracts, clock, unread)
        names.on_bound = ib.wrapper.bound
        ib.wrapper.parts = Parts(
            session=self._session,
            account=self._account,
            gateway=self._gateway,
            previews=self._previews,
            books=self._books,
            stream=self._stream,
            names=names,
            executions=executions,
            unread=unread,
            pacing=ib.client.pacing,
            gauges=self.gauges,
            clock=clock,
            publish=publish,
        )

    @property
    def is_connected(self) -> bool:
        return self._session.is_up

    @property
    def data(self) -> DataQuality:
        if not self._session.is_up or self._session.link.is_data_broken:
            return "unknown"
        return self._stream.quality

    @property
    def account(self) -> AccountValues:
        return self._account.values

    @property
    def clock_skew_s(self) -> float | None:
        return self.gauges.clock_skew_seconds

    @property
    def quotes_told(self) -> tuple[int, int]:
        return self._stream.told

    @property
    def unfinished_chains(self) -> frozenset[str]:
        return self._chains.unfinished

    @property
    def subscriptions(self) -> Mapping[int, int]:
        """Contract number by request number of every open market data line."""
        return self._stream.subscriptions

    @property
    def highest_order_id(self) -> int:
        """Of all order ids seen, to be handed to the next process as `last_order_id`."""
        return self._gateway.highest_order_id

    async def connect(self) -> str:
        if self._session.is_up:
            return self._account.name
        account = await self._session.connect()
        if self._session.is_up:  # TWS had lost IBKR and has it again
            return account
        await self._refuse_foreign_currency(account)
        client = self._ib.client
        try:
            client.updateReqId(self._gateway.highest_order_id + 1)
            client.reqMarketDataType(DELAYED if self._accepts_delayed else LIVE)
            self._follow_result(account)
            self._stream.restart()
        except ConnectionError as problem:
            self._session.fell(f"the connection to TWS was lost while it was set up: {problem}")
            raise Transient(f"the connection to TWS was lost while it was set up: {problem}; it may be tried again") from problem
        self._session.begin()
        return account

    async def disconnect(self) -> None:
        """Leave once the orders and cancels that wait for their turn have left, or could not within `DRAIN_S`."""
        for _ in range(int(DRAIN_S / DRAIN_STEP_S)):
            if not self._session.is_up or not self._ib.client.pacing.holds_orders:
                break
            await asyncio.sleep(machine_s(DRAIN_STEP_S))
        await self._session.leave("disconnected on request")

    def recall(self, orders: Iterable[Order]) -> None:
        """Of orders that ended days ago TWS speaks no more."""
        since = self._clock.now() - SPOKEN_OF
        for order in orders:
            if order.is_at_broker or order.changed_at >= since:
                self._names.recall(order.ref, order.perm_id or 0)

    async def state(self) -> BrokerState:
        return await self._books.state(self._account.name)

    async def underlying(self, symbol: str) -> Underlying:
        return await self._chains.underlying(symbol)

    async def chain(self, underlying: Underlying, expiries: Callable[[date], bool], band: float) -> Sequence[Contract]:
        return await self._chains.chain(underlying, expiries, band)

    async def daily_bars(self, underlying: Underlying, days: int) -> DailyBars:
        return await self._history.daily_bars(underlying, days)

    def watch(self, options: Iterable[Contract], underlyings: Iterable[Underlying], exploring: Iterable[Contract] = ()) -> None:
        self._stream.watch(options, underlyings, exploring)

    def requote(self, options: Iterable[Contract]) -> None:
        self._stream.requote(option.con_id for option in options)

    def refresh_account(self) -> None:
        """By leaving the subscriptions and taking them anew: TWS then tells all values at once, changed or not."""
        if not self._session.is_up:
            return
        for subscribe in (False, True):
            self._ib.client.reqAccountUpdates(subscribe, self._account.name)
        self._ib.client.cancelPnL(self._pnl_id)
        self._follow_result(self._account.name)

    async def preview(self, order: OrderProposed) -> OrderPreviewed:
        return await self._previews.ask(order, self._account.name)

    def send(self, order: Order, limit: Decimal) -> None:
        self._must_be_up(order)
        self._gateway.send(order, limit, self._account.name)

    def reprice(self, order: Order, limit: Decimal) -> None:
        """Never raises: the change is in the journal by now, so one that could not leave makes the order unknown."""
        try:
            self._must_be_up(order)
            self._gateway.reprice(order, limit, self._account.name)
        except (Transient, UserError, ConnectionError) as problem:
            self._publish(OrderUnknown(order.ref, f"its change of price did not leave: {problem}"))

    def cancel(self, order: Order) -> None:
        """Never raises, for the same reason."""
        try:
            self._must_be_up(order)
            self._gateway.cancel(order)
        except (Transient, UserError, ConnectionError) as problem:
            self._publish(OrderUnknown(order.ref, f"its cancel did not leave: {problem}"))

    def _follow_result(self, account: str) -> None:
        self._pnl_id = self._ib.client.getReqId()
        self._ib.client.reqPnL(self._pnl_id, account, "")

    def _must_be_up(self, order: Order) -> None:
        """While the link is in doubt nothing about an order leaves: a change sent into it has become a second order."""
        if not self._session.is_up:
            state = self._session.link.state
            raise Transient(f"order {order.ref}: the link to the broker is {state}, nothing was sent")

    async def _refuse_foreign_currency(self, account: str) -> None:
        currency, told = self._account.base_currency, self._account.currencies
        if currency == "USD" or not told:
            return
        kept = (
            f"kept in {currency}" if currency else f"worth something in {', '.join(told)}, and TWS does not tell which is its own"
        )
        await self._session.leave(f"account {account} is {kept}")
        raise UserError(f"account {account} is {kept}: this engine reckons in USD only; choose a USD account")

    def _expected(self) -> str:
        """Why the link may be gone now; empty where nothing is known of that."""
        window = window_at(self._clock.now(), self._restart) if self._restart is not None else None
        return str(window) if window is not None else ""

    def _overdue(self, book: str) -> None:
        self._session.give_up(f"TWS does not answer when it is asked for {book}; connecting anew")

    def _lost(self, _reason: str) -> None:
        self._gateway.link_lost(self._ib.client.pacing.drop())
        self._names.new_connection()
        self._books.link_lost()
        self._previews.link_lost()
        self._questions.link_lost()
        self._stream.forget()
