"""Whether anybody still looks: who trades unattended for weeks and asks nobody opens nothing more once nobody looks at it.

A look is a command, the console or a call of the API by a person; the first of each hour is kept. Where none was ever kept, the
first start of the journal counts, since somebody did that. Exits, the plan of an expiry and the guardian need nobody's look.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.domain.facts.running import LookMissed, PersonLooked
from engine.domain.session import NEW_YORK

KEPT_EVERY = timedelta(hours=1)
"""Looks that follow sooner are no news."""
TOLD_BEFORE = timedelta(days=1)


@dataclass(slots=True)
class Looks:
    """The last look, and what was said because none came; changed through `hear` and `began` only."""

    at: datetime | None = None
    """Of the last look, or of the first start where there was none."""
    told_at: datetime | None = None
    """When it was last said that one is missed; None since the last look."""
    has_paused: bool = False
    """Whether it was said that openings are paused."""

    def began(self, at: datetime) -> None:
        """The engine was started."""
        self.at = self.at or at

    def hear(self, fact: PersonLooked | LookMissed, at: datetime) -> None:
        """Take one fact in."""
        if isinstance(fact, PersonLooked):
            self.at, self.told_at, self.has_paused = at, None, False
        else:
            self.told_at, self.has_paused = at, fact.is_paused

    def is_news(self, now: datetime) -> bool:
        """Whether a look of now is kept."""
        return self.at is None or self.told_at is not None or now - self.at >= KEPT_EVERY

    def pauses_at(self, days: int) -> datetime | None:
        """When openings without a question are paused; None before the first start."""
        return self.at + timedelta(days=days) if self.at is not None else None


def look_facts(now: datetime, looks: Looks, days: int) -> Iterator[LookMissed]:
    """What is said because nobody looks: a day before openings are paused, and when they are; nothing twice."""
    pauses_at = looks.pauses_at(days)
    if pauses_at is None or looks.at is None:
        return
    seen = f"nobody has looked since {looks.at.astimezone(NEW_YORK):%d %B %H:%M} New York"
    how = "any command does, `spreads status`"
    if now >= pauses_at:
        if not looks.has_paused:
            yield LookMissed(looks.at, True, f"{seen}: what trades without asking opens nothing more until somebody looks; {how}")
    elif now >= pauses_at - TOLD_BEFORE and looks.told_at is None:
        when = f"{pauses_at.astimezone(NEW_YORK):%d %B %H:%M}"
        yield LookMissed(looks.at, False, f"{seen}: from {when} on what trades without asking opens nothing; {how}")
