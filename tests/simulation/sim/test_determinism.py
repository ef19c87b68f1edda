"""The same seed gives the same bytes at the same instants, whatever the interpreter's hash seed."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from engine.sim.faults import random_schedule
from engine.sim.loop import VirtualLoop, run
from tests.simulation.sim import stage


async def _session(seed: int) -> str:
    """Hashes of the transcript and of the state after minutes of streams and orders, faults included."""
    schedule = random_schedule(seed, stage.MORNING, stage.MORNING + timedelta(minutes=8), 4)
    sim = stage.simulator(seed=seed, schedule=schedule)
    await sim.start(port=stage.PORT)
    client = await stage.client()
    combination, short, long = await stage.spread(client)
    for contract in (short, long, combination):
        client.reqMktData(contract)
    client.reqPnL("DU1234567")
    for number in range(12):
        if client.isConnected():
            client.placeOrder(combination, stage.marketable(sim, combination, 1 + number % 3))
        await asyncio.sleep(40)
    client.disconnect()
    await sim.stop()
    return f"{sim.transcript_hash()} {sim.state_hash()} {len(sim.executions())}"


def session(seed: int) -> str:
    return run(_session(seed), VirtualLoop())


@pytest.mark.long
def test_same_seed_gives_the_same_transcript_under_any_hash_seed():
    command = [sys.executable, "-c", "from tests.simulation.sim.test_determinism import session; print(session(5))"]

    told = [
        subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "4242")
    ]

    assert len(set(told)) == 1
    assert int(told[0].split()[-1]) > 10


def test_another_seed_gives_another_transcript():
    assert session(6) != session(5)
