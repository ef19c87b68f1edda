"""Secrets with which one state folder signs: made where there is none, and used only where nobody else may read them."""

import os
import secrets
from pathlib import Path

from engine.domain.errors import UserError

SHORTEST = 32


def made_secret(path: Path, signs: str) -> bytes:
    """The secret in this file, which is made where there is none. `signs` names what is signed with it, as people are told.

    Raises UserError where it cannot be made or used.
    """
    try:
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_hex(32).encode())
    except OSError as error:
        raise UserError(f"{path}: the secret of the {signs} cannot be made ({error.strerror})") from error
    return known_secret(path, signs)


def known_secret(path: Path, signs: str) -> bytes:
    """The secret in this file. Raises UserError where there is none that may be used."""
    try:
        if path.stat().st_mode & 0o077:
            raise UserError(f"{path}: others may read it, so anybody could sign {signs}; remove it, and a new one is made")
        secret = path.read_bytes().strip()
    except OSError as error:
        raise UserError(f"{path}: the secret of the {signs} cannot be read ({error.strerror})") from error
    if len(secret) < SHORTEST:
        raise UserError(f"{path}: too short to sign {signs}; remove it, and a new one is made")
    return secret
