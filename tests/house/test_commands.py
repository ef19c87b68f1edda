"""docs/commands.md has every command, and its examples that need no engine run as they stand there."""

import re
import shlex
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from engine.cli.app import COMMANDS, main
from engine.store.journal import Journal
from tests.faces import given
from tests.shell.store.facts import NOON, trading_day

PAGE = (given.ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
EXAMPLES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
OFFLINE = {"new", "check", "explain", "fields", "scan", "schema", "trades", "query", "init-files", "completion"}


@pytest.mark.parametrize("command", COMMANDS)
def test_command_has_a_section_an_example_and_a_place_in_the_table(command: str) -> None:
    assert f"### spreads {command}\n" in PAGE
    assert f"[`{command}`](#spreads-{command})" in PAGE
    assert any(re.match(rf"spreads {command}\b", example) for example in EXAMPLES)


def test_page_has_no_command_that_is_not_there() -> None:
    assert set(re.findall(r"^### spreads ([\w-]+)$", PAGE, re.MULTILINE)) == set(COMMANDS)
    assert all(shlex.split(example)[:1] == ["spreads"] for example in EXAMPLES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a trader has after a day: strategies, a recorded chain and a journal. Each example gets a copy."""
    made = tmp_path_factory.mktemp("trader")
    shutil.copytree(given.ROOT / "strategies", made / "strategies")
    given.chain(made / "chain.parquet")
    journal = Journal.open(made / "state", "DU1234567").journal
    for second, fact in enumerate(trading_day()):
        journal.append(fact, NOON + timedelta(seconds=second))
    journal.close()
    return made


@pytest.mark.slow
@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.split()[1] in OFFLINE])
def test_example_runs(
    example: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)

    code = main(shlex.split(example)[1:])

    told = capsys.readouterr()
    assert code == 0, told.err
    assert told.out or told.err
