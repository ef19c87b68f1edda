"""How long something has been waited for: the time between two instants without what the machine slept or skipped of it.

Ages count all of it: a quote from before the machine was suspended is old. Patience does not: nobody was there to reprice, to ask
or to hear, and what the broker has to say of that time comes only now.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Leap:
    """The clock went ahead at once: the machine was suspended, or somebody set its clock."""

    at: datetime
    """The first instant after it."""
    by: timedelta


def waited(since: datetime, until: datetime, leaps: Iterable[Leap] = ()) -> timedelta:
    """Time that went by between two instants while the engine ran; never negative."""
    skipped = sum((leap.by for leap in leaps if since < leap.at <= until), timedelta(0))
    return max(timedelta(0), until - since - skipped)
