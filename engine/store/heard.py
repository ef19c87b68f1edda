"""The prices of one underlying as they were heard today, a least and a greatest for each minute, and where nothing was missed.

TWS tells a price when it changes. Where two were heard shortly one after the other nothing was missed between them; a longer
silence may have been a dead line, a lost link or an engine that was not running, and what was traded meanwhile nobody knows.
"""

import math
from dataclasses import dataclass, field

from engine.domain.chain import Bars

SILENCE_S = 90.0
"""Between two prices of an open market; a longer silence is a gap."""
FIRST_WITHIN_S = 15.0
"""The first price of a stretch may come so long after its beginning: an index tells its first level seconds after the open."""
MINUTES_KEPT = 1_000
"""More than the longest session of an index has."""
SPANS_KEPT = 100


@dataclass(slots=True)
class Heard:
    """Times are UTC seconds since 1970, prices USD per share."""

    minutes: dict[int, tuple[float, float, float]] = field(default_factory=dict[int, tuple[float, float, float]])
    """Least, greatest and last price by the minute since 1970."""
    spans: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """From when to when prices were heard without a gap, oldest first."""

    def hear(self, at: float, price: float) -> None:
        """One more price; one that is older than the last is of no use here."""
        begun, last = self.spans[-1] if self.spans else (at, at)
        if at < last:
            return
        if not self.spans or at - last > SILENCE_S:
            self.spans = [*self.spans[1 - SPANS_KEPT :], (at, at)]
        else:
            self.spans[-1] = (begun, at)
        minute = int(at // 60)
        low, high, _ = self.minutes.get(minute, (price, price, price))
        self.minutes[minute] = (min(low, price), max(high, price), price)
        while len(self.minutes) > MINUTES_KEPT:
            del self.minutes[next(iter(self.minutes))]

    def extremes(self, start: float, end: float) -> tuple[float, float] | None:
        """The least and the greatest price of a stretch of whole minutes; None where not all of it was heard."""
        if not any(begun <= start + FIRST_WITHIN_S and last >= end for begun, last in self.spans):
            return None
        inside = [self.minutes[minute] for minute in range(int(start // 60), int(end // 60)) if minute in self.minutes]
        return (min(low for low, _, _ in inside), max(high for _, high, _ in inside)) if inside else None

    def closes(self, start: float, now: float, minutes: int) -> Bars:
        """The bars of so many minutes since `start`, a whole minute, that are over and were heard without a gap until now.

        A bar is over once a price behind its end was heard: until then its last price may have been missed.
        """
        if not self.spans or now - self.spans[-1][1] > SILENCE_S or self.spans[-1][1] < start:
            return Bars((), is_since_open=False)
        (begun, last), length = self.spans[-1], minutes * 60
        is_since_open = begun <= start + FIRST_WITHIN_S
        first = 0 if is_since_open else math.ceil((begun - start) / length)
        over = int((last - start) // length)
        found, price = list[float](), math.nan
        for minute in range(int(begun // 60), int(start // 60) + over * minutes):
            price = self.minutes[minute][2] if minute in self.minutes else price
            bar, left = divmod(minute + 1 - int(start // 60), minutes)
            if left == 0 and bar > first:
                found.append(price)
        return Bars(tuple(found), is_since_open)
