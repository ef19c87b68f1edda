"""The single-writer lock: one engine for one state folder, for as long as the engine lives.

The kernel drops the lock when the process ends in whatever way, so there is nothing to clean up after a crash. A guardian that
takes the engine's place holds the same lock; that it watches is a lock of its own.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from engine.domain.errors import UserError

LOCK_FILE, WATCH_FILE = "lock", "guardian.lock"
"""Held by who writes the journal, and by the guardian that watches."""
GUARDIAN = "guardian"
_DESCRIPTORS = "/proc/{}/fd"
"""Where the kernel shows what a process has open; not on every system."""


class Held(UserError):
    """Another process holds the lock."""

    def __init__(self, text: str, process: int | None, holder: str) -> None:
        super().__init__(text)
        self.process = process
        """Its id, as it has written it; None where nothing can be read."""
        self.holder = holder
        """engine or guardian"""


class Lock:
    """Held from its making until `release`."""

    def __init__(self, state: Path, holder: str = "engine", file: str = LOCK_FILE) -> None:
        """Raises Held when another process holds it (naming that), UserError when the folder cannot be written."""
        self.holder = holder
        path = state / file
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UserError(
                f"{path}: cannot be opened for writing ({error.strerror}); name a folder that can with --state"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._sign()
        except BlockingIOError as error:
            process, theirs = _read(self._file)
            self.release()
            raise Held(_said(state, file, process, theirs), process, theirs) from error
        except OSError as error:
            self.release()
            raise UserError(f"{path}: cannot be locked and written ({error.strerror})") from error

    def release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _sign(self) -> None:
        """Write who holds it. A guardian goes on without where the disk is full: the kernel knows who holds the lock."""
        words = f"{os.getpid()}\n" if self.holder == "engine" else f"{os.getpid()} {self.holder}\n"
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, words.encode(), 0)
        except OSError:
            if self.holder != GUARDIAN:
                raise


def holder_of(state: Path) -> Held | None:
    """Who holds the lock of a state folder; None where nobody does, or nobody may know. Takes it from nobody."""
    try:
        file = os.open(state / LOCK_FILE, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        process, holder = _read(file)
        return Held(_said(state, LOCK_FILE, process, holder), process, holder)
    finally:
        os.close(file)
    return None


def is_suspended(process: int) -> bool:
    """Whether a process was stopped by a signal, so that it can hear none but the one that ends it; False where nobody tells."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in {"T", "t"}
    except (OSError, IndexError):
        return False


def holds(process: int, state: Path, file: str = LOCK_FILE) -> bool:
    """Whether a process has this very lock file open, as far as the system tells: a number alone may be another process by now,
    or one of another container.
    """
    if not Path(_DESCRIPTORS.format("self")).is_dir():
        return True  # a system that does not tell
    try:
        lock = (state / file).stat()
        descriptors = list(Path(_DESCRIPTORS.format(process)).iterdir())
    except OSError:
        return False
    for descriptor in descriptors:
        with suppress(OSError):
            if os.path.samestat(descriptor.stat(), lock):
                return True
    return False


def _read(file: int) -> tuple[int | None, str]:
    number, _, holder = os.pread(file, 64, 0).decode("ascii", "replace").strip().partition(" ")
    return int(number) if number.isdecimal() else None, holder or "engine"


def _said(state: Path, file: str, process: int | None, holder: str) -> str:
    number = process if process is not None else "unknown"
    if file == WATCH_FILE:
        return f"{state}: a guardian watches here already, process {number}; one is enough"
    if holder == GUARDIAN:
        return (
            f"{state}: the guardian has taken the engine's place, process {number}: it opens nothing, and what is held keeps its"
            f" exits; take it back with `spreads guard --release --state {state}`, then start again"
        )
    return f"{state}: another engine runs here, process {number}; stop it first, or give this one its own --state"
