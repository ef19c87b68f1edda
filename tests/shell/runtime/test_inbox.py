"""What waits for the beat: in order, bounded, and never forgotten in silence."""

import asyncio

import pytest

from engine.domain.facts import ErrorHeard
from engine.runtime import inbox as inbox_module
from engine.runtime.freshness import Freshness
from engine.runtime.inbox import Inbox
from engine.sim.loop import VirtualLoop, run
from tests.shell.broker.bench import RecordingSink


def test_items_come_out_in_the_order_they_came_in() -> None:
    inbox = Inbox()
    for code in range(3):
        inbox.hear(ErrorHeard(code, ""))

    assert [inbox.take() for _ in range(4)] == [ErrorHeard(0, ""), ErrorHeard(1, ""), ErrorHeard(2, ""), None]


def test_full_inbox_raises_and_says_so_again_to_the_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "ITEMS_MAX", 2)
    inbox = Inbox()
    inbox.hear(ErrorHeard(1, ""))
    inbox.hear(ErrorHeard(2, ""))

    with pytest.raises(OverflowError, match="stalled"):
        inbox.hear(ErrorHeard(3, ""))
    with pytest.raises(OverflowError, match="stalled"):
        inbox.take()


def test_wait_ends_with_an_item_a_nudge_or_the_time() -> None:
    async def story() -> list[float]:
        loop, inbox, times = asyncio.get_running_loop(), Inbox(), []
        for wake in (lambda: inbox.hear(ErrorHeard(1, "")), inbox.nudge, lambda: None):
            began = loop.time()
            loop.call_later(2.0, wake)
            await inbox.wait(5.0)
            times.append(round(loop.time() - began))
        return times

    assert run(story(), VirtualLoop()) == [2, 2, 5]


def test_many_quotes_nudge_once_in_a_tenth_of_a_second() -> None:
    async def story() -> tuple[int, RecordingSink]:
        nudges, sink = [], RecordingSink()
        fresh = Freshness(sink, lambda: nudges.append(1))
        for number in range(50):
            fresh.option(number, 1.0, bid=1.0)
            fresh.option(number, 1.0, volume=5.0)
            fresh.no_quote(number, "bid", 1.0)
            fresh.greeks(number, 0.2, -0.2, 0.01, -0.03, 0.1)
            fresh.underlying("SPY", 1.0, 600.0)
            fresh.underlying_volatility("SPY", 0.2)
        await asyncio.sleep(1.0)
        return len(nudges), sink

    nudges, sink = run(story(), VirtualLoop())

    assert nudges == 1
    assert (len(sink.options), len(sink.no_quotes), len(sink.models), len(sink.underlyings)) == (100, 50, 50, 50)
