"""Commands as real processes over real TCP, against a simulator in the test's own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from engine.store.journal import FOLDER
from engine.store.lines import day_files
from tests.simulation.engine.world import ACCOUNT, LINES, World

SPEED = 30.0
"""Simulated seconds in a real one: an import of a few seconds is then a minute or two of the market."""
LOOK_S = 0.05 * SPEED
"""Between two looks at what came true: each reads the journal."""
PATIENCE_S = 300 * SPEED
"""Only what never comes true takes so long, also on a machine that is busy with other things."""
ROOT = Path(__file__).parents[3]


class Process:
    """`spreads run`, or another command with the same flags, as a person starts it."""

    def __init__(self, world: World, port: int, command: str = "run") -> None:
        words = [command, "--sim", "--port", port, "--account", ACCOUNT, "--speed", SPEED]
        words += ["--state", world.state, "--strategies", world.strategies]
        self._said = (world.state.parent / f"said-{len(list(world.state.parent.glob('said-*')))}").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine", *map(str, words)],
            cwd=ROOT,
            stdout=self._said,
            stderr=self._said,
            env={**os.environ, "SPREADS_LINES": str(LINES)},
        )

    async def until(self, holds: Callable[[], object]) -> None:
        """Look at it often; the process must be alive meanwhile."""
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while not holds():
            assert self._process.poll() is None, f"the process ended: {self.said()}"
            assert asyncio.get_running_loop().time() < end, f"it did not come true: {self.said()}"
            await asyncio.sleep(LOOK_S)

    def tell(self, number: signal.Signals) -> None:
        os.kill(self._process.pid, number)

    async def end(self, number: signal.Signals) -> int:
        """Send the signal; how the process ended."""
        self.tell(number)
        return await self.ended()

    async def ended(self) -> int:
        """How the process ended, once it has."""
        while self._process.poll() is None:
            await asyncio.sleep(LOOK_S)
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
