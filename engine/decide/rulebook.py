"""The rulebook: what the trader has written, ready to be decided by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from engine.decide.entry.find import Finder
from engine.domain.position import Position
from engine.strategy.account import Account
from engine.strategy.model import Strategy

FUNNEL_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Strategies and limits in force between two beats."""

    strategies: tuple[Strategy, ...]
    """Newest good version of every file, by name."""
    versions: Mapping[str, Strategy]
    """Every version that an order or position was born with, by digest."""
    account: Account
    finder: Finder
    """Holds the prepared queries of every version."""
    funnel_every: timedelta = FUNNEL_EVERY
    """How often at most a strategy's funnel is recorded."""
    probation: int = 0
    """First openings of a strategy for which a person is asked whatever its policy says."""

    def rules_of(self, position: Position) -> Strategy | None:
        """The version that opened a position; where it is lost, the present one of that name: some rules are better than none."""
        born_with = self.versions.get(position.digest)
        return born_with or next((strategy for strategy in self.strategies if strategy.name == position.strategy), None)
