"""Why a strategy trades or does not: what stops it, what its market says, and what its last look found."""

from typing import Literal

from pydantic import Field

from engine.api.models.base import Instant, Model
from engine.api.models.candidates import CandidateNumbers
from engine.api.models.orders import Order


class FunnelStep(Model):
    """How many were left after one line of the file and all before it."""

    condition: str = Field(examples=["credit >= 15% of width"])
    """As the trader wrote it."""
    passed: int = Field(examples=[838])
    """Options or spreads that are left; underlyings for a line of `when`."""
    unknown: int = Field(examples=[0])
    """Dropped here because there was no value to look at."""


class WhenAnswer(Model):
    """What one line of `when` says of one underlying."""

    line: str = Field(examples=["vix between 12 and 35"])
    """As the trader wrote it."""
    underlying: str = Field(examples=["SPX"])
    """Symbol."""
    answer: Literal["yes", "no", "unknown"]
    """Whether it holds."""
    values: dict[str, float | None]
    """The measures that it looked at, each in its unit."""


class Denial(Model):
    """An opening that our own gates stopped."""

    spread: str
    """The spread in words."""
    obstacle: str
    """The gate, what was found, and the bound."""
    gate: str = Field(examples=["open_risk"])
    """Name of the gate."""


class Breaker(Model):
    """A loss that reached its limit and stops openings until it lifts."""

    name: str = Field(examples=["stop_for_day"])
    """stop_for_day, breaker_day, breaker_week or breaker_peak."""
    strategy: str
    """Whose limit it is; empty for the account's."""
    tripped_at: Instant
    """When."""
    value_usd: float | None = Field(examples=[-1512.0])
    """What was found, USD, a loss is negative."""
    bound_usd: float | None = Field(examples=[-1500.0])
    """What is allowed, USD, a loss is negative."""
    lifts: Literal["next session", "person"]
    """When it lets go by itself."""
    lift: str
    """The command that lifts it."""


class BlockedExit(Model):
    """An exit that is due and cannot act."""

    position: str
    """Whose exit."""
    strategy: str
    """Whose position."""
    spread: str
    """The position in words."""
    rule: str
    """The condition as the trader wrote it, or the engine's own."""
    obstacle: str = Field(examples=["no price"])
    """What is in the way, in two words."""
    text: str
    """What is in the way, for people."""
    tries: int
    """Tries that have come to nothing."""
    since: Instant
    """Since when."""
    again_at: Instant
    """When it is tried again at the latest."""


class RefusedFile(Model):
    """A file whose present text is not in force; what was in force before stays."""

    file: str
    """Its name."""
    problem: str
    """Its first problem, with its place."""
    problems: int
    """How many there are."""


class ChangedFile(Model):
    """A reading of a file that put other limits in force."""

    at: Instant
    """When."""
    file: str
    """Its name."""
    strategy: str | None
    """Whose file; null for one that all share."""
    direction: str = Field(examples=["loosened"])
    """Which way."""
    changes: tuple[str, ...]
    """From what to what, a sentence a value."""


class Why(Model):
    """The whole answer about one strategy at one moment."""

    strategy: str
    """Its name."""
    as_of: Instant
    """The moment that the answer is about."""
    file: str | None
    """Its file; null where there is none any more."""
    stopped: tuple[str, ...]
    """What stops every opening, in the order in which it should be mended; empty where nothing does."""
    refused: tuple[RefusedFile, ...]
    """Files of it, or that all share, whose present text is not in force."""
    changed: tuple[ChangedFile, ...]
    """Changed limits of the last seven days, newest first."""
    breakers: tuple[Breaker, ...]
    """Its own and the account's."""
    blocked_exits: tuple[BlockedExit, ...]
    """Exits of its positions that are due and cannot act."""
    when: tuple[WhenAnswer, ...]
    """Each line of `when` for each underlying."""
    at: Instant | None
    """When its last recorded look was; null before the first."""
    funnel: tuple[FunnelStep, ...]
    """Of that look, in the order of the file."""
    nearest_miss: str | None
    """What came closest to passing, and what was missing; null where something passed."""
    candidates: tuple[CandidateNumbers, ...]
    """The best of that look."""
    denials: tuple[Denial, ...]
    """The last opening that a gate stopped, for each underlying."""
    orders: tuple[Order, ...]
    """Its orders, oldest first."""
