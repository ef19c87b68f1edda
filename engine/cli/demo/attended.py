"""`spreads demo` on a terminal: the engine in a process of its own, and the console in front, as they are with a real account."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from signal import SIGINT

from engine.cli.client import runs
from engine.cli.show import program, say
from engine.domain.errors import EngineError

START_S, LOOK_S = 60.0, 0.1
"""Seconds that the engine may take to start, and between two looks whether it has."""
LEAVE_S = 30.0
"""Seconds for saying good-bye and writing the report."""


def with_console(*, seed: int, days: int, state: Path, strategies: Path) -> int:
    """Run the demonstration behind a console until that is left, then print its report."""
    from engine.cli.console import open_console, own_keys  # noqa: PLC0415 - half a second that a demonstration without it is spared
    from engine.console.host import Setup  # noqa: PLC0415

    keys = own_keys(None)
    say(f"starting a simulated market, seed {seed}: a quiet day, then a nervous one. Nothing here touches a broker.")
    words = ["--seed", str(seed), "--days", str(days), "--state", str(state), "--strategies", str(strategies)]
    with tempfile.TemporaryFile("w+") as told, tempfile.TemporaryFile("w+") as narrated:
        engine = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "engine", "demo", "--behind-console", *words],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=narrated,
            start_new_session=True,  # Ctrl-C is the console's
        )
        try:
            if _has_started(engine, state):
                seen = Setup(state, by="demo", keys=keys, opens="candidates", farewell="q ends the demonstration", coaches=True)
                open_console(state, seen)
        finally:
            code = _leave(engine)
        narrated.seek(0)
        told.seek(0)
        if code != 0:
            raise EngineError(f"the demonstration ended with {code}: {_last_line(narrated.read().splitlines())}")
        sys.stdout.write(told.read())
    say(f"\n`{program()} demo` shows it again; `{program()} init` sets up a folder for your TWS or Gateway, paper account first")
    return 0


def _has_started(engine: "subprocess.Popen[bytes]", state: Path) -> bool:
    """Whether the engine answers; False where its process has ended or it takes too long."""
    until = time.monotonic() + START_S
    while engine.poll() is None and time.monotonic() < until:
        if runs(state):
            return True
        time.sleep(LOOK_S)
    return False


def _leave(engine: "subprocess.Popen[bytes]") -> int:
    """Have the engine say good-bye; its exit code."""
    if engine.poll() is None:
        engine.send_signal(SIGINT)
    try:
        return engine.wait(LEAVE_S)
    except subprocess.TimeoutExpired:
        engine.kill()
        return engine.wait()


def _last_line(lines: Sequence[str]) -> str:
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")
