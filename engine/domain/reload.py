"""A reading of a trader's file that put other limits in force: when, which file, and what is different."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.domain.facts.files import SharedFileLoaded, StrategyLoaded

RELOADS_KEPT = 40
"""Of the newest; the journal has all."""


@dataclass(frozen=True, slots=True)
class Reload:
    at: datetime
    file: str
    strategy: str
    """Whose file it is; empty for one that all strategies share."""
    changes: tuple[str, ...]
    """What is different from before, a sentence a value."""
    loosens: bool


def with_reload(known: Sequence[Reload], fact: StrategyLoaded | SharedFileLoaded, at: datetime) -> tuple[Reload, ...]:
    """The reloads with this one behind them, where it changed anything; as many as are kept."""
    if not fact.changes:
        return tuple(known)
    strategy = fact.strategy if isinstance(fact, StrategyLoaded) else ""
    return (*known, Reload(at, fact.file, strategy, fact.changes, fact.loosens))[-RELOADS_KEPT:]
