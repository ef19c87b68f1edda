"""The first minutes: the console itself, attached over its socket to the engine of the demonstration, on the simulated TWS."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGINT

import pytest
from textual.pilot import Pilot

from engine.cli.client import runs
from engine.client.asynchronous import AsyncClient
from engine.console.app import Console
from engine.console.host import Setup
from tests.faces.console.screens import text_of
from tests.faces.given import ROOT

START_S, STEP_S, SIZE = 90.0, 120.0, (160, 45)
LOOK_S = 0.2
"""Between two looks at what is awaited: to draw the screen for one takes a part of that."""


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator[tuple[Path, "subprocess.Popen[str]"]]:
    """Its engine in a process of its own, answering on a socket."""
    state = tmp_path / "demo"
    words = ["demo", "--behind-console", "--state", str(state), "--days", "1", "--strategies", str(ROOT / "strategies")]
    engine = subprocess.Popen(
        [sys.executable, "-m", "engine", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    )
    until = time.monotonic() + START_S
    try:
        while not runs(state):
            assert engine.poll() is None, "the engine has ended before it answered"
            assert time.monotonic() < until, "the engine does not answer"
            time.sleep(LOOK_S)
        yield state, engine
    finally:
        if engine.poll() is None:
            engine.kill()
        engine.communicate()


@asynccontextmanager
async def console(state: Path) -> AsyncIterator[tuple[Console, Pilot[None]]]:
    client = AsyncClient(state, by="ada")
    app = Console(client, time.monotonic, Setup(state, by="ada", opens="candidates", coaches=True))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        yield app, pilot
    await client.close_connection()


async def until(pilot: Pilot[None], holds: Callable[[], bool], what: str) -> None:
    """Let the console go on until something is seen."""
    try:
        async with asyncio.timeout(STEP_S):
            while not holds():
                await pilot.pause(LOOK_S)
    except TimeoutError:
        pytest.fail(f"{what} was not seen:\n{text_of(pilot.app)}")


@pytest.mark.slow
@pytest.mark.asyncio
async def test_somebody_new_sees_a_spread_approves_it_watches_it_fill_and_halts(
    demonstration: tuple[Path, "subprocess.Popen[str]"],
) -> None:
    state, engine = demonstration
    async with console(state) as (app, pilot):

        def sees(*texts: str) -> Callable[[], bool]:
            return lambda: all(text in text_of(app) for text in texts)

        await until(pilot, sees("SIM DU1234567", "press 3", "natural"), "a candidate, and the advice to press 3")
        await pilot.press("3")
        await until(pilot, sees("waits for a yes", "expires in", "gates ✓"), "the card")
        await pilot.press("a")
        await until(pilot, sees("Approve this opening", "Enter sends"), "the order as it is priced now")
        await pilot.press("enter", "enter")
        await until(pilot, sees("approved at"), "that it was approved")

        await pilot.press("5")
        await until(pilot, sees("✓ filled", "approved by ada", "timeline"), "the fill")
        await pilot.press("4")
        await until(pilot, sees("profit >= 50% of credit", "legs"), "the position with its exits")

        await pilot.press("f12")
        await until(pilot, sees("type HALT and press Enter"), "where the word is typed")
        await pilot.press(*"HALT", "enter")
        await until(pilot, sees("HALTED by ada"), "the halt")
        await pilot.press("7")
        await until(pilot, sees("no position is closed yet"), "the history")

        engine.send_signal(SIGINT)
        report, _ = engine.communicate(timeout=START_S)
        await until(pilot, sees("the engine does not answer", "ago"), "that the engine has gone")

    assert engine.returncode == 0
    assert "ada" in report
    assert "Look closer" in report
