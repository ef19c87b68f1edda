"""Options that several commands share: the same name, the same setting, the same meaning, and no folder made by looking."""

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from cyclopts import Parameter

from engine.cli import app
from tests.faces.conftest import Spreads

READING = [
    ("status",),
    ("approvals",),
    ("approve", "sp00000-261123-0001"),
    ("decline", "sp00000-261123-0001"),
    ("halt", "lunch"),
    ("resume",),
    ("why", "puts"),
    ("why", "puts", "--at", "2026-11-23"),
    ("query", "FROM orders"),
    ("trades",),
]
SETTINGS = {"state": "SPREADS_STATE", "strategies": "SPREADS_STRATEGIES"}


def declared_in(annotation: object) -> Iterator[Parameter]:
    """The declarations of an annotation, also inside of `… | None`."""
    for part in get_args(annotation):
        if isinstance(part, Parameter):
            yield part
        else:
            yield from declared_in(part)


def options_of(command: str) -> dict[str, Parameter]:
    """The declarations of a command's options, by the name of the argument; what is said last wins."""
    module, _, function = app.COMMANDS[command].partition(":")
    signature = inspect.signature(getattr(importlib.import_module(module), function))
    found = {name: Parameter.combine(*declared_in(parameter.annotation)) for name, parameter in signature.parameters.items()}
    return {name: one for name, one in found.items() if one.name}


@pytest.mark.parametrize("command", app.COMMANDS)
def test_option_has_the_same_name_and_setting_in_every_command(command: str) -> None:
    for name, setting in SETTINGS.items():
        module, _, function = app.COMMANDS[command].partition(":")
        parameters = inspect.signature(getattr(importlib.import_module(module), function)).parameters
        if name in parameters:
            declared = options_of(command)[name]
            assert (declared.name, declared.env_var) == ((f"--{name}",), (setting,))


def test_setting_means_what_the_option_means_and_the_option_wins(spreads: Spreads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPREADS_STATE", "elsewhere")
    Path("elsewhere").mkdir()
    Path("here").mkdir()

    by_setting = [spreads(*words).err for words in READING]
    by_option = [spreads(*words, "--state", "here").err for words in READING]

    assert all("elsewhere" in said or said == "no rows\n" for said in by_setting)
    assert not any("elsewhere" in said for said in by_option)
    assert any("wrote elsewhere/HALT" in said for said in by_setting)


@pytest.mark.parametrize("words", [*READING, ("run",), ("demo",)])
def test_empty_name_of_a_folder_is_refused_by_the_name_under_which_it_was_given(
    words: tuple[str, ...], spreads: Spreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = spreads(*words, "--state", "")
    monkeypatch.setenv("SPREADS_STATE", "")
    setting = spreads(*words)

    assert (flag.code, flag.err) == (2, "spreads: --state: found ''; wanted a folder\n")
    assert (setting.code, setting.err) == (2, "spreads: SPREADS_STATE: found ''; wanted a folder\n")


@pytest.mark.parametrize("words", READING)
def test_folder_that_is_not_there_is_one_error_with_a_way_out_and_stays_away(words: tuple[str, ...], spreads: Spreads) -> None:
    ran = spreads(*words, "--state", "nowhere")

    assert ran.code in {1, 2}
    assert ran.out == ""
    (line,) = ran.err.splitlines()
    assert line.startswith("spreads: nowhere: no ")
    assert "--state" in line
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("words", READING)
def test_asking_a_folder_that_no_engine_has_used_writes_nothing_but_the_halt(words: tuple[str, ...], spreads: Spreads) -> None:
    Path("state").mkdir()

    spreads(*words)

    assert [path.name for path in Path("state").iterdir()] == (["HALT"] if words[0] == "halt" else [])


def test_halt_leaves_no_file_in_a_folder_of_something_else(spreads: Spreads) -> None:
    Path("photos").mkdir()
    Path("photos/cat.png").touch()

    ran = spreads("halt", "lunch", "--state", "photos")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "spreads: photos: no engine keeps its state here, and nothing was halted; name the folder of the engine with --state\n"
    )
    assert [path.name for path in Path("photos").iterdir()] == ["cat.png"]


def test_misspelled_setting_is_told_and_does_not_stop_a_halt(spreads: Spreads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPREADS_STAET", "elsewhere")
    Path("state").mkdir()

    ran = spreads("halt", "lunch")

    assert ran.code == 0
    assert ran.err.splitlines()[0] == "spreads: SPREADS_STAET in the environment is no setting; did you mean SPREADS_STATE?"
    assert Path("state/HALT").exists()


def test_wrong_number_in_a_setting_is_named_by_it(spreads: Spreads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPREADS_PORT", "abc")

    ran = spreads("sim")

    assert (ran.code, ran.err.splitlines()[0]) == (2, "spreads: SPREADS_PORT: 'abc' is not a whole number")
