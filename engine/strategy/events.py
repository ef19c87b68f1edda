"""strategies/events.yaml: dated events of the market, known up to a horizon. After the horizon nobody knows, and
unknown is not a pass.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from engine.strategy.model import Written
from engine.strategy.scalars.account import Day
from engine.strategy.scalars.counts import SchemaVersion
from engine.strategy.scalars.scalar import words


class Event(Written):
    date: Day
    """Day in New York."""
    what: Annotated[Literal["FOMC", "CPI", "NFP"], words("FOMC", "CPI", "NFP", wanted="FOMC, CPI or NFP")]
    """FOMC decision, consumer prices, or the jobs report."""


class Events(Written):
    schema_version: SchemaVersion = Field(alias="schema")
    """Version of this language."""
    horizon: Day
    """Last day up to which the list is complete for every kind of event."""
    entries: tuple[Event, ...] = ()
    """The events, in any order."""

    def within(self, today: date, days: int) -> bool | None:
        """Whether an event falls on today or the next `days` calendar days; None where the list does not reach that far.

        An event that is listed counts also after the horizon.
        """
        last = today + timedelta(days=days)
        if any(today <= entry.date <= last for entry in self.entries):
            return True
        return None if last > self.horizon else False

    def days(self) -> tuple[date, ...]:
        """All days with an event, sorted."""
        return tuple(sorted({entry.date for entry in self.entries}))
