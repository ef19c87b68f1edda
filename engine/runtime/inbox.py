"""What has been heard since the last beat. Callbacks put in, the beat takes out; nothing is acted on in between."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from engine.broker.asking import machine_pace
from engine.domain.facts.union import Fact
from engine.domain.snapshot import Answer, Request
from engine.ports import BrokerState
from engine.tally import MACHINE_S, Tally

ITEMS_MAX = 100_000
"""Far more than a broker can say between two beats; beyond it something is broken, and what is lost must be asked for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a person's word."""

    is_done: bool
    text: str
    """For the person."""


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """A person's word on a waiting order, with the future that gets the outcome."""

    answer: Answer
    outcome: asyncio.Future[Outcome]


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """What a person asks for, with the future that gets the outcome."""

    request: Request
    outcome: asyncio.Future[Outcome]


Item = Fact | PersonAnswer | PersonRequest | BrokerState


class Inbox:
    """A bounded queue with one reader, the beat."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._wake = asyncio.Event()
        self._lost = 0
        self._began_at: float | None = None
        """When the last beat began, in seconds of the loop; None before the first."""
        self._rested_at = 0.0
        self.beat_seconds = Tally(MACHINE_S)
        """How long beats took, in seconds of the machine."""

    def put(self, item: Item) -> None:
        """Take one item in; never blocks. At the bound it is lost, and counted."""
        if len(self._items) >= ITEMS_MAX:
            self._lost += 1
        else:
            self._items.append(item)
        self._wake.set()

    def publish(self, fact: Fact) -> None:
        """`put` for facts, with the signature that the broker port asks for."""
        self.put(fact)

    def nudge(self) -> None:
        """Wake the beat without an item: quotes are fresh, a file has changed."""
        self._wake.set()

    def take(self) -> Item | None:
        """The oldest item; None when there is none left."""
        return self._items.popleft() if self._items else None

    def woken(self) -> bool:
        """Whether something was put or nudged since the last look; for whoever drives the beats without a loop."""
        was = self._wake.is_set()
        self._wake.clear()
        return was

    def take_lost(self) -> int:
        """How many items were lost since this was asked last: whatever they said must be asked for."""
        lost, self._lost = self._lost, 0
        return lost

    def rested_at(self) -> float:
        """When the beat has rested as long as it worked, in seconds of the loop: from then on it may be woken by mere quotes."""
        return self._rested_at

    async def wait(self, at_most_s: float) -> None:
        """Return when something was put or nudged since the last wait, or when the time is over.

        Between two waits lies a beat, which is measured by them.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._began_at is not None:
            self.beat_seconds.add((now - self._began_at) / machine_pace())
        self._rested_at = now if self._began_at is None else now + (now - self._began_at)
        if at_most_s <= 0:
            await asyncio.sleep(0)  # a timeout that is over when it begins takes the end of the task for its own
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(at_most_s):
                    await self._wake.wait()
        self._began_at = loop.time()
        self._wake.clear()
