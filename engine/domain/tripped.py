"""Which breakers have tripped and still stand, and from where the fall of one that a person lifted is measured on."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from engine.domain.facts.halts import BreakerLifted, BreakerTripped
from engine.domain.session import trading_day
from engine.domain.worth import Worth


@dataclass(frozen=True, slots=True)
class DayLift:
    """A breaker of the day that a person lifted: from there its fall is measured on, on that day."""

    strategy: str
    """Empty where it is the account's."""
    name: str
    day: date
    """Of trading, in New York."""
    value: Decimal
    """Result of the day when it was lifted, USD."""


@dataclass(slots=True)
class Breakers:
    """What has tripped, as far as facts tell; on which day it stands is asked, not told."""

    tripped: list[tuple[datetime, BreakerTripped]] = field(default_factory=list[tuple[datetime, BreakerTripped]])
    """Breakers that tripped and were not lifted by a person, with the moment. Those of a past day are still here: `trips` tells
    what stands."""
    day_lifts: list[DayLift] = field(default_factory=list[DayLift])
    """The last lift of each breaker of the day."""

    def hear(self, fact: BreakerTripped | BreakerLifted, at: datetime, worth: Worth) -> None:
        """Take one fact in. A lift measures the falls of `worth` anew."""
        match fact:
            case BreakerTripped():
                self.tripped = [*self._others(fact), (at, fact)]
            case BreakerLifted():
                self._lift(fact, at, worth)

    def trips(self, day: date) -> list[tuple[datetime, BreakerTripped]]:
        """The breakers that stand on a trading day of New York, with the moment, oldest first.

        One that lifts at the next session stands on its own day only, whenever it is asked.
        """
        standing = [one for one in self.tripped if one[1].lifts == "person" or one[1].day == day]
        return sorted(standing, key=lambda one: (one[0], one[1].strategy, one[1].name))

    def that_stops(self, strategy: str, day: date) -> tuple[datetime, BreakerTripped] | None:
        """The oldest breaker that stops a strategy's openings on that day, with the moment: its own or the account's."""
        return next((one for one in self.trips(day) if one[1].strategy in {"", strategy}), None)

    def lifted_at(self, strategy: str, name: str, day: date) -> Decimal:
        """The result from which a breaker of the day is measured on that day, USD; 0 where nobody has lifted it."""
        lifts = (one for one in self.day_lifts if (one.strategy, one.name, one.day) == (strategy, name, day))
        return next((one.value for one in lifts), Decimal(0))

    def _others(self, fact: BreakerTripped | BreakerLifted) -> list[tuple[datetime, BreakerTripped]]:
        """What has tripped, but for the breaker that a fact is about."""
        return [one for one in self.tripped if (one[1].strategy, one[1].name) != (fact.strategy, fact.name)]

    def _lift(self, fact: BreakerLifted, at: datetime, worth: Worth) -> None:
        """The fall is measured from what the person saw: it trips neither again at once nor never.

        Where nobody knows that value, it is measured from the last one that was known.
        """
        trip = next((trip for _, trip in self.tripped if (trip.strategy, trip.name) == (fact.strategy, fact.name)), None)
        if trip is None:
            return
        self.tripped = self._others(fact)
        if trip.lifts == "next session":
            lift = DayLift(fact.strategy, fact.name, trading_day(at), trip.value if fact.value is None else fact.value)
            others = (one for one in self.day_lifts if (one.strategy, one.name) != (fact.strategy, fact.name))
            self.day_lifts = [*others, lift]
            return
        value = fact.value if fact.value is not None or worth.equity is None else worth.equity.net_liquidation
        if value is not None and fact.name == "breaker_week":
            worth.begin_week(value, at)
        elif value is not None and fact.name == "breaker_peak":
            worth.begin_peak(value)
