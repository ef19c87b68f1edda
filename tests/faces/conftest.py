"""The command line run in-process, in a folder of its own."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli.app import main
from tests.faces.given import Ran
from tests.shell.conftest import cheap_keys

__all__ = ["cheap_keys"]

Spreads = Callable[..., Ran]


@pytest.fixture
def spreads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Spreads:
    """Runs one command in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words: object) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run


class Terminal:
    """A person at a terminal of so many columns; what is in `typed` is what they type."""

    def __init__(self, spreads: Spreads, monkeypatch: pytest.MonkeyPatch) -> None:
        self.typed: list[str] = []
        self.columns = 80
        self._spreads, self._monkeypatch = spreads, monkeypatch

    def __call__(self, *words: object) -> Ran:
        """One command, typed by somebody who sees what it prints; bold is left out of what comes back."""
        patch = self._monkeypatch
        patch.setattr(sys.stdin, "isatty", lambda: True)
        patch.setattr(sys.stdout, "isatty", lambda: True)
        patch.setenv("COLUMNS", str(self.columns))
        patch.setattr("builtins.input", self._input)
        ran = self._spreads(*words)
        return Ran(ran.code, re.sub("\x1b\\[[0-9]*m", "", ran.out), ran.err)

    def _input(self, question: str = "") -> str:
        print(question, end="")
        if not self.typed:
            raise EOFError
        return self.typed.pop(0)


@pytest.fixture
def terminal(spreads: Spreads, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Runs one command as `spreads` does, with somebody at the terminal."""
    return Terminal(spreads, monkeypatch)
