import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.errors import Damaged, EngineError, UserError
from engine.domain.facts.running import EngineStopped
from engine.domain.facts.union import Fact
from engine.ports import Line
from engine.store import journal as module
from engine.store import place as places
from engine.store.journal import Journal, probe
from engine.store.lines import account_on_file
from tests.shell.store.facts import NOON, timed, trading_day

REPOSITORY = Path(__file__).parents[3]


def written(state: Path, facts: list[Fact] | None = None, days: int = 1) -> list[Line]:
    """The lines of a journal of so many equal-length days, synced and closed."""
    opened = Journal.open(state, "DU1")
    facts = facts if facts is not None else [EngineStopped(f"reason {n}") for n in range(6)]
    lines = [opened.journal.append(fact, at + timedelta(days=day)) for day in range(days) for fact, at in timed(facts)]
    opened.journal.close()
    return lines


def reread(state: Path) -> list[Line]:
    opened = Journal.open(state, "DU1")
    lines = list(opened.lines)
    opened.journal.close()
    return lines


def files(state: Path) -> list[Path]:
    return sorted((state / "journal").glob("*.jsonl"))


def unsync(state: Path) -> None:
    """As a power cut leaves it: the last line was on its way, and nobody had been told that it is on disk."""
    (state / "journal" / "mark").unlink()


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_journal_reads_back_what_was_appended_when_opened_again(tmp_path: Path) -> None:
    lines = written(tmp_path, trading_day(), days=3)

    assert reread(tmp_path) == lines
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    assert [path.name for path in files(tmp_path)] == ["2026-11-23.jsonl", "2026-11-24.jsonl", "2026-11-25.jsonl"]


def test_journal_goes_on_where_it_stopped_when_opened_again(tmp_path: Path) -> None:
    before = written(tmp_path)
    opened = Journal.open(tmp_path, "DU1")

    line = opened.journal.append(EngineStopped("again"), NOON + timedelta(hours=1))
    opened.journal.close()

    assert line.seq == len(before) + 1
    assert reread(tmp_path) == [*before, line]


def test_journal_keeps_the_order_of_seq_when_the_clock_is_set_back_over_midnight(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "DU1").journal

    lines = [journal.append(EngineStopped(word), NOON + timedelta(days=days)) for word, days in (("a", 1), ("b", 0), ("c", 1))]
    journal.close()

    assert [path.name for path in files(tmp_path)] == ["2026-11-24.jsonl"]
    assert reread(tmp_path) == lines


def test_append_refuses_an_instant_without_a_time_zone(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "DU1").journal

    with pytest.raises(ValueError, match="without a time zone"):
        journal.append(EngineStopped("x"), NOON.replace(tzinfo=None))

    journal.close()
    assert reread(tmp_path) == []


def test_a_second_engine_is_refused_with_the_process_of_the_first(tmp_path: Path) -> None:
    first = Journal.open(tmp_path, "DU1").journal
    script = f"from pathlib import Path; from engine.store.journal import Journal; Journal.open(Path({str(tmp_path)!r}), 'DU1')"

    second = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY, check=False)

    assert f"another engine runs here, process {os.getpid()}" in second.stderr
    first.close()
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=REPOSITORY, check=False).returncode == 0


def test_journal_of_another_account_is_refused(tmp_path: Path) -> None:
    written(tmp_path)

    with pytest.raises(UserError, match="account DU1, not of U2"):
        Journal.open(tmp_path, "U2")


def test_last_line_torn_at_any_byte_is_cut_off_with_a_warning(tmp_path: Path) -> None:
    lines = written(tmp_path)
    path = files(tmp_path)[0]
    whole = path.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1

    for end in range(start + 1, len(whole) - 1):
        path.write_bytes(whole[:end])
        unsync(tmp_path)
        opened = Journal.open(tmp_path, "DU1")
        again = opened.journal.append(lines[-1].fact, lines[-1].at)
        opened.journal.close()

        assert opened.torn is not None
        assert f"{path}:6: the last line was torn, {end - start} bytes were cut off" in str(opened.torn)
        assert again == lines[-1]
        assert path.read_bytes() == whole


def test_last_line_that_lacks_only_its_newline_is_kept(tmp_path: Path) -> None:
    lines = written(tmp_path)
    path = files(tmp_path)[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])

    opened = Journal.open(tmp_path, "DU1")

    assert list(opened.lines) == lines
    assert "had no newline; the fact is whole and kept" in str(opened.torn)
    assert opened.journal.head.seq == len(lines)
    opened.journal.close()
    assert path.read_bytes() == whole


@pytest.mark.parametrize("rest", [b"\x00" * 4096, b'{"seq":7,"at"', b"garbage\n", b'{"seq":7}\n', b"\xff\xfe"])
def test_rest_of_an_unfinished_write_is_cut_off(tmp_path: Path, rest: bytes) -> None:
    lines = written(tmp_path)
    path = files(tmp_path)[0]
    whole = path.read_bytes()
    path.write_bytes(whole + rest)

    opened = Journal.open(tmp_path, "DU1")
    opened.journal.close()

    assert list(opened.lines) == lines
    assert opened.torn is not None
    assert path.read_bytes() == whole


def test_first_line_of_a_day_may_be_torn(tmp_path: Path) -> None:
    lines = written(tmp_path, days=2)
    path = files(tmp_path)[1]
    path.write_bytes(path.read_bytes()[:20])
    unsync(tmp_path)

    opened = Journal.open(tmp_path, "DU1")
    added = opened.journal.append(EngineStopped("next"), NOON + timedelta(days=2))
    opened.journal.close()

    assert reread(tmp_path) == [*lines[:6], added]


@pytest.mark.parametrize("kept", range(6))
def test_lines_that_were_on_disk_and_are_gone_from_the_end_are_damage(tmp_path: Path, kept: int) -> None:
    written(tmp_path)
    path = files(tmp_path)[0]
    left = b"".join(path.read_bytes().splitlines(keepends=True)[:kept])
    path.write_bytes(left)

    with pytest.raises(Damaged, match=f"ends at line {kept}, but line 6 had been written: lines are missing"):
        Journal.open(tmp_path, "DU1")
    assert path.read_bytes() == left


def test_newest_day_that_was_taken_away_is_damage(tmp_path: Path) -> None:
    written(tmp_path, days=2)
    files(tmp_path)[-1].unlink()

    with pytest.raises(Damaged, match="ends at line 6, but line 12 had been written"):
        Journal.open(tmp_path, "DU1")


def test_synced_line_that_is_torn_is_damage_and_is_not_cut_off(tmp_path: Path) -> None:
    written(tmp_path)
    path = files(tmp_path)[0]
    left = path.read_bytes()[:-30]
    path.write_bytes(left)

    with pytest.raises(Damaged, match="ends at line 5, but line 6 had been written"):
        Journal.open(tmp_path, "DU1")
    assert path.read_bytes() == left


def test_files_of_another_journal_under_the_mark_are_damage(tmp_path: Path) -> None:
    written(tmp_path / "a")
    written(tmp_path / "b", [EngineStopped(f"of another life {n}") for n in range(6)])
    files(tmp_path / "a")[0].write_bytes(files(tmp_path / "b")[0].read_bytes())

    with pytest.raises(Damaged, match="line 6 of the journal is not the one that was written here"):
        Journal.open(tmp_path / "a", "DU1")


@pytest.mark.parametrize("mark", [b"", b"garbage", b"\xff\xfe"])
def test_unreadable_mark_stops_nothing(tmp_path: Path, mark: bytes) -> None:
    lines = written(tmp_path)
    (tmp_path / "journal" / "mark").write_bytes(mark)

    assert reread(tmp_path) == lines


def test_every_changed_byte_before_the_last_line_is_damage_with_its_place(tmp_path: Path) -> None:
    written(tmp_path, [EngineStopped('a "q" ü'), EngineStopped("b"), EngineStopped("c")])
    path = files(tmp_path)[0]
    whole = path.read_bytes()
    start, end = (place + 1 for place in (whole.index(b"\n"), whole.rindex(b"\n", 0, -1)))

    for place in range(start, end):
        for change in (0x01, 0x20, 0x80):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :])
            with pytest.raises(Damaged, match=f"{path.name}:2: .*Put the file back from a backup"):
                Journal.open(tmp_path, "DU1")


def test_a_whole_last_line_that_was_changed_is_damage_and_not_torn(tmp_path: Path) -> None:
    written(tmp_path)
    path = files(tmp_path)[0]
    path.write_bytes(path.read_bytes().replace(b"reason 5", b"reason 6"))

    with pytest.raises(Damaged, match=r"2026-11-23\.jsonl:6: the hash does not fit"):
        Journal.open(tmp_path, "DU1")


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda lines: [*lines[:2], *lines[3:]], r":3: line 3 of the journal should follow here, but this is line 4"),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], r":3: line 3 of the journal should follow here, but this is line 2"),
        (lambda lines: [*lines[:2], b"\n", *lines[2:]], r":3: this is not a journal line"),
        (lambda lines: [*lines[:2], b"garbage\n", *lines[2:]], r":3: this is not a journal line"),
        (lambda lines: [*lines[:2], lines[2][:40], *lines[3:]], r":3: this is not a journal line"),
        (lambda lines: [*lines[:2], lines[2][:-1] + b"\r\n", *lines[3:]], r":3: this line does not end with its hash"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], r":1: line 1 of the journal should follow here, but this is line 2"),
        (lambda lines: lines[1:], r":1: line 1 of the journal should follow here"),
    ],
    ids=["missing", "doubled", "blank", "garbage", "cut", "carriage return", "swapped", "beheaded"],
)  # fmt: skip
def test_damage_in_the_middle_stops_the_start(tmp_path: Path, spoil: object, found: str) -> None:
    written(tmp_path)
    path = files(tmp_path)[0]
    spoiled = b"".join(spoil(path.read_bytes().splitlines(keepends=True)))  # type: ignore[operator]
    path.write_bytes(spoiled)

    with pytest.raises(Damaged, match=r"2026-11-23\.jsonl" + found):
        Journal.open(tmp_path, "DU1")

    assert path.read_bytes() == spoiled


def test_a_missing_day_is_damage(tmp_path: Path) -> None:
    written(tmp_path, days=3)
    files(tmp_path)[1].unlink()

    with pytest.raises(Damaged, match=r"2026-11-25\.jsonl:1: line 7 of the journal should follow here, but this is line 13"):
        Journal.open(tmp_path, "DU1")


def test_an_older_day_that_ends_torn_is_damage(tmp_path: Path) -> None:
    written(tmp_path, days=2)
    first = files(tmp_path)[0]
    first.write_bytes(first.read_bytes()[:-5])

    with pytest.raises(Damaged, match=r"2026-11-23\.jsonl:6"):
        Journal.open(tmp_path, "DU1")


def test_a_line_with_a_forged_hash_breaks_the_line_after_it(tmp_path: Path) -> None:
    written(tmp_path)
    other = tmp_path / "other"
    written(other, [EngineStopped(f"reason {n if n != 2 else 'forged'}") for n in range(6)])
    path = files(tmp_path)[0]
    ours, theirs = (p.read_bytes().splitlines(keepends=True) for p in (path, files(other)[0]))
    path.write_bytes(b"".join([*ours[:2], theirs[2], *ours[3:]]))

    with pytest.raises(Damaged, match=r"2026-11-23\.jsonl:4: the hash does not fit"):
        Journal.open(tmp_path, "DU1")


def test_a_write_that_fails_is_taken_back_and_nothing_more_is_accepted(tmp_path: Path) -> None:
    lines = written(tmp_path)
    path = files(tmp_path)[0]
    whole = path.read_bytes()
    with files_no_longer_than(max(len(whole) + 40, 70_000)):
        journal = Journal.open(tmp_path, "DU1").journal

        with pytest.raises(EngineError, match=r"/journal: line 7 of the journal could not be written \(File too large\)"):
            journal.append(EngineStopped("x" * 80_000), NOON)

    with pytest.raises(EngineError, match="nothing more is written or sent"):
        journal.append(EngineStopped("y"), NOON)
    with pytest.raises(EngineError, match="could not be written"):
        journal.sync()
    journal.close()
    assert path.read_bytes() == whole
    assert reread(tmp_path) == lines


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_sync_that_fails_ends_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    journal = Journal.open(tmp_path, "DU1").journal
    line = journal.append(EngineStopped("x"), NOON)

    def fsync(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(module.os, "fsync", fsync)
    with pytest.raises(EngineError, match="could not be brought to disk"):
        journal.sync()
    with pytest.raises(EngineError, match=os.strerror(code)):
        journal.append(EngineStopped("y"), NOON)
    journal.close()
    monkeypatch.undo()

    assert reread(tmp_path) == [line]


class CountedDisk:
    """Counts what is brought to disk, and fails as a disk may."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.brought: list[int] = []
        self.code = 0
        self._real = os.fsync
        monkeypatch.setattr(module.os, "fsync", self)

    def __call__(self, file: int) -> None:
        if self.code:
            raise OSError(self.code, os.strerror(self.code))
        self.brought.append(os.fstat(file).st_size)
        self._real(file)


def mark_of(state: Path) -> int:
    """The last line that is known to be on disk."""
    return int((state / "journal" / "mark").read_text().split()[0])


def test_a_sync_that_was_begun_is_waited_for_and_not_done_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.open(tmp_path, "DU1").journal
    line = journal.append(EngineStopped("x"), NOON)
    disk = CountedDisk(monkeypatch)

    journal.begin_sync()
    journal.begin_sync()
    assert mark_of(tmp_path) == 0, "what is only on its way is not known to be on disk"
    journal.sync()

    assert disk.brought == [files(tmp_path)[0].stat().st_size]
    assert mark_of(tmp_path) == line.seq
    journal.close()


def test_lines_after_a_sync_was_begun_are_brought_to_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.open(tmp_path, "DU1").journal
    journal.append(EngineStopped("x"), NOON)
    disk = CountedDisk(monkeypatch)

    journal.begin_sync()
    last = journal.append(EngineStopped("y"), NOON)
    journal.sync()

    assert disk.brought[-1] == files(tmp_path)[0].stat().st_size
    assert mark_of(tmp_path) == last.seq
    next_day = journal.append(EngineStopped("z"), NOON + timedelta(days=1))
    journal.begin_sync()
    journal.append(EngineStopped("z"), NOON + timedelta(days=2))
    journal.close()
    monkeypatch.undo()
    assert [line.seq for line in reread(tmp_path)] == [1, last.seq, next_day.seq, next_day.seq + 1]


def test_a_begun_sync_that_fails_ends_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.open(tmp_path, "DU1").journal
    journal.append(EngineStopped("x"), NOON)
    disk = CountedDisk(monkeypatch)
    disk.code = errno.EIO

    journal.begin_sync()
    with pytest.raises(EngineError, match="could not be brought to disk"):
        journal.sync()

    journal.begin_sync()
    with pytest.raises(EngineError, match=os.strerror(errno.EIO)):
        journal.sync()
    journal.close()
    assert mark_of(tmp_path) == 0


def fate(state: Path, what: str) -> None:
    """What may become of a state folder while an engine runs on it."""
    match what:
        case "deleted":
            shutil.rmtree(state)
        case "moved":
            state.rename(state.with_name("elsewhere"))
        case "replaced":
            shutil.rmtree(state)
            (state / "journal").mkdir(parents=True)
        case "restored":
            shutil.copytree(state, state.with_name("copy"))
            shutil.rmtree(state)
            state.with_name("copy").rename(state)
        case "file deleted":
            files(state)[-1].unlink()
        case _:
            raise AssertionError(what)


@pytest.mark.parametrize("what", ["deleted", "moved", "replaced", "restored", "file deleted"])
def test_a_folder_that_is_gone_is_noticed_at_the_next_sync_and_written_out_again(what: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    before, told = written(state, days=3), list[str]()
    journal = Journal.open(state, "DU1").journal
    journal.on_moved = told.append
    journal.append(EngineStopped("heard"), NOON + timedelta(days=2))
    journal.sync()
    fate(state, what)

    journal.append(EngineStopped("on its way"), NOON + timedelta(days=2))
    journal.sync()
    journal.append(EngineStopped("tomorrow"), NOON + timedelta(days=3))
    journal.close()

    beside = tmp_path / "state.rescued"
    assert journal.state == beside
    assert [line.fact for line in reread(beside)] == [
        *(line.fact for line in before),
        *map(EngineStopped, ("heard", "on its way", "tomorrow")),
    ]
    assert len(told) == 1
    assert all(word in told[0] for word in (str(state), str(beside), "nothing more is opened", "exits go on"))
    assert journal.moved == told[0]


def test_days_that_are_too_many_to_hold_are_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places.resource, "getrlimit", lambda _: (8, 8))
    written(tmp_path / "state", days=4)
    journal = Journal.open(tmp_path / "state", "DU1").journal
    shutil.rmtree(tmp_path / "state")

    journal.sync()
    journal.close()

    assert "the 2 oldest are not in it" in journal.moved
    assert [path.name for path in files(journal.state)] == ["2026-11-25.jsonl", "2026-11-26.jsonl"]


@pytest.mark.parametrize("lines", [0, 1])
def test_a_folder_that_goes_before_the_first_line_or_at_midnight_is_noticed(lines: int, tmp_path: Path) -> None:
    state = tmp_path / "state"
    journal = Journal.open(state, "DU1").journal
    for number in range(lines):
        journal.append(EngineStopped(f"{number}"), NOON)
    journal.sync()
    shutil.rmtree(state)

    journal.append(EngineStopped("after"), NOON + timedelta(days=1))
    journal.close()

    assert reread(tmp_path / "state.rescued")[-1].fact == EngineStopped("after")
    assert not state.exists()


def test_a_second_loss_is_written_out_under_another_name(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "state", "DU1").journal
    (tmp_path / "state.rescued").mkdir()
    for number in range(2):
        journal.append(EngineStopped(f"{number}"), NOON)
        shutil.rmtree(journal.state)
        journal.sync()
    journal.close()

    assert journal.state.name == "state.rescued-2"
    assert [line.fact for line in reread(journal.state)] == [EngineStopped("0"), EngineStopped("1")]


def test_a_loss_that_cannot_be_written_out_ends_the_journal(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "state", "DU1").journal
    journal.append(EngineStopped("x"), NOON)
    shutil.rmtree(tmp_path)

    with pytest.raises(EngineError, match="could not be written out again"):
        journal.sync()
    with pytest.raises(EngineError, match="nothing more is written or sent"):
        journal.append(EngineStopped("y"), NOON)
    journal.close()


def test_probe_refuses_a_full_disk(tmp_path: Path) -> None:
    with files_no_longer_than(1000), pytest.raises(UserError, match=rf"{tmp_path}/journal: cannot be written \(.*\); make room"):
        probe(tmp_path)

    assert list((tmp_path / "journal").iterdir()) == []


def test_probe_refuses_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    # Permissions do not bind root; a file where the folder should be binds everyone.
    (tmp_path / "state").write_text("")

    with pytest.raises(UserError, match=r"state/journal: cannot be written \(Not a directory\)"):
        Journal.open(tmp_path / "state", "DU1")


def test_probe_refuses_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("permissions do not bind root")
    tmp_path.chmod(0o500)

    with pytest.raises(UserError, match="Permission denied"):
        probe(tmp_path)


def test_lines_are_on_disk_for_others_before_sync(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "DU1").journal

    journal.append(EngineStopped("x"), NOON)

    assert json.loads(files(tmp_path)[0].read_text())["reason"] == "x"
    journal.close()


def test_the_account_on_file_is_told_without_opening(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    assert account_on_file(folder) is None
    written(tmp_path)

    assert account_on_file(folder) == "DU1"
    files(tmp_path)[0].write_bytes(b"garbage\n")
    assert account_on_file(folder) is None
