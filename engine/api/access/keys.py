"""The keys of those who ask over TCP: kept as hashes in the state folder, and good until they are revoked.

A key is shown once, when it is made: `spreads_` with its id and its secret. What is kept of it is an argon2 hash, readable by the
owner of the folder only. The engine reads the file again when it has changed: what is revoked by a command is revoked at once.
"""

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from engine.api.access.roles import Role
from engine.domain.errors import UserError

FILE = "keys.json"
"""In the state folder."""
KEYS_MAX = 100
PREFIX = "spreads"
_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """What a key that is not known is held against, so that it takes as long as one that is."""
    return _hasher.hash("nobody's secret")


@dataclass(frozen=True, slots=True)
class Key:
    """One key, without its secret."""

    id: str
    name: str
    """Who uses it; in the journal this name stands for whatever is said with it."""
    role: Role
    hash: str
    created_at: datetime
    revoked_at: datetime | None = None


class Keys:
    """The keys of one state folder."""

    def __init__(self, state: Path) -> None:
        self._path = state / FILE
        self._read_of: tuple[int, int] | None = None
        self._keys: dict[str, Key] = {}

    def all(self) -> tuple[Key, ...]:
        """Every key that was ever made, oldest first. Raises UserError where the file cannot be read."""
        try:
            seen = self._path.stat()
        except FileNotFoundError:
            self._read_of, self._keys = None, {}
            return ()
        except OSError as error:
            raise UserError(f"{self._path}: the keys cannot be read ({error.strerror})") from error
        if self._read_of != (seen.st_mtime_ns, seen.st_ino):
            try:
                found = msgspec.json.decode(self._path.read_bytes(), type=tuple[Key, ...])
            except (OSError, msgspec.MsgspecError) as error:
                raise UserError(f"{self._path}: the keys cannot be read ({error})") from error
            self._keys, self._read_of = {key.id: key for key in found}, (seen.st_mtime_ns, seen.st_ino)
        return tuple(self._keys.values())

    def in_force(self, key_id: str) -> Key | None:
        """The key of this id, while it is not revoked. Where the file cannot be read, nobody has one."""
        try:
            self.all()
        except UserError:
            return None
        found = self._keys.get(key_id)
        return found if found is not None and found.revoked_at is None else None

    def add(self, name: str, role: Role, now: datetime) -> str:
        """Make a key; its text, which is kept nowhere. Raises UserError where the name is taken or there are too many."""
        keys = self.all()
        if any(key.name == name and key.revoked_at is None for key in keys):
            raise UserError(f"there is a key {name!r} already; revoke it first, or choose another name")
        if len(keys) >= KEYS_MAX:
            raise UserError(f"{self._path} holds {len(keys)} keys; remove revoked ones from it by hand")
        key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        self._write([*keys, Key(key_id, name, role, _hasher.hash(secret), now)])
        return f"{PREFIX}_{key_id}_{secret}"

    def revoke(self, name: str, now: datetime) -> Key:
        """End a key by its name or id, and with it every token that was given for it. Raises UserError where there is none."""
        keys = self.all()
        found = next((key for key in keys if name in {key.name, key.id} and key.revoked_at is None), None)
        if found is None:
            known = ", ".join(key.name for key in keys if key.revoked_at is None) or "none"
            raise UserError(f"no key {name!r} is in force; those that are: {known}")
        self._write([replace(key, revoked_at=now) if key is found else key for key in keys])
        return found

    def verified(self, text: str) -> Key | None:
        """The key of this text; None where it is none, or revoked. Takes some hundredths of a second, whatever it is."""
        parts = text.split("_", 2)
        known = self.in_force(parts[1]) if len(parts) == 3 and parts[0] == PREFIX else None
        try:
            _hasher.verify(known.hash if known else _nobody(), parts[-1])
        except (Argon2Error, InvalidHashError):
            return None
        return known

    def _write(self, keys: Sequence[Key]) -> None:
        trial = self._path.with_suffix(".tmp")
        written = json.dumps(msgspec.to_builtins(tuple(keys)), indent=2).encode()
        try:
            with os.fdopen(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(written)
                file.flush()
                os.fsync(file.fileno())
            trial.replace(self._path)
        except OSError as error:
            raise UserError(f"{self._path}: the keys cannot be written ({error.strerror})") from error
