"""Whether the trader's folder is as it was: the same folder, with the same files, none of them written since."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FolderState:
    """What a look at a folder finds without reading its files. `place` is None where there is no folder."""

    place: tuple[int, int] | None
    """Device and inode: another pair is another folder under the same name, as when a link is turned."""
    files: frozenset[tuple[str, int, int, int]] = frozenset()
    """Name, inode, size and time of the last writing."""


def look_at(folder: Path) -> FolderState:
    """The folder as it is now; what cannot be looked at is not there."""
    try:
        found = folder.stat()
        paths = [path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"}]
    except OSError:
        return FolderState(None)
    files: set[tuple[str, int, int, int]] = set()
    for path in paths:
        try:
            one = path.stat()
        except OSError:
            continue
        files.add((path.name, one.st_ino, one.st_size, one.st_mtime_ns))
    return FolderState((found.st_dev, found.st_ino), frozenset(files))
