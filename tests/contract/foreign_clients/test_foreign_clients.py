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
CONDORS = 10
SPEED = 20.0
"""Simulated seconds per second: fills take seconds of the market."""


def session(python: str) -> tuple[dict[str, Any], dict[int, int]]:
    """What the foreign client was told, and what the simulator holds after it."""

    async def main() -> tuple[dict[str, Any], dict[int, int]]:
        sim = stage.simulator()
        port = await sim.start(port=0)
        sim.inject("partial_fills=36000")
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
    assert told["bars"] == 10
    condor = told["condor"]
    of_vertical = [row for row in told["fills"] if row[0] == "OPT" and row[5] not in {condor["opening"], condor["closing"]}]
    assert len(of_vertical) == 2
    assert float(condor["what_if"][0]) == pytest.approx(100 * condor["width"] * CONDORS), "both wings are margined as one"
    assert len(told["fees"]) == len([row for row in told["fills"] if row[0] == "OPT"])
    for order_id, turn in ((condor["opening"], 1), (condor["closing"], -1)):
        rows = [row for row in told["fills"] if row[5] == order_id]
        assert [filled for number, _, filled, left, _ in told["statuses"] if number == order_id and filled and left]
        assert contracts(rows) == {
            con_id: turn * CONDORS * (1 if action == "BUY" else -1) for con_id, action in condor["legs"].items()
        }
        assert sum(row[2] for row in rows if row[0] == "BAG") == CONDORS


def contracts(rows: list[Any]) -> dict[str, float]:
    """What the rows of legs bought (sold: negative), by contract."""
    made: dict[str, float] = {}
    for kind, side, shares, _, _, _, con_id in rows:
        if kind == "OPT":
            made[str(con_id)] = made.get(str(con_id), 0) + shares * (1 if side == "BOT" else -1)
    return made
