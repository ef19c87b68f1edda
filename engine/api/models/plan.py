"""What an edit would change, before it is saved."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from engine.api.models.base import Instant, Model
from engine.api.models.files import TEXT_MAX
from engine.api.models.why import FunnelStep


class PlanWord(Model):
    """A text that may be saved."""

    text: Annotated[str, StringConstraints(max_length=TEXT_MAX)]
    """What stands in it, YAML."""
    file: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^/\\\x00]+$")] = Field(
        "strategy.yaml", examples=["spx_bull_put.yaml"]
    )
    """Its name in the folder of strategies. It takes the place of the strategy of its name, else of this file."""
    shown: Annotated[str, StringConstraints(max_length=1_000)] = ""
    """What errors call it; `file` where it is empty."""


class PlannedChange(Model):
    """One value that would be another."""

    said: str = Field(examples=["sizing.risk was $900, is $1,900"])
    """In a sentence."""
    loosens: bool
    """Whether more may be lost by it, sooner or oftener."""


class PlannedWarning(Model):
    """What the language warns of: what contradicts itself, what can never bind."""

    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    message: str
    """What was found."""
    hint: str
    """The way out."""


class PlannedAnswer(Model):
    """What a line of `when` says of one underlying now."""

    line: str
    """As it is written."""
    underlying: str
    """Of the universe."""
    answer: Literal["yes", "no", "unknown"]
    """Unknown is no pass."""


class PlannedSpread(Model):
    """One candidate."""

    spread: str
    """Its contracts."""
    net: float
    """USD per share at mid, + received."""
    max_loss_usd: float
    """Of one spread, positive, fees apart."""


class PlannedLook(Model):
    """What one version of a strategy finds on the snapshot."""

    enabled: bool
    """False where it opens nothing."""
    absent: tuple[str, ...]
    """Underlyings of which the snapshot has no chain."""
    when: tuple[PlannedAnswer, ...]
    """Its market; empty on a recorded chain, which says nothing about it."""
    funnel: tuple[FunnelStep, ...]
    """Line by line, whatever its market says."""
    candidates: int
    """How many pass all lines."""
    nearest_miss: str | None
    """What came closest; null where something passed."""
    kept: tuple[PlannedSpread, ...]
    """The best of them, as many as it keeps."""


class PlannedExit(Model):
    """An open position under the exits of both versions. It keeps those that opened it until a person moves it."""

    position: str
    """Its name."""
    spread: str
    """What it is."""
    fires: str | None
    """The rule of its own version that holds now; null where none does."""
    would_fire: str | None
    """The rule of the edited version that would; null where none would."""
    unknown: tuple[str, ...]
    """Rules of the edited version that cannot be answered."""


class PlannedStrategy(Model):
    """One strategy that would be another."""

    strategy: str
    """Its name, as edited."""
    before: PlannedLook | None
    """Null where nothing of that name runs."""
    after: PlannedLook
    """As edited."""
    exits: tuple[PlannedExit, ...]
    """Its open positions."""


class Plan(Model):
    """What an edit would change. Nothing is put in force by asking."""

    file: str
    """The file that it would be."""
    digest: str
    """SHA-256 of its bytes."""
    is_new: bool
    """Whether nothing of that name runs."""
    effect: Literal["nothing changes", "at once", "after a yes", "at once, and real money must be armed anew"]
    """When it would take effect if it were saved; the yes is `POST /v1/edits/accept`."""
    direction: Literal["loosened", "tightened", "changed"] | None
    """Which way the limits would go; `changed` where none of them is touched, null where nothing is different."""
    changes: tuple[PlannedChange, ...]
    """A sentence a value."""
    warnings: tuple[PlannedWarning, ...]
    """Of the edited text."""
    as_of: Instant | None
    """The moment of the snapshot; null where there is none, live or recorded."""
    source: str | None
    """Where the snapshot comes from."""
    strategies: tuple[PlannedStrategy, ...]
    """What they would find and do on it."""
