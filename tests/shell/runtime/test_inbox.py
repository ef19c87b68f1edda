"""What waits for the beat: in order, bounded, and never forgotten in silence."""

import asyncio

import pytest

from engine.domain.facts.running import ErrorHeard
from engine.runtime import inbox as inbox_module
from engine.runtime.freshness import Freshness
from engine.runtime.inbox import Inbox
from engine.sim.loop import VirtualLoop, run
from tests.shell.broker.bench import RecordingSink


def test_items_come_out_in_the_order_they_came_in() -> None:
    inbox = Inbox()
    for code in range(3):
        inbox.publish(ErrorHeard(code, ""))

    assert [inbox.take() for _ in range(4)] == [ErrorHeard(0, ""), ErrorHeard(1, ""), ErrorHeard(2, ""), None]


def test_full_inbox_loses_what_comes_and_says_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "ITEMS_MAX", 2)
    inbox = Inbox()
    inbox.publish(ErrorHeard(1, ""))
    inbox.publish(ErrorHeard(2, ""))

    inbox.publish(ErrorHeard(3, ""))
    assert [inbox.take(), inbox.take(), inbox.take()] == [ErrorHeard(1, ""), ErrorHeard(2, ""), None]
    assert (inbox.take_lost(), inbox.take_lost()) == (1, 0)


def test_wait_ends_with_an_item_a_nudge_or_the_time() -> None:
    async def story() -> list[float]:
        loop, inbox, times = asyncio.get_running_loop(), Inbox(), []
        for wake in (lambda: inbox.publish(ErrorHeard(1, "")), inbox.nudge, lambda: None):
            began = loop.time()
            loop.call_later(2.0, wake)
            await inbox.wait(5.0)
            times.append(round(loop.time() - began))
        return times

    assert run(story(), VirtualLoop()) == [2, 2, 5]


def test_what_the_broker_tells_in_one_go_nudges_once() -> None:
    async def story() -> tuple[int, RecordingSink]:
        nudges, sink = [], RecordingSink()
        fresh = Freshness(sink, lambda: nudges.append(1), lambda: 0.0)
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


@pytest.mark.parametrize(("worked_s", "waits_s"), [(0.0, 0.0), (0.25, 0.25), (2.0, 2.0)])
def test_a_quote_wakes_the_beat_once_it_has_rested_as_long_as_it_worked(worked_s: float, waits_s: float) -> None:
    async def story() -> float:
        loop, inbox = asyncio.get_running_loop(), Inbox()
        fresh = Freshness(RecordingSink(), inbox.nudge, inbox.rested_at)
        loop.call_later(10.0, inbox.nudge)
        await inbox.wait(60.0)
        await asyncio.sleep(worked_s)  # the beat
        ended_at = loop.time()
        loop.call_soon(lambda: fresh.option(1, 1.0, bid=1.0))
        await inbox.wait(60.0)
        return loop.time() - ended_at

    assert run(story(), VirtualLoop()) == pytest.approx(waits_s, abs=0.002)


def test_a_quote_into_a_beat_that_has_rested_wakes_it_at_once_whatever_it_worked() -> None:
    async def story() -> float:
        loop, inbox = asyncio.get_running_loop(), Inbox()
        fresh = Freshness(RecordingSink(), inbox.nudge, inbox.rested_at)
        inbox.nudge()
        await inbox.wait(60.0)
        await asyncio.sleep(2.0)  # the beat
        told_at = loop.time() + 30.0
        loop.call_at(told_at, lambda: fresh.option(1, 1.0, bid=1.0))
        await inbox.wait(60.0)
        return loop.time() - told_at

    assert run(story(), VirtualLoop()) == pytest.approx(0.0, abs=0.002)


def test_a_fact_wakes_the_beat_at_once_also_where_it_has_not_rested() -> None:
    async def story() -> float:
        loop, inbox = asyncio.get_running_loop(), Inbox()
        inbox.nudge()
        await inbox.wait(60.0)
        await asyncio.sleep(5.0)  # the beat
        ended_at = loop.time()
        loop.call_soon(lambda: inbox.publish(ErrorHeard(1, "")))
        await inbox.wait(60.0)
        return loop.time() - ended_at

    assert run(story(), VirtualLoop()) == pytest.approx(0.0, abs=0.001)


def test_end_that_comes_during_a_beat_is_not_lost_in_a_wait_without_patience() -> None:
    async def story() -> bool:
        inbox = Inbox()

        async def beats() -> None:
            while True:
                await inbox.wait(0.0)

        # Given an engine that waits for nothing, and a Ctrl-C in the middle of its beat
        task = asyncio.ensure_future(beats())

        async def beat() -> None:
            own = asyncio.current_task()
            assert own is not None
            own.cancel()
            await inbox.wait(0.0)

        beating = asyncio.ensure_future(beat())
        await asyncio.wait({beating}, timeout=5.0)
        task.cancel()
        await asyncio.wait({task}, timeout=5.0)

        # Then both have ended
        return beating.cancelled() and task.cancelled()

    assert run(story(), VirtualLoop())
