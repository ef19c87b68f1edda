"""What the beat is put together with: whom it looks through, who is told of facts, and the counters that the faces read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.decide.rulebook import Rulebook
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.snapshot import Snapshot
from engine.log import logger

log = logger(__name__)


class SnapshotSource(Protocol):
    """What the beat looks at besides its own ledger."""

    def take(self, now: datetime, ledger: Ledger) -> Snapshot:
        """Everything heard so far at one instant."""
        ...

    def is_open(self, now: datetime) -> bool: ...

    def ticks(self) -> int:
        """Quotes heard since the start: fresh ones have come where it has grown."""
        ...

    def rulebook(self) -> Rulebook:
        """The strategies and limits in force."""
        ...


class Observer(Protocol):
    """Told of every fact after it was folded; must not block and cannot object."""

    def saw(self, fact: Fact, at: datetime) -> None: ...


@dataclass(slots=True)
class BeatGauges:
    """Plain counters that the faces read."""

    beats: int = 0
    deciding_seconds: float = 0.0
    """Time spent in the decider, by the engine's clock."""
    facts: int = 0
    """Journal lines written by this process."""
    syncs: int = 0
    """Times the journal was forced to disk."""
    refused_facts: int = 0
    faults: int = 0
    """Times a part of this program failed and was left alone."""
    last_beat_at: datetime | None = None
    decisions: dict[str, int] = field(default_factory=dict[str, int])
    """By kind of decision."""
    obstacles: dict[str, int] = field(default_factory=dict[str, int])
    """Openings stopped, by gate."""


def tell(told: Iterable[Callable[[], None]]) -> None:
    """Tell everybody; who fails is logged, and no failure of the beat."""
    for one in told:
        try:
            one()
        except Exception:
            log.exception("somebody who is told of beats failed")
