"""The file in the state folder that halts an engine: within seconds where it runs, from its first beat where it starts.

It needs no engine that answers: a person leaves it with `touch`, `spreads halt` and the pages where nobody answers them.
"""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.domain.errors import UserError
from engine.store.folder import HALT_FILE, is_state_folder, no_folder

TEXT_MAX = 200
"""Characters of it that become the reason."""


def text_of(state: Path) -> str | None:
    """What the file says, which may be nothing; None where there is none."""
    file = state / HALT_FILE
    if not file.exists():
        return None
    with suppress(OSError):  # a folder, or a file of somebody else: it halts all the same
        return file.read_text(encoding="utf-8", errors="replace")[:TEXT_MAX].strip()
    return ""


def leave(state: Path, text: str) -> None:
    """Leave it. Raises UserError where that cannot be: nothing was halted then."""
    try:
        if not is_state_folder(state):
            wrong = no_folder(state) or "no engine keeps its state here"
            raise UserError(f"{state}: {wrong}, and nothing was halted; name the folder of the engine with --state")
        (state / HALT_FILE).write_text(f"{text}\n", encoding="utf-8", errors="replace")
    except OSError as problem:
        why = f"{problem.filename or state}: {problem.strerror}"
        raise UserError(f"{why}, and nothing was halted; halt as the user who runs the engine") from problem


@contextmanager
def taken_away(state: Path) -> Generator[bool]:
    """The file away while openings are allowed again, as it would halt once more; put back where that fails.

    Gives whether there was one.
    """
    file = state / HALT_FILE
    left = file.read_bytes() if file.is_file() else None
    if left is not None:
        file.unlink(missing_ok=True)
    try:
        yield left is not None
    except BaseException:
        if left is not None:
            file.write_bytes(left)
        raise
