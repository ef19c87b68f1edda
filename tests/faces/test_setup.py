"""A place set up from what comes with the program: files written once, and completion that a shell can read."""

import shutil
import subprocess
from pathlib import Path

import pytest

from engine.cli.app import COMMANDS
from tests.faces import given
from tests.faces.conftest import Spreads


def test_files_that_come_with_the_program_are_written_and_pass_the_check(spreads: Spreads) -> None:
    ran = spreads("init-files", "mine")

    written = [Path(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert {path.parts[:2] for path in written} == {("mine", "strategies"), ("mine", "schemas"), ("mine", "monitoring")}
    assert all(path.read_bytes() == (given.ROOT / Path(*path.parts[1:])).read_bytes() for path in written)
    assert f"wrote {len(written)} files\n" in ran.err
    assert spreads("check", "mine/strategies").code == 0


def test_file_that_is_there_is_left_as_it_is(spreads: Spreads) -> None:
    Path("strategies").mkdir()
    Path("strategies/account.yaml").write_text("schema: 1\n")

    ran, again = spreads("init-files"), spreads("init-files")

    assert Path("strategies/account.yaml").read_text() == "schema: 1\n"
    assert "1 were there and are left as they are: strategies/account.yaml" in ran.err
    assert (again.code, again.out) == (0, "")
    assert again.err.startswith("wrote 0 files; ")


def test_place_that_cannot_be_written_is_named(spreads: Spreads) -> None:
    Path("strategies").write_text("a file\n")

    ran = spreads("init-files")

    assert ran.code == 2
    assert ran.err.startswith("spreads: strategies")
    assert "cannot be written" in ran.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command_and_is_read_by_the_shell(shell: str, spreads: Spreads) -> None:
    ran = spreads("completion", shell)

    assert ran.code == 0
    assert all(command in ran.out for command in COMMANDS)
    if shutil.which(shell):
        read = subprocess.run([shell, "-n"], input=ran.out, capture_output=True, text=True, check=False)
        assert (read.returncode, read.stderr) == (0, "")


@pytest.mark.parametrize("command", ["init", "init-files"])
def test_examples_are_not_put_before_an_engine_that_runs(command: str, spreads: Spreads) -> None:
    with given.engine_that_says({}):
        ran = spreads(command)

    assert (ran.code, ran.out) == (2, "")
    assert "spreads: state: an engine runs here and would trade by the examples at once" in ran.err
    assert not Path("strategies").exists()
