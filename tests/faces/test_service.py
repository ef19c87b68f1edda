"""A real engine under a service manager: it is ready, lives, and leaves; the doctor asks it meanwhile."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.client import runs
from engine.cli.doctor.doctor import examine
from engine.settings import Settings
from tests.faces import given
from tests.faces.tws import simulated_tws

PATIENCE_S = 90


@pytest.mark.slow
def test_engine_tells_the_service_manager_of_its_life_and_the_doctor_of_itself(tmp_path: Path) -> None:
    given.strategy(tmp_path / "strategies", given.STRATEGY.replace("[SPX]", "[SPY]"))
    address = str(tmp_path / "notify")
    said: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener, simulated_tws() as tws:
        listener.bind(address)
        listener.settimeout(PATIENCE_S)
        # Nothing of it is for a person here, and a long period keeps the manager from killing what a busy machine slows down.
        environment = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "600000000"}
        words = ["run", "--sim", "--port", str(tws.port), "--state", "state", "--strategies", "strategies", "--lines", "26"]
        engine = subprocess.Popen(
            [sys.executable, "-m", "engine", *words], cwd=tmp_path, env={**environment, "PYTHONPATH": str(given.ROOT)},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            while "READY=1\nSTATUS=began" not in said:
                said.append(listener.recv(4096).decode())
            is_asked = runs(tmp_path / "state")
            settings = Settings(mode="sim", port=tws.port, state=tmp_path / "state", strategies=tmp_path / "strategies", lines=26)
            checks = {check.name: check for check in examine(settings, tws.now).checks}
            engine.send_signal(signal.SIGTERM)
            said.append(listener.recv(4096).decode())
            _, told = engine.communicate(timeout=PATIENCE_S)
        finally:
            engine.kill()
            engine.wait()

    assert is_asked, "who is told that it is ready may ask it"
    assert said[0].startswith("WATCHDOG=1\nSTATUS=openings: ")
    assert said[1:] == ["READY=1\nSTATUS=began", "STOPPING=1"]
    assert engine.returncode == 0, told
    assert [name for name, check in checks.items() if check.state == "fail"] == []
    assert checks["engine"].found.startswith("runs, version ")
    assert re.match(r"\d+ of \d+ in use", checks["data lines"].found)


@pytest.mark.slow
def test_guardian_tells_the_service_manager_that_it_watches_and_leaves(tmp_path: Path) -> None:
    given.strategy(tmp_path / "strategies", given.STRATEGY)
    (tmp_path / "state").mkdir(0o700)
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(PATIENCE_S)
        environment = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "600000000", "PYTHONPATH": str(given.ROOT)}
        words = ["guard", "--paper", "--port", "1", "--state", "state", "--strategies", "strategies"]
        guardian = subprocess.Popen(
            [sys.executable, "-m", "engine", *words], cwd=tmp_path, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            said = [listener.recv(4096).decode() for _ in range(2)]
            guardian.send_signal(signal.SIGINT)
            said.append(listener.recv(4096).decode())
            _, told = guardian.communicate(timeout=PATIENCE_S)
        finally:
            guardian.kill()
            guardian.wait()

    assert said[0] == "READY=1\nSTATUS=watching"
    assert said[1].startswith("WATCHDOG=1\nSTATUS=watching")
    assert said[2] == "STOPPING=1"
    assert guardian.returncode == 0, told
