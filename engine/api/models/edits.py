"""Edits that wait for a person."""

from typing import Annotated

from pydantic import Field, StringConstraints

from engine.api.models.base import Model
from engine.api.models.words import Word


class HeldEdit(Model):
    """An edit that loosens what trades without asking. The version before stays in force until a person accepts it."""

    file: str = Field(examples=["strategies/spx_bull_put.yaml"])
    """The file, as `spreads status` names it."""
    digest: str
    """SHA-256 of the bytes that wait; empty where the file is gone."""
    changes: tuple[str, ...] = Field(examples=[["sizing.risk was $900, is $1,900"]])
    """What it would change, a sentence a value."""


class AcceptWord(Word):
    """A person's yes to an edit."""

    file: Annotated[str, StringConstraints(min_length=1, max_length=1_000)] = Field(examples=["strategies/spx_bull_put.yaml"])
    """The file."""
    digest: Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9a-f]*$")]
    """Of the text that was seen; if another text waits meanwhile, nothing is accepted."""
