"""The journal's files, read: every line held against its chain, facts taken out, a torn end found.

Torn is what a power cut leaves: bytes at the very end of the newest file that are not a whole line. A whole line whose hash
does not fit was not torn, it was changed; that and everything wrong before the end is damage, and damage is never mended here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from engine.domain.errors import Damaged
from engine.domain.facts.running import EngineStarted
from engine.ports import Line
from engine.store import codec

_DAY_FILES = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].jsonl"
_TAIL_BYTES = 65_536
"""Read from a file's end in search of its last line; doubled until it is found."""
_WAY_OUT = (
    "Put the file back from a backup; or move the journal folder and the checkpoints folder away to begin a new journal:"
    " what the broker still holds is then shown as foreign and never traded, and on a day that the old one traded nothing is"
    " opened."
)


@dataclass(frozen=True, slots=True)
class Head:
    """The line that a journal, or a reading of it, stands after."""

    seq: int
    hash: str
    file: str
    """Name of the day's file; empty before the first line."""
    offset: int
    """Bytes of that file up to and including the line."""


START = Head(0, codec.FIRST_HASH, "", 0)


@dataclass(frozen=True, slots=True)
class Torn:
    """The end of the newest file that is not a whole line."""

    path: Path
    line: int
    offset: int
    """Where it starts."""
    raw: bytes
    lacks_newline_only: bool
    """True where the line itself is whole and fits: the fact is known and only its newline is missing."""

    def mended(self, head: Head) -> Head:
        """The head of the journal once its end is whole again; `head` is that of the line before."""
        if not self.lacks_newline_only:
            return head
        whole = self.raw + b"\n"
        return Head(head.seq + 1, codec.claimed_hash(whole) or "", self.path.name, self.offset + len(whole))

    def __str__(self) -> str:
        if self.lacks_newline_only:
            return f"{self.path}:{self.line}: the last line had no newline; the fact is whole and kept"
        return (
            f"{self.path}:{self.line}: the last line was torn, {len(self.raw)} bytes were cut off;"
            " nothing that left the machine depended on it"
        )


@dataclass(frozen=True, slots=True)
class Odd:
    """A line that is as it was written, and whose fact this version cannot read."""

    place: str
    """File and line."""
    text: str


class _Raw(NamedTuple):
    path: Path
    line: int
    offset: int
    raw: bytes
    is_last: bool
    """The very last bytes of the newest file."""

    def head(self, seq: int) -> Head:
        return Head(seq, codec.claimed_hash(self.raw) or "", self.path.name, self.offset + len(self.raw))

    def damaged(self, found: str) -> Damaged:
        return Damaged(f"{self.path}:{self.line}: {found}. {_WAY_OUT}")


def day_files(folder: Path) -> list[Path]:
    """The days' files that hold anything, oldest first."""
    return sorted(path for path in folder.glob(_DAY_FILES) if path.stat().st_size)


def verified(folder: Path, after: Head = START) -> tuple[Head, Torn | None]:
    """The head of everything that follows `after`, and the torn end if there is one.

    Raises Damaged with file and line where the chain does not hold.
    """
    seq, previous, last = after.seq, after.hash.encode(), None
    for raw in _walk(folder, after, None):
        if not codec.follows(raw.raw, seq + 1, previous):
            head = after if last is None else last.head(seq)
            if raw.is_last and _is_torn(raw, head):
                whole = codec.is_chained(raw.raw + b"\n", head.hash)
                return head, Torn(raw.path, raw.line, raw.offset, raw.raw, whole)
            raise _damage(raw, head)
        seq, previous, last = seq + 1, codec.hash_of(raw.raw), raw
    return (after if last is None else last.head(seq)), None


def verify_before(folder: Path, head: Head, budget: int) -> None:
    """Hold the journal up to `head` against its chain: the first and last line of every day, and the newest `budget` bytes whole.

    Raises Damaged with file and line.
    """
    files = [path for path in day_files(folder) if path.name <= head.file]
    if not files or files[-1].name != head.file:
        raise Damaged(f"{folder / head.file}: the file is missing or empty. {_WAY_OUT}")
    starts = [START]
    for path in files[:-1]:
        _first_line(path, starts[-1])
        starts.append(_last_line(path, path.stat().st_size))
    _first_line(files[-1], starts[-1])
    if _last_line(files[-1], head.offset) != head:
        raise Damaged(f"{files[-1]}: line {head.seq} of the journal is not the one that the checkpoint has seen. {_WAY_OUT}")
    begin, bytes_left = head, budget - head.offset
    for start, path in zip(reversed(starts), reversed(files), strict=True):
        if bytes_left < 0:
            break
        begin = start
        bytes_left -= path.stat().st_size if path.name != head.file else 0
    seq, previous = begin.seq, begin.hash.encode()
    for raw in _walk(folder, begin, head):
        if not codec.follows(raw.raw, seq + 1, previous):
            raise _damage(raw, Head(seq, previous.decode(), raw.path.name, raw.offset))
        seq, previous = seq + 1, codec.hash_of(raw.raw)


def facts(folder: Path, after: Head, upto: Head) -> Iterator[Line | Odd]:
    """The lines between two heads; the chain is taken as verified. What is whole and no fact of this version is odd."""
    writer = ""
    for raw in _walk(folder, after, upto):
        place = f"{raw.path}:{raw.line}"
        try:
            line = codec.decode(raw.raw)
        except Damaged as error:
            yield Odd(place, str(error) + _way_back(writer))
            continue
        if isinstance(line.fact, EngineStarted):
            writer = line.fact.version if is_newer(line.fact.version) else ""
        more = codec.newer_fields(raw.raw) if writer else ()
        if more:
            kind, told = type(line.fact).__name__, ", ".join(more)
            yield Odd(place, f"the fact {kind} has what is unknown to this version: {told}" + _way_back(writer))
        else:
            yield line


def is_newer(written: str) -> bool:
    """Whether a version is newer than this program; what is no version is not."""
    return _parts(written) > _parts(version("ibkr-spreads"))


def _parts(written: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", written)[:3])


def _way_back(writer: str) -> str:
    """How to go back to the version that wrote a line, where that is a newer one."""
    return f"; version {writer} wrote it: pip install ibkr-spreads=={writer}, and start again" if writer else ""


def account_of(folder: Path, head: Head) -> str:
    """The account that the line at `head` was written for."""
    return codec.header(_raw_before(folder / head.file, head.offset)).account


def last_at(folder: Path, head: Head) -> datetime:
    """When the line at `head` was written, UTC."""
    return codec.header(_raw_before(folder / head.file, head.offset)).at


def account_on_file(folder: Path) -> str | None:
    """The account of the first line, read without verifying anything; None where nothing readable was written yet."""
    for path in day_files(folder)[:1]:
        with path.open("rb") as file:
            try:
                return codec.header(file.readline()).account
            except ValueError:
                return None
    return None


def _damage(raw: _Raw, head: Head) -> Damaged:
    """Why the line does not follow the one at `head`."""
    try:
        seq = codec.header(raw.raw).seq
    except ValueError as error:
        return raw.damaged(f"this is not a journal line ({error})")
    if codec.claimed_hash(raw.raw) is None:
        return raw.damaged("this line does not end with its hash")
    if seq != head.seq + 1:
        return raw.damaged(f"line {head.seq + 1} of the journal should follow here, but this is line {seq}")
    return raw.damaged("the hash does not fit: this line was changed, or it belongs to another journal")


def _is_torn(raw: _Raw, head: Head) -> bool:
    """No newline, or not the shape of a line: zeros and rests of a write that never finished."""
    if not raw.raw.endswith(b"\n"):
        return True
    return codec.claimed_hash(raw.raw) is None or (b"\x00" in raw.raw and not codec.is_chained(raw.raw, head.hash))


def _walk(folder: Path, after: Head, upto: Head | None) -> Iterator[_Raw]:
    files = [path for path in day_files(folder) if path.name >= after.file]
    for path in files:
        if upto is not None and path.name > upto.file:
            return
        end = path.stat().st_size if upto is None or path.name != upto.file else upto.offset
        offset = after.offset if path.name == after.file else 0
        is_newest = path == files[-1]
        with path.open("rb") as file:
            number = file.read(offset).count(b"\n")
            while offset < end:
                raw = file.readline()
                number += 1
                yield _Raw(path, number, offset, raw, is_newest and offset + len(raw) >= end)
                offset += len(raw)


def _first_line(path: Path, before: Head) -> None:
    with path.open("rb") as file:
        raw = _Raw(path, 1, 0, file.readline(), is_last=False)
    if not codec.follows(raw.raw, before.seq + 1, before.hash.encode()):
        raise _damage(raw, before)


def _last_line(path: Path, end: int) -> Head:
    """The line that ends at byte `end` of the file, as it calls itself."""
    raw = _raw_before(path, end)
    claimed = codec.claimed_hash(raw)
    try:
        seq = codec.header(raw).seq
    except ValueError:
        seq = -1
    if claimed is None or seq < 0:
        raise Damaged(f"{path}: the line that ends at byte {end} is not a journal line. {_WAY_OUT}")
    return Head(seq, claimed, path.name, end)


def _raw_before(path: Path, end: int) -> bytes:
    size = _TAIL_BYTES
    with path.open("rb") as file:
        while True:
            start = max(0, end - size)
            file.seek(start)
            block = file.read(end - start)
            cut = block.rfind(b"\n", 0, -1)
            if cut >= 0 or start == 0:
                return block[cut + 1 :]
            size *= 2
