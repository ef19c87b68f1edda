"""A backup: one file with all that a trader would miss, taken while the engine trades, and proved equal when it is put back.

    state/checkpoints/   first: a checkpoint must not have seen a line that the copied journal lacks
    state/journal/       then, cut off behind the last whole line; its mark is written anew
    state/strategies/    then: a version is kept before a fact names it, so that every version that is named is there
    state/explanations/  state/chains/
    strategies/          the trader's own files, YAML alone
    manifest.json        last: which line it ends with, what the books were there, and the SHA-256 of every file

Only what is listed here is taken: no key, token, certificate, socket, log or settings file can be in it.
"""

import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO

import msgspec

from engine.domain.errors import Damaged, UserError
from engine.store import chains, checkpoint, explanations, journal, lines, mark, scenes
from engine.store.books import Books, books
from engine.store.place import sync_folder

FORMAT = 1
MANIFEST = "manifest.json"
STATE, FILES = "state", "strategies"
"""The two folders of a backup: what the engine writes, and what the trader writes."""
MANIFEST_MAX = 64 << 20
"""Bytes: a hundred for each of half a million files."""
_BLOCK = 1 << 20
_PATTERNS: Mapping[str, tuple[str, ...]] = {
    journal.FOLDER: ("*.jsonl", mark.NAME),
    checkpoint.CHECKPOINTS: ("*.json",),
    "strategies": ("*.yaml", "shared/*.yaml"),
    explanations.FOLDER: ("*.jsonl", "*.jsonl.gz"),
    chains.FOLDER: ("**/*.parquet", f"*/{scenes.FILE}"),
}
"""What of the state folder is taken, and may be in a backup."""


class Kept(msgspec.Struct, frozen=True):
    """One file of a backup."""

    size: int
    sha256: str


class Counts(msgspec.Struct, frozen=True):
    """What the books hold, in numbers that a person can compare."""

    lines: int
    orders: int
    fills: int
    positions: int
    open_positions: int
    odd: int
    """Lines that could not be taken in."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup is of, and what it must add up to."""

    format: int
    made_at: datetime
    version: str
    """Of the program that made it."""
    fold: str
    """Digest of the code that folded: `books` can be compared by the same code alone."""
    account: str
    seq: int
    """The last line of the journal that is in it."""
    hash: str
    books: str
    """Digest of the ledger."""
    counts: Counts
    files: dict[str, Kept]


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was put back and looked at."""

    manifest: Manifest
    is_same_code: bool
    """Whether the digest of the books could be compared, and not only their numbers."""


def save(state: Path, strategies: Path, target: Path, version: str, now: datetime) -> Manifest:
    """Write a backup to `target`, which must not exist; an engine may trade meanwhile.

    Raises UserError where there is nothing to save or the file cannot be written, Damaged where the journal is not whole.
    """
    if not lines.day_files(state / journal.FOLDER):
        raise UserError(f"{state}: no journal here, so there is nothing to save; name the state folder with --state")
    if target.exists():
        raise UserError(f"{target}: exists already and is left as it is; name another file with --to")
    part = target.with_name(f"{target.name}.part")
    try:
        with TemporaryDirectory(dir=target.parent, prefix=".backup-") as room:
            with _opened(part) as raw, tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as archive:
                manifest = _Writer(archive, state, strategies, Path(room)).write(version, now)
            part.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise UserError(
            f"{error.filename or target}: the backup cannot be written ({error.strerror}); name another --to"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def restore(file: Path, folder: Path) -> Restored:
    """Put a backup back into a folder that is empty or not there, and prove that nothing is lost or different.

    Raises UserError where the file is no backup or the folder is in use, Damaged where what is in it is not what was saved.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder}: is there and not empty; a backup is put into an empty folder, never over anything")
    try:
        manifest = _manifest(file)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _extract(file, folder, manifest)
    except (tarfile.TarError, EOFError, msgspec.DecodeError) as error:
        raise UserError(f"{file}: this is no backup, or a part of one ({error})") from error
    except OSError as error:
        raise UserError(f"{error.filename or file}: {error.strerror or error}; the backup cannot be put back") from error
    return _proved(folder / STATE, manifest)


def manifest_of(file: Path) -> Manifest:
    """What a backup says of itself; its files are not looked at. Raises UserError where it is none."""
    try:
        return _manifest(file)
    except (tarfile.TarError, EOFError, msgspec.DecodeError, OSError) as error:
        raise UserError(f"{file}: this is no backup, or a part of one ({error})") from error


def counts_of(found: Books) -> Counts:
    """The numbers of some books."""
    ledger = found.ledger
    return Counts(
        lines=found.head.seq,
        orders=len(ledger.orders),
        fills=sum(len(order.fills) for order in ledger.orders.values()),
        positions=len(ledger.positions),
        open_positions=sum(1 for _ in ledger.open_positions()),
        odd=len(found.odd),
    )


class _Writer:
    """Writes one backup, file by file."""

    def __init__(self, archive: tarfile.TarFile, state: Path, strategies: Path, room: Path) -> None:
        self._archive, self._state, self._strategies, self._room = archive, state, strategies, room
        self._files: dict[str, Kept] = {}

    def write(self, version: str, now: datetime) -> Manifest:
        """The order is that of the module's head; see there for why."""
        self._folder(checkpoint.CHECKPOINTS)
        found = self._journal()
        for name in ("strategies", explanations.FOLDER, chains.FOLDER):
            self._folder(name)
        for path in sorted(self._strategies.glob("*.y*ml")) if self._strategies.is_dir() else ():
            if path.suffix in {".yaml", ".yml"} and path.is_file():
                self._add(f"{FILES}/{path.name}", path.read_bytes())
        account = lines.account_on_file(self._room / STATE / journal.FOLDER) or ""
        manifest = Manifest(
            FORMAT, now.astimezone(UTC), version, checkpoint.fold_digest(), account,
            found.head.seq, found.head.hash, found.digest, counts_of(found), self._files,
        )  # fmt: skip
        _put(self._archive, MANIFEST, msgspec.json.encode(manifest))
        return manifest

    def _journal(self) -> Books:
        """The journal as far as it is whole, copied aside so that what is folded is what is saved."""
        copy = self._room / STATE
        folder = copy / journal.FOLDER
        folder.mkdir(parents=True)
        days = lines.day_files(self._state / journal.FOLDER)
        for path in days:
            raw = path.read_bytes()
            whole = raw[: raw.rfind(b"\n") + 1]
            if path != days[-1] and whole != raw:
                raise Damaged(f"{path}: its last line is not whole, and it is not the newest day; start the engine to mend it")
            (folder / path.name).write_bytes(whole)
        found = books(copy)
        (folder / mark.NAME).write_bytes(mark.text_of(found.head))
        for path in sorted(folder.iterdir()):
            self._add(f"{STATE}/{journal.FOLDER}/{path.name}", path.read_bytes())
        return found

    def _folder(self, name: str) -> None:
        root = self._state / name
        for path in sorted({path for pattern in _PATTERNS[name] for path in root.glob(pattern)}):
            if path.is_symlink() or not path.is_file():
                continue
            try:
                raw = path.read_bytes()
            except FileNotFoundError:
                continue  # packed or pruned since it was listed
            self._add(f"{STATE}/{name}/{path.relative_to(root).as_posix()}", raw)

    def _add(self, name: str, raw: bytes) -> None:
        _put(self._archive, name, raw)
        self._files[name] = Kept(len(raw), sha256(raw).hexdigest())


def _put(archive: tarfile.TarFile, name: str, raw: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(raw), 0o600
    archive.addfile(entry, io.BytesIO(raw))


def _opened(part: Path) -> IO[bytes]:
    return os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _manifest(file: Path) -> Manifest:
    """The manifest, before anything is written. Raises UserError where there is none that this version reads."""
    with tarfile.open(file, "r:gz") as archive:
        for entry in archive:
            if entry.name == MANIFEST and entry.isfile() and entry.size <= MANIFEST_MAX:
                raw = _content(archive, entry).read()
                written = msgspec.json.decode(raw, type=dict[str, object]).get("format")
                if written != FORMAT:
                    raise UserError(
                        f"{file}: a backup of format {written}; this version reads {FORMAT}: use the one that made it"
                    )
                return msgspec.json.decode(raw, type=Manifest)
    raise UserError(f"{file}: no {MANIFEST} in it; this is no backup, or a part of one")


def _extract(file: Path, folder: Path, manifest: Manifest) -> None:
    """Write every file that the manifest names, held against its digest. Raises Damaged where one is missing or different."""
    missing = set(manifest.files)
    with tarfile.open(file, "r:gz") as archive:
        for entry in archive:
            if entry.name == MANIFEST:
                continue
            kept = manifest.files.get(entry.name)
            if kept is None or not entry.isfile() or not _belongs(entry.name):
                raise Damaged(f"{file}: {entry.name} does not belong into a backup; nothing of it was started. Take another copy")
            source = _content(archive, entry)
            target = folder / entry.name
            for parent in reversed(target.relative_to(folder).parents[:-1]):
                (folder / parent).mkdir(mode=0o700, exist_ok=True)
            digest, size = sha256(), 0
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
                for block in iter(lambda: source.read(_BLOCK), b""):  # noqa: B023 - read out before the next file
                    digest.update(block)
                    size += copy.write(block)
                copy.flush()
                os.fsync(copy.fileno())
            if (size, digest.hexdigest()) != (kept.size, kept.sha256):
                raise Damaged(f"{file}: {entry.name} is not what was saved. Take another copy of the backup")
            missing.discard(entry.name)
    if missing:
        lost = f"{len(missing)} missing, such as {min(missing)}"
        raise Damaged(f"{file}: files that were saved are not in it, {lost}. Take another copy of the backup")


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    source = archive.extractfile(entry)
    assert source is not None, "a file has a content"
    return source


def _belongs(name: str) -> bool:
    """Whether a backup may write a file of this name: one of the known places, and nothing above them."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        return False
    match path.parts:
        case ("state", place, *rest) if rest and place in _PATTERNS:
            return any(_fits(PurePosixPath(*rest), pattern) for pattern in _PATTERNS[place])
        case ("strategies", _):
            return path.suffix in {".yaml", ".yml"}
        case _:
            return False


def _fits(path: PurePosixPath, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return path.match(pattern.removeprefix("**/"))
    return len(path.parts) == len(PurePosixPath(pattern).parts) and path.match(pattern)


def _proved(state: Path, manifest: Manifest) -> Restored:
    """Fold what was put back, and hold it against what was saved. Raises Damaged where it is not the same."""
    found = books(state)
    if (found.head.seq, found.head.hash) != (manifest.seq, manifest.hash):
        raise Damaged(f"{state}: the journal ends at line {found.head.seq}, and line {manifest.seq} was saved")
    is_same_code = manifest.fold == checkpoint.fold_digest()
    if is_same_code and found.digest != manifest.books:
        raise Damaged(f"{state}: the same lines add up to other books than they did; do not trade on them, and report this")
    different = list(_different(counts_of(found), manifest.counts))
    if different and is_same_code:
        raise Damaged(f"{state}: {'; '.join(different)}")
    if different and counts_of(found).odd > manifest.counts.odd:
        raise Damaged(
            f"{state}: version {manifest.version} wrote this, and this version cannot read all of it: {found.odd[0]}."
            f" Install version {manifest.version}, or a newer one, and restore with that"
        )
    return Restored(manifest, is_same_code)


def _different(found: Counts, saved: Counts) -> Iterator[str]:
    for name in Counts.__struct_fields__:
        now, then = getattr(found, name), getattr(saved, name)
        if now != then:
            yield f"{name.replace('_', ' ')}: {now}, and {then} were saved"
