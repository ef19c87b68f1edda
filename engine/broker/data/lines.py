"""Which contracts hold a market data line, when there are fewer lines than contracts.

TWS gives 100 lines to all programs and windows of a user together. What is held (counted, so that two who need the same
contract do not take it from each other) comes first, then the wish list in its order. Where the list is longer than the
lines, its head keeps them and its tail takes turns on the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass

PINNED_SHARE = 0.75
"""Of the lines, for the head of a list that is too long: open legs and candidates are at its head and must not blink."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to do so that the open lines are the right ones: first close, then open, most important first."""

    close: tuple[int, ...]
    open: tuple[int, ...]


class Lines:
    """The ledger, by the broker's contract number."""

    def __init__(self, limit: int) -> None:
        self._configured = limit
        self.limit = limit
        """Lines believed to exist; falls when TWS says that there are no more."""
        self.evictions = 0
        """Lines taken from contracts that were still wanted."""
        self._held: dict[int, int] = {}
        self._wanted: tuple[int, ...] = ()
        self._refused: set[int] = set()
        self._open: dict[int, None] = {}
        self._cursor = 0

    @property
    def subscriptions(self) -> tuple[int, ...]:
        """Contracts with a line now, longest first."""
        return tuple(self._open)

    @property
    def is_short(self) -> bool:
        """True when contracts take turns."""
        return len(self._ranked()) > self.limit

    def want(self, con_ids: Iterable[int]) -> None:
        """The wish list, most important first; it replaces the last one."""
        self._wanted = tuple(dict.fromkeys(con_ids))

    def hold(self, con_id: int) -> None:
        """One more who needs this contract, whatever the wish list says."""
        self._held[con_id] = self._held.get(con_id, 0) + 1

    def release(self, con_id: int) -> None:
        """One fewer. Raises KeyError when nobody held it."""
        self._held[con_id] -= 1
        if not self._held[con_id]:
            del self._held[con_id]

    def turn(self) -> None:
        """Give the contracts at the tail of the list their turn."""
        self._cursor += self.limit - int(self.limit * PINNED_SHARE)

    def full(self, con_id: int) -> None:
        """TWS refused this line because all are in use: others use some, so believe in fewer until it is asked again."""
        if self._open.pop(con_id, 0) is None:
            self.evictions += 1
            self.limit = max(1, min(self.limit, len(self._open)))

    def refuse(self, con_id: int) -> None:
        """TWS does not quote this contract; it is left out until it is asked again."""
        self._open.pop(con_id, None)
        self._refused.add(con_id)

    def forgive(self) -> None:
        """What was refused may be asked for again, and as many lines as there should be."""
        self._refused.clear()
        self.limit = self._configured

    def reset(self) -> None:
        """The session is new: no line is open, and nothing has been refused."""
        self._open.clear()
        self.forgive()

    def changes(self) -> Changes:
        """The step from the open lines to the right ones; the ledger takes it as done."""
        ranked = self._ranked()
        target = dict.fromkeys(self._chosen(ranked))
        close = tuple(con_id for con_id in self._open if con_id not in target)
        opening = tuple(con_id for con_id in target if con_id not in self._open)
        wanted = set(ranked)
        self.evictions += sum(1 for con_id in close if con_id in wanted)
        for con_id in close:
            del self._open[con_id]
        self._open.update(dict.fromkeys(opening))
        return Changes(close, opening)

    def _ranked(self) -> tuple[int, ...]:
        ranked = dict.fromkeys((*self._held, *self._wanted))
        return tuple(con_id for con_id in ranked if con_id not in self._refused)

    def _chosen(self, ranked: tuple[int, ...]) -> tuple[int, ...]:
        if len(ranked) <= self.limit:
            return ranked
        pinned = int(self.limit * PINNED_SHARE)
        head, tail = ranked[:pinned], ranked[pinned:]
        start = self._cursor % len(tail)
        return (*head, *(tail[start:] + tail[:start])[: self.limit - pinned])
