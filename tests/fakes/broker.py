"""A broker in memory: holds orders, fills them as told, and answers what it holds. A real class behind `ports.Broker`.

Nothing happens by itself: what the exchange does with an order is the `Habits` it was given, or a call of the test
(`fill`, `cancel_by_itself`, `lose_link`). Every fact goes out through `publish`, as from the real one.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from engine.domain.contract import Contract
from engine.domain.errors import Transient, UserError
from engine.domain.facts.orders import (
    CommissionReported,
    LegFilled,
    OrderAcknowledged,
    OrderCanceled,
    OrderPreviewed,
    OrderProposed,
    OrderRejected,
    OrderUnknown,
    PreviewOutcome,
)
from engine.domain.facts.running import LinkChanged
from engine.domain.facts.union import Fact
from engine.domain.order import Order
from engine.domain.snapshot import AccountValues, DataQuality
from engine.domain.spread import Leg
from engine.ports import (
    BrokerOrder,
    BrokerPosition,
    BrokerState,
    Clock,
    DailyBars,
    Publish,
    QuoteSink,
    Underlying,
)

COMMISSION_PER_CONTRACT = Decimal("0.65")


@dataclass(slots=True)
class Habits:
    """How the broker treats what comes in; may be changed at any time."""

    fill: Literal["never", "at_once", "partly"] = "never"
    """`partly` fills one spread of every order at once and leaves the rest working."""
    preview: PreviewOutcome = "fits"
    """`unknown` is a what-if that never answers."""
    preview_takes_s: float = 0.0
    loses_acknowledgement: bool = False
    """The order arrives and works, and nobody tells."""
    loses_order: bool = False
    """It left, and never arrived."""
    rejects_with: tuple[int, str] | None = None
    ignores_cancels: bool = False
    keeps_account: bool = False
    """Asked for the account's values anew it stays silent."""
    picture_fails: bool = False
    """Asked for its books it stays silent."""


@dataclass(slots=True)
class HeldOrder:
    """One order as the exchange knows it."""

    order: Order
    limit: Decimal
    perm_id: int
    order_id: int
    status: Literal["working", "filled", "canceled", "inactive"] = "working"
    filled: int = 0
    told: bool = False
    """The acknowledgement went out."""


@dataclass(slots=True)
class FakeBroker:
    """`ports.Broker` over a tiny exchange. Prices are USD per share, + received."""

    publish: Publish
    quotes: QuoteSink
    clock: Clock
    name: str = "DU1"
    """The account."""
    contracts: Sequence[Contract] = ()
    """Everything listed; `chain` picks from it."""
    spot: dict[str, float] = field(default_factory=dict[str, float])
    bars: DailyBars = field(default_factory=lambda: DailyBars((), (), ()))
    habits: Habits = field(default_factory=Habits)
    data: DataQuality = "live"
    equity: Decimal = Decimal(100_000)
    account_reported_at: datetime | None = None
    """When the account was last told; None while every look finds it told just now."""
    account_asks: int = 0
    """How often its values were asked for anew."""
    is_connected: bool = False
    clock_skew_s: float | None = 0.0
    quotes_told: tuple[int, int] = (0, 0)
    unfinished_chains: frozenset[str] = frozenset()
    refuses: Transient | UserError | None = None
    """What the next connects raise."""
    held: dict[str, HeldOrder] = field(default_factory=dict[str, HeldOrder])
    sent: list[tuple[str, Decimal]] = field(default_factory=list[tuple[str, Decimal]])
    """Every order that reached the broker, in order: a reference twice in here is the one thing that must never happen."""
    repriced: list[tuple[str, Decimal]] = field(default_factory=list[tuple[str, Decimal]])
    canceled: list[str] = field(default_factory=list[str])
    previewed: list[OrderProposed] = field(default_factory=list[OrderProposed])
    recalled: tuple[str, ...] = ()
    watched: tuple[Contract, ...] = ()
    requoted: list[Contract] = field(default_factory=list[Contract])
    watched_underlyings: tuple[Underlying, ...] = ()
    positions: dict[int, Decimal] = field(default_factory=dict[int, Decimal])
    foreign: tuple[BrokerPosition, ...] = ()
    """What somebody else holds in the account, with its terms."""
    executions: list[Fact] = field(default_factory=list[Fact])
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    # The port.

    @property
    def account(self) -> AccountValues:
        return AccountValues(
            account=self.name,
            reported_at=self.account_reported_at or self.clock.now(),
            net_liquidation=self.equity,
            available_funds=self.equity,
            look_ahead_available_funds=self.equity,
            buying_power=self.equity * 4,
            excess_liquidity=self.equity,
            day_pnl=Decimal(0),
        )

    async def connect(self) -> str:
        if self.refuses is not None:
            raise self.refuses
        self.publish(LinkChanged("connecting", None, "connecting to the fake broker"))
        self.is_connected = True
        self.publish(LinkChanged("up", None, "connected to the fake broker"))
        return self.name

    async def disconnect(self) -> None:
        if self.is_connected:
            self.lose_link("disconnected")

    def recall(self, orders: Iterable[Order]) -> None:
        self.recalled = tuple(order.ref for order in orders)

    async def state(self) -> BrokerState:
        self._must_be_connected("state")
        if self.habits.picture_fails:
            raise Transient("open orders: no answer within 10 s")
        orders = [self._as_reported(held) for held in self.held.values()]
        return BrokerState(
            account=self.name,
            open_orders=tuple(order for order in orders if order.status == "working"),
            completed_orders=tuple(order for order in orders if order.status != "working"),
            executions=tuple(self.executions),
            positions=(
                *(
                    BrokerPosition(con_id, self._symbol(con_id), self._text(con_id), quantity)
                    for con_id, quantity in sorted(self.positions.items())
                    if quantity
                ),
                *self.foreign,
            ),
        )

    async def underlying(self, symbol: str) -> Underlying:
        self._must_be_connected("underlying")
        if symbol not in self.spot:
            raise UserError(f"{symbol}: the broker knows no such underlying; check the symbol")
        return Underlying(symbol, 10_000 + sum(map(ord, symbol)), "STK", "SMART", "ARCA", "USD")

    async def chain(self, underlying: Underlying, expiries: Callable[[date], bool], band: float) -> Sequence[Contract]:
        self._must_be_connected("chain")
        spot = self.spot[underlying.symbol]
        return [
            contract
            for contract in self.contracts
            if contract.underlying == underlying.symbol
            and expiries(contract.expiry)
            and abs(float(contract.strike) / spot - 1) <= band
        ]

    async def daily_bars(self, underlying: Underlying, days: int) -> DailyBars:
        self._must_be_connected("daily bars")
        return DailyBars(self.bars.days[-days:], self.bars.closes[-days:], self.bars.implied_volatilities[-days:])

    def watch(self, options: Iterable[Contract], underlyings: Iterable[Underlying], exploring: Iterable[Contract] = ()) -> None:
        self.watched = tuple(options)
        self.watched_underlyings = tuple(underlyings)

    def requote(self, options: Iterable[Contract]) -> None:
        self.requoted += options

    def refresh_account(self) -> None:
        self.account_asks += 1
        if self.account_reported_at is not None and self.is_connected and not self.habits.keeps_account:
            self.account_reported_at = self.clock.now()

    async def preview(self, order: OrderProposed) -> OrderPreviewed:
        self.previewed.append(order)
        await asyncio.sleep(self.habits.preview_takes_s)
        match self.habits.preview:
            case "fits":
                contracts = order.quantity * sum(leg.ratio for leg in order.spread.legs)
                commission = COMMISSION_PER_CONTRACT * contracts
                return OrderPreviewed(order.order_ref, "fits", order.max_loss, order.max_loss, -commission, commission, "")
            case "refused":
                text = "201: Order rejected - reason: the fake broker was told to refuse"
            case "unknown":
                text = "the broker did not answer the what-if within 6 s"
        return OrderPreviewed(order.order_ref, self.habits.preview, None, None, None, None, text)

    def send(self, order: Order, limit: Decimal) -> None:
        self._must_be_connected("send")
        if any(ref == order.ref for ref, _ in self.sent):
            raise AssertionError(f"{order.ref} was sent a second time")
        if self.habits.loses_order:
            self.sent.append((order.ref, limit))
            return
        number = next(self._ids)
        held = self.held[order.ref] = HeldOrder(order, limit, perm_id=1_000_000 + number, order_id=number)
        self.sent.append((order.ref, limit))
        if self.habits.rejects_with is not None:
            held.status = "inactive"
            self.publish(OrderRejected(order.ref, *self.habits.rejects_with))
            return
        if not self.habits.loses_acknowledgement:
            self.acknowledge(order.ref)
        if self.habits.fill != "never":
            self.fill(order.ref, order.quantity if self.habits.fill == "at_once" else 1)

    def reprice(self, order: Order, limit: Decimal) -> None:
        if not self.is_connected:
            self.publish(OrderUnknown(order.ref, "its change of price did not leave: not connected to the broker"))
            return
        self.repriced.append((order.ref, limit))
        self.held[order.ref].limit = limit
        if self.held[order.ref].status == "working":
            self.acknowledge(order.ref)

    def cancel(self, order: Order) -> None:
        if not self.is_connected:
            self.publish(OrderUnknown(order.ref, "its cancel did not leave: not connected to the broker"))
            return
        self.canceled.append(order.ref)
        held = self.held.get(order.ref)
        if held is not None and held.status == "working" and not self.habits.ignores_cancels:
            self.cancel_by_itself(order.ref, "canceled on request")

    # What the world does.

    def acknowledge(self, order_ref: str) -> None:
        held = self.held[order_ref]
        held.told = True
        self.publish(OrderAcknowledged(order_ref, held.perm_id, held.order_id, "Submitted"))

    def fill(self, order_ref: str, spreads: int, net: Decimal | None = None) -> None:
        """Executes that many spreads leg by leg at `net`, or at the order's limit."""
        held = self.held[order_ref]
        spreads = min(spreads, held.order.quantity - held.filled)
        if held.status != "working" or spreads <= 0:
            return
        held.filled += spreads
        if held.filled == held.order.quantity:
            held.status = "filled"
        for leg, price in self._priced(held, held.limit if net is None else net):
            self._execute(held, leg, spreads * leg.ratio, price)

    def cancel_by_itself(self, order_ref: str, reason: str) -> None:
        self.held[order_ref].status = "canceled"
        self.publish(OrderCanceled(order_ref, reason))

    def lose_link(self, reason: str = "the link was lost") -> None:
        self.is_connected = False
        self.publish(LinkChanged("down", None, reason))

    def forget(self, order_ref: str) -> None:
        """As if the order had never arrived."""
        del self.held[order_ref]

    # Inside.

    def _must_be_connected(self, request: str) -> None:
        if not self.is_connected:
            raise Transient(f"{request}: not connected to the broker")

    def _priced(self, held: HeldOrder, net: Decimal) -> list[tuple[Leg, Decimal]]:
        """A price for each leg, none below 0.01, so that the whole nets exactly `net` in the order's direction."""
        flip = 1 if held.order.purpose == "open" else -1
        signs = [-leg.sign * flip for leg in held.order.spread.legs]  # + where cash comes in
        prices = [Decimal("1.00")] * len(signs)
        rest = net - sum(
            (sign * leg.ratio * price for sign, leg, price in zip(signs, held.order.spread.legs, prices, strict=True)),
            Decimal(0),
        )
        chosen = signs.index(1 if rest >= 0 else -1)
        prices[chosen] += abs(rest) / held.order.spread.legs[chosen].ratio
        return list(zip(held.order.spread.legs, prices, strict=True))

    def _execute(self, held: HeldOrder, leg: Leg, contracts: int, price: Decimal) -> None:
        opens = held.order.purpose == "open"
        buys = (leg.action == "buy") == opens
        number = next(self._ids)
        exec_id = f"0000e0d5.{number:08x}.01.01"
        fill = LegFilled(
            order_ref=held.order.ref,
            exec_id=exec_id,
            con_id=leg.contract.con_id,
            action="buy" if buys else "sell",
            quantity=contracts,
            price=price,
            executed_at=self.clock.now(),
            perm_id=held.perm_id,
        )
        paid = CommissionReported(held.order.ref, exec_id, COMMISSION_PER_CONTRACT * contracts)
        change = Decimal(contracts if buys else -contracts)
        self.positions[leg.contract.con_id] = self.positions.get(leg.contract.con_id, Decimal(0)) + change
        self.executions += [fill, paid]
        if self.is_connected:
            self.publish(fill)
            self.publish(paid)

    def _as_reported(self, held: HeldOrder) -> BrokerOrder:
        return BrokerOrder(
            order_ref=held.order.ref,
            perm_id=held.perm_id,
            order_id=held.order_id,
            status=held.status,
            filled=Decimal(held.filled),
            text=str(held.order.spread),
        )

    def _symbol(self, con_id: int) -> str:
        return next((c.underlying for c in self.contracts if c.con_id == con_id), "?")

    def _text(self, con_id: int) -> str:
        return next((str(c) for c in self.contracts if c.con_id == con_id), f"contract {con_id}")
