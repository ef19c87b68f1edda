"""Explanations beside the journal: packed, kept for a time, and found again at any minute."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.domain.facts.searches import CandidatesRecorded, EntryDenied, FunnelRecorded, FunnelStep
from engine.domain.facts.union import Explanation
from engine.domain.gate import Verdict
from engine.domain.ledger import Ledger
from engine.store.explanations import FOLDER, Explanations, latest, recall
from engine.store.history import query, write_views
from tests.shell.store.facts import bull_put, proposal
from tests.shell.store.test_journal import files_no_longer_than

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)
STEPS = tuple(FunnelStep(f"condition number {number}", 1_000 - number, number) for number in range(18))
DENIED = Verdict("open_risk", "fail", "6 %", "5 %", "account.yaml")


def keeper(state: Path, told: list[str] | None = None, *, packed_from: int = 256 * 1024, days: int = 30) -> Explanations:
    hears = (told if told is not None else []).append
    return Explanations(state, "DU1", kept=timedelta(days=days), follows=lambda: 7, told=hears, packed_from=packed_from)


def look(number: int, strategy: str = "puts") -> FunnelRecorded:
    return FunnelRecorded(strategy, f"s{number}", STEPS, number, f"missed by {number}%")


def names(state: Path) -> list[str]:
    return sorted(path.name for path in (state / FOLDER).iterdir())


def looks(state: Path, until: datetime | None = None) -> list[Explanation]:
    return [line.fact for line in latest(state, until)]  # type: ignore[misc]


def test_the_last_look_of_a_moment_is_found_again(tmp_path: Path) -> None:
    explanations = keeper(tmp_path, packed_from=8_000)
    for number in range(60):
        explanations.saw(look(number), MONDAY + timedelta(minutes=number))
        explanations.saw(look(-number, "calls"), MONDAY + timedelta(minutes=number))

    found = looks(tmp_path, MONDAY + timedelta(minutes=33, seconds=5))

    assert found == [look(33), look(-33, "calls")]
    assert looks(tmp_path) == [look(59), look(-59, "calls")]
    assert looks(tmp_path, MONDAY - timedelta(minutes=1)) == []


def test_what_has_gathered_is_packed_and_loses_nothing(tmp_path: Path) -> None:
    explanations = keeper(tmp_path, packed_from=20_000)
    for number in range(100):
        explanations.saw(look(number), MONDAY + timedelta(minutes=number))
    write_views(tmp_path)
    (tmp_path / "journal" / "2026-11-23.jsonl").touch()

    counted = query(tmp_path, "SELECT count(DISTINCT snapshot), count(*) FROM funnels")

    assert counted.rows == [(100, 100 * len(STEPS))]
    assert names(tmp_path)[0] == "2026-11-23.0001.jsonl.gz"
    on_disk = sum(path.stat().st_size for path in (tmp_path / FOLDER).iterdir())
    assert on_disk < 20_000 + 100 * 1_000, "the tail, and less than a kilobyte a look"


def test_a_day_that_is_over_becomes_one_file_and_an_old_one_goes(tmp_path: Path) -> None:
    explanations = keeper(tmp_path, packed_from=4_000, days=2)
    for day in range(4):
        for number in range(10):
            explanations.saw(look(number), MONDAY + timedelta(days=day, minutes=number))

    assert [name for name in names(tmp_path) if "2026-11-26" not in name] == ["2026-11-24.jsonl.gz", "2026-11-25.jsonl.gz"]
    assert looks(tmp_path, MONDAY + timedelta(days=2)) == [look(0)]


@pytest.mark.parametrize("cut", ["between part and tail", "between day and parts"])
def test_a_kill_while_packing_tells_nothing_twice(cut: str, tmp_path: Path) -> None:
    explanations = keeper(tmp_path, packed_from=1_000_000)
    for number in range(5):
        explanations.saw(look(number), MONDAY + timedelta(minutes=number))
    tail = tmp_path / FOLDER / "2026-11-23.jsonl"
    packed = gzip.compress(tail.read_bytes())
    (tmp_path / FOLDER / "2026-11-23.0001.jsonl.gz").write_bytes(packed)
    if cut == "between day and parts":
        (tmp_path / FOLDER / "2026-11-23.jsonl.gz").write_bytes(packed)

    later = MONDAY + timedelta(days=cut == "between day and parts", hours=1)
    keeper(tmp_path).saw(look(5), later)

    held = b"".join(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in sorted((tmp_path / FOLDER).iterdir())
    )
    assert held.count(b"\n") == 6


def test_a_torn_line_is_passed_over_and_ends_where_the_next_begins(tmp_path: Path) -> None:
    keeper(tmp_path).saw(look(1), MONDAY)
    with (tmp_path / FOLDER / "2026-11-23.jsonl").open("ab") as file:
        file.write(b'{"seq":7,"at":"2026-1')

    keeper(tmp_path).saw(look(2, "calls"), MONDAY + timedelta(minutes=1))

    assert looks(tmp_path) == [look(1), look(2, "calls")]


def test_a_clock_that_is_set_back_over_midnight_leaves_the_order(tmp_path: Path) -> None:
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    explanations = keeper(tmp_path)
    explanations.saw(look(1), midnight + timedelta(minutes=1))
    explanations.saw(look(2), midnight - timedelta(minutes=9))
    keeper(tmp_path).saw(look(3), midnight - timedelta(minutes=8))

    assert names(tmp_path) == ["2026-11-24.jsonl"]
    assert looks(tmp_path) == [look(3)]


def test_a_line_that_a_full_disk_has_torn_spoils_no_other(tmp_path: Path) -> None:
    explanations = keeper(tmp_path, list[str]())
    explanations.saw(look(1), MONDAY)
    size = (tmp_path / FOLDER / "2026-11-23.jsonl").stat().st_size
    with files_no_longer_than(size + 100):
        explanations.saw(look(2), MONDAY + timedelta(minutes=1))
    explanations.saw(look(3, "calls"), MONDAY + timedelta(minutes=2))

    assert looks(tmp_path) == [look(1), look(3, "calls")]


def test_a_folder_that_cannot_be_written_is_said_once_and_stops_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / FOLDER).touch()
    explanations = keeper(tmp_path, told)

    for number in range(3):
        explanations.saw(look(number), MONDAY)

    assert len(told) == 1
    assert "explanations cannot be kept" in told[0]
    assert "trading does not need them" in told[0]


def test_a_denial_is_recalled_unless_an_opening_has_overtaken_it(tmp_path: Path) -> None:
    explanations = keeper(tmp_path)
    denied = EntryDenied("income", "s1", bull_put(), 1, DENIED, ())
    explanations.saw(denied, MONDAY)
    explanations.saw(CandidatesRecorded("income", "s1", ()), MONDAY)
    ledger, overtaken = Ledger(), Ledger()
    overtaken.apply(proposal("o1"), MONDAY + timedelta(minutes=1))

    recall(ledger, latest(tmp_path))
    recall(overtaken, latest(tmp_path))

    assert list(ledger.denials.values()) == [denied]
    assert overtaken.denials == {}
    assert ledger.candidates.keys() == {"income"}
