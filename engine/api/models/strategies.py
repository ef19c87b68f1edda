"""Strategies in force: whether each trades, its funnel, and what is wrong with its file."""

from typing import Literal

from pydantic import Field

from engine.api.models.base import Instant, Model
from engine.api.models.why import ChangedFile, FunnelStep, RefusedFile
from engine.domain.facts.ladder import LadderRung


class Pause(Model):
    """Who stopped the openings of one strategy, and why; its exits go on."""

    by: str
    """Who."""
    reason: str
    """Why."""
    at: Instant
    """When."""


class GroupUse(Model):
    """Limits that several strategies share, by one group of account.yaml, and what of them is used together."""

    name: str = Field(examples=["premium"])
    """The group that `limits: {group: …}` of the file names."""
    open: int = Field(examples=[2])
    """Positions open, and openings on their way."""
    open_at_most: int | None = Field(examples=[5])
    """How many may be; null where nothing is said."""
    today: int = Field(examples=[1])
    """Opened today."""
    today_at_most: int | None = Field(examples=[4])
    """How many may be in a day; null where nothing is said."""
    risk_usd: float | None = Field(examples=[6_090.0])
    """What they can lose together at the most, USD."""
    risk_at_most_usd: float | None = Field(examples=[10_000.0])
    """How much that may be, USD; null where nothing is said, or the account's worth is not known."""
    obstacle: str | None
    """Why nothing of the group opens; null where its limits are known."""


class LadderShown(Model):
    """What a strategy has shown on rungs that send nothing, and what moved it down."""

    lowered: str | None = Field(examples=["from paper to shadow: -31% of what it could lose in the last 10 positions closed"])
    """From where to where it was moved down, and why; null where it stands where its file and its arm put it."""
    noted: int
    """Openings that were noted and not sent."""
    noted_days: int
    """Trading days on which something was noted."""
    supposed_open: int
    """Of these, supposed to be open now."""
    supposed_closed: int
    """Supposed to be open once, and seen to close."""


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
    rung: LadderRung | None = Field(examples=["paper"])
    """Where it stands on the ladder: record and shadow send nothing, one lot and live trade real money; null where its file is
    gone."""


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
    mode: Literal["record", "shadow", "paper", "live"] | None = Field(examples=["paper"])
    """What its file says of the ladder; null where that is gone."""
    variant: str = Field(examples=["spy"])
    """Its name among the variants of its file; empty where that has none."""
    takes: tuple[str, ...] = Field(examples=[("preset out_at_half", "condition calm")])
    """What it takes from common.yaml: presets, conditions, lists and views by name."""
    group: GroupUse | None
    """The limits that it shares; null where it names no group."""
    ladder: LadderShown
    """What it has shown on the ladder."""
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
