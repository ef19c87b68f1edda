"""Keys and tokens of those who ask over TCP."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from engine.api.models.base import Instant, Model


class TokenWord(Model):
    """A key, to be exchanged for a token."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(examples=["spreads_1a2b3c4d_..."])
    """As `spreads keys add` showed it, once."""


class Token(Model):
    """What every request carries: `Authorization: Bearer TOKEN`."""

    token: str
    """A JWT."""
    expires_at: Instant
    """When another one is needed."""
    name: str
    """Whose key it is; what is said with it is said in this name."""
    role: Literal["viewer", "trader", "operator", "admin"]
    """What it may do."""


class KeyRow(Model):
    """One key, without its secret."""

    id: str
    """Part of its text."""
    name: str
    """Who uses it."""
    role: Literal["viewer", "trader", "operator", "admin"]
    """What it may do."""
    created_at: Instant
    """When it was made."""
    revoked_at: Instant | None
    """When it was revoked; null while it is in force."""
