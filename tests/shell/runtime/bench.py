"""The beat on a bench: a real engine and ledger, a broker and a journal in memory that share one trail of what happened when."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.decide.rulebook import Rulebook
from engine.domain.chain import ChainSnapshot
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.running import EngineStarted
from engine.domain.facts.union import Explanation, Fact
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.snapshot import Answer, Snapshot
from engine.ports import Line
from engine.runtime.engine import Engine
from engine.runtime.inbox import Inbox, Outcome, PersonAnswer
from engine.strategy.account import Account
from engine.strategy.model import Strategy
from tests import given
from tests.fakes.broker import FakeBroker
from tests.shell.broker.bench import RecordingSink

MANUAL = given.strategy()
AUTO = given.strategy(given.AUTO)


class HandClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = given.NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class TrailJournal:
    """Keeps lines in memory and writes on the trail what was written and when it was certain."""

    def __init__(self, trail: list[str]) -> None:
        self.trail = trail
        self.facts: list[Fact] = []
        self.fails = False

    def append(self, fact: Fact, at: datetime) -> Line:
        if self.fails:
            raise OSError("no space left on device")
        self.facts.append(fact)
        self.trail.append(f"line {type(fact).__name__} {getattr(fact, 'order_ref', '')}".rstrip())
        return Line(len(self.facts), at, "DU1", fact)

    def begin_sync(self) -> None:
        self.trail.append("begin sync")

    def sync(self) -> None:
        if self.fails:
            raise OSError("no space left on device")
        self.trail.append("sync")


class TrailBroker(FakeBroker):
    """The broker in memory, every message to it on the trail."""

    trail: list[str]

    def send(self, order: Order, limit: Decimal) -> None:
        self.trail.append(f"send {order.ref}")
        FakeBroker.send(self, order, limit)

    def reprice(self, order: Order, limit: Decimal) -> None:
        self.trail.append(f"reprice {order.ref}")
        FakeBroker.reprice(self, order, limit)

    def cancel(self, order: Order) -> None:
        self.trail.append(f"cancel {order.ref}")
        FakeBroker.cancel(self, order)

    async def preview(self, order: OrderProposed):  # type: ignore[no-untyped-def]
        self.trail.append(f"preview {order.order_ref}")
        return await FakeBroker.preview(self, order)


class BenchSnapshots:
    """Looks at a chain that the test sets; what is not set is as on an ordinary day."""

    def __init__(self, bench: "Bench", rulebook: Rulebook) -> None:
        self._bench, self._rulebook = bench, rulebook
        self.quotes: Callable[[datetime], ChainSnapshot] = lambda at: given.chain(at=at)
        self.changes: dict[str, object] = {}
        self.heard = 0

    def take(self, now: datetime, ledger: Ledger) -> Snapshot:
        broker = self._bench.broker
        seen = given.snapshot(ledger, self.quotes(now), at=now, is_connected=broker.is_connected, data=broker.data)
        return replace(seen, **{"account": broker.account, **self.changes})  # type: ignore[arg-type]

    def is_open(self, now: datetime) -> bool:
        return given.SESSION.contains(now)

    def ticks(self) -> int:
        self.heard += 1
        return self.heard

    def rulebook(self) -> Rulebook:
        return self._rulebook


class Bench:
    def __init__(self, *strategies: Strategy, ledger: Ledger | None = None, limits: Account | None = None) -> None:
        self.clock, self.trail, self.inbox = HandClock(), list[str](), Inbox()
        self.journal = TrailJournal(self.trail)
        self.broker = TrailBroker(self.inbox.publish, RecordingSink(), self.clock)
        self.broker.trail = self.trail
        self.snapshots = BenchSnapshots(self, given.rulebook(*(strategies or (AUTO,)), account=limits))
        self.tasks: list[asyncio.Task[None]] = []
        self.engine = Engine(self.clock, self.journal, ledger or Ledger(), self.broker, self.snapshots, self.inbox, self._spawn)
        self.explained: list[Explanation] = []
        self.engine.observers.append(self)

    def saw(self, fact: Fact, at: datetime) -> None:
        if isinstance(fact, Explanation):
            self.explained.append(fact)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    @property
    def ledger(self) -> Ledger:
        return self.engine.ledger

    @property
    def facts(self) -> list[Fact]:
        return self.journal.facts

    def of(self, kind: type) -> list[Any]:
        """The facts of one kind that were recorded, oldest first."""
        return [fact for fact in (self.explained if issubclass(kind, Explanation) else self.facts) if isinstance(fact, kind)]

    async def start(self) -> None:
        """Connected, the first line written, the books agreed."""
        self.engine.record(EngineStarted("0.1.0", "sim", given.JOURNAL_ID), self.clock.at)
        await self.broker.connect()
        await self.beats(2, 0)

    async def beats(self, number: int = 1, seconds: float = 1.0) -> None:
        """So many beats, the clock moved before each, and what they began brought to its end."""
        for _ in range(number):
            self.clock.at += timedelta(seconds=seconds)
            self.engine.beat()
            for _ in range(5):
                await asyncio.sleep(0)
        for task in self.tasks:
            if task.done():
                task.result()

    async def until(self, holds: Callable[[], bool], most: int = 20, seconds: float = 1.0) -> None:
        for _ in range(most):
            if holds():
                return
            await self.beats(1, seconds)
        raise AssertionError("it never came to that")

    def say(self, ref: str, *, approve: bool, by: str = "trader") -> asyncio.Future[Outcome]:
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.inbox.put(PersonAnswer(Answer(ref, approve, by, "because"), outcome))
        return outcome

    def order(self, ref: str = "spt-261123-0001") -> Order:
        return self.ledger.orders[ref]


def play(story: Callable[[Bench], Awaitable[None]], *strategies: Strategy, start: bool = True, **options: Any) -> Bench:
    """Runs a story on a bench that is connected and agreed, and gives the bench back."""

    async def run() -> Bench:
        bench = Bench(*strategies, **options)
        if start:
            await bench.start()
        await story(bench)
        for task in bench.tasks:
            task.cancel()
        return bench

    return asyncio.run(run())
