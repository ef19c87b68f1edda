"""The virtual clock jumps, waits for threads, and does the same every time; the paced clock runs at a multiple."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from engine.sim.loop import LoopClock, PacedLoop, Stalled, VirtualLoop, run


def test_clock_jumps_to_the_next_timer_when_nothing_is_ready():
    loop = VirtualLoop()

    async def day() -> float:
        await asyncio.sleep(86_400 * 3)
        return loop.time()

    assert run(day(), loop) == pytest.approx(259_200, abs=1e-3)


def test_clock_stands_still_when_there_is_work():
    loop = VirtualLoop()

    async def work() -> float:
        for _ in range(1_000):
            await asyncio.sleep(0)
        return loop.time()

    assert run(work(), loop) == 0.0


def test_clock_is_strictly_past_a_timer_when_it_fires():
    loop = VirtualLoop()
    fired: list[float] = []

    async def throttle() -> None:
        due = loop.time() + 1.0
        loop.call_at(due, lambda: fired.append(loop.time()))
        loop.call_at(due - 1e-6, lambda: None)  # its nudge lands on the due time itself
        await asyncio.sleep(2)

    run(throttle(), loop)

    assert fired[0] > 1.0


def test_timer_due_at_the_present_instant_is_reached_when_rescheduled_at_equality():
    loop = VirtualLoop()
    spins = 0

    async def strict_throttle() -> None:
        done = loop.create_future()
        start = loop.time()

        def look() -> None:
            nonlocal spins
            spins += 1
            if loop.time() - start > 0:
                done.set_result(None)
            else:
                loop.call_at(start, look)

        look()
        await done

    run(strict_throttle(), loop)

    assert spins == 2


def test_deadlock_is_named_when_everything_waits_for_ever():
    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stalled, match="every task waits"):
        run(forever(), VirtualLoop())


def test_thread_holds_the_clock_when_a_timer_is_pending():
    loop = VirtualLoop()
    release = threading.Event()
    seen: list[str] = []

    async def main() -> float:
        loop.call_later(5, seen.append, "timer")
        job = asyncio.create_task(asyncio.to_thread(release.wait, 30))
        await asyncio.sleep(0)
        threading.Timer(0.01, release.set).start()
        await job
        seen.append("job")
        return loop.time()

    at = run(main(), loop)

    assert seen == ["job"]
    assert at == 0.0


def test_jobs_answer_in_the_order_of_submission_when_the_later_one_is_quicker():
    loop = VirtualLoop()
    later_is_done = threading.Event()
    order: list[str] = []

    async def main() -> None:
        async def job(name: str, work: object) -> None:
            await asyncio.to_thread(work)
            order.append(name)

        await asyncio.gather(job("first", later_is_done.wait), job("second", later_is_done.set))

    run(main(), loop)

    assert order == ["first", "second"]


def test_job_raises_to_its_waiter_when_it_fails():
    def fail() -> None:
        raise ValueError("no quotes")

    async def main() -> None:
        await asyncio.to_thread(fail)

    with pytest.raises(ValueError, match="no quotes"):
        run(main(), VirtualLoop())


def test_foreign_thread_is_waited_for_when_the_clock_is_held():
    loop = VirtualLoop()

    async def main() -> float:
        news = loop.create_future()
        with loop.held():
            threading.Timer(0.01, lambda: loop.call_soon_threadsafe(news.set_result, None)).start()
            loop.call_later(1, lambda: None)
            await news
        return loop.time()

    assert run(main(), loop) == 0.0


def test_tasks_of_a_group_are_cancelled_in_the_order_of_birth_when_one_fails():
    async def main() -> list[int]:
        ended: list[int] = []

        async def wait(number: int) -> None:
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(number)

        async def fail() -> None:
            await asyncio.sleep(1)
            raise LookupError

        try:
            async with asyncio.TaskGroup() as group:
                for number in range(20):
                    group.create_task(wait(number))
                group.create_task(fail())
        except* LookupError:
            pass
        return ended

    runs = [run(main(), VirtualLoop()) for _ in range(3)]

    assert runs[0] == runs[1] == runs[2]
    assert sorted(runs[0]) == list(range(20))


def test_run_cancels_leftovers_and_closes_when_main_returns():
    loop = VirtualLoop()
    cancelled: list[bool] = []

    async def linger() -> None:
        try:
            await asyncio.sleep(1e9)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def main() -> str:
        lingering.append(asyncio.create_task(linger()))
        await asyncio.sleep(1)
        return "done"

    lingering: list[asyncio.Task[None]] = []

    assert run(main(), loop) == "done"
    assert cancelled == [True]
    assert loop.is_closed()


def test_loop_clock_shows_start_plus_loop_time_when_the_loop_has_jumped():
    loop = VirtualLoop()
    start = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)

    async def main() -> datetime:
        clock = LoopClock(loop, start)
        await asyncio.sleep(clock.seconds_until(start + timedelta(hours=6)))
        return clock.now()

    now = run(main(), loop)

    assert timedelta(0) < now - start - timedelta(hours=6) < timedelta(milliseconds=1)
    assert now.tzinfo is UTC


def test_loop_clock_refuses_a_start_without_a_zone():
    loop = VirtualLoop()

    with pytest.raises(ValueError, match="no time zone"):
        LoopClock(loop, datetime(2026, 11, 23))

    loop.close()


def test_paced_clock_is_continuous_when_the_speed_changes():
    async def main() -> tuple[float, float, float]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, PacedLoop)
        await asyncio.sleep(10)
        before = loop.time()
        loop.set_speed(1.0)
        after = loop.time()
        return before, after, loop.speed

    before, after, speed = run(main(), PacedLoop(speed=2_000))

    assert before >= 10
    assert after - before >= 0
    assert speed == 1.0


def test_paced_clock_outruns_real_time_when_fast():
    started = time.monotonic()

    async def main() -> float:
        await asyncio.sleep(100)
        return asyncio.get_running_loop().time()

    at = run(main(), PacedLoop(speed=10_000))

    assert at >= 100
    assert at > time.monotonic() - started


def test_paced_clock_waits_for_a_busy_machine_where_it_may_not_cost_more(monkeypatch: pytest.MonkeyPatch):
    real = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: real)
    loop = PacedLoop(speed=240, stall_s=2.0)
    try:
        real += 0.005
        moment = loop.time()
        real += 1.0
        stalled = loop.time()
        loop.set_speed(12)
        loop.call_soon(loop.stop)
        loop.run_forever()
        looked = loop.time()
        real += 0.1
        onward = loop.time()
    finally:
        loop.close()

    assert moment == pytest.approx(1.2)
    assert stalled == looked == pytest.approx(2.0)
    assert onward == pytest.approx(3.2)


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_paced_loop_refuses_a_speed_that_is_no_multiple(speed: float):
    with pytest.raises(ValueError, match="above 0"):
        PacedLoop(speed=speed)
