"""The journal: every fact as one line of `state/journal/YYYY-MM-DD.jsonl`, written before its effect.

A line goes into the file of the UTC day of its `at`, or into the newest file where the clock was set back over midnight, so
that the files in the order of their names hold the lines in the order of `seq`. `codec.py` says what a line looks like,
`lines.py` how a journal is read. After a write that failed nothing more is accepted: no effect may follow a fact that is not
on disk. Where the folder is gone, or another stands in its place, the journal is written out again beside it and goes on there.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Semaphore

from engine.domain.errors import EngineError, UserError
from engine.domain.facts.union import Fact
from engine.ports import Line
from engine.store import codec, lines
from engine.store.folder import JOURNAL
from engine.store.lines import START, Head, Odd, Torn
from engine.store.lock import Lock
from engine.store.mark import Mark, hold
from engine.store.place import Place, sync_folder

FOLDER = JOURNAL


@dataclass(frozen=True, slots=True)
class Opened:
    journal: "Journal"
    lines: Iterator[Line | Odd]
    """Everything written before, oldest first."""
    torn: Torn | None
    """What was mended at the end of the newest file."""


class Journal:
    """The one writer of one state folder; `open` is the way to make it."""

    def __init__(self, state: Path, account: str, lock: Lock, head: Head, mark: Mark) -> None:
        self.on_moved: Callable[[str], object] = lambda _: None
        """Told when the folder is gone and the journal was written out again: what happened and what to do, for people."""
        self.moved = ""
        """The same, once it has happened."""
        self._folder = state / FOLDER
        self._place = Place(self._folder)
        self._account = account
        self._lock = lock
        self._head = head
        self._file = -1
        self._file_name = ""
        self._is_synced = True
        self._mark = mark
        self._beside = ThreadPoolExecutor(1, "journal")
        self._begun: tuple[Future[None], Head] | None = None
        """A sync that runs beside its caller, and the last line that it is certain to bring to disk."""
        self._failure: str | None = None

    @staticmethod
    def open(state: Path, account: str, after: Head = START, lock: Lock | None = None) -> Opened:
        """Lock the folder, verify what follows `after`, mend a torn end, and stand ready to append.

        `lock` is one that is held already; it is released with the journal.

        Raises UserError when another engine holds the folder, it cannot be written or it belongs to another account; Damaged
        where the journal is not what was written.
        """
        try:
            probe(state)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        lock = lock or Lock(state)
        try:
            folder = state / FOLDER
            head, torn = lines.verified(folder, after)
            head = torn.mended(head) if torn is not None else head
            # Before anything is mended: what is taken for torn may be what is left of a line that was on disk.
            hold(folder, head)
            if torn is not None:
                _mend(torn)
            _check_account(folder, head, account)
            journal = Journal(state, account, lock, head, _marked(folder, head))
        except BaseException:
            lock.release()
            raise
        return Opened(journal, lines.facts(folder, after, head), torn)

    @property
    def head(self) -> Head:
        """The last line written."""
        return self._head

    @property
    def last_at(self) -> datetime | None:
        """When the last line was written; None before the first."""
        return lines.last_at(self._folder, self._head) if self._head.seq else None

    @property
    def state(self) -> Path:
        """The state folder that it lies in: another one than it was opened in where that is gone."""
        return self._folder.parent

    @property
    def account(self) -> str:
        return self._account

    def append(self, fact: Fact, at: datetime) -> Line:
        """Hand one fact to the operating system. It is on its way to disk; `sync` makes it certain.

        Raises EngineError when it cannot be written; from then on every append and sync does.
        """
        self._refuse_after_failure()
        if at.tzinfo is None:
            raise ValueError(f"{type(fact).__name__} at {at}: an instant without a time zone is not an instant")
        line = Line(self._head.seq + 1, at.astimezone(UTC), self._account, fact)
        sealed = codec.encode(line, self._head.hash)
        try:
            offset = self._into_file_of(line.at)
            self._is_synced = False
            self._write(sealed.raw, offset)
        except OSError as error:
            raise self._failed("written", error) from error
        self._head = Head(line.seq, sealed.hash, self._file_name, offset + len(sealed.raw))
        return line

    def begin_sync(self) -> None:
        """Start to bring what is appended to disk, beside what the caller does next; what fails of it `sync` raises."""
        if self._begun is None and not self._is_synced and self._failure is None:
            with suppress(RuntimeError):  # no thread can be had: then `sync` does it all
                is_begun = Semaphore(0)
                self._begun = self._beside.submit(_fsync, self._file, is_begun), self._head
                is_begun.acquire()

    def sync(self) -> None:
        """Return once every appended line is on disk, in a folder that is there. Raises EngineError when that cannot be had."""
        self._refuse_after_failure()
        if not self._is_synced:
            try:
                self._to_disk()
                self._mark.move(self._head)
            except OSError as error:
                raise self._failed("brought to disk", error) from error
            self._is_synced = True
        self._stay()

    def close(self) -> None:
        """Bring everything to disk and let go of the folder. A journal that failed is let go of as it is."""
        try:
            if self._failure is None:
                self.sync()
        finally:
            self._beside.shutdown()
            self._close_file()
            self._mark.close()
            self._place.close()
            self._lock.release()

    def _to_disk(self) -> None:
        """Wait for the sync that has begun, and bring to disk what was appended since. Raises OSError."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun[0].result()
        if begun is None or begun[1] != self._head:
            os.fsync(self._file)

    def _into_file_of(self, at: datetime) -> int:
        """Open the file that a line of this instant goes into; its length in bytes."""
        name = max(f"{at:%Y-%m-%d}.jsonl", self._head.file)
        if name != self._file_name:
            if not self._is_synced:
                self._to_disk()
                self._is_synced = True
            self._stay()
            self._close_file()
            path = self._folder / name
            is_new = not path.exists()
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            self._file_name = name
            if is_new:
                sync_folder(self._folder)
            self._place.hold(name)
        return self._head.offset if name == self._head.file else 0

    def _stay(self) -> None:
        """Go on beside the folder where that is gone or another one: lines must be found by who starts next.

        Raises EngineError where they cannot be written out again.
        """
        if self._place.is_kept:
            return
        was = self.state
        try:
            state = self._place.write_out()
            folder = state / FOLDER
            lock, mark, place = Lock(state, self._lock.holder), Mark(folder), Place(folder)
            mark.move(self._head)
        except (OSError, UserError) as error:
            raise self._failed("written out again, as its folder is gone", error) from error
        older = (
            f" Of its days the {self._place.left_out} oldest are not in it: put them back from a backup."
            if self._place.left_out
            else ""
        )
        for old in (self._mark, self._place):
            old.close()
        self._lock.release()
        self._close_file()
        self._folder, self._lock, self._mark, self._place = folder, lock, mark, place
        self.moved = (
            f"{was}: the state folder, or the journal in it, is gone or another one stands in its place. The journal was written"
            f" out again in {state} and goes on there; nothing more is opened, exits go on.{older} `--state {state}`"
            " asks this engine. Stop it, put the new folder where the state folder was, and start again"
        )
        self.on_moved(self.moved)

    def _write(self, raw: bytes, offset: int) -> None:
        left = memoryview(raw)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            if len(left) < len(raw):
                os.ftruncate(self._file, offset)
            raise

    def _close_file(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file, self._file_name = -1, ""

    def _failed(self, done: str, error: OSError | UserError) -> EngineError:
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        self._failure = (
            f"{self._folder}: line {self._head.seq + 1} of the journal could not be {done} ({why});"
            " nothing more is written or sent: make room or mend the disk, then start again"
        )
        return EngineError(self._failure)

    def _refuse_after_failure(self) -> None:
        if self._failure is not None:
            raise EngineError(self._failure)


def _fsync(file: int, is_begun: Semaphore) -> None:
    """In a thread. Whoever began it waits so long: otherwise it would not get to run before that one has nothing to do."""
    is_begun.release()
    os.fsync(file)


def _marked(folder: Path, head: Head) -> Mark:
    try:
        mark = Mark(folder)
        mark.move(head)
    except OSError as error:
        raise UserError(
            f"{folder}: the journal's mark cannot be written ({error.strerror}); make room or mend the disk"
        ) from error
    return mark


def new_id(now: datetime) -> str:
    """Starts the order references of a journal that begins now."""
    return "sp" + hashlib.sha256(now.isoformat().encode()).hexdigest()[:5]


def probe(state: Path) -> None:
    """Make the state folder where it is missing and write, sync and remove a file in it.

    Raises UserError with the folder and the reason when that cannot be done.
    """
    folder = state / FOLDER
    trial = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with trial.open("wb", buffering=0) as file:
                if file.write(b"\0" * _PROBE_BYTES) != _PROBE_BYTES:
                    raise OSError(28, "No space left on device")
                os.fsync(file.fileno())
        finally:
            trial.unlink(missing_ok=True)
        sync_folder(state)
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be written ({error.strerror}); make room, give yourself the right to write, or name another folder"
            " with --state"
        ) from error


_PROBE_BYTES = 65_536
"""Less than this left free would not last for a trading day."""


def _check_account(folder: Path, head: Head, account: str) -> None:
    if head.seq == 0:
        return
    theirs = lines.account_of(folder, head)
    if theirs != account:
        raise UserError(f"{folder}: this is the journal of account {theirs}, not of {account}; name another folder with --state")


def _mend(torn: Torn) -> None:
    """Bring the newest file back to whole lines."""
    try:
        with torn.path.open("r+b") as file:
            if torn.lacks_newline_only:
                file.seek(torn.offset + len(torn.raw))
                file.write(b"\n")
            else:
                file.truncate(torn.offset)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UserError(f"{torn.path}: the torn last line cannot be mended ({error.strerror})") from error
