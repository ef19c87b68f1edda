"""strategies/common.yaml: lists of underlyings that strategies share by name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.strategy.values.counts import SchemaVersion, Ticker
from engine.strategy.written import Written

Tickers = Annotated[tuple[Ticker, ...], Field(min_length=1, max_length=500)]


class Common(Written):
    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of this language."""
    lists: dict[str, Tickers] = Field(default_factory=dict[str, tuple[str, ...]])
    """Lists of underlyings by name."""
