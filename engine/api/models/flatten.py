"""Closing everything that the engine holds."""

from typing import Annotated

from pydantic import Field

from engine.api.models.base import Model, Name, OrderRef, Reason, Who


class Flattened(Model):
    """One position that would be closed."""

    position: OrderRef
    """Reference of the order that opened it."""
    strategy: Name
    """Whose it is."""
    spread: str
    """Its first part, in words."""
    quantity: int
    """Spreads of its first part."""
    unrealised_usd: float | None
    """What closing it at mid would make, fees apart, USD; null where a leg has no quote that is believed."""
    unbid: tuple[str, ...]
    """Legs that nobody bids for: what is owed beside them is bought back, they themselves are left."""


class FlattenState(Model):
    """Who wants everything closed."""

    by: Who
    """A person."""
    reason: str
    """Why."""
    positions: int
    """How many were open when it began."""


class Flatten(Model):
    """What flattening would close, and what it would leave."""

    account: str = Field(examples=["DU1234567"])
    """The account that the engine trades."""
    flattening: FlattenState | None
    """Null where nobody wants it."""
    positions: tuple[Flattened, ...]
    """What is open, oldest first."""
    openings_at_work: int
    """Openings that are canceled first."""
    foreign: tuple[str, ...]
    """What the broker holds and the engine did not open: it is not touched."""
    is_open: bool
    """Whether the market is open; else it begins at the next open."""


class FlattenWord(Model):
    """Who wants everything closed, with what a person typed."""

    by: Who = Field("api", examples=["ada"])
    """Who says so; over TCP the engine takes the name of the key instead."""
    reason: Reason = Field("", examples=["I am leaving"])
    """Why; kept in the journal."""
    account: Annotated[str, Field(min_length=4, max_length=4)] = Field(examples=["4567"])
    """The last four characters of the account."""
    positions: Annotated[int, Field(ge=1, le=10_000)] = Field(examples=[3])
    """How many positions are open."""
