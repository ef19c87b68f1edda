"""Clients that others wrote run a trading session against the simulated TWS over TCP.

They live in environments of their own. IBAPI_PYTHON names the interpreter of one with `ibapi` (it speaks version 157),
NAUTILUS_IBAPI_PYTHON of one with `nautilus-ibapi` (178); without them the tests are skipped.
"""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from engine.sim.loop import PacedLoop, run
from tests.simulation.sim import stage

SCENARIO = Path(__file__).with_name("scenario.py")
SPEED = 20.0
"""Simulated seconds per second: fills take seconds of the market."""


def session(python: str) -> tuple[dict[str, Any], dict[int, int]]:
    """What the foreign client was told, and what the simulator holds after it."""

    async def main() -> tuple[dict[str, Any], dict[int, int]]:
        sim = stage.simulator()
        port = await sim.start(port=0)
        command = [python, str(SCENARIO), str(port)]
        done = await asyncio.get_running_loop().run_in_executor(
            None, lambda: subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        )
        await sim.stop()
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1]), sim.positions()

    return run(main(), PacedLoop(SPEED))


@pytest.mark.parametrize(("variable", "version"), [("IBAPI_PYTHON", 157), ("NAUTILUS_IBAPI_PYTHON", 178)])
def test_foreign_client_trades_a_combination_without_complaint(variable: str, version: int):
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"{variable} names no interpreter that has this client installed")

    told, held = session(python)

    assert told["problem"] == ""
    assert told["complaints"] == []
    assert told["version"] == version
    assert {code for _, code, _ in told["errors"]} <= {2104, 2106, 2158, 202}
    assert told["what_if"][0] not in {"", "1.7976931348623157E308"}
    assert {int(con_id): quantity for con_id, quantity in told["held"].items()} == held
    assert sorted(held.values()) == [-1, 1]
    assert [kind for kind, *_ in told["fills"]].count("OPT") == 2
    assert len(told["fees"]) == 2
    assert told["bars"] == 10
