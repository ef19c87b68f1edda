"""A backup holds what was written and nothing else; put back, its books are equal; a wrong one is refused by name."""

import gzip
import io
import tarfile
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from engine.api.access.keys import FILE as KEYS
from engine.api.access.tokens import SECRET_FILE as TOKENS
from engine.domain.errors import Damaged, UserError
from engine.domain.facts.running import EngineStarted, ErrorHeard
from engine.notify.links import SECRET_FILE as LINKS
from engine.store import backup, lines
from engine.store.books import books
from engine.store.checkpoint import recover, save
from engine.store.journal import Journal
from tests.shell.store.facts import NOON, trading_day, written
from tests.shell.store.test_recorded_journal import JOURNALS


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that was traded from, with what must never be saved in it."""
    state = tmp_path / "state"
    written(state, [(fact, NOON + timedelta(seconds=second)) for second, fact in enumerate(trading_day())])
    recovered = recover(state, "DU1")
    save(state, recovered.journal, recovered.ledger)
    recovered.journal.close()
    for name, text in {
        "state/strategies/abc.yaml": "schema: 1\n",
        "state/strategies/shared/abc.account.yaml": "schema: 1\n",
        "state/chains/date=2026-11-23/SPX/090000.parquet": "chain",
        "strategies/income.yaml": "schema: 1\n",
        f"state/{KEYS}": "SECRET",
        f"state/{TOKENS}": "SECRET",
        f"state/{LINKS}": "SECRET",
        "state/strategies/api.key": "SECRET",
        "state/tls/key.pem": "SECRET",
        "strategies/.env": "SECRET",
        "spreads.toml": "SECRET",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def saved(place: Path, name: str = "backup.tar.gz") -> Path:
    backup.save(place / "state", place / "strategies", place / name, "0.1.0", NOON)
    return place / name


def rewritten(file: Path, change: dict[str, bytes | None], add: dict[str, bytes] | None = None) -> Path:
    """The backup with other contents for some of its files; None leaves a file out."""
    other = file.with_name("other.tar.gz")
    with tarfile.open(file) as source, tarfile.open(other, "w:gz") as target:
        for entry in source:
            content = source.extractfile(entry).read()
            content = change.get(entry.name, content)
            if content is not None:
                entry.size = len(content)
                target.addfile(entry, io.BytesIO(content))
        for name, content in (add or {}).items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            target.addfile(entry, io.BytesIO(content))
    return other


def test_what_is_put_back_folds_to_the_same_books(place: Path) -> None:
    before = books(place / "state")

    restored = backup.restore(saved(place), place / "elsewhere")

    after = books(place / "elsewhere" / "state")
    assert after.digest == before.digest == restored.manifest.books
    assert after.head == before.head
    assert restored.is_same_code
    recovered = recover(place / "elsewhere" / "state", "DU1")
    recovered.journal.close()
    assert (recovered.warnings, recovered.ledger.orders) == ((), before.ledger.orders)
    assert (place / "elsewhere" / "strategies" / "income.yaml").read_text() == "schema: 1\n"
    assert (place / "elsewhere" / "state").stat().st_mode & 0o777 == 0o700


def test_no_secret_is_in_it_and_nobody_else_may_read_it(place: Path) -> None:
    file = saved(place)

    with tarfile.open(file) as archive:
        names = archive.getnames()
        contents = [archive.extractfile(name).read() for name in names]
    assert not [name for name in names if "key" in name or ".env" in name or name.endswith(".toml")]
    assert not any(b"SECRET" in content for content in contents)
    assert file.stat().st_mode & 0o777 == 0o600


def test_backup_while_another_thread_writes_ends_with_a_whole_line(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "state", "DU1").journal
    journal.append(EngineStarted("0.1.0", "sim", "k3v"), NOON)
    lines_of_one, begun = 400, threading.Semaphore(0)

    def write() -> None:
        for number in range(8 * lines_of_one):
            begun.acquire()
            journal.append(ErrorHeard(number, "x" * 700), NOON + timedelta(hours=number / 200))

    def saved_meanwhile(number: int) -> backup.Manifest:
        """A backup beside whose making so many lines are written."""
        begun.release(lines_of_one)
        return backup.save(tmp_path / "state", tmp_path, tmp_path / f"{number}.tar.gz", "0.1.0", NOON)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    made = [saved_meanwhile(number) for number in range(8)]
    writer.join()
    journal.close()

    whole = [raw for path in lines.day_files(tmp_path / "state" / "journal") for raw in path.read_bytes().splitlines()]
    for number, manifest in enumerate(made):
        restored = backup.restore(tmp_path / f"{number}.tar.gz", tmp_path / f"{number}")
        assert restored.manifest.seq == manifest.seq
        copied = [
            raw
            for path in lines.day_files(tmp_path / f"{number}" / "state" / "journal")
            for raw in path.read_bytes().splitlines()
        ]
        assert copied == whole[: manifest.seq]


def test_nothing_is_ever_overwritten(place: Path) -> None:
    file = saved(place)

    with pytest.raises(UserError, match="exists already"):
        saved(place)
    with pytest.raises(UserError, match="not empty"):
        backup.restore(file, place)


def test_folder_without_a_journal_has_nothing_to_save(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no journal here"):
        backup.save(tmp_path, tmp_path, tmp_path / "b.tar.gz", "0.1.0", NOON)
    assert not list(tmp_path.iterdir())


def test_changed_missing_and_foreign_files_are_refused(place: Path) -> None:
    file = saved(place)
    day = "state/journal/2026-11-23.jsonl"
    with tarfile.open(file) as archive:
        content = archive.extractfile(day).read()

    with pytest.raises(Damaged, match=f"{day} is not what was saved"):
        backup.restore(rewritten(file, {day: content[:-1] + b"x"}), place / "one")
    with pytest.raises(Damaged, match=r"1 missing, such as strategies/income\.yaml"):
        backup.restore(rewritten(file, {"strategies/income.yaml": None}), place / "two")
    with pytest.raises(Damaged, match="does not belong into a backup"):
        backup.restore(rewritten(file, {}, {f"state/{KEYS}": b"x"}), place / "three")
    with pytest.raises(UserError, match=r"no manifest.json in it"):
        backup.restore(rewritten(file, {"manifest.json": None}), place / "four")


@pytest.mark.parametrize("name", ["../outside.yaml", "/outside.yaml", "strategies/../../outside.yaml", "state/journal/a/b.jsonl"])
def test_file_that_would_land_elsewhere_is_refused(name: str, place: Path) -> None:
    file = saved(place)
    with tarfile.open(file) as archive:
        manifest = archive.extractfile("manifest.json").read()
    more = manifest.replace(b'"files":{', b'"files":{"%s":{"size":1,"sha256":"%s"},' % (name.encode(), b"0" * 64))

    with pytest.raises(Damaged, match="does not belong into a backup"):
        backup.restore(rewritten(file, {"manifest.json": more}, {name: b"x"}), place / "inner" / "one")
    assert not (place / "inner" / "outside.yaml").exists()


def test_half_a_backup_is_named_as_one(place: Path) -> None:
    file = saved(place)
    half = place / "half.tar.gz"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    with pytest.raises(UserError, match="this is no backup, or a part of one"):
        backup.restore(half, place / "one")
    with pytest.raises(UserError, match="this is no backup"):
        backup.restore(place / "strategies" / "income.yaml", place / "two")


def test_journal_of_an_older_version_is_restored_by_this_one(tmp_path: Path) -> None:
    (tmp_path / "state" / "journal").mkdir(parents=True)
    for packed in sorted(JOURNALS.glob("*.jsonl.gz")):
        (tmp_path / "state" / "journal" / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))

    restored = backup.restore(saved(tmp_path), tmp_path / "elsewhere")

    assert (restored.manifest.seq, restored.manifest.counts.odd) == (1409, 0)
    assert restored.manifest.counts.positions > 0
