"""The units a number of the trader's language can have, and what may be written for each."""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """What a number counts. The value is the word shown to the trader."""

    RATIO = "percent"
    """A part of something: 25% is 0.25."""
    VOL = "percent a year"
    """Volatility per square root of a year: 18% is 0.18."""
    USD = "dollars"
    """Dollars for one spread, one position or the account, as the measure's sentence says."""
    USD_PER_SHARE = "dollars per share"
    """A premium or a distance as quoted: $1.50 per share is $150 for one spread with multiplier 100."""
    POINTS = "points"
    """A level of the underlying or of an index, as quoted."""
    DELTA = "deltas"
    """Shares one option moves like: 16 delta is 0.16."""
    DAYS = "days"
    """Calendar days."""
    MINUTES = "minutes"
    SECONDS = "seconds"
    COUNT = "whole numbers"
    """Contracts, orders, quotes: things that are counted."""
    NUMBER = "plain numbers"
    """A quotient or a greek that has no everyday unit."""
    CLOCK = "time of day"
    """Minutes after midnight in New York."""
    WEEKDAY = "day of the week"
    """Monday is 1."""
    FLAG = "yes or no"


EXAMPLES: dict[Unit, str] = {
    Unit.RATIO: "25%",
    Unit.VOL: "18%",
    Unit.USD: "$300",
    Unit.USD_PER_SHARE: "$1.50",
    Unit.POINTS: "5000",
    Unit.DELTA: "0.16",
    Unit.DAYS: "21 days",
    Unit.MINUTES: "15 min",
    Unit.SECONDS: "5 s",
    Unit.COUNT: "100",
    Unit.NUMBER: "0.5",
    Unit.CLOCK: "15:45 New York",
    Unit.WEEKDAY: "Monday",
    Unit.FLAG: "not event",
}
"""One way to write a number of each unit, used where a message has to show the way out."""

MONEY = frozenset({Unit.USD, Unit.USD_PER_SHARE, Unit.POINTS})
"""What `$500` may stand for; the measure on the other side decides which."""

PERCENT = frozenset({Unit.RATIO, Unit.VOL, Unit.NUMBER})
"""What `25%` may stand for; one percent is 0.01."""

BARE = frozenset({Unit.NUMBER, Unit.DELTA, Unit.POINTS, Unit.COUNT, Unit.DAYS, Unit.MINUTES})
"""What a number without a unit may stand for: where the trade itself says just the number, as in `dte <= 21`."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
"""Days on which options trade, as they are written; the number of each counts from 1."""
