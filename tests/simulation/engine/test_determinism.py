"""The same seed gives the same journal, byte for byte: in one process twice, and in others under any hash seed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.store.journal import FOLDER
from engine.store.lines import day_files
from tests.simulation.engine.world import World, play

FAULTS = ("close@+25", "partial_fills=60", "duplicate_statusx3", "what_if_unset", "fill_unheard")


def journal(folder: Path, seed: int) -> bytes:
    """The journal of a life with a few faults in it."""

    async def act(world: World) -> bytes:
        life = await world.start()
        await world.until("09:42:00")
        await life.stop()
        return b"".join(path.read_bytes() for path in day_files(world.state / FOLDER))

    return play(act, folder, seed, schedule=FAULTS)


@pytest.fixture(autouse=True)
def _same_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of files stand in the journal, so every run has the same: relative to a folder of its own."""
    monkeypatch.chdir(tmp_path)


def test_same_seed_gives_the_same_journal_twice() -> None:
    Path("first").mkdir()
    Path("second").mkdir()

    journals = []
    for folder in ("first", "second"):
        os.chdir(folder)
        journals.append(journal(Path("world"), seed=5))
        os.chdir("..")

    assert journals[0] == journals[1]
    assert journals[0].count(b'"OrderSent"') >= 4


def test_another_seed_gives_another_journal() -> None:
    assert journal(Path("five"), seed=5) != journal(Path("six"), seed=6)


def test_journal_does_not_depend_on_the_hash_seed() -> None:
    here = journal(Path("world"), seed=5)
    root = Path(__file__).parents[3]
    folder = Path("other")
    folder.mkdir()
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(root)}

    told = subprocess.run(
        [sys.executable, __file__, "5"], cwd=folder, env=environment, capture_output=True, timeout=120, check=False
    )

    assert told.stdout == here, told.stderr.decode()


if __name__ == "__main__":
    sys.stdout.buffer.write(journal(Path("world"), int(sys.argv[1])))
