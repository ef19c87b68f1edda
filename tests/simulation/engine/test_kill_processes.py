"""Three real processes, one after another, over real TCP: two are killed with SIGKILL, the third brings everything to an end."""

import signal
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.sim.loop import PacedLoop, run
from engine.store.checkpoint import recover
from engine.store.journal import FOLDER
from engine.store.lines import day_files
from tests.simulation.engine import given
from tests.simulation.engine.invariants import Invariants
from tests.simulation.engine.processes import SPEED, Process, has_written
from tests.simulation.engine.world import ACCOUNT, World

EXITS = "minutes_held >= 10"
STRATEGIES = {
    "puts.yaml": given.strategy("puts", "bull_put", exits=EXITS),
    "calls.yaml": given.strategy("calls", "bear_call", exits=EXITS),
}
"""Whenever it was opened: how many minutes of the market a start takes depends on the machine."""


async def three_lives(world: World) -> list[int]:
    """How the processes ended."""
    port = await world.sim.start(port=0)
    marks = [
        lambda: has_written(world, "OrderSent"),
        lambda: has_written(world, "LegFilled"),
        lambda: has_written(world, "Reconciled") and is_at_rest(world) and has_heard_all(world),
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


def has_heard_all(world: World) -> bool:
    """Whether the journal has a line for each execution: the last ones may be on their way while all is at rest already."""
    written = b"".join(path.read_bytes() for path in day_files(world.state / FOLDER))
    executed = sum(row.instrument is not None for row in world.sim.executions())
    return written.count(b'"kind":"LegFilled"') >= executed


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
