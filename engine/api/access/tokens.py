"""Tokens: what a key is exchanged for. A quarter of an hour good, signed by a secret that never leaves the state folder."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import jwt

from engine.api.access.keys import Key, Keys
from engine.store.secret import made_secret

GOOD_FOR = timedelta(minutes=15)
SECRET_FILE = "token.secret"  # noqa: S105 - a file's name
_ALGORITHM, _ISSUER = "HS256", "spreads"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Gives tokens for keys, and finds the key of a token."""

    keys: Keys
    secret: bytes

    def give(self, key: Key, now: datetime) -> str:
        """A token for a key, good from now on."""
        claims = {"iss": _ISSUER, "sub": key.id, "iat": now, "exp": now + GOOD_FOR}
        return jwt.encode(claims, self.secret, algorithm=_ALGORITHM)

    def key_of(self, token: str, now: datetime) -> Key | None:
        """The key that a token was given for; None where it is none of ours, over, or its key is revoked."""
        try:
            claims = jwt.decode(
                token,
                self.secret,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                options={"require": ["exp", "iat", "sub", "iss"], "verify_exp": False, "verify_iat": False},
            )
            # By the engine's clock, not the machine's: a simulated day has its own.
            if not claims["iat"] - 60 <= now.timestamp() < claims["exp"]:
                return None
        except (jwt.InvalidTokenError, TypeError):
            return None
        return self.keys.in_force(str(claims["sub"]))


def own_tokens(state: Path) -> Tokens:
    """The tokens of the socket in a state folder: they end with the engine, which keeps their secret to itself."""
    return Tokens(Keys(state), secrets.token_bytes(32))


def tokens_of(state: Path) -> Tokens:
    """The tokens of a state folder, whose secret is made where there is none. Raises UserError where it cannot be."""
    return Tokens(Keys(state), made_secret(state / SECRET_FILE, "tokens"))
