"""The brokers that keep the contract, each on a stage where a test can make the market and the link behave.

`FakeStage` is the broker in memory. `SimulatedStage` is the real adapter with the real ib_async in virtual time against the
simulated TWS: what holds here holds on the wire.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from engine.broker.adapter import IbBroker
from engine.domain.contract import Contract
from engine.domain.facts import Fact, OrderProposed, Purpose
from engine.domain.order import Order, proposed
from engine.domain.spread import Leg, Spread
from engine.ports import Broker, DailyBars
from engine.sim.loop import LoopClock, VirtualLoop, run
from engine.sim.simulator import Simulator
from tests.core.sim_market.given import market
from tests.fakes.broker import FakeBroker, Habits
from tests.shell.broker.bench import RecordingSink

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
PORT = 4002
LAST_EXPIRY = date(2026, 12, 31)
SETTLE_S = 5.0


class Stage(ABC):
    """A broker, what it told, and the levers of its world."""

    broker: Broker
    spread: Spread
    resting: Decimal
    """A credit that nobody pays now, USD per share."""
    marketable: Decimal
    """A credit that is there for the taking."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.clock = LoopClock(loop, START)
        self.sink = RecordingSink()
        self.heard: list[Fact] = []

    @abstractmethod
    async def open(self) -> None:
        """Connects and chooses a bull put spread."""

    @abstractmethod
    def will(self, habit: str) -> None:
        """What the world does next: fill, rest, reject, lose_acknowledgement, lose_order, preview_silence, preview_refusal."""

    @abstractmethod
    async def cut_link(self, fills: Order | None = None) -> None:
        """The link is lost, and meanwhile the order fills."""

    async def settle(self) -> None:
        await asyncio.sleep(SETTLE_S)

    async def close(self) -> None:
        await self.broker.disconnect()

    def told(self, ref: str) -> list[Fact]:
        """What was told of one order, oldest first."""
        return [fact for fact in self.heard if getattr(fact, "order_ref", None) == ref]

    def order(self, ref: str, limit: Decimal, quantity: int = 2, purpose: Purpose = "open") -> Order:
        return proposed(self.proposal(ref, limit, quantity, purpose), self.clock.now())

    def proposal(self, ref: str, limit: Decimal, quantity: int = 2, purpose: Purpose = "open") -> OrderProposed:
        return OrderProposed(
            order_ref=ref,
            purpose=purpose,
            strategy="puts",
            digest="d",
            snapshot="s",
            position=ref,
            spread=self.spread,
            quantity=quantity,
            limit=limit,
            worst=limit,
            max_loss=(self.spread.width - limit) * 100 * quantity,
            fees=Decimal("5.20"),
            reason="entry",
        )

    async def placed(self, ref: str, limit: Decimal, quantity: int = 2, purpose: Purpose = "open") -> Order:
        """Sends the order and lets the world answer."""
        order = self.order(ref, limit, quantity, purpose)
        self.broker.send(order, limit)
        await self.settle()
        return order


class FakeStage(Stage):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__(loop)
        puts = [Contract(n, "SPY", "SPY", date(2026, 12, 18), Decimal(570 + n), "P", 100) for n in range(1, 60)]
        days = tuple(date(2026, 11, 20) - timedelta(days=n) for n in reversed(range(30)))
        bars = DailyBars(days, tuple(600.0 for _ in days), tuple(0.2 for _ in days))
        self.fake = FakeBroker(
            self.heard.append, self.sink, self.clock, contracts=puts, spot={"SPY": 600.0}, bars=bars, habits=Habits()
        )
        self.broker = self.fake
        self.spread = Spread("bull_put", (Leg(puts[29], "sell"), Leg(puts[19], "buy")))
        self.resting, self.marketable = Decimal("3.00"), Decimal("1.20")

    async def open(self) -> None:
        await self.broker.connect()

    def will(self, habit: str) -> None:
        habits = self.fake.habits
        match habit:
            case "fill" | "rest":
                habits.fill = "at_once" if habit == "fill" else "never"
            case "reject":
                habits.rejects_with = (201, "Order rejected")
            case "lose_acknowledgement":
                habits.loses_acknowledgement = True
            case "preview_silence" | "preview_refusal":
                habits.preview = "unknown" if habit == "preview_silence" else "refused"
            case "lose_order":
                habits.loses_order = True
            case _:
                raise AssertionError(habit)

    async def cut_link(self, fills: Order | None = None) -> None:
        self.fake.lose_link()
        if fills is not None:
            self.fake.fill(fills.ref, fills.quantity)


class SimulatedStage(Stage):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__(loop)
        self.tws = Simulator(market(7, START, ("SPY",), 1.0), seed=7, begins=START)
        self.ib = IbBroker("127.0.0.1", PORT, 7, None, self.heard.append, self.sink, self.clock, order_prefix="sp-")
        self.broker = self.ib

    async def open(self) -> None:
        await self.tws.start(port=PORT)
        await self.broker.connect()
        spy = await self.broker.underlying("SPY")
        chain = await self.broker.chain(spy, lambda day: day == date(2026, 12, 18), 0.05)
        puts = {int(one.strike): one for one in chain if one.put_call == "P"}
        self.spread = Spread("bull_put", (Leg(puts[590], "sell"), Leg(puts[580], "buy")))
        self.broker.watch([leg.contract for leg in self.spread.legs], [spy])
        await self.settle()
        short, long = (self.quote(leg.contract) for leg in self.spread.legs)
        self.marketable = Decimal(str(round(short["bid"] - long["ask"] - 0.05, 2)))
        self.resting = self.marketable + 3

    def quote(self, contract: Contract) -> dict[str, float]:
        merged: dict[str, float] = {}
        for con_id, values in self.sink.options:
            if con_id == contract.con_id:
                merged |= values
        return merged

    def will(self, habit: str) -> None:
        faults = {
            "reject": "reject=201",
            "lose_acknowledgement": "ack_lost",
            "lose_order": "order_lost",
            "preview_silence": "what_if_silentx4",
            "preview_refusal": "what_if_error=201",
        }
        if habit in faults:
            self.tws.inject(faults[habit])

    async def cut_link(self, fills: Order | None = None) -> None:
        if fills is not None:
            self.tws.inject("fill_unheard")
        self.tws.inject("close")

    async def close(self) -> None:
        await super().close()
        await self.tws.stop()


def perform(stage: type[Stage], play: Callable[[Stage], Awaitable[None]]) -> Stage:
    """Opens the stage, plays, closes it and returns it for looking at."""
    loop = VirtualLoop()

    async def main() -> Stage:
        stage_ = stage(loop)
        await stage_.open()
        try:
            await play(stage_)
        finally:
            await stage_.close()
        return stage_

    return run(main(), loop)
