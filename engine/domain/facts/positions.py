"""What became of a position: its exits, its expiry, exercise, release and adoption."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from engine.domain.contract import Contract
from engine.domain.deeds import Done
from engine.domain.spread import Spread

ExitObstacle = Literal["no price", "not sent", "not filled", "no bid"]


@dataclass(frozen=True, slots=True)
class ExitTriggered:
    position: str
    rule: str
    """The condition as the trader wrote it."""
    action: Done
    """What is done; of a part, `text` says how much."""
    snapshot: str
    values: dict[str, float | None] = field(default_factory=dict[str, float | None])
    """The measures the rule looked at."""
    text: str = ""
    """Why it does something else than its line says."""


@dataclass(frozen=True, slots=True)
class ProfitPeaked:
    """A position has stood better than ever before, on looks that are believed. Written where an exit of its asks for it."""

    position: str
    profit: Decimal
    """USD of all that was open, at mid, before fees."""
    legs: tuple[int, ...]
    """Contracts, by con_id, that were open."""
    held: tuple[int, ...]
    """How many of each."""


@dataclass(frozen=True, slots=True)
class ExitBlocked:
    """An exit is due and cannot act. Written when it begins, when its reason changes and at each new try."""

    position: str
    rule: str
    """The condition as the trader wrote it, or the engine's own rule."""
    obstacle: ExitObstacle
    text: str
    """What is in the way, for people."""
    tries: int
    """Tries that have come to nothing."""
    again_at: datetime
    """When it is tried again at the latest."""
    frees_margin: bool = False
    """Whether the account's cushion asks for it, and no line of the file."""


@dataclass(frozen=True, slots=True)
class ExitFreed:
    """What blocked an exit is gone: it acts, its rule no longer holds, or the position is closed."""

    position: str
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class PositionSettled:
    """The legs expired; what is left is cash (or stock, which the reconciliation shows as foreign)."""

    position: str
    value: Decimal
    """Worth at expiry of all that was held, USD per share of one of its spreads, + received; of a position that is not whole any
    more, of one combination of its first part."""
    reason: str
    expired_at: datetime | None = None
    """When the last leg turned into its settlement value, by the exchange's calendar."""
    level: Decimal | None = None
    """Of the underlying, at which the options were settled, USD per share; None is not known."""


@dataclass(frozen=True, slots=True)
class ExpiredLeg:
    """What became of one leg of a position at its expiry."""

    con_id: int
    contracts: int
    """All that were held of it."""
    worth: Decimal
    """What one contract turned into, USD per share, not signed."""


@dataclass(frozen=True, slots=True)
class LegsExpired:
    """Some legs of a position expired and others live on: what was sold near, before what was bought far."""

    position: str
    expired: tuple[ExpiredLeg, ...]
    reason: str
    expired_at: datetime
    """When they turned into their settlement value, by the exchange's calendar."""


@dataclass(frozen=True, slots=True)
class OptionsExercised:
    """Options of a position have become shares: what was owed was assigned, what was owned was exercised."""

    position: str
    con_id: int
    contracts: int
    """Of this option, which are held no more by this; 0 where they were settled before."""
    share: Contract
    """What they became."""
    shares: int
    """Received above zero, delivered below."""
    price: Decimal
    """USD per share, at which they changed hands: the strike, or the level at which the option was settled before."""
    reason: str
    """What it was seen by, for people."""
    exercised_at: datetime
    """When it was seen: the broker tells no time."""


@dataclass(frozen=True, slots=True)
class PositionReleased:
    """A person takes a position out of the engine's hands: what is open of it is theirs, and is never traded here again."""

    position: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PositionMigrated:
    """A person moved an open position to the rules of another version of its strategy: its exits are those from now on."""

    position: str
    digest: str
    """SHA-256 of the version."""
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LegCost:
    """What one contract of a leg cost or brought that no order of this engine traded."""

    con_id: int
    price: Decimal
    """Average as the broker tells it, its commission included, USD per share, not signed."""


@dataclass(frozen=True, slots=True)
class PositionAdopted:
    """A person gives options that the broker holds, and that no order of this engine opened, to the engine as a position."""

    order_ref: str
    """Name of the position, and of the opening order that this fact stands in for: none was ever sent."""
    strategy: str
    """Whose exits it keeps; empty where no rule looks after it and a person closes it."""
    digest: str
    """SHA-256 of the strategy's file, as of the moment; empty without a strategy."""
    spread: Spread
    quantity: int
    """Spreads."""
    costs: tuple[LegCost, ...]
    """One a leg."""
    net: Decimal
    """What opening one spread brought by these costs, USD per share, + received."""
    max_loss: Decimal
    """USD for all of it, fees included."""
    fees: Decimal
    """USD to close all of it, estimated; those of opening it are in `costs`."""
    by: str
    reason: str
