"""What a person says of openings: those of one strategy paused or allowed again, a breaker that stops them lifted."""

from collections.abc import Callable

from engine.decide.quotes import Rows
from engine.decide.risk.breakers import called, dollars, lifted
from engine.decide.risk.ladder import why_lowered
from engine.domain.facts.halts import OpeningsPaused, OpeningsResumed
from engine.domain.snapshot import Snapshot
from engine.runtime.inbox import Inbox
from engine.runtime.seams import SnapshotSource


class Openings:
    """Whether strategies may open, by a person's word."""

    def __init__(self, snapshot: Callable[[], Snapshot], snapshots: SnapshotSource, inbox: Inbox) -> None:
        self._snapshot, self._snapshots, self._inbox = snapshot, snapshots, inbox

    def pause(self, strategy: str, by: str, reason: str) -> tuple[bool, str]:
        """Stop the openings of one strategy: (whether it is done, what became of it)."""
        ledger = self._snapshot().ledger
        if strategy not in ledger.files.strategies:
            return (
                False,
                f"no strategy {strategy!r}; strategies: {', '.join(sorted(ledger.files.strategies)) or 'none is loaded'}",
            )
        if strategy in ledger.pauses:
            return False, f"{strategy} is paused already, by {ledger.pauses[strategy][1].by}"
        self._inbox.publish(OpeningsPaused(strategy, by, reason))
        return True, f"pausing {strategy}: it opens nothing, what works to open is canceled, its exits go on"

    def unpause(self, strategy: str, by: str, reason: str) -> tuple[bool, str]:
        """Allow the openings of one strategy again: (whether it is done, what became of it)."""
        ledger = self._snapshot().ledger
        lowered = ledger.ladder.lowered.get(strategy)
        if strategy not in ledger.pauses and lowered is None:
            return False, f"{strategy} is not paused"
        self._inbox.publish(OpeningsResumed(strategy, by, reason))
        if lowered is not None:
            return True, f"resuming {strategy} on the rung {lowered.before}; it was moved down: {why_lowered(lowered)}"
        return True, f"resuming {strategy}; it was paused by {ledger.pauses[strategy][1].by}"

    def lift(self, name: str, strategy: str, by: str, reason: str) -> tuple[bool, str]:
        """Lift one breaker that has tripped, by its name: (whether it is done, what became of it)."""
        snapshot = self._snapshot()
        fact = lifted(name, strategy, by, reason, snapshot, self._snapshots.rulebook(), Rows(snapshot.chain))
        if isinstance(fact, str):
            return False, fact
        self._inbox.publish(fact)
        seen = "the last value known" if fact.value is None else dollars(fact.value)
        return True, f"lifting {called(name, strategy)}: openings are allowed again, and the fall is measured from {seen}"
