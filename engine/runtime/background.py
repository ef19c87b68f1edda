"""What goes on beside the beat: the link is kept, files are read again, the HALT file is looked for, chains are archived.

Nothing here decides or trades. What it learns goes into the inbox as facts; what it loads, the next beat sees.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from watchfiles import awatch

from engine.decide.entry.find import Finder
from engine.domain.clocks import NEAR_EVERY
from engine.domain.contract import Contract
from engine.domain.errors import Transient, UserError
from engine.domain.facts.halts import Halted
from engine.domain.facts.running import ErrorHeard
from engine.domain.ledger import Ledger
from engine.domain.login import login_facts
from engine.domain.looks import look_facts
from engine.domain.maintenance import Restart
from engine.ports import Broker, Clock
from engine.runtime.feed import Feed
from engine.runtime.inbox import Inbox
from engine.runtime.library import Library
from engine.runtime.restart_day import restart_facts
from engine.runtime.schedule import session_of
from engine.runtime.watching import FolderState, look_at
from engine.store import chains, halt_file
from engine.store.heartbeat import LOOKED_WITHIN, trace_of
from engine.store.quotes import QuoteStore
from engine.strategy.model import Strategy

RETRY_FIRST_S, RETRY_MAX_S = 1.0, 60.0
"""Between two tries to connect; doubled each time."""
REWATCH_EVERY = timedelta(minutes=5)
WAKE_EVERY = timedelta(minutes=1)
"""Between two looks at whether a strategy that could not open can now, and wants its lines back."""
CHECK_LINK_S, CHECK_CLOSED_S = 1.0, 5.0
"""Between two looks at the link and at the HALT file, in session and outside of it."""
GUARDIAN_LOOK_S = 60.0
"""Between two looks for the guardian's trace."""
FOLDER_AGAIN_S = 5.0
"""Between two looks for a folder of strategies that has gone."""
FOLDER_LOOK_MS = 5_000
"""Between two looks at the folder while no change in it is told."""


class Background:
    """The tasks beside the beat of one engine; each runs until it is cancelled."""

    def __init__(
        self,
        broker: Broker,
        feed: Feed,
        library: Library,
        finder: Finder,
        ledger: Ledger,
        inbox: Inbox,
        clock: Clock,
        idle: Callable[[datetime, Ledger], frozenset[str]],
        near: Callable[[datetime, Ledger, frozenset[str]], Sequence[Contract]] = lambda *_: (),
    ) -> None:
        """`idle` names the strategies that cannot open now, `near` the legs of what may pass but for the age of its quotes."""
        self._broker, self._feed, self._library, self._finder = broker, feed, library, finder
        self._ledger, self._inbox, self._clock = ledger, inbox, clock
        self._idle_now, self._near_now = idle, near
        self._idle: frozenset[str] = frozenset()
        """As lines were last chosen by."""
        self._is_unkept_said = False
        self._reading = asyncio.Lock()
        """One reading of the folder after the other: what was saved and what was accepted may come together."""
        self._told: list[str] = []
        """What the broker could not give when it was asked last, for people."""
        self._unreadable = ""
        """Why the strategies could not be read again, as it was said; empty while they can be."""

    async def prepare(self, now: datetime) -> None:
        """Load and stream what strategies and positions need; what the broker refuses becomes a fact for people, once.

        Raises Transient where the broker cannot give it yet; that too is said once.
        """
        try:
            self._tell(await self._feed.prepare(self._library.in_force, self._ledger, now))
        except Transient as problem:
            self._tell([str(problem)])
            raise

    def _tell(self, texts: list[str]) -> None:
        for text in texts:
            if text not in self._told:
                self._inbox.publish(ErrorHeard(0, text))
        self._told = texts

    async def keep_link(self) -> None:
        """Connect again whenever the link is lost, with growing pauses; load what a new day or a new strategy needs."""
        pause, watched_at = RETRY_FIRST_S, self._clock.now()
        looked_at = watched_at
        while True:
            await self._look_again()
            now = self._clock.now()
            try:
                if not self._broker.is_connected:
                    await self._broker.connect()
                    await self.prepare(now)
                elif self._feed.is_stale(self._library.in_force, self._ledger, now) and session_of(now) is not None:
                    await self.prepare(now)
                elif now - watched_at >= REWATCH_EVERY and _is_in_session(now):  # nothing moves while the exchange is closed
                    self._rewatch(now)
                    watched_at = looked_at = now
                elif self._idle and now - looked_at >= WAKE_EVERY and _is_in_session(now):
                    looked_at = now
                    if self._idle - self._idle_now(now, self._ledger):
                        self._rewatch(now)
                pause = RETRY_FIRST_S
            except (Transient, UserError):
                # Said by the broker as a fact already; the journal and every face show it.
                await asyncio.sleep(pause)
                pause = min(RETRY_MAX_S, pause * 2)

    async def explore(self) -> None:
        """Give lines to the legs of what may pass, as the turns through the chain find it."""
        while True:
            await asyncio.sleep(NEAR_EVERY.total_seconds())
            now = self._clock.now()
            if not self._feed.explores or not self._broker.is_connected:
                continue
            if not _is_in_session(now) or self._feed.bring_near(self._near_now(now, self._ledger, self._idle)):
                self._rewatch(now)

    async def watch_restart(self, restart: Restart) -> None:
        """Tell the daily restart of TWS, before it and once all is as it was, and remind of the weekly login."""
        while True:
            await self._look_again()
            now, ledger = self._clock.now(), self._ledger
            for fact in restart_facts(now, restart, ledger, self._broker):
                self._inbox.publish(fact)
            for fact in login_facts(now, ledger) if ledger.mode != "sim" else ():
                self._inbox.publish(fact)

    async def watch_looks(self) -> None:
        """Say where nobody looks any more and something trades without asking."""
        while True:
            await self._look_again()
            files, ledger = self._library.in_force, self._ledger
            is_of_concern = ledger.mode != "sim" and any(one.enabled and one.is_unattended for one in files.strategies.values())
            days = files.account.unattended.pause_after_days
            for fact in look_facts(self._clock.now(), ledger.looks, days) if is_of_concern else ():
                self._inbox.publish(fact)

    async def watch_halt_file(self, state: Path) -> None:
        """Halt when the file is there, whatever the link does meanwhile."""
        while True:
            await self._look_again()
            self.halt_by_file(state)

    def halt_by_file(self, state: Path) -> None:
        """Halt if the HALT file lies in the state folder; its text is the reason."""
        text = halt_file.text_of(state) if self._ledger.halt is None else None
        if text is not None:
            self._inbox.publish(Halted("file", text or "HALT file"))

    async def watch_guardian(self, state: Path) -> None:
        """Say it once when a guardian that watched does no more."""
        is_said = False
        while True:
            await asyncio.sleep(GUARDIAN_LOOK_S)
            trace, now = trace_of(state), self._clock.now()
            is_gone = trace is not None and trace.doing != "stopped" and now - trace.at > LOOKED_WITHIN
            if is_gone and not is_said:
                self._inbox.publish(ErrorHeard(0, "the guardian does not watch any more; start `spreads guard` again"))
            is_said = is_gone

    async def _look_again(self) -> None:
        await asyncio.sleep(CHECK_LINK_S if _is_in_session(self._clock.now()) else CHECK_CLOSED_S)

    async def watch_strategies(self, folder: Path, stop: asyncio.Event) -> None:
        """Read the strategies again whenever a file changes; the swap happens here, between two beats.

        A folder that is taken away changes nothing: what was last good stays in force, that is said, and the folder is looked
        for again. The folder is also looked at where no change was told: a watch dies with the folder that it was set on.
        """
        seen = look_at(folder)
        while not stop.is_set():
            try:
                async for _ in awatch(folder, stop_event=stop, debounce=200, rust_timeout=FOLDER_LOOK_MS, yield_on_timeout=True):
                    before, seen = seen, look_at(folder)
                    if seen != before:
                        await self._reload(
                            folder, is_another=None not in {before.place, seen.place} and seen.place != before.place
                        )
                    if seen.place != before.place:
                        break
            except OSError:
                seen = FolderState(None)  # also where it is back already: the next watch reads it then
            if seen.place is None:
                await self._reload(folder)
                await asyncio.sleep(FOLDER_AGAIN_S)

    async def watch_accepted(self, folder: Path) -> None:
        """Read the folder again whenever a person has accepted an edit that waited."""
        edits = self._library.edits
        while True:
            await edits.was_accepted.wait()
            edits.was_accepted.clear()
            await self._reload(folder)

    async def _reload(self, folder: Path, *, is_another: bool = False) -> None:
        async with self._reading:
            await self._read(folder, is_another=is_another)

    async def _read(self, folder: Path, *, is_another: bool) -> None:
        """Read the folder again. What is in the way is said once, and that it is no longer; so is another folder in its place."""
        try:
            changes = self._library.reload(await asyncio.to_thread(self._library.read))
        except UserError as problem:
            text = f"{problem}; strategies are not read again, what was in force stays in force"
            if text != self._unreadable:
                self._inbox.publish(ErrorHeard(0, text))
            self._unreadable = text
            return
        if self._unreadable or is_another:
            how = "can be read again" if self._unreadable else "was replaced by another folder"
            self._inbox.publish(ErrorHeard(0, f"{folder} {how}; what is different in its files is told one by one"))
        self._unreadable = ""
        with suppress(UserError, Transient):
            for fact in changes:
                self._inbox.publish(fact)
            now = self._clock.now()
            self._finder.keep_only(self._in_force())
            if self._feed.is_stale(self._library.in_force, self._ledger, now):
                await self.prepare(now)
            else:
                self._rewatch(now)

    def _rewatch(self, now: datetime) -> None:
        """Choose the lines anew; those that cannot open now come last."""
        self._idle = self._idle_now(now, self._ledger)
        self._feed.rewatch(self._library.in_force, self._ledger, now, self._idle)

    def _in_force(self) -> list[Strategy]:
        """Every version that may still be asked for: the newest, and those of working orders and open positions."""
        in_force, ledger = self._library.in_force, self._ledger
        needed = {strategy.digest for strategy in in_force.strategies.values()}
        needed |= {order.proposed.digest for order in ledger.working()}
        needed |= {position.digest for position in ledger.open_positions()}
        return [version for digest, version in in_force.versions.items() if digest in needed]

    async def archive(self, quotes: QuoteStore, state: Path, account: str, every: timedelta) -> None:
        """Keep the chain in the history while the market is open."""
        while True:
            await asyncio.sleep(every.total_seconds())
            now = self._clock.now()
            if not _is_in_session(now):
                continue
            try:
                chains.save(state, quotes.snapshot(now), account, self._feed.carries)
                self.kept(None)
            except UserError as problem:
                self.kept(problem)

    def kept(self, problem: UserError | None) -> None:
        """A chain was kept, or could not be: that is said once and stops nothing."""
        if problem is not None and not self._is_unkept_said:
            self._inbox.publish(ErrorHeard(0, str(problem)))
        self._is_unkept_said = problem is not None


def _is_in_session(now: datetime) -> bool:
    session = session_of(now)
    return session is not None and session.contains(now)
