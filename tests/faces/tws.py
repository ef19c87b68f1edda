"""A simulated TWS in a thread of its own, for commands that ask one and wait."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from engine.sim.loop import PacedLoop, run
from engine.sim.simulator import Simulator
from tests.simulation.sim import stage


@dataclass(frozen=True, slots=True)
class Simulated:
    port: int
    now: Callable[[], datetime]
    """Its time."""


@contextmanager
def simulated_tws(*faults: str, **options: object) -> Iterator[Simulated]:
    """One that listens on a free port until the block ends, on a Monday at 10:00 in New York; SPY is all it lists."""
    begun: list[tuple[Simulator, int, asyncio.AbstractEventLoop, asyncio.Event]] = []
    is_up = threading.Event()

    async def serve() -> None:
        simulator = stage.simulator(schedule=faults, **options)
        stop = asyncio.Event()
        port = await simulator.start(port=0)
        begun.append((simulator, port, asyncio.get_running_loop(), stop))
        is_up.set()
        await stop.wait()
        await simulator.stop()

    thread = threading.Thread(target=lambda: run(serve(), PacedLoop(1.0)))
    thread.start()
    assert is_up.wait(30), "the simulated TWS did not start"
    simulator, port, loop, stop = begun[0]
    try:
        yield Simulated(port, simulator.now)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
