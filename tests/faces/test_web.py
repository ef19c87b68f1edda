"""`spreads web`: what it says before anybody stands before a login, and that it serves and ends as it is told."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from engine.cli.app import main
from tests.shell.api.test_remote import free_port


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--state", "nowhere"), "nowhere: no such folder; name its folder with --state"),
        (("--engine", "http://trading.example:8443"), "is reached by https:// only"),
        (("--port", "0"), "--port 0: wanted 1 to 65535"),
        (("--host", "0.0.0.0"), "with TLS only; name --tls-cert and --tls-key"),
        (("--tls-key", "web.key"), "--tls-cert and --tls-key belong together"),
        (("--tls-cert", "web.crt", "--tls-key", "web.key"), "--tls-cert web.crt: No such file or directory"),
    ],
)
def test_wrong_place_is_one_clear_error(
    words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").mkdir()
    monkeypatch.chdir(tmp_path)

    assert main(["web", *words]) == 2

    assert told in capsys.readouterr().err


def test_port_that_is_taken_is_one_error_and_nothing_is_said_of_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").mkdir()
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert main(["web", "--port", str(port)]) == 2

    told = capsys.readouterr().err
    assert f"port {port} on 127.0.0.1 cannot be used for the pages" in told
    assert "shows the engine" not in told


@pytest.mark.slow
def test_command_serves_a_login_says_what_is_missing_and_ends_with_a_signal(tmp_path: Path) -> None:
    port, words = free_port(), [sys.executable, "-m", "engine", "web", "--state", str(tmp_path)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([*words, "--port", str(port)], stderr=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stderr is not None
        said = [running.stderr.readline(), running.stderr.readline()]
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(transport=transport, base_url=f"http://localhost:{port}") as browser:
            assert browser.get("/login").status_code == 200
            wrong = browser.post("/login", data={"key": "spreads_0_x"}, headers={"Origin": f"http://localhost:{port}"})
        running.send_signal(signal.SIGTERM)
        rest = running.stderr.read()

    assert running.returncode == 0
    assert "no key is in force yet" in said[0]
    assert f"http://localhost:{port} shows the engine on {tmp_path}" in said[1]
    assert wrong.status_code == 503
    assert f"no engine answers at unix://{tmp_path}/engine.sock" in wrong.text
    assert '"event": "login refused"' in rest
    assert "spreads_0_x" not in rest
