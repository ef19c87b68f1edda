"""What stops openings, by whom or by which number, and what lets them go on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Lifts = Literal["next session", "person"]
"""When a breaker lets go by itself; a person may lift either earlier."""
GUARDIAN = "guardian"
"""Who halts where a guardian has taken the engine's place."""


@dataclass(frozen=True, slots=True)
class Halted:
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Resumed:
    by: str


@dataclass(frozen=True, slots=True)
class OpeningsPaused:
    """A person stops the openings of one strategy; its exits go on."""

    strategy: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class OpeningsResumed:
    """A person allows them again."""

    strategy: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class FlattenBegan:
    """A person wants every position closed that the engine holds."""

    by: str
    reason: str
    positions: int
    """How many were open, as the person typed it."""


@dataclass(frozen=True, slots=True)
class FlattenEnded:
    """Nothing is open any more, or a person stopped it; the halt stands."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class BreakerTripped:
    """A loss reached its limit: what the limit stops stays stopped until it lifts, whatever the number does next."""

    name: str
    """stop_for_day, breaker_day, breaker_week or breaker_peak."""
    strategy: str
    """Whose limit it is; empty for the account's."""
    value: Decimal
    """What was found, USD, a loss is negative."""
    bound: Decimal
    """What is allowed, USD, a loss is negative."""
    lifts: Lifts
    day: date
    """Trading day in New York on which it tripped."""


@dataclass(frozen=True, slots=True)
class BreakerLifted:
    """A person allows openings again; from here on the fall is measured from `value`."""

    name: str
    strategy: str
    by: str
    reason: str
    value: Decimal | None
    """What the breaker measures at this moment, USD: a day's result, or the net liquidation; None where nobody knows it."""
