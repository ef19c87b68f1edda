"""The folder of a demonstration: replaced by the next one, never from under one that runs, and never somebody else's."""

import os
from pathlib import Path

import pytest

from engine.cli.demo.demo import FIRST_DAY, MARKER, Stage, example_strategies, fresh
from engine.domain.errors import UserError
from engine.runtime.schedule import sessions_between
from engine.sim.loop import VirtualLoop, run
from engine.sim.network import MemoryNetwork
from engine.store.lock import Lock
from tests.faces.conftest import Spreads


def test_demo_replaces_what_an_earlier_one_left(tmp_path: Path) -> None:
    folder = fresh(tmp_path / "demo")
    (folder / "journal").mkdir()
    (folder / "journal" / "2026-11-16.jsonl").touch()
    (folder / "link").symlink_to(tmp_path)

    again = fresh(folder)

    assert sorted(path.name for path in again.iterdir()) == [MARKER, "lock"]
    assert tmp_path.exists()


@pytest.mark.parametrize("words", [("demo", "--headless"), ("demo", "--headless", "--seed", "3")])
def test_demo_on_a_folder_in_which_one_runs_is_refused_by_its_process_and_takes_nothing_away(
    words: tuple[str, ...], spreads: Spreads
) -> None:
    folder = fresh(Path("state/demo"))
    (folder / "journal").mkdir()
    running = Lock(folder)

    ran = spreads(*words)
    running.release()

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("spreads: state/demo: another engine runs here, process ")
    assert "--state" in ran.err
    assert (folder / "journal").is_dir()


def test_demo_leaves_the_folder_of_something_else_alone(tmp_path: Path) -> None:
    (tmp_path / "cat.png").touch()

    with pytest.raises(UserError, match="holds something that is not a demo"):
        fresh(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["cat.png"]


def test_engine_behind_a_console_that_has_gone_ends(tmp_path: Path) -> None:
    (whole,) = sessions_between(FIRST_DAY, FIRST_DAY)
    stage = Stage(10, tmp_path, example_strategies(), (whole,), None, front=os.getpid())  # nobody's parent here

    run(stage.play(), VirtualLoop(MemoryNetwork()))

    assert max(at for at, _ in stage.record.facts) < whole.open, "it goes on into its day although nobody is in front"
