"""What every screen may lean on: the feed, how the console was opened, and saying something to the engine."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from textual.app import App
from textual.notifications import SeverityLevel

from engine.api.access.roles import ROLES, Role, may, rule_of
from engine.api.models.words import Outcome
from engine.client.asynchronous import AsyncClient
from engine.console.feed import Feed
from engine.console.frame.said import NARROW, STANDS_S, SaidLine
from engine.console.memory import Memory
from engine.console.themes import DARK
from engine.domain.errors import EngineError, UserError


@dataclass(frozen=True, slots=True)
class Setup:
    """How one console is opened."""

    state: Path | None
    """Folder of the engine: for what a person may do where it does not answer, and for its log. None in a browser, whose person
    may be somewhere else."""
    by: str = "console"
    """In whose name words are said."""
    role: Role = ROLES[-1]
    """What that person may do; the engine holds them to it, the console hides the rest."""
    is_read_only: bool = False
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    """Keys of one's own, checked."""
    opens: str = "dashboard"
    farewell: str = "engine keeps running"
    """What becomes of the engine when the console is left."""
    coaches: bool = False
    """Whether somebody new is told what to press next."""
    asks_by_itself: bool = True
    """False for somebody who calls `look` by hand."""
    folder: Path | None = Path()
    """Where exports go; None gives them to the browser."""
    memory: Path | None = None
    """File in which it is remembered how somebody likes to see it; None where nothing is."""
    theme: str = DARK


class Host(App[None]):
    """The application as its screens know it."""

    def __init__(self, engine: AsyncClient, elapsed: Callable[[], float], setup: Setup) -> None:
        """`elapsed` is a clock in seconds that only goes on."""
        super().__init__()
        self.feed = Feed(engine, elapsed)
        self.setup = setup
        self.memory = Memory(setup.memory)
        self.woken = asyncio.Event()
        self.coaches = setup.coaches

    @property
    def is_read_only(self) -> bool:
        """Whether it only looks."""
        return self.setup.is_read_only

    def may(self, path: str) -> bool:
        """Whether this person may say a word of the API, by the path that it is posted to."""
        rule = rule_of("POST", path)
        return not self.is_read_only and rule is not None and may(self.setup.role, rule)

    @property
    def is_live(self) -> bool:
        """Whether real money is traded; where nothing was heard yet, nobody may think otherwise."""
        return self.feed.status is None or self.feed.status.mode == "live"

    def moment(self) -> datetime:
        """The engine's time of day; before its first answer a moment long past, at which nothing is fresh."""
        return self.feed.now() or datetime.min.replace(tzinfo=UTC)

    def wake(self) -> None:
        """Ask the engine now."""
        self.woken.set()

    def tell(self, text: str, *, is_bad: bool = False) -> None:
        """A sentence for the person, which goes away by itself."""
        self.notify(text, severity="warning" if is_bad else "information", markup=False, timeout=STANDS_S)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """A notice in a corner; on a narrow terminal, where it would lie on a card, lines of its own."""
        told = partial(super().notify, message, title=title, severity=severity, timeout=timeout, markup=markup)

        def below() -> None:
            line = next(iter(self.screen.query(SaidLine)), None)
            if line is None:
                told()
            else:
                line.say(message, is_bad=severity != "information")

        if self.size.width < NARROW:
            self.call_later(below)  # a dialog that says it closes first
        else:
            told()

    def say(self, word: Callable[[], Awaitable[Outcome]]) -> None:
        """Say something to the engine, and tell what became of it."""
        self.run_worker(partial(self._said, word), group="said")

    async def _said(self, word: Callable[[], Awaitable[Outcome]]) -> None:
        try:
            outcome = await word()
        except (EngineError, UserError) as error:
            self.tell(str(error), is_bad=True)
        else:
            self.tell(outcome.text)
        self.wake()
