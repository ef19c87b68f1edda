"""What was told of TWS itself: its daily restart, and the login that it wants once a week."""

from dataclasses import dataclass
from datetime import datetime

from engine.domain.facts.running import LoginReminded, RestartTold


@dataclass(slots=True)
class ToldOfTws:
    """The last of each, with its moment; changed through `hear` only."""

    restart: tuple[datetime, RestartTold] | None = None
    login_reminded_at: datetime | None = None

    def hear(self, fact: RestartTold | LoginReminded, at: datetime) -> None:
        """Take one fact in."""
        if isinstance(fact, RestartTold):
            self.restart = (at, fact)
        else:
            self.login_reminded_at = at
