"""The broker in process: `ports.Broker` over the simulator's exchange and account, with recorded chains for a market.

It answers at once, whatever it is asked, and what it has to say of orders becomes the same facts as over the wire. Time is
moved from outside: `step` brings market and fills to the clock's instant, `settle` ends what has expired.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal

from engine.broker.data.history import joined
from engine.domain.contract import Contract
from engine.domain.errors import UserError
from engine.domain.facts.orders import (
    OrderAcknowledged,
    OrderCanceled,
    OrderPreviewed,
    OrderProposed,
    OrderRejected,
    OrderUnknown,
)
from engine.domain.facts.running import ErrorHeard, LinkChanged
from engine.domain.index_classes import INDEXES, is_known, refusal
from engine.domain.order import Order
from engine.domain.session import trading_day
from engine.domain.snapshot import AccountValues, DataQuality
from engine.ports import BrokerState, Clock, DailyBars, Publish, Underlying
from engine.research.paper.books import filled, paid, state_of
from engine.research.paper.telling import Telling
from engine.research.paper.terms import terms_of
from engine.sim.exchange.exchange import Exchange
from engine.sim.exchange.orders import Charged, ErrorShown, Executed, Notice, Preview, Previewed, StatusShown
from engine.sim.tape import MarketTape

CLIENT = 0
_STANDARD = 100
_CENT = Decimal("0.01")
_FOUR_TIMES = 4
"""Day-trading buying power of a margin account: four times the available funds."""


class PaperBroker:
    """One account on one recorded market. Nothing is ever lost on the way."""

    def __init__(
        self, tape: MarketTape, exchange: Exchange, telling: Telling, clock: Clock, publish: Publish, nudge: Callable[[], None]
    ) -> None:
        """`nudge` wakes the engine where quotes are told at its request."""
        self._tape, self._exchange, self._telling = tape, exchange, telling
        self._clock, self._publish, self._nudge = clock, publish, nudge
        self._order_ids: dict[str, int] = {}
        """By our reference."""
        self._told: dict[str, str] = {}
        """Standing of each order as it was acknowledged last."""
        self._is_connected = False
        self._day = date.min
        self._values: AccountValues | None = None
        self._refused: set[str] = set()

    # what the engine sees

    @property
    def is_connected(self) -> bool:
        return self._is_connected

    @property
    def data(self) -> DataQuality:
        return "live" if self._is_connected else "unknown"

    @property
    def unfinished_chains(self) -> frozenset[str]:
        """What was recorded is there whole."""
        return frozenset()

    @property
    def account(self) -> AccountValues:
        """The exchange's own numbers, in whole cents, reported now."""
        if self._values is None:
            account, tape = self._exchange.account, self._tape
            funds = account.funds(tape)
            available = (funds.equity_with_loan - funds.initial).quantize(_CENT)
            self._values = AccountValues(
                account=account.name,
                reported_at=self._clock.now(),
                net_liquidation=account.net_liquidation(tape).quantize(_CENT),
                available_funds=available,
                look_ahead_available_funds=available,
                buying_power=max(Decimal(0), available) * _FOUR_TIMES,
                excess_liquidity=(funds.equity_with_loan - funds.maintenance).quantize(_CENT),
                day_pnl=account.daily(tape).quantize(_CENT),
            )
        return self._values

    @property
    def clock_skew_s(self) -> float | None:
        """Its clock is the engine's."""
        return 0.0

    @property
    def quotes_told(self) -> tuple[int, int]:
        """What is watched is told."""
        return self._telling.watched, self._telling.watched

    async def connect(self) -> str:
        if not self._is_connected:
            self._is_connected = True
            self._publish(LinkChanged("up", None, "recorded chains"))
        return self._exchange.account.name

    async def disconnect(self) -> None:
        self._is_connected = False

    def recall(self, orders: Iterable[Order]) -> None:
        """Orders of an earlier run are none of this one's."""

    async def state(self) -> BrokerState:
        return state_of(self._exchange)

    async def underlying(self, symbol: str) -> Underlying:
        found = self._tape.underlying(symbol)
        if found is None:
            raise UserError(f"{symbol}: nothing of it was recorded")
        if found.sec_type == "IND" and symbol not in INDEXES:
            raise UserError(refusal(symbol, symbol))
        return Underlying(symbol, found.con_id, found.sec_type, found.exchange, found.primary_exchange, found.currency)

    async def chain(self, underlying: Underlying, expiries: Callable[[date], bool], band: float) -> Sequence[Contract]:
        """Of what is listed today the standard contracts: 100 shares, and a class without a digit whose settlement is known."""
        listing, spot = self._tape.market.listing, self._tape.spot(underlying.symbol)
        if spot is None:
            raise UserError(f"{underlying.symbol}: no price of it was recorded")
        rows, (low, high) = listing.rows(underlying.symbol), (float(spot) * (1 - band), float(spot) * (1 + band))
        roots = [self._is_traded(root, underlying) for root in listing.roots]
        days = {day: expiries(day) for day in set(listing.expiry[rows].tolist())}
        listed = zip(
            *(column[rows].tolist() for column in (listing.con_id, listing.strike, listing.expiry, listing.root)), strict=True
        )
        found = [
            contract
            for con_id, strike, day, root in listed
            if low <= strike <= high and days[day] and roots[root]
            if (contract := self._telling.contract(con_id)).multiplier == _STANDARD
        ]
        return sorted(found, key=lambda one: (one.expiry, one.root, one.put_call, one.strike))

    async def daily_bars(self, underlying: Underlying, days: int) -> DailyBars:
        """Completed days only, as the market had them at this instant."""
        bars = self._tape.market.daily_bars(underlying.symbol, days)
        volatilities = {bar.day: bar.close for bar in self._tape.market.iv_bars(underlying.symbol, days)}
        volumes = {bar.day: float(bar.volume) for bar in bars if bar.volume}
        return joined({bar.day: bar.close for bar in bars}, volatilities, days, volumes)

    def watch(self, options: Iterable[Contract], underlyings: Iterable[Underlying], exploring: Iterable[Contract] = ()) -> None:
        self._telling.watch([option.con_id for option in (*options, *exploring)], [one.symbol for one in underlyings])

    def requote(self, options: Iterable[Contract]) -> None:
        """Tell these at once as they stand, and wake the engine by it."""
        self._telling.tell_options([option.con_id for option in options], self._clock.now())
        self._nudge()

    def refresh_account(self) -> None:
        self._values = None

    async def preview(self, order: OrderProposed) -> OrderPreviewed:
        name = self._exchange.account.name
        terms = terms_of(order.order_ref, order.spread, order.purpose, order.quantity, order.limit, name, what_if=True)
        for notice in self._exchange.place(CLIENT, 0, terms, self._clock.now()):
            if isinstance(notice, Previewed):
                return _fits(order.order_ref, notice.preview)
            if isinstance(notice, ErrorShown):
                text = f"{notice.code}: {notice.text}"
                return OrderPreviewed(order.order_ref, "refused", None, None, None, None, text)
        return OrderPreviewed(order.order_ref, "unknown", None, None, None, None, "the exchange gave no answer")

    def send(self, order: Order, limit: Decimal) -> None:
        self._order_ids[order.ref] = len(self._order_ids) + 1
        self._place(order, limit)

    def reprice(self, order: Order, limit: Decimal) -> None:
        self._place(order, limit)

    def cancel(self, order: Order) -> None:
        self._hear(self._exchange.cancel(CLIENT, self._order_ids[order.ref], self._clock.now()))

    # what moves it

    def step(self) -> None:
        """Bring the market to the clock's instant: orders trade by it, and those for the day end with the session."""
        now, exchange = self._clock.now(), self._exchange
        if trading_day(now) != self._day:
            self._day = trading_day(now)
            exchange.begin_day()
        self._tape.step(now)
        self._values = None
        is_open = self._tape.market.is_open(now)
        if is_open and not exchange.is_open:
            self._hear(exchange.open_session(now))
        elif exchange.is_open and not is_open:
            self._hear(exchange.close_session(now))
        self._hear(exchange.step(now))

    def settle(self) -> None:
        """Turn what has expired into cash or shares, as the broker's back office does after the close."""
        self._values = None
        self._hear(self._exchange.settle(self._clock.now()))

    # inside

    def _place(self, order: Order, limit: Decimal) -> None:
        proposed = order.proposed
        name = self._exchange.account.name
        terms = terms_of(order.ref, order.spread, proposed.purpose, order.quantity, limit, name)
        order_id, now = self._order_ids[order.ref], self._clock.now()
        self._hear(self._exchange.place(CLIENT, order_id, terms, now), placing=order)
        arrived = self._exchange.find(CLIENT, order_id)
        if arrived is not None and arrived.is_working:
            self._hear(self._exchange.arrive(arrived, now))

    def _is_traded(self, root: str, underlying: Underlying) -> bool:
        if any(letter.isdigit() for letter in root):
            return False
        if is_known(root, underlying.symbol, of_index=underlying.kind == "IND"):
            return True
        if root.startswith(underlying.symbol) and root not in self._refused:
            self._refused.add(root)
            self._publish(ErrorHeard(0, refusal(root, underlying.symbol)))
        return False

    def _hear(self, notices: Sequence[Notice], placing: Order | None = None) -> None:
        """Publish what the exchange tells as the facts that its messages over the wire become."""
        for notice in notices:
            match notice:
                case Executed(execution=execution):
                    self._values = None
                    if execution.instrument is not None:
                        self._publish(filled(execution))
                case Charged(commission=commission):
                    execution = self._exchange.booking.executions[commission.exec_id]
                    self._publish(paid(execution, commission))
                case StatusShown():
                    self._standing(notice)
                case ErrorShown(code=code, text=text) if placing is not None:
                    self._refuse(placing, code, text)
                case _:
                    pass

    def _standing(self, shown: StatusShown) -> None:
        order = self._exchange.orders[shown.perm_id]
        ref = order.terms.order_ref
        if shown.status == "Cancelled":
            self._publish(OrderCanceled(ref, order.done_text))
        elif shown.status in {"PreSubmitted", "Submitted"} and self._told.get(ref) != shown.status:
            self._told[ref] = shown.status
            self._publish(OrderAcknowledged(ref, shown.perm_id, shown.order_id, shown.status))

    def _refuse(self, order: Order, code: int, text: str) -> None:
        if order.ref in self._told:  # it works on at the price it had
            self._publish(OrderUnknown(order.ref, f"its change of price was refused: {code}: {text}"))
        else:
            self._publish(OrderRejected(order.ref, code, text))


def _fits(order_ref: str, preview: Preview) -> OrderPreviewed:
    before, after = preview.before, preview.after
    return OrderPreviewed(
        order_ref=order_ref,
        outcome="fits",
        initial_margin_change=(after.initial - before.initial).quantize(_CENT),
        maintenance_margin_change=(after.maintenance - before.maintenance).quantize(_CENT),
        equity_with_loan_change=(after.equity_with_loan - before.equity_with_loan).quantize(_CENT),
        commission=preview.commission.quantize(_CENT),
        text=preview.warning,
    )
