"""The command line run in-process, in a folder of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli.app import main
from tests.faces.given import Ran

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
