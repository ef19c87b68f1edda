"""What may go: old chains, never of the life of an open position; a journal that is over, never one that is not."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.domain.errors import UserError
from engine.domain.facts.running import EngineStarted
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.store.books import books
from engine.store.checkpoint import recover
from engine.store.journal import Journal
from engine.store.retention import lay_aside, old_chains, remove
from tests.shell.store.facts import NOON, fills, placed, proposal, trading_day, written

TODAY = date(2027, 6, 1)
LATER = NOON + timedelta(days=190)


def days(state: Path, *names: str) -> None:
    for name in names:
        (state / "chains" / name / "underlying=SPX").mkdir(parents=True)
        (state / "chains" / name / "underlying=SPX" / "150000000000.parquet").write_bytes(b"chain")


def closed_day() -> list[Fact]:
    """A position that was opened and closed."""
    return [
        EngineStarted("0.1.0", "paper", "k3v"),
        proposal("a"), *placed("a"), *fills("a", 2, ("31.50", "30.10")),
        proposal("c", position="a", limit="-0.70"), *placed("c", limit="-0.70"), *fills("c", 2, ("20.70", "20.00"), closes=True),
    ]  # fmt: skip


def test_old_days_go_and_what_is_no_day_stays(tmp_path: Path) -> None:
    days(tmp_path, "date=2026-11-23", "date=2027-05-02", "date=2027-05-31", "date=other", "notes")

    found = old_chains(tmp_path, Ledger(), TODAY, 30)
    remove(found)

    assert [day.folder.name for day in found] == ["date=2026-11-23"]
    assert found[0].size == 5
    assert sorted(path.name for path in (tmp_path / "chains").iterdir()) == [
        "date=2027-05-02",
        "date=2027-05-31",
        "date=other",
        "notes",
    ]


def test_days_since_the_oldest_open_position_stay(tmp_path: Path) -> None:
    written(tmp_path, [(fact, NOON) for fact in trading_day()])
    days(tmp_path, "date=2026-11-20", "date=2026-11-23", "date=2026-11-24")

    found = old_chains(tmp_path, books(tmp_path).ledger, TODAY, 30)

    assert [day.folder.name for day in found] == ["date=2026-11-20"]


def test_journal_that_is_over_is_laid_aside_and_the_next_one_begins_anew(tmp_path: Path) -> None:
    written(tmp_path, [(fact, NOON) for fact in closed_day()])
    before = books(tmp_path)

    aside = lay_aside(tmp_path, LATER)

    assert books(aside).digest == before.digest
    recovered = recover(tmp_path, "DU1")
    recovered.journal.close()
    assert recovered.is_first


def test_journal_of_an_open_position_stays(tmp_path: Path) -> None:
    written(tmp_path, [(fact, NOON) for fact in trading_day()])

    with pytest.raises(UserError, match="open; a journal is laid aside when nothing is"):
        lay_aside(tmp_path, LATER)

    assert (tmp_path / "journal").is_dir()


def test_journal_that_traded_today_stays(tmp_path: Path) -> None:
    written(tmp_path, [(fact, NOON) for fact in closed_day()])

    with pytest.raises(UserError, match="a, c sent today"):
        lay_aside(tmp_path, NOON)


def test_journal_of_a_running_engine_stays(tmp_path: Path) -> None:
    written(tmp_path, [(fact, NOON) for fact in closed_day()])
    journal = Journal.open(tmp_path, "DU1").journal

    with pytest.raises(UserError, match="another engine runs here"):
        lay_aside(tmp_path, LATER)

    journal.close()
