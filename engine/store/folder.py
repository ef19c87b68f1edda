"""What a state folder is, and what stands where one is looked for."""

from pathlib import Path

from engine.domain.errors import UserError

JOURNAL = "journal"
"""Folder of the journal in it."""
HALT_FILE = "HALT"
OWN_ENTRIES = frozenset(
    {
        "README.md",
        HALT_FILE,
        "keys.json",
        "presets.yaml",
        "token.secret",
        "links.secret",
        "chains",
        "checkpoints",
        "contracts",
        "explanations",
        "strategies",
    }
    | {"beat", "guardian", "guardian.lock", "guardian.log"}
)
"""What a state folder may hold before its engine has ever written a fact; hidden files too."""


def no_folder(path: Path) -> str | None:
    """Why this is no folder; None where it is one. Raises PermissionError where nobody may know."""
    if path.is_dir():
        return None
    if path.exists():
        return "this is a file and no folder"
    return "this link leads nowhere" if path.is_symlink() else "no such folder"


def is_state_folder(folder: Path) -> bool:
    """Whether an engine keeps its state here, or could without meeting anything of somebody else's.

    Raises PermissionError where nobody may know.
    """
    if (folder / JOURNAL).is_dir():
        return True
    return folder.is_dir() and all(path.name in OWN_ENTRIES or path.name.startswith(".") for path in folder.iterdir())


def state_of(path: Path) -> Path:
    """The state folder, made where it is missing. Raises UserError when it cannot be."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = no_folder(path) if path.exists() or path.is_symlink() else None
        raise UserError(f"{path}: {why or f'cannot be made: {error.strerror}'}; choose another --state") from error
    return path
