"""Folders that a demonstration or a backtest is left in: an earlier one in it is replaced, anything else is left alone."""

import shutil
from pathlib import Path

from engine.domain.errors import UserError
from engine.store.folder import no_folder, state_of
from engine.store.lock import LOCK_FILE, Lock


def emptied(folder: Path, marker: str, command: str, flag: str) -> Path:
    """An empty state folder for what `spreads demo` or another `command` leaves; only what it left earlier is removed, and never
    from under one that runs.

    `marker` is a file by which such a folder is known, `flag` names another one. Raises UserError where the folder holds
    something else, or an engine or another run works in it.
    """
    if folder.exists() and (wrong := no_folder(folder)) is not None:
        raise UserError(f"{folder}: {wrong}; choose another {flag}")
    if folder.exists() and any(folder.iterdir()) and not (folder / marker).is_file():
        raise UserError(f"{folder}: holds something that is not a {command}; choose another {flag}")
    state = state_of(folder)
    lock = Lock(state)
    try:
        # The lock's own file stays: who comes meanwhile must meet the same one.
        for path in state.iterdir():
            if path.name != LOCK_FILE:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        (state / marker).write_text(f"made by `spreads {command}`; the next {command} replaces this folder\n", encoding="utf-8")
    finally:
        lock.release()  # whoever works here takes it itself
    return state
