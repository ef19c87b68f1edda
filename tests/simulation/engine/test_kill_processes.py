"""Three real processes, one after another, over real TCP: two are killed with SIGKILL, the third brings everything to an end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.sim.loop import PacedLoop, run
from engine.store.checkpoint import recover
from engine.store.journal import FOLDER
from engine.store.lines import day_files
from tests.simulation.engine import given
from tests.simulation.engine.invariants import Invariants
from tests.simulation.engine.world import ACCOUNT, LINES, World

SPEED = 30.0
"""Simulated seconds in a real one: an import of a few seconds is then a minute or two of the market."""
PATIENCE_S = 60 * SPEED
ROOT = Path(__file__).parents[3]
EXITS = "time >= 10:00 New York"
STRATEGIES = {
    "puts.yaml": given.strategy("puts", "bull_put", exits=EXITS),
    "calls.yaml": given.strategy("calls", "bear_call", exits=EXITS),
}
"""Closed twenty minutes after the first start: how many minutes of the market a start takes depends on the machine."""


class Process:
    """`spreads run` as a person starts it."""

    def __init__(self, world: World, port: int) -> None:
        words = ["--sim", "--port", port, "--account", ACCOUNT, "--lines", LINES, "--speed", SPEED]
        words += ["--state", world.state, "--strategies", world.strategies]
        self._said = (world.state.parent / f"said-{len(list(world.state.parent.glob('said-*')))}").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine", "run", *map(str, words)], cwd=ROOT, stdout=self._said, stderr=self._said
        )

    async def until(self, holds: Callable[[], object]) -> None:
        """Look at it often; the process must be alive meanwhile."""
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while not holds():
            assert self._process.poll() is None, f"the process ended: {self.said()}"
            assert asyncio.get_running_loop().time() < end, f"it did not come true: {self.said()}"
            await asyncio.sleep(0.01 * SPEED)

    async def end(self, number: signal.Signals) -> int:
        """Send the signal; how the process ended."""
        os.kill(self._process.pid, number)
        while self._process.poll() is None:
            await asyncio.sleep(0.01 * SPEED)
        return self._process.returncode

    def said(self) -> str:
        self._said.flush()
        self._said.seek(0)
        return self._said.read()

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._said.close()


def has_written(world: World, kind: str) -> bool:
    """Whether the newest life has such a line."""
    written = b"".join(path.read_bytes() for path in day_files(world.state / FOLDER))
    return f'"kind":"{kind}"'.encode() in written.rpartition(b'"kind":"EngineStarted"')[2]


async def three_lives(world: World) -> list[int]:
    """How the processes ended."""
    port = await world.sim.start(port=0)
    marks = [
        lambda: has_written(world, "OrderSent"),
        lambda: has_written(world, "LegFilled"),
        lambda: has_written(world, "Reconciled") and is_at_rest(world),
    ]
    codes: list[int] = []
    try:
        for mark, number in zip(marks, (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM), strict=True):
            process = Process(world, port)
            try:
                await process.until(mark)
                codes.append(await process.end(number))
            finally:
                process.close()
    finally:
        await world.sim.stop()
    return codes


def is_at_rest(world: World) -> bool:
    return not world.sim.positions() and not any(order.is_working for order in world.sim.orders())


def test_killed_processes_send_nothing_twice_and_lose_nothing() -> None:
    with TemporaryDirectory(prefix="sp") as folder:  # a short path: the engine's socket lies in it
        world = World(Path(folder), seed=4, strategies=STRATEGIES)

        codes = run(three_lives(world), PacedLoop(SPEED))

        assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
        recovered = recover(world.state, ACCOUNT)
        recovered.journal.close()
        Invariants(world.sim, world.state).check_at_rest(recovered.ledger)
        assert any(order.state == "filled" for order in recovered.ledger.orders.values())
