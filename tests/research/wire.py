"""The rig of research over the wire: the same engine, its broker a real client of a simulated TWS that replays the recording.

Time is that of the recording and is moved by hand, as on paper: at each step the simulator brings its market, its orders and its
streams to the instant, what it says is heard, and the engine beats. So both have equal lines, fills and steps, and whatever they
decide differently lies between the wire and paper.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from engine.broker.adapter import IbBroker
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.facts.running import EngineStarted
from engine.domain.ledger import Ledger
from engine.ports import Journal
from engine.research.history import History
from engine.research.paper.clock import VirtualClock
from engine.research.rig import ACCOUNT, FUNNEL_EVERY, Rig, Terms, _journal_id
from engine.runtime.clock import elapsed_s
from engine.runtime.engine import Engine
from engine.runtime.feed import Feed
from engine.runtime.freshness import Freshness
from engine.runtime.inbox import Inbox
from engine.runtime.library import Library
from engine.runtime.schedule import calendar_around
from engine.runtime.seams import Observer
from engine.runtime.snapshots import Snapshots
from engine.sim.loop import VirtualLoop
from engine.sim.market.replayed import ReplayedMarket
from engine.sim.options import SimOptions
from engine.sim.simulator import Simulator
from engine.store.quotes import QuoteStore

T = TypeVar("T")

PORT = 7497
NEVER_S = 1e8
"""Nothing of the simulator happens by itself."""
HEARD_S = 3.0
"""Seconds of the loop in which everything that was asked and told arrives; the time of the recording stands still meanwhile."""
LINES_OPEN_S = 8.0
"""The same where every line may be given back and another opened in its place: the client sends no faster than TWS takes it."""


class SteppedSimulator(Simulator):
    """A simulated TWS whose time is told from outside: it moves when `step` is called, and not by itself."""

    def __init__(self, clock: VirtualClock, market: ReplayedMarket, **options: Any) -> None:
        self._told = clock
        super().__init__(market, seed=0, begins=clock.now(), **options)

    def now(self) -> datetime:
        return self._told.now()

    def step(self) -> None:
        self._pump()

    def _schedule(self, now: datetime) -> None:
        """No timer."""

    def _cadence(self) -> timedelta:
        return timedelta(seconds=NEVER_S)


class WireRig(Rig):
    """`Rig` with `IbBroker` over the wire in the place of the paper broker."""

    def __init__(
        self, history: History, terms: Terms, files: Path, archive: Path, journal: Journal, observers: Sequence[Observer] = ()
    ) -> None:
        assert terms.lines is not None, "over the wire nothing is told without a line"
        self.history, self.ledger = history, Ledger()
        self.loop = VirtualLoop()
        asyncio.set_event_loop(self.loop)
        self.market = history.market()
        self.clock = VirtualClock(history.days[0].session.open)
        options = SimOptions(
            cadence_s=NEVER_S,
            repeats_quotes=True,
            repeats_greeks=True,
            account_every_s=0.0,
            pnl_every_s=0.0,
            max_lines=terms.lines,
            fills=terms.fills,
            messages_per_second=10_000,
            history_pacing="none",
        )
        self.sim = SteppedSimulator(self.clock, self.market, account=ACCOUNT, cash=terms.cash, options=options)
        self.tape, self.exchange = self.sim.tape, self.sim.exchange
        self.quotes, self.inbox = QuoteStore(), Inbox()
        self.run(self.sim.start(port=PORT))
        ib = IbBroker(
            "127.0.0.1",
            PORT,
            1,
            ACCOUNT,
            self.inbox.publish,
            Freshness(self.quotes, self.inbox.nudge, self.loop.time),
            self.clock,
            order_prefix=_journal_id(self.clock.now()),
            lines=terms.lines,
            calendar=calendar_around,
        )
        self.ib = ib
        self.broker = _Stepped(self)
        self.telling = _Told()
        self.library = Library(files, archive, shown=Path())
        self.scanner = Scanner()
        self.finder = Finder(self.scanner, elapsed_s)
        self.feed = Feed(ib, self.quotes, terms.lines)
        self._snapshots = Snapshots(ib, self.quotes, self.feed, self.library, self.finder, funnel_every=FUNNEL_EVERY, probation=0)
        self.engine = Engine(self.clock, journal, self.ledger, ib, self._snapshots, self.inbox, self.loop.create_task)
        self.engine.beat = self._beating(self.engine.beat)
        self.unserved = {}
        self._answers = self.loop
        self.engine.observers += [*observers, self]

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    def inside(self, act: Callable[[], T], heard_s: float = HEARD_S) -> T:
        """What an act returns that is done on the loop, once what it asked for has come."""

        async def done() -> T:
            result = act()
            await asyncio.sleep(heard_s)
            return result

        return self.run(done())

    def begin(self) -> None:
        now = self.clock.now()
        changes = self.library.open(self.ledger)
        for fact in (EngineStarted("test", "sim", _journal_id(now)), *changes):
            self.engine.take(fact, now)
        self.run(self.ib.connect())
        self.inside(lambda: None)

    def end(self) -> None:
        self.run(self.ib.disconnect())
        self.run(self.sim.stop())
        self.scanner.close()
        self.loop.close()
        asyncio.set_event_loop(None)

    def hear(self, now: datetime) -> None:
        """Heard with the step."""

    def prepare(self) -> None:
        now = self.clock.now()
        if self.feed.is_stale(self.library.in_force, self.ledger, now):
            self.unserved |= dict.fromkeys(self.run(self.feed.prepare(self.library.in_force, self.ledger, now)))
        self.inside(lambda: self.feed.rewatch(self.library.in_force, self.ledger, now), LINES_OPEN_S)

    def look(self):
        async def looked():
            return self._snapshots.take(self.clock.now(), self.ledger)

        return self.run(looked())

    def _beating(self, beat: Callable[[], None]) -> Callable[[], None]:
        return lambda: self.inside(beat)


class _Stepped:
    """What moves the broker."""

    def __init__(self, rig: WireRig) -> None:
        self._rig = rig

    def step(self) -> None:
        self._rig.inside(self._rig.sim.step)

    def settle(self) -> None:
        """The simulator settles with its steps."""
        self.step()


class _Told:
    """The streams tell by themselves."""

    def tell(self, now: datetime) -> None: ...

    def tell_anew(self) -> None: ...

    def tell_closes(self, now: datetime, closes: object) -> None: ...
