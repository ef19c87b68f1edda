"""Strategies in force: whether each trades, its funnel, and what is wrong with its file."""

from typing import Literal

from pydantic import Field

from engine.api.models.base import Instant, Model
from engine.api.models.why import ChangedFile, FunnelStep, RefusedFile


class Pause(Model):
    """Who stopped the openings of one strategy, and why; its exits go on."""

    by: str
    """Who."""
    reason: str
    """Why."""
    at: Instant
    """When."""


class StrategySummary(Model):
    """One strategy in a line."""

    name: str = Field(examples=["spx_bull_put"])
    """Its name."""
    file: str = Field(examples=["strategies/spx_bull_put.yaml"])
    """Its file."""
    digest: str = Field(examples=["8d3f0a9c1b2e"])
    """Begin of the SHA-256 of the bytes in force."""
    candidates: int | None = Field(examples=[48])
    """How many its last recorded look found; null before the first."""
    scanned_at: Instant | None
    """When that look was."""
    open: int = Field(examples=[2])
    """Open positions."""
    stopped: str | None
    """The first thing that stops its openings; null where nothing does."""
    next_entry: Instant | None
    """When the clock next lets it open, today; null while it does, where no time is left, and where its file opens nothing."""


class Strategy(StrategySummary):
    """One strategy with its last look."""

    about: str
    """What it is for, as its file says."""
    structure: str = Field(examples=["bull_put"])
    """What it trades."""
    universe: tuple[str, ...] = Field(examples=[("SPX",)])
    """Underlyings."""
    approval: Literal["manual", "auto", "policy", "unknown"]
    """Whether a person is asked before an order leaves; unknown where its file is gone."""
    enabled: bool
    """False where its file stops entries."""
    pause: Pause | None
    """Who paused its openings; null where nobody has."""
    working: int
    """Openings on their way."""
    unrealised_usd: float | None
    """What closing its positions at mid would make, USD, before fees; null where one has no mark."""
    stopped_by: tuple[str, ...]
    """Everything that stops its openings, in the order in which it should be mended."""
    funnel: tuple[FunnelStep, ...]
    """Of its last recorded look, in the order of the file."""
    nearest_miss: str | None
    """What came closest to passing; null where something passed."""
    problems: str | None
    """The errors of its present text as the trader sees them; null where it is in force."""
    changed: tuple[ChangedFile, ...]
    """Changed limits of the last seven days, newest first."""


class Strategies(Model):
    """All strategies, and files that could not be read as one."""

    strategies: tuple[Strategy, ...]
    """In force, by name."""
    refused: tuple[RefusedFile, ...]
    """Files whose present text is not in force."""
