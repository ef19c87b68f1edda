"""What stands where a state folder is looked for."""

from pathlib import Path


def no_folder(path: Path) -> str | None:
    """Why this is no folder; None where it is one. Raises PermissionError where nobody may know."""
    if path.is_dir():
        return None
    if path.exists():
        return "this is a file and no folder"
    return "this link leads nowhere" if path.is_symlink() else "no such folder"
