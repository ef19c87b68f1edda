"""When the broker is asked what it holds, and what of its answers still counts.

An answer counts over the link over which it was asked for, and against doubts that are older than the question. While something
is in doubt the broker is asked every few seconds, and the more seldom the longer the doubt has stood.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.domain.errors import EngineError
from engine.domain.facts.running import LinkChanged
from engine.domain.ledger import Ledger
from engine.domain.snapshot import BrokerCount
from engine.log import logger
from engine.ports import Broker, BrokerPosition, BrokerState, Clock
from engine.runtime.inbox import Inbox

log = logger(__name__)

ASK_AGAIN = timedelta(seconds=5)
"""Between two questions while something is in doubt that was not a moment ago."""
ASK_AGAIN_PART = 6
"""A doubt that has stood for so many times as long as the pause is asked about after that pause."""
RECONCILE_EVERY = timedelta(minutes=1)
"""Nothing is opened for longer than this on books that a person or an assignment has changed in TWS."""
LEGS_TOGETHER = timedelta(seconds=2)
"""Executions of one combination come so close together; before that a missing leg is no doubt."""

Spawn = Callable[[Coroutine[Any, Any, None]], object]
"""Starts what takes time in the one task group of the composition root."""


@dataclass(frozen=True, slots=True)
class Books:
    """What the account holds, as the broker answered it last."""

    requested_at: datetime
    positions: tuple[BrokerPosition, ...]


class Inquiry:
    """One question at a time."""

    def __init__(self, broker: Broker, inbox: Inbox, clock: Clock, spawn: Spawn) -> None:
        self._broker, self._inbox, self._clock, self._spawn = broker, inbox, clock, spawn
        self._is_asking = False
        self._requested_at: datetime | None = None
        self._asked_over: LinkChanged | None = None
        self._answered_at: datetime | None = None
        """When the last answer came, or stayed away; None asks at the next occasion."""
        self._stayed_away = False
        """Whether the last question had no answer: it is asked again soon, whatever is in doubt."""
        self._count: BrokerCount | None = None
        self._books: Books | None = None
        self._counted_over: LinkChanged | None = None
        self._doubts: frozenset[str] = frozenset()
        self._doubted_at: datetime | None = None

    def hurry(self) -> None:
        """Ask at the next occasion: something has just become doubtful."""
        self._answered_at = None

    def count(self, ledger: Ledger) -> BrokerCount | None:
        """What the broker holds, as far as that was asked over the link as it stands."""
        return self._count if ledger.connection is self._counted_over else None

    def books(self, ledger: Ledger) -> Books | None:
        """The same with the terms and the cost of each position; None where it is not known over the link as it stands."""
        return self._books if ledger.connection is self._counted_over else None

    def ask_when_due(self, ledger: Ledger, now: datetime) -> None:
        """Ask soon while something is in doubt, else every minute."""
        if self._is_asking or not self._broker.is_connected:
            return
        every = self._every(ledger, now)
        if self._answered_at is None or now - self._answered_at >= every:
            self._is_asking, self._requested_at, self._asked_over = True, now, ledger.connection
            self._spawn(self._ask())

    def answered(self, state: BrokerState, ledger: Ledger, now: datetime) -> datetime | None:
        """When the question left; None where the link changed meanwhile: what the answer shows may be of before."""
        self._is_asking = self._stayed_away = False
        if self._requested_at is None or ledger.connection is not self._asked_over:
            self._answered_at = None
            return None
        self._answered_at = now
        if state.unread or state.unread_positions:
            return self._requested_at  # counts are judged by whole answers alone
        held = {position.con_id: position.quantity for position in state.positions}
        self._count, self._counted_over = BrokerCount(self._requested_at, held), ledger.connection
        self._books = Books(self._requested_at, state.positions)
        return self._requested_at

    def _every(self, ledger: Ledger, now: datetime) -> timedelta:
        doubts = frozenset(_doubts(ledger, now))
        if doubts - self._doubts:
            self._doubted_at = now
        self._doubts = doubts
        if self._stayed_away:
            return ASK_AGAIN
        if not doubts or self._doubted_at is None:
            return RECONCILE_EVERY
        return min(RECONCILE_EVERY, max(ASK_AGAIN, (now - self._doubted_at) / ASK_AGAIN_PART))

    async def _ask(self) -> None:
        try:
            self._inbox.put(await self._broker.state())
        except EngineError:
            # Said by the broker as a fact already where it concerns the link; asked again in a while.
            self._went_unanswered()
        except Exception:
            log.exception("asking the broker for its books failed")
            self._went_unanswered()

    def _went_unanswered(self) -> None:
        self._is_asking, self._stayed_away = False, True
        self._answered_at = self._clock.now()


def _doubts(ledger: Ledger, now: datetime) -> list[str]:
    """What only the broker can clear up."""
    found = [order.ref for order in ledger.working() if order.state == "unknown"]
    found += [f"legs of {ref}" for ref, at in ledger.unbalanced.items() if now - at >= LEGS_TOGETHER]
    if ledger.reconciled is None:
        return [*found, "not agreed yet"]
    return [*found, *ledger.reconciled.differences]
