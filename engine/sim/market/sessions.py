"""Turns a list of sessions into answers about an instant: is it open, which day is it, when does it open again."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from engine.domain.session import Session


@dataclass(frozen=True, slots=True)
class Hours:
    """Regular sessions in order of time; nothing trades outside of them."""

    sessions: tuple[Session, ...]

    def at(self, now: datetime) -> Session | None:
        """The session that runs."""
        session = self.begun(now)
        return session if session is not None and session.contains(now) else None

    def begun(self, now: datetime) -> Session | None:
        """The last session that has opened."""
        number = self.count_begun(now)
        return self.sessions[number - 1] if number else None

    def count_begun(self, now: datetime) -> int:
        """How many sessions have opened."""
        return bisect_right(self.sessions, now, key=_open)

    def next_open(self, now: datetime) -> datetime | None:
        """The first opening after the instant; None past the end of the list."""
        number = self.count_begun(now)
        return self.sessions[number].open if number < len(self.sessions) else None


def hours_of(sessions: Sequence[Session]) -> Hours:
    """The sessions in order. Raises ValueError when they overlap or there is none."""
    ordered = tuple(sorted(sessions, key=_open))
    if not ordered:
        raise ValueError("no sessions: a market needs at least one trading day")
    for earlier, later in pairwise(ordered):
        if later.open < earlier.close:
            raise ValueError(f"the sessions of {earlier.day} and {later.day} overlap")
    return Hours(ordered)


def _open(session: Session) -> datetime:
    return session.open
