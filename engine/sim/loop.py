"""Event loops whose clock is the simulation's, over a network that is memory.

`VirtualLoop` jumps to the next timer when nothing is left to do, so that a trading day takes seconds and the same
program runs in the same order every time. `PacedLoop` runs at a multiple of real time, for a person who watches.
"""

import asyncio
import itertools
import selectors
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from engine.sim.network import MemoryNetwork

T = TypeVar("T")

NUDGE_S = 1e-6
"""Added to every jump: a client that waits until strictly after an instant would else spin at equality for ever."""

WORKERS = 2
"""Threads for jobs handed to a virtual loop: enough to overlap two, few enough for a small machine."""


def run(main: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    """What `main` returns, run to its end on the loop; leftover tasks are cancelled and the loop is closed."""
    asyncio.set_event_loop(loop)  # libraries that ask the policy for "the" loop must find this one
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(main)
    finally:
        asyncio.set_event_loop(None)


class LoopClock:
    """The simulated time of day: `start`, an aware instant, plus the loop's seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"{start} has no time zone: give the start in UTC")
        self._loop = loop
        self._start = start.astimezone(UTC) - timedelta(seconds=loop.time())

    def now(self) -> datetime:
        """The simulated instant, UTC."""
        return self._start + timedelta(seconds=self._loop.time())

    def seconds_until(self, instant: datetime) -> float:
        """Seconds to sleep until the instant, never negative."""
        return max(0.0, (instant - self.now()).total_seconds())


class Stalled(RuntimeError):
    """Everything waits, no timer is set and no thread works: nothing can ever happen again."""


LOOKS_S = 0.05
"""Real seconds after which a paced loop looks at its sockets at the latest: so long it cannot say when something came."""
UNSURE_S = 0.25
"""Real seconds by which two programs on one machine may see the same moment differently: either may be made to wait so long."""


class MemoryLoop(asyncio.SelectorEventLoop):
    """A loop whose TCP is a memory network where one is given, the machine's own otherwise."""

    def __init__(self, selector: selectors.BaseSelector, network: MemoryNetwork | None) -> None:
        self.network = network
        super().__init__(selector)

    async def create_connection(
        self, protocol_factory: Callable[[], Any], host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        if self.network is None or options.get("sock") is not None:
            return await super().create_connection(protocol_factory, host, port, **options)
        _refuse_tls(options)
        return await self.network.connect(self, protocol_factory, str(host), int(port))

    async def create_server(self, protocol_factory: Callable[[], Any], host: Any = None, port: Any = None, **options: Any) -> Any:
        if self.network is None or options.get("sock") is not None:
            return await super().create_server(protocol_factory, host, port, **options)
        _refuse_tls(options)
        server = self.network.listen(self, protocol_factory, None if host is None else str(host), int(port))
        if options.get("start_serving", True):
            await server.start_serving()
        return server


class VirtualLoop(MemoryLoop):
    """A loop whose clock stands still while there is work and jumps to the next timer when there is none.

    `time()` starts at 0.0. Jobs in threads hold the clock and their results come back in the order they were submitted,
    so the same program does the same in the same order under any hash seed and on any machine. Threads that the loop
    did not start are invisible to it: wait for them inside `held()`. Real sockets work, but the clock does not wait
    for them either.
    """

    # Both are set by asyncio's own loop: what runs before the clock may move, and how early a timer may fire.
    _ready: deque[asyncio.Handle]
    _clock_resolution: float

    def __init__(self, network: MemoryNetwork | None = None) -> None:
        self._now = 0.0
        self._holds = 0
        self._jobs: deque[tuple[Future[Any], asyncio.Future[Any]]] = deque()
        self._workers: Executor | None = None
        self._numbers = itertools.count()
        super().__init__(_PatientSelector(self._wait), network or MemoryNetwork())
        self._clock_resolution = 0.0  # a timer fires strictly after its time, whatever other timer moved the clock
        self.set_task_factory(self._numbered_task)

    def time(self) -> float:
        """Simulated seconds since the loop was made."""
        return self._now

    def create_future(self) -> "asyncio.Future[Any]":
        return _NumberedFuture(next(self._numbers), self)

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        if executor is None:
            executor = self._workers = self._workers or ThreadPoolExecutor(WORKERS, "virtual-loop")
        job = executor.submit(func, *args)
        answer = self.create_future()
        self._jobs.append((job, answer))
        job.add_done_callback(self._wake)
        return answer

    def set_default_executor(self, executor: Any) -> None:
        self._workers = executor

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's name
        """Waits for the threads of jobs; they end with their job, so `timeout` is not heeded."""
        if self._workers is not None:
            self._workers.shutdown(wait=True)

    @contextmanager
    def held(self) -> Generator[None]:
        """While inside, the clock waits in real time for what other threads send to the loop."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1

    def _wait(self, timeout: float | None, poll: Callable[[float | None], Any]) -> Any:
        if self._ready:
            return poll(0)
        if timeout == 0:  # a timer is due: the nudge puts the clock strictly behind it
            self._now += NUDGE_S
            return poll(0)
        if self._jobs:
            return self._finish_job(poll)
        if self._holds:
            return poll(None)
        if timeout is None:
            raise Stalled(f"nothing is left to happen at {self._now:.6f} s: every task waits and no timer is set")
        self._now += timeout + NUDGE_S
        return poll(0)

    def _finish_job(self, poll: Callable[[float | None], Any]) -> Any:
        """Hands the oldest job's outcome to whoever waits for it, or sleeps for real until a thread has news."""
        job, answer = self._jobs[0]
        events = poll(0 if job.done() or answer.done() else None)
        if answer.done():  # given up by its waiter
            job.cancel()
            self._jobs.popleft()
        elif job.done():
            self._jobs.popleft()
            problem = None if job.cancelled() else job.exception()
            if job.cancelled():
                answer.cancel()
            elif problem is not None:
                answer.set_exception(problem)
            else:
                answer.set_result(job.result())
        return events

    def _wake(self, _: object) -> None:
        self._write_to_self()  # pyright: ignore[reportAttributeAccessIssue] - asyncio's way to end a select

    def _numbered_task(self, loop: Any, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        return _NumberedTask(next(self._numbers), coroutine, loop=loop, **options)


class PacedLoop(MemoryLoop):
    """A loop whose clock runs `speed` times as fast as real time; it starts at 0.0 and never steps.

    Without a network its sockets are real. A select wakes at whole milliseconds of real time, so at 60x timers are up
    to 60 ms late by the loop's clock. With `stall_s` the clock waits for a loop that is busy, or that the machine let
    sleep too long, once it is so many simulated seconds behind: where both ends of a wire live in this loop, a moment of
    the machine must not be a minute in which nobody answered.
    """

    def __init__(self, speed: float = 1.0, network: MemoryNetwork | None = None, *, stall_s: float = float("inf")) -> None:
        self._speed = 1.0
        self._stall_s = stall_s
        self._most = stall_s
        self._virtual_anchor = 0.0
        self._real_anchor = time.monotonic()
        self._looked_at = self._looked_before = 0.0
        super().__init__(_PatientSelector(self._wait), network)
        try:
            self.set_speed(speed)
        except ValueError:
            self.close()
            raise
        self._virtual_anchor = 0.0

    @property
    def speed(self) -> float:
        """Simulated seconds per real second."""
        return self._speed

    def came_after(self) -> float:
        """A time before which nothing came of what is read now, by the loop's clock.

        What waits in a socket may have come since the look before this one, also while the loop was busy or the machine did
        not let it run; and a sender's clock may be that much behind.
        """
        return min(self._looked_before, self.time() - UNSURE_S * self._speed)

    def set_speed(self, speed: float) -> None:
        """From now on the clock runs at another speed; what it shows does not change. Call it on the loop's thread."""
        if not 0 < speed < float("inf"):
            raise ValueError(f"speed is {speed}: give simulated seconds per real second, above 0")
        bound = self._virtual_anchor + self._most
        self._anchor(0.0)
        self._most = bound - self._virtual_anchor
        self._speed = speed

    def time(self) -> float:
        """Simulated seconds since the loop was made."""
        return self._virtual_anchor + min((time.monotonic() - self._real_anchor) * self._speed, self._most)

    def _wait(self, timeout: float | None, poll: Callable[[float | None], Any]) -> Any:
        self._anchor(float("inf") if timeout is None else timeout + self._stall_s)
        events = poll(LOOKS_S if timeout is None else min(LOOKS_S, timeout / self._speed))
        self._anchor(self._stall_s)
        self._looked_before, self._looked_at = self._looked_at, self.time()
        return events

    def _anchor(self, most: float) -> None:
        """Count from here on, and at most so many simulated seconds until the next anchor."""
        real = time.monotonic()
        self._virtual_anchor += min((real - self._real_anchor) * self._speed, self._most)
        self._real_anchor, self._most = real, most


class _PatientSelector(selectors.DefaultSelector):
    """A selector that asks its loop how long to wait."""

    def __init__(self, wait: Callable[[float | None, Callable[[float | None], Any]], Any]) -> None:
        super().__init__()
        self._patience = wait

    def select(self, timeout: float | None = None) -> Any:
        return self._patience(timeout, super().select)


class _NumberedTask(asyncio.Task[Any]):
    """A task whose place in a set follows from its birth, not from its address: task groups cancel out of sets."""

    def __init__(self, number: int, coroutine: Any, **options: Any) -> None:
        self._number = number
        super().__init__(coroutine, **options)

    def __hash__(self) -> int:
        return self._number


class _NumberedFuture(asyncio.Future[Any]):
    """A future with a stable place in a set, for the same reason."""

    def __init__(self, number: int, loop: asyncio.AbstractEventLoop) -> None:
        self._number = number
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._number


def _refuse_tls(options: dict[str, Any]) -> None:
    if options.get("ssl"):
        raise ValueError("a memory network carries no TLS: connect without ssl, or use a loop without a network")
