"""Which contracts hold a market data line, when there are fewer lines than contracts.

TWS gives 100 lines to all programs and windows of a user together. What is held (counted, so that two who need the same
contract do not take it from each other) comes first, then the wish list in its order. What explores the chain takes turns on
what is left of the lines, those first whose turn was longest ago. Where the wish list alone is longer than the lines, its head
keeps them and its tail takes turns on the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.broker.classes import BY_NAME
from engine.domain.clocks import EXPLORED_FOR

PINNED_SHARE = 0.75
"""Of the lines, for the head of a list that is too long: open legs and candidates are at its head and must not blink."""
SPARE = 5
"""Lines that exploring leaves free: for what is asked for between two turns."""
EXPLORING_PER_S = BY_NAME["scans"].rates[0].tokens / 2
"""So many lines that explore change in a second at the most: each is two messages."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to do so that the open lines are the right ones: first close, then open, most important first."""

    close: tuple[int, ...]
    open: tuple[int, ...]
    exploring: frozenset[int] = frozenset()
    """Of both, those that only have their turn."""


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
        self._exploring: tuple[int, ...] = ()
        self._turn = 0
        self._seen: dict[int, int] = {}
        """Number of the last turn in which each explored contract had a line."""

    @property
    def subscriptions(self) -> tuple[int, ...]:
        """Contracts with a line now, longest first."""
        return tuple(self._open)

    @property
    def is_short(self) -> bool:
        """True when contracts take turns."""
        ranked = len(self._ranked())
        return ranked > self.limit or 0 < self.turning < len(self._exploring)

    @property
    def exploring(self) -> int:
        """Contracts that take turns on what is left of the lines."""
        return len(self._exploring)

    @property
    def turning(self) -> int:
        """Lines that change their contract at a turn of those that explore."""
        return min(len(self._exploring), max(0, self.limit - SPARE - len(self._ranked()))) if self._exploring else 0

    @property
    def on_turn(self) -> int:
        """Open lines on which what explores has its turn: they give way to whatever is wanted."""
        firm = {*self._held, *self._wanted}
        return sum(1 for con_id in self._open if con_id not in firm)

    def want(self, con_ids: Iterable[int], exploring: Iterable[int] = ()) -> None:
        """The wish list, most important first, and what explores, in its order; they replace the last ones."""
        self._wanted = tuple(dict.fromkeys(con_ids))
        known = set(self._wanted)
        self._exploring = tuple(dict.fromkeys(one for one in exploring if one not in known))
        asked = set(self._exploring)
        self._seen = {con_id: turn for con_id, turn in self._seen.items() if con_id in asked}

    def hold(self, con_id: int) -> None:
        """One more who needs this contract, whatever the wish list says."""
        self._held[con_id] = self._held.get(con_id, 0) + 1

    def release(self, con_id: int) -> None:
        """One fewer. Raises KeyError when nobody held it."""
        self._held[con_id] -= 1
        if not self._held[con_id]:
            del self._held[con_id]

    def turn(self) -> None:
        """Give the contracts at the tail of the list, and the next ones that explore, their turn."""
        self._turn += 1
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
        kept = self._chosen(ranked)
        target = dict.fromkeys((*kept, *self._explored(kept)))
        close = tuple(con_id for con_id in self._open if con_id not in target)
        opening = tuple(con_id for con_id in target if con_id not in self._open)
        wanted = set(ranked)
        self.evictions += sum(1 for con_id in close if con_id in wanted)
        for con_id in close:
            del self._open[con_id]
        self._open.update(dict.fromkeys(opening))
        return Changes(close, opening, frozenset(self._exploring).intersection((*close, *opening)))

    def _explored(self, kept: tuple[int, ...]) -> tuple[int, ...]:
        """Whose turn it is: those that have theirs keep it until the next, the rest are those that waited longest."""
        room = min(self.limit - SPARE - len(kept), self.turning)
        if room <= 0:
            return ()
        taken = set(kept) | self._refused
        waiting = [con_id for con_id in self._exploring if con_id not in taken]
        now = [con_id for con_id in waiting if self._seen.get(con_id) == self._turn][:room]
        waited = sorted((one for one in waiting if self._seen.get(one) != self._turn), key=lambda one: self._seen.get(one, -1))
        chosen = (*now, *waited[: room - len(now)])
        self._seen.update(dict.fromkeys(chosen, self._turn))
        return chosen

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


def turn_s(exploring: int) -> float:
    """How long a turn lasts, seconds: long enough for the quotes to come, and for the messages of so many exploring lines."""
    return max(EXPLORED_FOR.total_seconds(), exploring / EXPLORING_PER_S)


def round_s(contracts: int, turning: int) -> float | None:
    """Seconds until so many contracts have each had a turn on so many lines; None where there is nothing to turn."""
    return -(-contracts // turning) * turn_s(turning) if contracts and turning else None
