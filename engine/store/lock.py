"""The single-writer lock: one engine for one state folder, for as long as the engine lives.

The kernel drops the lock when the process ends in whatever way, so there is nothing to clean up after a crash.
"""

import fcntl
import os
from pathlib import Path

from engine.domain.errors import UserError

LOCK_FILE = "lock"


class Lock:
    """Held from its making until `release`."""

    def __init__(self, state: Path) -> None:
        """Raises UserError when another engine holds it (naming its process) or the folder cannot be written."""
        path = state / LOCK_FILE
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UserError(
                f"{path}: cannot be opened for writing ({error.strerror}); name a folder that can with --state"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError as error:
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            self.release()
            raise UserError(
                f"{state}: another engine runs here, process {holder}; stop it first, or give this one its own --state"
            ) from error
        except OSError as error:
            self.release()
            raise UserError(f"{path}: cannot be locked and written ({error.strerror})") from error

    def release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
