"""Which strategies may trade real money: a person's word for each, for so much a day and until a time, and what ended it.

An arm is for the file as it was. An edit that loosens ends it, of the strategy or of a file that all share, and so do a file that
is gone, the time and a person. An edit that tightens does not, nor does a restart. What ends it stops openings only.
"""

from dataclasses import dataclass, field
from datetime import datetime

from engine.domain.facts.files import SharedFileLoaded, StrategyArmed, StrategyDisarmed, StrategyLoaded, StrategyRemoved


@dataclass(slots=True)
class Arms:
    """The arms that stand, as far as facts tell; the time that ends one is asked, not told."""

    standing: dict[str, StrategyArmed] = field(default_factory=dict[str, StrategyArmed])
    """By strategy; also those whose time is over."""
    ended: dict[str, str] = field(default_factory=dict[str, str])
    """Why the last arm of a strategy ended before its time, in words."""

    def hear(self, fact: StrategyArmed | StrategyDisarmed | StrategyLoaded | StrategyRemoved | SharedFileLoaded) -> None:
        """Take one fact in."""
        match fact:
            case StrategyArmed():
                self.standing[fact.strategy] = fact
                self.ended.pop(fact.strategy, None)
            case StrategyDisarmed():
                self._end(fact.strategy, f"disarmed by {fact.by}" + (f": {fact.reason}" if fact.reason else ""))
            case StrategyRemoved():
                self._end(fact.strategy, "its file is gone")
            case StrategyLoaded(loosens=True):
                self._end(fact.strategy, f"its file was loosened: {_first(fact.changes)}")
            case SharedFileLoaded(loosens=True):
                for strategy in list(self.standing):
                    self._end(strategy, f"{fact.file} was loosened: {_first(fact.changes)}")
            case _:
                pass

    def of(self, strategy: str, at: datetime) -> StrategyArmed | None:
        """The arm under which a strategy may open now; None where it has none, or its time is over."""
        arm = self.standing.get(strategy)
        return arm if arm is not None and at < arm.expires_at else None

    def why_none(self, strategy: str) -> str:
        """Why a strategy is not armed, for people."""
        if (arm := self.standing.get(strategy)) is not None:
            return f"its arm ended at {arm.expires_at:%Y-%m-%d %H:%M} UTC"
        return self.ended.get(strategy, "never armed")

    def _end(self, strategy: str, why: str) -> None:
        if self.standing.pop(strategy, None) is not None:
            self.ended[strategy] = why


def _first(changes: tuple[str, ...]) -> str:
    more = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
    return (changes[0] if changes else "nobody knows what is different") + more
