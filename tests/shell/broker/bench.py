"""A broker session in virtual time against a scripted TWS, and the orders that the tests place."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from engine.broker.adapter import IbBroker
from engine.domain.chain import NextDividend
from engine.domain.contract import Contract, PutCall
from engine.domain.facts.orders import OrderProposed, Purpose
from engine.domain.facts.union import Fact
from engine.domain.order import Order
from engine.domain.order_life import proposed
from engine.domain.spread import Leg, Spread
from engine.ports import Underlying
from engine.sim.loop import LoopClock, VirtualLoop, run
from engine.sim.network import MemoryNetwork
from tests.shell.broker.scripted_tws import ScriptedTws

PORT = 4002
CLIENT_ID = 7
START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SPY = Underlying("SPY", 756733, "STK", "SMART", "ARCA", "USD")

F = TypeVar("F")


@dataclass
class RecordingSink:
    """Writes down what would go into the chain."""

    options: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    no_quotes: list[tuple[int, str]] = field(default_factory=list)
    models: list[tuple[Any, ...]] = field(default_factory=list)
    underlyings: list[tuple[str, float | None]] = field(default_factory=list)
    day_opens: list[tuple[str, float]] = field(default_factory=list)
    shares: list[tuple[int, float | None, float | None]] = field(default_factory=list)
    volatilities: list[tuple[str, float | None]] = field(default_factory=list)
    dividends: list[tuple[str, NextDividend | None]] = field(default_factory=list)
    halts: list[tuple[str, bool]] = field(default_factory=list)
    at: float = 0.0

    def option(self, con_id: int, at: float, **values: float | None) -> None:
        self.at = at
        self.options.append((con_id, {name: value for name, value in values.items() if value is not None}))

    def no_quote(self, con_id: int, side: str, at: float) -> None:
        self.no_quotes.append((con_id, side))

    def greeks(
        self,
        con_id: int,
        iv: float | None,
        delta: float | None,
        gamma: float | None,
        theta: float | None,
        vega: float | None,
    ) -> None:
        self.models.append((con_id, iv, delta, gamma, theta, vega))

    def underlying(self, symbol: str, at: float, price: float | None) -> None:
        self.underlyings.append((symbol, price))

    def day_open(self, symbol: str, at: float, price: float) -> None:
        self.day_opens.append((symbol, price))

    def share(self, con_id: int, at: float, bid: float | None, ask: float | None) -> None:
        self.shares.append((con_id, bid, ask))

    def underlying_volatility(self, symbol: str, iv30: float | None) -> None:
        self.volatilities.append((symbol, iv30))

    def dividend(self, symbol: str, following: NextDividend | None) -> None:
        self.dividends.append((symbol, following))

    def trading(self, symbol: str, at: float, is_halted: bool) -> None:
        self.halts.append((symbol, is_halted))


@dataclass
class Bench:
    loop: VirtualLoop
    network: MemoryNetwork
    tws: ScriptedTws
    broker: IbBroker
    sink: RecordingSink
    heard: list[Fact]

    def all(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.heard if isinstance(fact, kind)]


def play(scenario: Callable[[Bench], Awaitable[None]], tws: ScriptedTws | None = None, **options: Any) -> Bench:
    """Runs the scenario to its end, leaves the session, and returns the bench for looking at."""
    network = MemoryNetwork()
    loop = VirtualLoop(network)
    scripted = tws or ScriptedTws()

    async def main() -> Bench:
        server = await loop.create_server(scripted.connection, "127.0.0.1", PORT)
        heard: list[Fact] = []
        sink = RecordingSink()
        arguments: dict[str, Any] = {"account": None, "order_prefix": "sp-"} | options
        account = arguments.pop("account")
        broker = IbBroker("127.0.0.1", PORT, CLIENT_ID, account, heard.append, sink, LoopClock(loop, START), **arguments)
        bench = Bench(loop, network, scripted, broker, sink, heard)
        try:
            await scenario(bench)
        finally:
            await broker.disconnect()
            server.close()
        return bench

    return run(main(), loop)


async def settled(bench: Bench) -> None:
    """Long enough for every grace period and every message under way."""
    await asyncio.sleep(2)


def contract(con_id: int, strike: int = 600, put_call: PutCall = "P") -> Contract:
    return Contract(con_id, "SPY", "SPY", date(2026, 12, 18), Decimal(strike), put_call, 100)


LONG, SHORT = contract(101, 590), contract(102, 600)
BULL_PUT = Spread("bull_put", (Leg(SHORT, "sell"), Leg(LONG, "buy")))


def proposal(ref: str = "sp-1", quantity: int = 2, purpose: Purpose = "open", limit: str = "1.20") -> OrderProposed:
    return OrderProposed(
        order_ref=ref,
        purpose=purpose,
        strategy="puts",
        digest="d",
        snapshot="s",
        position=ref if purpose == "open" else "sp-0",
        spread=BULL_PUT,
        quantity=quantity,
        limit=Decimal(limit),
        worst=Decimal("-9.00"),
        max_loss=Decimal(1760),
        fees=Decimal("5.20"),
        reason="entry",
    )


def order(ref: str = "sp-1", quantity: int = 2, purpose: Purpose = "open", limit: str = "1.20") -> Order:
    """An order that is about to be sent."""
    return proposed(proposal(ref, quantity, purpose, limit), START)


def found_again(ref: str, order_id: int) -> Order:
    """An order that another process sent, as the fold knows it after a restart."""
    return replace(order(ref), state="working", order_id=order_id)


LEGS_AS_TWS_LISTS_THEM = (
    {"con_id": 101, "ratio": 1, "action": "BUY", "exchange": "SMART"},
    {"con_id": 102, "ratio": 1, "action": "SELL", "exchange": "SMART"},
)
