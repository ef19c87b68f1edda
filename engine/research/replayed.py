"""What a replay finds: decisions that are others today, and what makes the first difference."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Cause = Literal["data", "limits", "file", "code"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One decision that is another one today; None where there is none."""

    at: datetime
    kind: str
    about: str
    then: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a replay."""

    compared: int
    """Decisions of then that were held against today's."""
    differences: tuple[Difference, ...]
    """In the order of time."""
    cause: Cause | None
    """What makes the first difference of the run; None where there is none."""
    changed: tuple[str, ...]
    """What is not as it was then, for people."""
    first_day: date | None
    """The first day of the run with a difference, also before the day that was asked for."""
