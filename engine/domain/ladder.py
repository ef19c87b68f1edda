"""On which rung strategies stand as far as facts tell, and what they have shown where nothing is sent."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.domain.contract import Contract
from engine.domain.facts.halts import OpeningsResumed
from engine.domain.facts.ladder import NotedClosed, OpeningNoted, RungLowered
from engine.domain.session import trading_day

KEPT = 20
"""Notes and results that are kept of each strategy: as many as the longest band counts."""


@dataclass(frozen=True, slots=True)
class Noted:
    """An opening that was noted, and when."""

    fact: OpeningNoted
    at: datetime


@dataclass(frozen=True, slots=True)
class NotedResult:
    """What something supposed has come to, USD; a loss is negative."""

    result_usd: Decimal
    risked_usd: Decimal
    """Most that it could lose, as a positive amount."""


@dataclass(slots=True)
class Ladder:
    """Kept by strategy; what was shown is counted anew from the moment a strategy was lowered or resumed."""

    open: dict[str, Noted] = field(default_factory=dict[str, Noted])
    """What is supposed to be open, by note, oldest first."""
    recent: dict[str, tuple[Noted, ...]] = field(default_factory=dict[str, tuple[Noted, ...]])
    """The last openings that were noted, newest last."""
    results: dict[str, tuple[NotedResult, ...]] = field(default_factory=dict[str, tuple[NotedResult, ...]])
    """Of the last that are supposed to be closed and whose end was seen, newest last."""
    notes: dict[str, int] = field(default_factory=dict[str, int])
    """How many openings were ever noted."""
    days: dict[str, int] = field(default_factory=dict[str, int])
    """On how many trading days something was noted."""
    closed: dict[str, int] = field(default_factory=dict[str, int])
    """How many were supposed to be open and were seen to close."""
    lowered: dict[str, RungLowered] = field(default_factory=dict[str, RungLowered])
    """What moved a strategy down last, where no person has resumed it since."""
    since: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """From when on a strategy's numbers are counted for its bands; absent where from the beginning."""

    def hear(self, fact: OpeningNoted | NotedClosed | RungLowered | OpeningsResumed, at: datetime) -> None:
        """Take one fact in."""
        match fact:
            case OpeningNoted():
                self._note(fact, at)
            case NotedClosed():
                self._close(fact)
            case RungLowered():
                self.lowered[fact.strategy] = fact
                self._anew(fact.strategy, at)
            case OpeningsResumed():
                if self.lowered.pop(fact.strategy, None) is not None:
                    self._anew(fact.strategy, at)

    def open_of(self, strategy: str) -> list[Noted]:
        """What is supposed to be open of a strategy, oldest first."""
        return [one for one in self.open.values() if one.fact.strategy == strategy]

    @property
    def contracts(self) -> list[Contract]:
        """The options of what is supposed to be open: they are watched as those that are held."""
        return [leg.contract for noted in self.open.values() for leg in noted.fact.would_open.spread.legs]

    def _note(self, fact: OpeningNoted, at: datetime) -> None:
        known = self.recent.get(fact.strategy, ())
        if not known or trading_day(known[-1].at) != trading_day(at):
            self.days[fact.strategy] = self.days.get(fact.strategy, 0) + 1
        noted = Noted(fact, at)
        self.recent[fact.strategy] = (*known, noted)[-KEPT:]
        self.notes[fact.strategy] = self.notes.get(fact.strategy, 0) + 1
        if fact.net is not None:
            self.open[fact.would_open.order_ref] = noted

    def _close(self, fact: NotedClosed) -> None:
        noted = self.open.pop(fact.note, None)
        if noted is None or fact.result_usd is None:
            return
        self.closed[fact.strategy] = self.closed.get(fact.strategy, 0) + 1
        result = NotedResult(fact.result_usd, noted.fact.would_open.max_loss)
        self.results[fact.strategy] = (*self.results.get(fact.strategy, ()), result)[-KEPT:]

    def _anew(self, strategy: str, at: datetime) -> None:
        self.since[strategy] = at
        self.results.pop(strategy, None)
