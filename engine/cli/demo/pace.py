"""How fast the clock of a watched demonstration runs: fast while nothing happens, slow while an order works, real while
somebody is asked."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from engine.domain.ledger import Ledger
from engine.domain.session import Session
from engine.runtime.standing import waiting
from engine.sim.loop import PacedLoop

ASKED, BUSY, WATCHING, CLOSED = 1.0, 12.0, 240.0, 20_000.0
"""Simulated seconds a second while somebody is asked, while an order works, while nothing happens, and at night."""
LOOK_S, LINGER_S = 0.25, 1.0
"""Seconds of the person who watches: between two choices of the speed, and slow after each line that is told."""
APPROACH_S = 2.0
"""Seconds that the rest of a night takes at the least, so that a busy machine does not carry the clock past the open."""


def speed_at(now: datetime, sessions: Sequence[Session], ledger: Ledger | None) -> float:
    """Simulated seconds a second for the next moments.

    Until the books are agreed it is slow: starting takes seconds of the machine, which must not be hours of the market.
    """
    if ledger is not None and any(True for _ in waiting(ledger)):
        return ASKED
    if ledger is None or ledger.reconciled is None or any(not order.rests for order in ledger.working()):
        return BUSY
    if any(session.contains(now) for session in sessions):
        return WATCHING
    ahead = min((session.open - now for session in sessions if session.open > now), default=None)
    return CLOSED if ahead is None else min(CLOSED, max(BUSY, ahead.total_seconds() / APPROACH_S))


class Pace:
    """Sets the speed of a loop a few times a second, and slows it down at once where something was told."""

    def __init__(self, loop: PacedLoop, sessions: Sequence[Session], now: Callable[[], datetime]) -> None:
        self.ledger: Ledger | None = None
        self._loop, self._sessions, self._now = loop, sessions, now
        self._next: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Choose the speed by what is going on, and again after a moment."""
        self._go(speed_at(self._now(), self._sessions, self.ledger), LOOK_S)

    def linger(self) -> None:
        """Something was told: give the reader a moment."""
        self._go(min(speed_at(self._now(), self._sessions, self.ledger), BUSY), LINGER_S)

    def stop(self) -> None:
        """Choose no more."""
        if self._next is not None:
            self._next.cancel()

    def _go(self, speed: float, for_s: float) -> None:
        self.stop()
        self._loop.set_speed(speed)
        self._next = self._loop.call_later(for_s * speed, self.look)
