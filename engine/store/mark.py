"""The mark: the last line known to be on disk, beside the journal, so that lines which are gone show.

A hash chain shows a changed line and a missing one in the middle; a journal whose end was taken away is whole and only shorter.
`state/journal/mark` holds seq and hash of the last synced line. It is written after the sync, so it is never ahead of the disk: a
journal that ends before its mark has lost lines. It is not synced itself, since after a power cut an older mark is true as well.
"""

import os
from pathlib import Path

from engine.domain.errors import Damaged
from engine.store.lines import Head

NAME = "mark"
_SEQ_DIGITS = 20


class Mark:
    """One small file of one length, written over in place."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT, 0o600)

    def move(self, head: Head) -> None:
        """Say that everything up to this line is on disk."""
        os.pwrite(self._file, text_of(head), 0)

    def close(self) -> None:
        os.close(self._file)


def text_of(head: Head) -> bytes:
    """What the mark holds when everything up to this line is on disk."""
    return f"{head.seq:0{_SEQ_DIGITS}d} {head.hash}\n".encode()


def hold(folder: Path, head: Head) -> None:
    """Hold the last line of a verified journal against the mark.

    Raises Damaged where lines that were on disk are gone, or other lines stand in their place. A missing or unreadable mark
    proves nothing and stops nothing: journals without one exist, and one that was torn is written anew with the next line.
    """
    try:
        marked, _, digest = (folder / NAME).read_text(encoding="ascii").partition(" ")
        seq = int(marked)
    except (OSError, ValueError):
        return
    if seq > head.seq:
        raise Damaged(
            f"{folder}: the journal ends at line {head.seq}, but line {seq} had been written: lines are missing. Put the newest"
            f" file back; or, where no better copy exists, delete {folder / NAME} to go on from line {head.seq}: what the missing"
            " lines opened is then shown as foreign and never traded, and nothing is opened today if they traded today."
        )
    if seq == head.seq and digest.strip() != head.hash:
        raise Damaged(
            f"{folder}: line {seq} of the journal is not the one that was written here: these files are of another journal."
            f" Put the right ones back; or delete {folder / NAME} if these are the right ones."
        )
