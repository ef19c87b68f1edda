"""Where a journal lies: held on to, so that it is noticed when the folder is gone or another stands in its place.

A file that somebody removes lives on for who holds it open. So every day's file is held, and what is gone is written out again
whole, beside the place where it lay.
"""

import os
import resource
from pathlib import Path

from engine.store.lines import day_files

DAYS_HELD = 256
"""A year of trading days. Of a journal that is older the newest days are held."""
PART_HELD = 4
"""And no more than this part of the files that a process may hold: 1,024 on many systems, 256 on some."""
NAMES_MAX = 100
"""Names that are tried for the folder beside."""
_BLOCK = 1 << 20


class Place:
    """The journal's folder and its days' files, each held open for reading."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where they cannot be opened."""
        self.folder = folder
        self._handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._files: dict[str, int] = {}
        days = day_files(folder)
        held = _most_held()
        self.left_out = len(days[:-held])
        """Days that are too old to be held."""
        for path in days[-held:]:
            self.hold(path.name)

    def hold(self, name: str) -> None:
        """Hold on to a day's file that is new."""
        if name not in self._files:
            self._files[name] = os.open(self.folder / name, os.O_RDONLY)

    @property
    def is_kept(self) -> bool:
        """Whether the folder and its newest file are where they were, and no others in their place."""
        newest = max(self._files, default=None)
        try:
            return _is(self.folder, self._handle) and (newest is None or _is(self.folder / newest, self._files[newest]))
        except OSError:
            return False

    def write_out(self) -> Path:
        """A new state folder beside the old one, with the journal in it, on disk. Raises OSError."""
        state = _free(self.folder.parent)
        folder = state / self.folder.name
        folder.mkdir(mode=0o700)
        for name, file in self._files.items():
            with (folder / name).open("xb") as copy:
                while block := os.pread(file, _BLOCK, copy.tell()):
                    copy.write(block)
                copy.flush()
                os.fsync(copy.fileno())
        for made in (folder, state, state.parent):
            sync_folder(made)
        return state

    def close(self) -> None:
        for file in (self._handle, *self._files.values()):
            os.close(file)
        self._files.clear()


def sync_folder(folder: Path) -> None:
    """Return once the names in a folder are on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _most_held() -> int:
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return DAYS_HELD if allowed == resource.RLIM_INFINITY else max(1, min(DAYS_HELD, allowed // PART_HELD))


def _is(path: Path, file: int) -> bool:
    there, held = path.stat(), os.fstat(file)
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)


def _free(state: Path) -> Path:
    """A folder that was not there, made beside the state folder and named after it."""
    stem = state.absolute().name.partition(".rescued")[0]
    for number in range(1, NAMES_MAX + 1):
        beside = state.absolute().with_name(f"{stem}.rescued" + (f"-{number}" if number > 1 else ""))
        try:
            beside.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return beside
    raise FileExistsError(17, f"{NAMES_MAX} folders of this name exist already")
