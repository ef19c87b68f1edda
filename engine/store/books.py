"""The books as a reader makes them: the journal held against its chain and folded, without a lock and without a checkpoint.

An engine may write meanwhile: what it has not finished is not there yet.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from engine.domain.facts.running import EngineStarted
from engine.domain.folding import Folding
from engine.domain.ledger import Ledger
from engine.ports import Line
from engine.store import lines
from engine.store.checkpoint import encoded, fold
from engine.store.journal import FOLDER
from engine.store.lines import START, Head


@dataclass(frozen=True, slots=True)
class Books:
    """What a journal adds up to."""

    head: Head
    ledger: Ledger
    odd: tuple[str, ...]
    """Lines that this version could not take in, each with its place."""
    started: EngineStarted | None
    """How the engine was started last; None where none ever was."""

    @property
    def digest(self) -> str:
        """SHA-256 of all that the ledger knows: equal where, and only where, nothing is lost or different."""
        return sha256(encoded(self.ledger)).hexdigest()


def books(state: Path, seen: Callable[[Line], object] = lambda _: None) -> Books:
    """The books of a state folder; `seen` is told every line that could be read, oldest first.

    Raises Damaged, with file and line, where the journal is not what was written.
    """
    folder = state / FOLDER
    head, _ = lines.verified(folder)
    ledger, odd, started = Folding(Ledger()), list[str](), None
    for line in lines.facts(folder, START, head):
        problem = fold(line, ledger, folder)
        if problem is not None:
            odd.append(problem)
        if isinstance(line, Line):
            seen(line)
            started = line.fact if isinstance(line.fact, EngineStarted) else started
    return Books(head, ledger.folded(), tuple(odd), started)
