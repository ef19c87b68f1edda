"""The ledger at a day's end, so that a start reads the day and not the year.

`state/checkpoints/YYYY-MM-DD.json` holds two lines: the fold with the journal line that it stands after, and the SHA-256 of the
first line. A checkpoint is a convenience and never the truth: one that is damaged, or that another version of the fold has
written, is passed over and the journal is folded from its beginning. One that is whole but has seen a line that the journal no
longer holds proves that the journal was changed, and that is damage.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from engine import domain
from engine.domain.errors import IllegalFact, UserError
from engine.domain.facts.halts import Resumed
from engine.domain.folding import Folding
from engine.domain.ledger import Ledger
from engine.ports import Line
from engine.store import lines
from engine.store.journal import FOLDER, Journal
from engine.store.lines import START, Head, Odd
from engine.store.lock import Lock

CHECKPOINTS = "checkpoints"
KEPT = 3
"""Two to fall back on behind the newest."""
REVERIFIED_BYTES = 64 * 1024 * 1024
"""Of the journal before a checkpoint, this much is read again at every start, in about half a second: months of an ordinary
engine. Of what is older, the first and the last line of each day are held against the chain; `verify` reads it all."""


@dataclass(frozen=True, slots=True)
class Recovered:
    journal: Journal
    ledger: Ledger
    warnings: tuple[str, ...]
    """What was mended or passed over, for people."""
    odd: tuple[str, ...] = ()
    """Lines that could not be folded and came after a person resumed last: what they say is not known, nothing may be opened."""

    @property
    def is_first(self) -> bool:
        """True where nothing was ever written here."""
        return self.journal.head.seq == 0


class _Fold(msgspec.Struct):
    head: Head
    fold: str
    """Digest of the code that folded."""
    ledger: msgspec.Raw


def recover(state: Path, account: str, lock: Lock | None = None) -> Recovered:
    """Lock, mend, verify and fold: the only way to start. `lock` is one that is held already.

    A line that is whole and cannot be folded is passed over and said. Raises UserError when the folder cannot be used, Damaged
    when the journal is not what was written.
    """
    found, warnings = _newest(state)
    head, ledger = found if found is not None else (START, Ledger())
    if head != START:
        lines.verify_before(state / FOLDER, head, REVERIFIED_BYTES)
    opened = Journal.open(state, account, head, lock)
    odd: list[str] = []
    folding, folder = Folding(ledger), state / FOLDER
    try:
        for line in opened.lines:
            problem = fold(line, folding, folder)
            if problem is not None:
                odd.append(problem)
            elif isinstance(line, Line) and isinstance(line.fact, Resumed):
                odd.clear()  # a person has seen what stood before
        ledger = folding.folded()
    except BaseException:
        opened.journal.close()
        raise
    if opened.torn is not None:
        warnings.append(str(opened.torn))
    warnings += (f"{problem}; the line is kept and passed over" for problem in odd)
    return Recovered(opened.journal, ledger, tuple(warnings), tuple(odd))


def fold(line: Line | Odd, ledger: Ledger, folder: Path) -> str | None:
    """Take one line of a verified journal in; why it could not be, with its place.

    A fact that does not fit must not keep what is open from being watched: it is passed over, and a person is told.
    """
    if isinstance(line, Odd):
        return f"{line.place}: {line.text}"
    try:
        ledger.apply(line.fact, line.at)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other lines are known
        why = str(error) if isinstance(error, IllegalFact) else f"{type(error).__name__}: {error}"
        return f"{folder}: line {line.seq} cannot follow what was known: {why}"
    return None


def save(state: Path, journal: Journal, ledger: Ledger) -> Path | None:
    """Write what the journal so far adds up to; the file, or None where nothing was ever written.

    `ledger` must be the fold of every line of `journal`. Raises UserError when it cannot be written.
    """
    if journal.head.seq == 0:
        return None
    journal.sync()
    body = msgspec.json.encode(_Fold(journal.head, fold_digest(), msgspec.Raw(encoded(ledger))))
    folder = state / CHECKPOINTS
    path = folder / f"{Path(journal.head.file).stem}.json"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _write_whole(path, body + b"\n" + sha256(body).hexdigest().encode() + b"\n")
        for old in sorted(folder.glob("*.json"))[:-KEPT]:
            old.unlink()
    except OSError as error:
        raise UserError(
            f"{path}: the checkpoint cannot be written ({error.strerror}); the journal is not touched by this"
        ) from error
    return path


def verify(state: Path) -> int:
    """Read the whole journal, whatever the checkpoints say; how many lines it holds. Needs no lock and changes nothing.

    Raises Damaged with file and line.
    """
    head, _ = lines.verified(state / FOLDER)
    return head.seq


def fold_digest() -> str:
    """SHA-256 of the modules that make the fold: a checkpoint is only good for the code that wrote it."""
    digest = sha256()
    for module in sorted(Path(path) for root in domain.__path__ for path in Path(root).rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def _newest(state: Path) -> tuple[tuple[Head, Ledger] | None, list[str]]:
    warnings: list[str] = []
    for path in sorted((state / CHECKPOINTS).glob("*.json"), reverse=True):
        try:
            body, digest, rest = path.read_bytes().split(b"\n")
            if rest or sha256(body).hexdigest().encode() != digest:
                raise ValueError("its digest does not fit")
            whole = msgspec.json.decode(body, type=_Fold)
            if whole.fold != fold_digest():
                warnings.append(f"{path}: written by another version, passed over")
                continue
            return (whole.head, _decoded(whole.ledger)), warnings
        except (OSError, ValueError, KeyError, msgspec.DecodeError) as error:
            warnings.append(f"{path}: damaged, passed over ({error})")
    return None, warnings


def encoded(ledger: Ledger) -> bytes:
    """The ledger as JSON, field by field. JSON knows only text as keys: a dictionary keyed by tuples becomes a list of pairs."""
    held: dict[str, object] = {}
    for name, hint in _held().items():
        value = getattr(ledger, name)
        held[name] = list(value.items()) if _pair_of(hint) is not None else value
    return msgspec.json.encode(held)


def _decoded(raw: msgspec.Raw) -> Ledger:
    held = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    ledger = Ledger()
    for name, hint in _held().items():
        pair = _pair_of(hint)
        if pair is None:
            setattr(ledger, name, msgspec.json.decode(held[name], type=hint))
        else:
            setattr(ledger, name, dict(msgspec.json.decode(held[name], type=list[pair])))
    ledger.reindex()
    return ledger


def _held() -> dict[str, Any]:
    """The fields of the ledger that are written down, with their types: all but what is derived."""
    return {name: hint for name, hint in get_type_hints(Ledger).items() if name != "index"}


def _pair_of(hint: Any) -> Any | None:
    """The type of one entry of a dictionary that is keyed by tuples; None for every other type."""
    if get_origin(hint) is not dict:
        return None
    key, value = get_args(hint)
    return tuple[key, value] if get_origin(key) is tuple else None


def _write_whole(path: Path, content: bytes) -> None:
    """Put the file there whole or not at all."""
    trial = path.with_suffix(".tmp")
    with trial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    trial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
