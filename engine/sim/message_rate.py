"""How many messages a client may send in a second, and when it has sent too many."""

from datetime import datetime, timedelta


class MessageRate:
    """Whether a client sends more than it may. Source: IBKR, API documentation of pacing.

    Only what is certain counts: of messages that are read together nobody knows when each of them came, and they are too many
    only where they cannot have come at the allowed rate since the reader last looked.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sent: list[datetime] = []
        self.strikes = 0

    def wait_s(self, now: datetime) -> float:
        """Counts a message and returns 0 where it is not too many; else the seconds until it would not be."""
        self._forget(now)
        if len(self._sent) < self._limit:
            self._sent.append(now)
            return 0.0
        return 1.0 - (now - self._sent[0]).total_seconds()

    def is_exceeded_by(self, came_after: datetime, now: datetime) -> bool:
        """Counts a message that came between the two; True where it is one too many within a second, whenever that was."""
        first = max(came_after, self._sent[-1]) if self._sent else came_after
        if len(self._sent) >= self._limit:
            first = max(first, self._sent[-self._limit] + timedelta(seconds=1))
        if first > now:
            self.strikes += 1
            self._sent.clear()
            return True
        self._sent = [*self._sent[1 - self._limit :], first]
        return False

    def _forget(self, now: datetime) -> None:
        second_ago = now - timedelta(seconds=1)
        self._sent = [at for at in self._sent if at > second_ago]
