"""When the broker is asked again: after an answer in a minute, after one that stayed away in seconds."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from engine.domain.errors import Transient
from engine.domain.facts.account import Reconciled
from engine.ports import BrokerState
from engine.runtime.inbox import Inbox
from engine.runtime.inquiry import Inquiry
from engine.sim.loop import LoopClock, VirtualLoop, run
from tests import given

AGREED = Reconciled(())


class AskedBroker:
    """A broker that answers all questions but the first ones, and remembers when it was asked."""

    is_connected = True

    def __init__(self, clock: LoopClock, silent: int) -> None:
        self._clock, self._silent = clock, silent
        self.at: list[datetime] = []

    async def state(self) -> BrokerState:
        self.at.append(self._clock.now())
        if len(self.at) <= self._silent:
            raise Transient("no answer")
        return BrokerState("DU1", (), (), (), ())


@pytest.mark.parametrize(("silent", "pauses"), [(0, [60, 60]), (1, [5, 60]), (3, [5, 5, 5, 60])])
def test_broker_is_asked_again_soon_where_its_answer_stayed_away(silent: int, pauses: list[int]) -> None:
    async def story() -> list[datetime]:
        loop, inbox = asyncio.get_running_loop(), Inbox()
        clock = LoopClock(loop, given.NOW)
        broker = AskedBroker(clock, silent)
        inquiry = Inquiry(broker, inbox, clock, loop.create_task)  # type: ignore[arg-type]
        ledger = given.told(given.ledger(), AGREED)
        while len(broker.at) <= len(pauses):
            inquiry.ask_when_due(ledger, clock.now())
            await asyncio.sleep(0.5)
            while isinstance(answer := inbox.take(), BrokerState):
                inquiry.answered(answer, ledger, clock.now())
        return broker.at

    asked = run(story(), VirtualLoop())

    between = [later - earlier for earlier, later in pairwise(asked)]
    assert between == pytest.approx([timedelta(seconds=pause) for pause in pauses], abs=timedelta(seconds=1.5))


def test_count_is_that_of_the_last_answer_that_could_be_read_as_a_whole() -> None:
    """What a person is told to trade by, and what halts, is never read from half an answer."""

    async def story() -> list[datetime | None]:
        loop = asyncio.get_running_loop()
        clock = LoopClock(loop, given.NOW)
        inquiry = Inquiry(AskedBroker(clock, 0), Inbox(), clock, loop.create_task)  # type: ignore[arg-type]
        ledger, counted = given.told(given.ledger(), AGREED), list[datetime | None]()
        for unread in ((), ("an execution could not be read",), ()):
            inquiry.hurry()
            inquiry.ask_when_due(ledger, clock.now())
            await asyncio.sleep(1.0)
            inquiry.answered(BrokerState("DU1", (), (), (), (), unread=unread), ledger, clock.now())
            count = inquiry.count(ledger)
            counted.append(None if count is None else count.requested_at)
        return counted

    first, partial, whole = run(story(), VirtualLoop())

    assert first is not None
    assert first == partial
    assert whole is not None
    assert whole > first
