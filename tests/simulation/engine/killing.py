"""Kills an engine at a chosen point: what is not synced may be lost, what was not delivered is lost, nothing is said good-bye to.

A *point* is a moment before or after a journal line, a sync, or an order message. The points of a run are the same for the same
seed, so a run that lives through them all says which there are.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from engine.domain.facts.orders import OrderPreviewed, OrderProposed
from engine.domain.facts.union import Fact
from engine.domain.order import Order
from engine.ports import Broker, Journal, Line
from engine.store.journal import FOLDER
from engine.store.lines import day_files
from engine.store.mark import NAME
from tests.simulation.engine.world import Life, World


class Killed(BaseException):
    """What SIGKILL is to a process: nobody may catch it."""


@dataclass(frozen=True, slots=True)
class Point:
    when: str
    """before or after"""
    what: str
    """append, sync, preview, send, reprice or cancel"""
    of: str
    """Kind of the fact or reference of the order."""

    @property
    def kind(self) -> str:
        return f"{self.when} {self.what}"

    def __str__(self) -> str:
        return f"{self.kind} {self.of}".rstrip()


class Fate:
    """Counts the points of a life, ends it at the n-th of them, and knows what was on disk by then."""

    def __init__(self, state: Path, at: int | None = None) -> None:
        self.points: list[Point] = []
        self._state, self._at = state, at
        self._synced: dict[Path, int] = {}
        self._mark = b""
        self.is_dead = False

    def journal(self, journal: Journal) -> Journal:
        return _MortalJournal(journal, self)

    def broker(self, broker: Broker) -> Any:
        return _MortalBroker(broker, self)

    def meet(self, when: str, what: str, of: str = "") -> None:
        """Pass a point, or die at it. The dead do nothing any more."""
        if self.is_dead:
            raise Killed
        self.points.append(Point(when, what, of))
        if len(self.points) - 1 == self._at:
            self.is_dead = True
            raise Killed

    def synced(self) -> None:
        self._synced = {path: path.stat().st_size for path in day_files(self._state / FOLDER)}
        self._mark = (self._state / FOLDER / NAME).read_bytes()

    def lose_unsynced(self, chance: Random) -> int:
        """Cut the newest file where the power went: anywhere from the last synced byte on; how many bytes are gone."""
        files = day_files(self._state / FOLDER)
        if not files:
            return 0
        # What unwinds after the death may sync once more; a process that is killed unwinds nothing.
        (self._state / FOLDER / NAME).write_bytes(self._mark)
        path, size = files[-1], files[-1].stat().st_size
        certain = self._synced.get(path, 0)
        kept = chance.choice([certain, size, chance.randint(certain, size)])
        with path.open("r+b") as file:
            file.truncate(kept)
        return size - kept


async def run_to_its_death(life: Life) -> None:
    """Let a life run until its fate ends it. Raises AssertionError where it ended otherwise."""
    error: BaseException | None
    try:
        await life.begin()
        error = await life.death()
    except Killed as death:
        error = death
    assert isinstance(error, Killed), f"the engine ended before its time: {error!r}"


async def killed(world: World, at: int, chance: Random, told: list[str], **settings: object) -> None:
    """A life that ends at the point, and what becomes of its journal, its connection and its orders.

    With the settings of the life whose points are known: in another one they lie elsewhere.
    """
    fate = Fate(world.state, at)
    life = Life(world, wrap_journal=fate.journal, wrap_broker=fate.broker, **settings)
    await run_to_its_death(life)
    left, fills, down_s = chance.random() < 0.5, chance.random() < 0.5, chance.choice([0.0, 0.5, 8.0, 35.0])
    if left:
        await asyncio.sleep(0.01)  # the kernel still delivers what was written
    if fills:
        world.sim.inject("fill_unheard")
    lost = fate.lose_unsynced(chance)
    told.append(f"{lost} bytes lost, last message delivered: {left}, filled unheard: {fills}, down for {down_s} s")
    for link in asyncio.get_running_loop().network.links:  # type: ignore[attr-defined]
        link.reset()
    await asyncio.sleep(down_s)


class _MortalJournal:
    def __init__(self, journal: Journal, fate: Fate) -> None:
        self._journal, self._fate = journal, fate
        fate.synced()

    def append(self, fact: Fact, at: datetime) -> Line:
        self._fate.meet("before", "append", type(fact).__name__)
        line = self._journal.append(fact, at)
        self._fate.meet("after", "append", type(fact).__name__)
        return line

    def begin_sync(self) -> None:
        self._journal.begin_sync()

    def sync(self) -> None:
        self._fate.meet("before", "sync")
        self._journal.sync()
        self._fate.synced()
        self._fate.meet("after", "sync")


class _MortalBroker:
    def __init__(self, broker: Broker, fate: Fate) -> None:
        self._broker, self._fate = broker, fate

    def __getattr__(self, name: str) -> object:
        return getattr(self._broker, name)

    async def preview(self, order: OrderProposed) -> OrderPreviewed:
        self._fate.meet("before", "preview", order.order_ref)
        answer: Coroutine[Any, Any, OrderPreviewed] = self._broker.preview(order)
        found = await answer
        self._fate.meet("after", "preview", order.order_ref)
        return found

    def send(self, order: Order, limit: Decimal) -> None:
        self._around("send", order, lambda: self._broker.send(order, limit))

    def reprice(self, order: Order, limit: Decimal) -> None:
        self._around("reprice", order, lambda: self._broker.reprice(order, limit))

    def cancel(self, order: Order) -> None:
        self._around("cancel", order, lambda: self._broker.cancel(order))

    async def disconnect(self) -> None:
        if self._fate.is_dead:
            raise Killed
        await self._broker.disconnect()

    def _around(self, what: str, order: Order, act: Callable[[], None]) -> None:
        self._fate.meet("before", what, order.ref)
        act()
        self._fate.meet("after", what, order.ref)
