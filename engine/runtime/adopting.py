"""Adoption and release as the faces ask for them: what is foreign, what it would be as a position, and a person's word for it."""

from collections.abc import Callable

from engine.decide.quotes import Rows
from engine.domain.snapshot import Snapshot
from engine.runtime.adoption import AdoptAsked, adopted_by, adoption_row
from engine.runtime.inbox import Inbox
from engine.runtime.inquiry import Books
from engine.runtime.plain import Row
from engine.runtime.release import released_by
from engine.runtime.seams import SnapshotSource


class Adoption:
    """Foreign options, taken into the engine's hands, and positions given out of them."""

    def __init__(
        self, snapshot: Callable[[], Snapshot], books: Callable[[], Books | None], snapshots: SnapshotSource, inbox: Inbox
    ) -> None:
        self._snapshot, self._books, self._snapshots, self._inbox = snapshot, books, snapshots, inbox

    def row(self, asked: AdoptAsked) -> Row:
        """What is foreign, and what the chosen legs would be as a position; nothing is changed by asking."""
        snapshot = self._snapshot()
        return adoption_row(asked, self._books(), snapshot, self._snapshots.rulebook(), Rows(snapshot.chain))

    def adopt(self, asked: AdoptAsked, by: str, reason: str) -> tuple[bool, str]:
        """Take foreign options into the engine's hands: (whether it is done, what became of it)."""
        fact = adopted_by(asked, by, reason, self._books(), self._snapshot(), self._snapshots.rulebook())
        if isinstance(fact, str):
            return False, fact
        self._inbox.publish(fact)
        keeps = f"it keeps the exits of {fact.strategy}" if fact.strategy else "no rule closes it but the guard before its expiry"
        return True, f"adopting {fact.quantity} × {fact.spread} as {fact.order_ref}: {keeps}"

    def release(self, position: str, by: str, reason: str) -> tuple[bool, str]:
        """Take a position out of the engine's hands for good: (whether it is done, what became of it)."""
        fact = released_by(position, by, reason, self._snapshot())
        if isinstance(fact, str):
            return False, fact
        self._inbox.publish(fact)
        return True, f"releasing {position}: it is yours, shown as not ours and never traded by this engine again"
