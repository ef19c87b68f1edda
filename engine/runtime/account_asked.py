"""When the account was asked for anew, and whether its answer is still awaited."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class AccountAsked:
    last_at: datetime | None = None
    """The last question."""
    awaited_since: datetime | None = None
    """The first question that has no answer yet."""

    def again(self, now: datetime) -> None:
        """Ask once more; what was awaited stays awaited since then."""
        self.last_at, self.awaited_since = now, self.awaited_since or now

    def hears(self, reported_at: datetime | None) -> bool:
        """Whether values of this age answer the question that is awaited, which then is no longer."""
        is_answer = self.awaited_since is not None and reported_at is not None and reported_at >= self.awaited_since
        if is_answer:
            self.awaited_since = None
        return is_answer

    def waits(self, now: datetime, patience: timedelta) -> bool:
        """Whether an answer is awaited that may still come in time."""
        return self.awaited_since is not None and now - self.awaited_since < patience
