"""The file that halts an engine which does not answer, as `spreads halt` leaves it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.domain.errors import EngineError
from engine.store import journal

NAME = "HALT"


def leave(state: Path, text: str) -> None:
    """Have the engine of this folder halt within some seconds, or start halted. Raises EngineError where that cannot be."""
    if not (state / journal.FOLDER).is_dir():
        raise EngineError(f"{state}: no engine keeps its state here, and nothing was halted")
    try:
        (state / NAME).write_text(f"{text}\n", encoding="utf-8", errors="replace")
    except OSError as error:
        raise EngineError(f"{state / NAME}: {error.strerror}, and nothing was halted; halt on the engine's machine") from error


@asynccontextmanager
async def taken_away(state: Path | None) -> AsyncGenerator[None]:
    """The file away while openings are allowed again, as it would halt once more; put back where that fails."""
    file = state / NAME if state is not None else None
    left = file.read_bytes() if file is not None and file.is_file() else None
    if file is not None:
        file.unlink(missing_ok=True)
    try:
        yield
    except BaseException:
        if file is not None and left is not None:
            file.write_bytes(left)
        raise
