import shutil
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import domain
from engine.domain.errors import Damaged
from engine.domain.facts.account import EquityRecorded
from engine.domain.facts.files import StrategyLoaded
from engine.domain.facts.halts import Resumed
from engine.domain.facts.orders import OrderAbsent
from engine.domain.facts.running import EngineStarted, EngineStopped
from engine.domain.facts.union import Fact
from engine.domain.folding import Folding
from engine.domain.ledger import Ledger
from engine.store import checkpoint
from engine.store.checkpoint import recover, save, verify
from engine.store.journal import Journal
from tests.shell.store.facts import NOON, timed, trading_day


def lived(state: Path, days: int = 2, saved_after: tuple[int, ...] = ()) -> Ledger:
    """The ledger of an engine that ran some days and saved a checkpoint at the ends of the named ones."""
    recovered = recover(state, "DU1")
    journal, ledger = recovered.journal, recovered.ledger
    for day in range(days):
        for fact, at in timed(told(day)):
            line = journal.append(fact, at + timedelta(days=day))
            ledger.apply(line.fact, line.at)
        if day in saved_after:
            save(state, journal, ledger)
    journal.close()
    return ledger


def told(day: int) -> list[Fact]:
    if day == 0:
        return trading_day()
    return [
        EngineStarted("0.1.0", "sim", "k3w"),
        EquityRecorded(Decimal(101_000 + day), None, None, None),
        EngineStopped("end of day"),
    ]


def recovered(state: Path) -> tuple[Ledger, tuple[str, ...]]:
    found = recover(state, "DU1")
    found.journal.close()
    return found.ledger, found.warnings


def test_first_start_is_an_empty_ledger(tmp_path: Path) -> None:
    found = recover(tmp_path, "DU1")

    assert found.is_first
    assert found.ledger == Ledger()
    assert save(tmp_path, found.journal, found.ledger) is None
    found.journal.close()


@settings(max_examples=25)
@given(st.integers(1, len(trading_day())), st.booleans())
def test_fold_from_a_checkpoint_is_the_fold_from_the_beginning(stop: int, another_day: bool) -> None:
    with TemporaryDirectory() as folder:
        state = Path(folder)
        found = recover(state, "DU1")
        ledger = found.ledger
        for number, (fact, at) in enumerate(timed(trading_day())):
            line = found.journal.append(fact, at + timedelta(days=another_day and number >= stop))
            ledger.apply(line.fact, line.at)
            if number + 1 == stop:
                save(state, found.journal, ledger)
        found.journal.close()

        assert recovered(state) == (ledger, ())
        (state / "checkpoints" / "2026-11-23.json").unlink()
        assert recovered(state) == (ledger, ())


def test_recovery_reads_only_what_follows_the_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = lived(tmp_path, days=3, saved_after=(0, 1))
    applied: list[Fact] = []

    class Counting(Folding):
        def apply(self, fact: Fact, at: object) -> bool:
            applied.append(fact)
            return super().apply(fact, at)  # type: ignore[arg-type]

    monkeypatch.setattr(checkpoint, "Folding", Counting)
    found, _ = recovered(tmp_path)

    assert [type(fact).__name__ for fact in applied] == ["EngineStarted", "EquityRecorded", "EngineStopped"]
    assert found.orders == ledger.orders


@pytest.mark.parametrize(
    "spoil", [lambda raw: raw[:-70], lambda raw: raw.replace(b"o1", b"o9"), lambda _: b"", lambda _: b"\x00" * 99]
)
def test_damaged_checkpoint_is_passed_over_with_a_warning(tmp_path: Path, spoil: object) -> None:
    ledger = lived(tmp_path, days=2, saved_after=(0,))
    path = tmp_path / "checkpoints" / "2026-11-23.json"
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]

    found, warnings = recovered(tmp_path)

    assert found == ledger
    assert len(warnings) == 1
    assert f"{path}: damaged, passed over" in warnings[0]


def test_an_older_checkpoint_serves_when_the_newest_is_damaged(tmp_path: Path) -> None:
    ledger = lived(tmp_path, days=3, saved_after=(0, 1))
    (tmp_path / "checkpoints" / "2026-11-24.json").write_bytes(b"nothing")

    found, warnings = recovered(tmp_path)

    assert found == ledger
    assert len(warnings) == 1


def test_checkpoint_of_another_version_of_the_fold_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = lived(tmp_path, days=2, saved_after=(0,))
    monkeypatch.setattr(checkpoint, "fold_digest", lambda: "another")

    found, warnings = recovered(tmp_path)

    assert found == ledger
    assert "written by another version" in warnings[0]


@pytest.mark.parametrize("module", ["ledger.py", "facts/orders.py"])
def test_fold_is_another_once_any_module_of_it_is(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "domain"
    shutil.copytree(Path(domain.__path__[0]), copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(domain, "__path__", [str(copy)])
    before = checkpoint.fold_digest()

    with (copy / module).open("a") as code:
        code.write("# another")

    assert checkpoint.fold_digest() != before


def test_a_journal_that_lost_what_a_checkpoint_has_seen_is_damage(tmp_path: Path) -> None:
    lived(tmp_path, days=2, saved_after=(0, 1))
    (tmp_path / "journal" / "2026-11-24.jsonl").unlink()

    with pytest.raises(Damaged, match=r"2026-11-24\.jsonl: the file is missing or empty"):
        recover(tmp_path, "DU1")


def test_another_journal_than_the_checkpoint_has_seen_is_damage(tmp_path: Path) -> None:
    lived(tmp_path / "a", days=1, saved_after=(0,))
    path = tmp_path / "a" / "journal" / "2026-11-23.jsonl"
    path.unlink()
    (tmp_path / "a" / "journal" / "mark").unlink()
    journal = Journal.open(tmp_path / "a", "DU1").journal
    for fact, at in timed([EngineStopped("elsewhere")] * 100):
        journal.append(fact, at)
    journal.close()

    with pytest.raises(Damaged, match=r"2026-11-23\.jsonl"):
        recover(tmp_path / "a", "DU1")


@pytest.mark.parametrize("budget", [0, 10**9])
def test_a_missing_day_before_the_checkpoint_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    lived(tmp_path, days=4, saved_after=(2,))
    (tmp_path / "journal" / "2026-11-24.jsonl").unlink()
    monkeypatch.setattr(checkpoint, "REVERIFIED_BYTES", budget)

    with pytest.raises(Damaged, match=r"2026-11-25\.jsonl:1: line"):
        recover(tmp_path, "DU1")


def test_an_edited_day_before_the_checkpoint_is_damage(tmp_path: Path) -> None:
    lived(tmp_path, days=3, saved_after=(1,))
    path = tmp_path / "journal" / "2026-11-23.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"price":"5.05"', b'"price":"9.05"'))

    with pytest.raises(Damaged, match=r"2026-11-23\.jsonl:\d+: the hash does not fit"):
        recover(tmp_path, "DU1")
    with pytest.raises(Damaged, match=r"2026-11-23\.jsonl:\d+: the hash does not fit"):
        verify(tmp_path)


def test_verify_counts_the_lines_of_a_sound_journal(tmp_path: Path) -> None:
    lived(tmp_path, days=3, saved_after=(0, 1, 2))

    assert verify(tmp_path) == len(trading_day()) + 6


def test_only_the_newest_checkpoints_are_kept(tmp_path: Path) -> None:
    lived(tmp_path, days=6, saved_after=tuple(range(6)))

    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())

    assert names == ["2026-11-26.json", "2026-11-27.json", "2026-11-28.json"]


def test_torn_end_is_told_as_a_warning(tmp_path: Path) -> None:
    ledger = lived(tmp_path, days=1)
    path = tmp_path / "journal" / "2026-11-23.jsonl"
    with path.open("ab") as file:
        file.write(b'{"seq":')

    found, warnings = recovered(tmp_path)

    assert found == ledger
    assert len(warnings) == 1
    assert f"{path}:{len(trading_day()) + 1}: the last line was torn, 7 bytes were cut off" in warnings[0]


def test_a_fact_that_cannot_follow_is_passed_over_by_its_line_and_the_rest_is_folded(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "DU1").journal
    journal.append(OrderAbsent("never"), NOON)
    journal.append(StrategyLoaded("puts", "puts.yaml", "d" * 64), NOON)
    journal.close()

    for _ in range(2):
        found = recover(tmp_path, "DU1")
        found.journal.close()
        [odd] = found.odd
        assert odd.endswith("journal: line 1 cannot follow what was known: OrderAbsent for order never, which was never proposed")
        assert found.ledger.files.strategies.keys() == {"puts"}
        assert verify(tmp_path) == 2, "the line is kept"


def test_facts_of_a_newer_version_are_named_and_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True, slots=True)
    class OrderDreamt:
        order_ref: str

    journal = Journal.open(tmp_path, "DU1").journal
    journal.append(StrategyLoaded("puts", "puts.yaml", "d" * 64), NOON)
    journal.append(OrderDreamt("o1"), NOON)  # type: ignore[arg-type]
    journal.append(StrategyLoaded("calls", "calls.yaml", "e" * 64), NOON)
    journal.close()

    found = recover(tmp_path, "DU1")
    found.journal.close()

    [odd] = found.odd
    assert "the fact OrderDreamt is unknown to this version" in odd
    assert found.ledger.files.strategies.keys() == {"puts", "calls"}


def test_what_a_person_has_resumed_after_is_not_held_against_the_next_start(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "DU1").journal
    journal.append(OrderAbsent("never"), NOON)
    journal.append(Resumed("trader"), NOON)
    journal.close()

    found = recover(tmp_path, "DU1")
    found.journal.close()

    assert found.odd == ()


def test_a_checkpoint_holds_every_field_of_the_ledger(tmp_path: Path) -> None:
    ledger = lived(tmp_path, days=1, saved_after=(0,))
    before = deepcopy(ledger)

    found, _ = recovered(tmp_path)

    assert found == before
    assert found.denials
    assert found.funnels
    assert found.positions["o1"].realised == Decimal("155.00")
