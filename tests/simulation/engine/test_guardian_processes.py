"""Two real processes: an engine that is suspended with SIGSTOP, and the guardian that takes its place."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.sim.loop import PacedLoop, run
from engine.store.checkpoint import recover
from engine.store.heartbeat import trace_of
from tests.simulation.engine import given
from tests.simulation.engine.invariants import Invariants
from tests.simulation.engine.processes import LOOK_S, ROOT, SPEED, Process, has_written
from tests.simulation.engine.world import ACCOUNT, World

STRATEGIES = {"puts.yaml": given.strategy("puts", "bull_put", exits="time >= 10:00 New York")}
"""Closed at a time that comes after the engine was suspended, as many minutes of the market as a start may take."""


async def suspended(world: World) -> dict[str, object]:
    """What became of an engine that was suspended twice, of one that is started meanwhile, and of the guardian."""
    port = await world.sim.start(port=0)
    engine, guardian = Process(world, port), None
    try:
        await engine.until(lambda: has_written(world, "LegFilled"))
        guardian = Process(world, port, "guard")
        await guardian.until(lambda: trace_of(world.state) is not None)
        engine.tell(signal.SIGSTOP)
        await asyncio.sleep(60)
        engine.tell(signal.SIGCONT)
        await asyncio.sleep(60)
        came_back = not has_written(world, "GuardianTookOver")
        engine.tell(signal.SIGSTOP)
        await guardian.until(lambda: has_written(world, "GuardianTookOver"))
        first = await engine.ended()
        await guardian.until(lambda: not world.sim.positions() and has_written(world, "Reconciled"))
        second = Process(world, port)
        try:
            refused = await second.ended(), second.said()
        finally:
            second.close()
        words = [sys.executable, "-m", "engine", "guard", "--release", "--state", str(world.state)]
        release = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL)
        while release.poll() is None:
            await asyncio.sleep(LOOK_S)
        left = await guardian.end(signal.SIGTERM)
        return {"came back": came_back, "first": first, "refused": refused, "release": release.returncode, "left": left}
    finally:
        engine.close()
        if guardian is not None:
            guardian.close()
        await world.sim.stop()


def test_guardian_ends_a_suspended_engine_and_brings_what_it_held_to_its_end() -> None:
    with TemporaryDirectory(prefix="sp") as folder:  # a short path: the engine's socket lies in it
        world = World(Path(folder), seed=4, strategies=STRATEGIES)

        found = run(suspended(world), PacedLoop(SPEED))

        code, said = found.pop("refused")
        assert code == 2
        assert "spreads guard --release" in said
        assert found == {"came back": True, "first": -signal.SIGKILL, "release": 0, "left": 0}
        recovered = recover(world.state, ACCOUNT)
        recovered.journal.close()
        Invariants(world.sim, world.state).check_at_rest(recovered.ledger)
        assert recovered.ledger.halt.by == "guardian"
