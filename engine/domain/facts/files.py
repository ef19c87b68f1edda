"""The files in force, and who let a strategy trade real money."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

Rung = Literal["one lot", "full"]
"""How many spreads an armed strategy may open at once: one, or as many as its file says."""


@dataclass(frozen=True, slots=True)
class StrategyLoaded:
    strategy: str
    file: str
    digest: str
    """SHA-256 of the file's bytes."""
    changes: tuple[str, ...] = ()
    """What is different from the version before, a sentence a value; empty where there was none."""
    loosens: bool = False
    """Whether more may be lost, sooner or oftener, than before."""


@dataclass(frozen=True, slots=True)
class StrategyRefused:
    file: str
    problems: str
    """The errors as the trader sees them; the last good version stays in force."""


@dataclass(frozen=True, slots=True)
class EditHeld:
    """An edit that loosens what trades without asking: it waits for a person's yes, and the version before stays in force."""

    file: str
    digest: str
    """SHA-256 of the bytes that wait; empty where the file is gone."""
    changes: tuple[str, ...]
    """What it would change, a sentence a value."""


@dataclass(frozen=True, slots=True)
class EditAccepted:
    """A person lets an edit take effect that waited."""

    file: str
    digest: str
    """SHA-256 of the bytes that the person saw; empty where the file is gone."""
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StrategyRemoved:
    strategy: str
    """Its entries have stopped; the exits of its positions keep running."""


@dataclass(frozen=True, slots=True)
class StrategyArmed:
    """A person lets a strategy trade the real money of this journal's account."""

    strategy: str
    digest: str
    """SHA-256 of the file as the person saw it."""
    risk_usd: Decimal
    """Most that what it opens on one day may lose together, USD."""
    rung: Rung
    expires_at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StrategyDisarmed:
    """It opens nothing with real money from now on; exits go on."""

    strategy: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SharedFileLoaded:
    """account.yaml, common.yaml or events.yaml as it is in force from now on."""

    file: str
    digest: str
    """SHA-256 of the file's bytes; empty where the file is gone and its defaults hold."""
    changes: tuple[str, ...] = ()
    """What is different from before, a sentence a value."""
    loosens: bool = False
    """Whether more may be lost, sooner or oftener, than before."""
