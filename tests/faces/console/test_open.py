"""Opening the console, and the advice that somebody new is given by what is there to be seen."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.app import main
from tests.faces.console.answers import status
from tests.faces.console.conftest import Opened


def test_console_without_a_terminal_names_the_commands_that_need_none(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["console"])

    assert code == 2
    assert "the console needs a terminal; `spreads status`, `approvals` and `positions` tell the same" in capsys.readouterr().err


def test_keys_that_are_wrong_are_told_before_the_console_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    (tmp_path / "keys.yaml").write_text("hallt: f9\n", encoding="utf-8")

    code = main(["console", "--keys", str(tmp_path / "keys.yaml")])

    assert code == 2
    assert "keys.yaml:1: hallt: nothing is called so; did you mean halt?" in capsys.readouterr().err


def test_console_is_spared_what_only_an_engine_needs() -> None:
    asks = "import engine.cli.console, sys; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True).stdout.split()

    assert not {"fastapi", "uvicorn", "ib_async", "duckdb", "pyarrow", "exchange_calendars"} & set(loaded)


@pytest.mark.asyncio
async def test_advice_follows_what_is_there_and_a_full_stop_sends_it_away(desk: Opened) -> None:
    async with desk(coaches=True, opens="candidates") as at:
        assert "a spread waits for your yes: press 3" in at.lines[-2]

        await at.press("3")
        assert "a prices it anew, Enter sends it" in at.lines[-2]

        at.engine.told_approvals = []
        await at.look()
        assert "the order walks from mid" in at.lines[-2]

        at.engine.told_status = status(working_orders=0)
        await at.look()
        assert "press 4: what you hold" in at.lines[-2]

        at.engine.told_status = status(halt={"by": "ada", "reason": ""})
        await at.look()
        assert "allows openings again" in at.lines[-2]

        await at.press("full_stop")
        assert "▸" not in at.screen


@pytest.mark.asyncio
async def test_console_says_what_becomes_of_the_engine_when_it_is_left(desk: Opened) -> None:
    async with desk(farewell="q ends the demonstration") as at:
        assert at.lines[-1].endswith("F12 HALT   q ends the demonstration")
