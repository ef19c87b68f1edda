"""What comes with the program beside its code: strategies, schemas and monitoring, found in a checkout and in a wheel alike."""

from pathlib import Path

from engine.domain.errors import UserError

FOLDERS = ("strategies", "schemas", "monitoring")
"""The same names in a checkout, in the wheel and where `spreads init-files` writes them."""


def shipped(name: str) -> Path:
    """The folder of this name: inside the installed package, or beside a checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "shipped" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise UserError(f"the folder {name} that comes with the program is not where it should be; install the program again")
