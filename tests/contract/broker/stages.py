"""The brokers that keep the contract, each on a stage where a test can make the market and the link behave.

`FakeStage` is the broker in memory. `SimulatedStage` is the real adapter with the real ib_async in virtual time against the
simulated TWS: what holds here holds on the wire.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from engine.broker.adapter import IbBroker
from engine.domain.contract import Contract, PutCall
from engine.domain.facts.orders import OrderProposed, Purpose
from engine.domain.facts.union import Fact
from engine.domain.order import Order
from engine.domain.order_life import proposed
from engine.domain.spread import Action, Leg, Spread
from engine.ports import Broker, DailyBars
from engine.sim.loop import LoopClock, VirtualLoop, run
from engine.sim.options import SimOptions
from engine.sim.simulator import Simulator
from tests.core.sim_market.given import market
from tests.fakes.broker import FakeBroker, Habits
from tests.shell.broker.bench import RecordingSink

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
PORT = 4002
LAST_EXPIRY = date(2026, 12, 31)
FRONT, BACK = date(2026, 12, 18), date(2027, 1, 15)
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
    async def choose(self, structure: str) -> None:
        """Trades another spread from now on, see `shaped`."""

    @abstractmethod
    def will(self, habit: str) -> None:
        """What the world does next: fill, fill_in_parts, share_exec_ids, rest, reject, lose_acknowledgement, lose_order,
        preview_silence, preview_refusal."""

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
            max_loss=self.spread.max_loss(limit) * 100 * quantity,
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
        puts = [Contract(n, "SPY", "SPY", FRONT, Decimal(570 + n), "P", 100) for n in range(1, 60)]
        later = [replace(put, con_id=100 + put.con_id, expiry=BACK) for put in puts]
        calls = [replace(put, con_id=200 + put.con_id, put_call="C") for put in puts]
        self.contracts = [*puts, *later, *calls]
        days = tuple(date(2026, 11, 20) - timedelta(days=n) for n in reversed(range(30)))
        bars = DailyBars(days, tuple(600.0 for _ in days), tuple(0.2 for _ in days))
        self.fake = FakeBroker(
            self.heard.append, self.sink, self.clock, contracts=self.contracts, spot={"SPY": 600.0}, bars=bars, habits=Habits()
        )
        self.broker = self.fake
        self.spread = Spread("bull_put", (Leg(puts[29], "sell"), Leg(puts[19], "buy")))
        self.resting, self.marketable = Decimal("3.00"), Decimal("1.20")

    async def open(self) -> None:
        await self.broker.connect()

    async def choose(self, structure: str) -> None:
        self.spread = shaped(structure, self.contracts)
        self.resting, self.marketable = Decimal("3.00"), Decimal("0.20")

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
            case "fill_in_parts" | "share_exec_ids":
                habits.fill = "partly" if habit == "fill_in_parts" else "at_once"
            case _:
                raise AssertionError(habit)

    async def cut_link(self, fills: Order | None = None) -> None:
        self.fake.lose_link()
        if fills is not None:
            self.fake.fill(fills.ref, fills.quantity)


class SimulatedStage(Stage):
    options = SimOptions()
    underlyings: tuple[str, ...] = ("SPY",)
    lines = 100

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__(loop)
        self.tws = Simulator(market(7, START, self.underlyings, 1.0), seed=7, begins=START, options=self.options)
        where = ("127.0.0.1", PORT, 7, None)
        self.ib = IbBroker(*where, self.heard.append, self.sink, self.clock, order_prefix="sp-", lines=self.lines)
        self.broker = self.ib

    async def open(self) -> None:
        await self.tws.start(port=PORT)
        await self.broker.connect()
        spy = await self.broker.underlying("SPY")
        self.contracts = list(await self.broker.chain(spy, lambda day: day in {FRONT, BACK}, 0.05))
        await self.choose("bull_put")

    async def choose(self, structure: str) -> None:
        self.spread = shaped(structure, self.contracts)
        self.broker.watch([leg.contract for leg in self.spread.legs], [await self.broker.underlying("SPY")])
        await self.settle()
        paid = sum(leg.sign * leg.ratio * self.quote(leg.contract)["ask" if leg.sign > 0 else "bid"] for leg in self.spread.legs)
        self.marketable = Decimal(str(round(-paid - 0.05, 2)))
        self.resting = min(self.marketable + 3, -self.spread.floor - Decimal("0.05"))  # beyond is riskless, and refused

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
            "fill_in_parts": "partial_fills=600",
            "share_exec_ids": "shared_exec_ids=600",
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


def shaped(structure: str, contracts: list[Contract]) -> Spread:
    """A spread of this structure from contracts on SPY: at 580 to 615, and a month apart."""
    found = {(int(one.strike), one.put_call, one.expiry): one for one in contracts if one.strike == int(one.strike)}

    def leg(action: Action, strike: int, put_call: PutCall = "P", ratio: int = 1, expiry: date = FRONT) -> Leg:
        return Leg(found[strike, put_call, expiry], action, ratio)

    legs = {
        "bull_put": (leg("sell", 590), leg("buy", 580)),
        "iron_condor": (leg("sell", 590), leg("buy", 585), leg("sell", 610, "C"), leg("buy", 615, "C")),
        "butterfly": (leg("buy", 590), leg("sell", 595, ratio=2), leg("buy", 600)),
        "broken_wing": (leg("buy", 580), leg("sell", 595, ratio=2), leg("buy", 600)),
        "calendar": (leg("sell", 595), leg("buy", 595, expiry=BACK)),
    }
    return Spread(structure, legs[structure])


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
