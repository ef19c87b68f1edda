"""strategies/common.yaml: lists of underlyings, named conditions and presets that strategies share by name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, InstanceOf

from engine.strategy.loader.document import Shared
from engine.strategy.named import Conditions, Named, Preset, Presets
from engine.strategy.values.counts import SchemaVersion, Ticker
from engine.strategy.values.view import StandingView
from engine.strategy.viewed import Views
from engine.strategy.written import Written

Tickers = Annotated[tuple[Ticker, ...], Field(min_length=1, max_length=500)]


class CommonFile(Written):
    schema_version: SchemaVersion = Field(default=1, alias="schema")
    """Version of this language."""
    lists: dict[str, Tickers] = Field(default_factory=dict[str, tuple[str, ...]])
    """Lists of underlyings by name."""
    conditions: Conditions = Field(default_factory=dict[str, Named])
    """Conditions by name, one line or several that must all hold; a line of a strategy that is such a name stands for them."""
    views: Views = Field(default_factory=dict[str, StandingView])
    """Views of a price by name, which `expected_value at NAME` takes: `3% to 5% higher in 30 days, 70% sure`."""
    presets: Presets = Field(default_factory=dict[str, Preset])
    """Keys of a strategy by name, which a file takes with `use: NAME` and may override."""


class Common(CommonFile):
    """What one common.yaml says, as strategies use it."""

    file: str = "common.yaml"
    """Name of the file, as given to the reader."""
    shared: InstanceOf[Shared] | None = None
    """Its lines with their tree; None where it was not read from a file."""
