"""Tells a person what happens while nobody looks: an observer of facts, and a task beside the beat that sees what is due."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from engine.decide.exit.ending import Ending
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.notify.choice import Choice
from engine.notify.links import Links, made_links
from engine.notify.outbox import Outbox
from engine.notify.postman import PAUSE_S, Postman, Send
from engine.ports import Clock

LOOK_EVERY_S = 1.0
"""Between two looks at what is due."""


class Notifier:
    """Facts in, messages out; drops are counted, and nothing here can hold up the engine."""

    def __init__(self, choice: Choice, send: Send, pause_s: float = PAUSE_S) -> None:
        """`pause_s` lies between two tries of a message that failed."""
        self._choice = choice
        self._postman = Postman(send, pause_s)
        self._outbox: Outbox | None = None
        self._links: Links | None = None

    def sign(self, state: Path) -> None:
        """Sign links for this state folder, where any are wanted. Raises UserError where they cannot be signed."""
        if self._choice.web is not None:
            self._links = made_links(state)

    def follow(
        self,
        ledger: Ledger,
        is_loss_expected: Callable[[datetime], bool],
        endings: Callable[[], Mapping[str, Ending]] = dict,
    ) -> None:
        """Begin: what is told from now on belongs to this ledger. `endings`: what becomes of positions that end within days."""
        self._outbox = Outbox(self._choice, ledger, is_loss_expected, endings, self._links)
        self._postman.start()

    def saw(self, fact: Fact, at: datetime) -> None:
        """Hear a fact, if it is worth a message."""
        if self._outbox is not None:
            self._outbox.hear(fact, at)

    async def run(self, clock: Clock) -> None:
        """Send what is due, until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self.look(clock.now())

    def look(self, now: datetime) -> None:
        """Hand over what is due now."""
        for message in self._outbox.due(now) if self._outbox is not None else ():
            self._postman.put(message)

    def rest(self) -> None:
        """Return once everything that was handed over has been tried."""
        self._postman.rest()

    def counts(self) -> Mapping[str, int]:
        """Messages by what became of them since the start."""
        outbox, postman = self._outbox, self._postman
        return {
            "sent": postman.sent,
            "failed": postman.failed,
            "dropped": postman.dropped + (outbox.dropped if outbox is not None else 0),
            "repeated": outbox.repeated if outbox is not None else 0,
        }
