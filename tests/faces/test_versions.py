"""migrate and rollback: positions moved to the rules in force, a file put back to the version before, both shown first."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.domain.facts.files import StrategyLoaded
from engine.runtime.archive import Archive
from engine.runtime.edited import hashed
from engine.store.journal import Journal
from engine.strategy.parse import parse_strategy
from tests.faces import given
from tests.faces.conftest import Spreads, Terminal

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
FIRST = given.STRATEGY.replace("  keep: 3", "  keep: 3   # as many as fit a screen")
SECOND = FIRST.replace("{risk: 1% of net liquidation}", "{risk: 3% of net liquidation}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which an engine ran with two versions of puts, the second in force."""
    journal = Journal.open(tmp_path / "state", "DU1234567").journal
    for number, text in enumerate((FIRST, SECOND)):
        strategy = parse_strategy(text, "strategies/puts.yaml").value
        assert strategy is not None
        Archive(tmp_path / "state" / "strategies").keep(strategy, text.encode(), None)
        journal.append(StrategyLoaded("puts", "strategies/puts.yaml", strategy.digest), NOW + timedelta(seconds=number))
    journal.close()
    given.strategy(tmp_path / "strategies", SECOND)
    return tmp_path


def test_rollback_puts_the_version_before_back_byte_for_byte_once_it_was_shown(spreads: Spreads, folder: Path) -> None:
    ran = spreads("rollback", "puts", "--yes")

    assert ran.code == 0
    assert (folder / "strategies" / "puts.yaml").read_text() == FIRST
    changed = [line for line in ran.out.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    assert changed == ["-sizing: {risk: 3% of net liquidation}", "+sizing: {risk: 1% of net liquidation}"]
    assert "sizing.risk was 3% of net liquidation, is 1% of net liquidation" in ran.out
    assert not (folder / "strategies" / "puts.yaml.draft").exists()


def test_rollback_of_a_file_that_is_not_in_force_goes_to_what_runs_and_loses_nothing(spreads: Spreads, folder: Path) -> None:
    broken = SECOND.replace("exits:", "exits\n")
    given.strategy(folder / "strategies", broken)

    assert spreads("rollback", "puts", "--yes").code == 0

    assert (folder / "strategies" / "puts.yaml").read_text() == SECOND
    assert (folder / "strategies" / "puts.yaml.draft").read_text() == broken


def test_rollback_without_a_yes_changes_nothing(terminal: Terminal, spreads: Spreads, folder: Path) -> None:
    terminal.typed = ["n"]

    assert terminal("rollback", "puts").code == 1
    assert spreads("rollback", "calls").code == 2
    assert (folder / "strategies" / "puts.yaml").read_text() == SECOND


def test_rollback_that_a_running_engine_holds_is_accepted_by_the_same_yes(spreads: Spreads, folder: Path) -> None:
    digest = hashed(FIRST.encode())

    def answer(method: str, path: str) -> Any:
        if method == "POST":
            return {"done": True, "text": "accepting the edit"}
        return [{"file": "strategies/puts.yaml", "digest": digest, "changes": ["looser"]}] if path == "/v1/edits" else {}

    with given.engine_that_says(answer) as heard:
        ran = spreads("rollback", "puts", "--yes", "--by", "ada")

    assert ran.code == 0
    (word,) = heard
    assert (word["digest"], word["by"], word["reason"]) == (digest, "ada", "rolled back")


ROW = {
    "position": "sp1-261123-0001", "strategy": "puts", "spread": "SPX 18 Dec 26 585/580P",
    "digest": "c" * 64, "obstacle": None,
    "changes": [{"said": "exits: `dte <= 21` is `dte <= 14` now", "loosens": True}], "fires": None,
    "would_fire": "profit >= 40% of credit: close", "unknown": [],
}  # fmt: skip


def test_migrate_shows_what_changes_and_fires_and_moves_what_can_be_moved(spreads: Spreads, tmp_path: Path) -> None:
    other = ROW | {"position": "sp1-261123-0002", "obstacle": "it is of iron_condor, and puts.yaml trades bull_put now"}

    def answer(method: str, path: str) -> Any:
        return {"done": True, "text": "moving"} if method == "POST" else [ROW, other]

    with given.engine_that_says(answer) as heard:
        unasked = spreads("migrate", "puts")
        moved = spreads("migrate", "puts", "--yes", "--reason", "earlier")

    assert unasked.code == 2
    assert moved.code == 0
    assert "looser  exits: `dte <= 21` is `dte <= 14` now" in moved.out
    assert "FIRES NOW: profit >= 40% of credit: close" in moved.out
    assert "cannot be moved: it is of iron_condor" in moved.out
    (word,) = heard
    assert (word["positions"], word["digest"], word["reason"]) == (["sp1-261123-0001"], "c" * 64, "earlier")
