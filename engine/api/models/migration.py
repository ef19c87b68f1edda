"""Positions that are moved to the rules in force."""

from typing import Annotated

from pydantic import Field, StringConstraints

from engine.api.models.base import Model, OrderRef
from engine.api.models.plan import PlannedChange
from engine.api.models.words import Word


class Migration(Model):
    """What moving one open position to the version of its strategy that is in force would change."""

    position: str
    """Its name."""
    strategy: str
    """Whose it is."""
    spread: str
    """What it is."""
    digest: str
    """SHA-256 of the version in force; empty where there is none."""
    obstacle: str | None
    """Why it cannot be moved; null where it can."""
    changes: tuple[PlannedChange, ...]
    """Of its exits and rolls, a sentence a line."""
    fires: str | None
    """The rule of its own version that holds now; null where none does."""
    would_fire: str | None
    """The rule of the version in force that would."""
    unknown: tuple[str, ...]
    """Rules of the version in force that cannot be answered now."""


class MigrateWord(Word):
    """A person's word that moves positions."""

    positions: Annotated[tuple[OrderRef, ...], Field(min_length=1, max_length=200)]
    """Which, by name: all of them or none."""
    digest: Annotated[str, StringConstraints(min_length=64, max_length=64, pattern=r"^[0-9a-f]*$")]
    """Of the version that was seen; if another is in force meanwhile, nothing is moved."""
