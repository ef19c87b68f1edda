"""The engine that trades, unchanged, put together over a recorded market: paper broker, virtual time, journal in a state folder
or in memory."""

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import numpy as np

from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.decide.rulebook import Rulebook
from engine.domain.facts.orders import ApprovalAsked
from engine.domain.facts.running import EngineStarted
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.snapshot import Answer, Snapshot
from engine.ports import Journal
from engine.research.history import History
from engine.research.paper.broker import PaperBroker
from engine.research.paper.clock import VirtualClock, at_once
from engine.research.paper.telling import Telling
from engine.runtime.clock import elapsed_s
from engine.runtime.engine import Engine
from engine.runtime.feed import LINES_SPARE, Feed
from engine.runtime.inbox import Inbox, PersonAnswer
from engine.runtime.library import Library
from engine.runtime.seams import Observer
from engine.runtime.snapshots import Snapshots
from engine.sim.exchange.account import Account
from engine.sim.exchange.exchange import Exchange
from engine.sim.exchange.fills import TRAVELED, PackageFills
from engine.sim.market.replayed import ReplayedMarket
from engine.sim.tape import MarketTape
from engine.store.quotes import QuoteStore
from engine.strategy.model import Strategy

ACCOUNT = "DU0000000"
FUNNEL_EVERY = timedelta(minutes=10)
"""How often a strategy's look is kept: once at each recorded instant, where these are not closer."""
BY_RESEARCH = "the backtest"
"""Who says yes where a strategy asks a person."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run supposes beside the history."""

    cash: Decimal
    fill: Decimal | None = None
    """Part of the half-width beyond mid at which every package trades, 0 to 1; None: by its number of legs."""
    lines: int | None = 100
    """Market data lines; None tells every option."""
    learned: Mapping[int, Decimal] | None = None
    """The part by number of legs, learned from an engine's own orders; None where nothing was."""

    @property
    def fills(self) -> PackageFills:
        if self.fill is not None:
            return PackageFills({1: self.fill})
        return PackageFills(TRAVELED if self.learned is None else self.learned)


class Rig:
    """One engine over one history."""

    def __init__(
        self, history: History, terms: Terms, files: Path, archive: Path, journal: Journal, observers: Sequence[Observer] = ()
    ) -> None:
        """`files` is the folder of strategies and limits, `archive` where their versions are kept."""
        self.history, self.ledger = history, Ledger()
        self.market: ReplayedMarket = history.market()
        self.tape = MarketTape(self.market)
        chance = np.random.default_rng(0)  # of venues and of the order of rows: no fill is drawn
        self.exchange = Exchange(self.tape, Account(ACCOUNT, terms.cash), chance, fills=terms.fills)
        self.quotes, self.inbox = QuoteStore(), Inbox()
        self.telling = Telling(self.tape, self.quotes, by_lines=terms.lines is not None)
        self.clock = VirtualClock(history.days[0].session.open)
        self.broker = PaperBroker(self.tape, self.exchange, self.telling, self.clock, self.inbox.publish, self.inbox.nudge)
        self.library = Library(files, archive, shown=Path())
        self.scanner = Scanner()
        self.finder = Finder(self.scanner, elapsed_s)
        # Where everything is told no line has to be chosen but for what is held.
        self.feed = Feed(self.broker, self.quotes, LINES_SPARE if terms.lines is None else terms.lines)
        self._snapshots = Snapshots(
            self.broker, self.quotes, self.feed, self.library, self.finder, funnel_every=FUNNEL_EVERY, probation=0
        )
        self.engine = Engine(self.clock, journal, self.ledger, self.broker, self._snapshots, self.inbox, at_once)
        self.unserved: dict[str, None] = {}
        """What the recording could not give when it was asked for a chain or a history, for people."""
        self._answers = asyncio.new_event_loop()
        """Makes the futures that a person would wait for; it never runs."""
        self.engine.observers += [*observers, self]
        self._is_by_lines = terms.lines is not None

    def begin(self) -> None:
        """The first lines of the journal, and the link. Raises UserError where the files cannot be used."""
        now = self.clock.now()
        changes = self.library.open(self.ledger)
        for fact in (EngineStarted(version("ibkr-spreads"), "sim", _journal_id(now)), *changes):
            self.engine.take(fact, now)
        at_once(self.broker.connect())

    def end(self) -> None:
        self.scanner.close()
        self._answers.close()

    def saw(self, fact: Fact, at: datetime) -> None:
        """Say yes wherever a person is asked: price and limits are asked again by that."""
        if isinstance(fact, ApprovalAsked):
            answer = Answer(fact.order_ref, approve=True, by=BY_RESEARCH)
            self.inbox.put(PersonAnswer(answer, self._answers.create_future()))

    def hear(self, now: datetime) -> None:
        """What the lines of before tell of a new instant: the next ones are chosen by it."""
        if self._is_by_lines:
            self.telling.tell(now)

    def prepare(self) -> None:
        """Load what a new day or a new position needs, and choose the lines."""
        now = self.clock.now()
        if self.feed.is_stale(self.library.in_force, self.ledger, now):
            self.unserved |= dict.fromkeys(at_once(self.feed.prepare(self.library.in_force, self.ledger, now)))
        self.telling.tell_prices(now)
        if self._is_by_lines:
            self.feed.rewatch(self.library.in_force, self.ledger, now)

    def look(self) -> Snapshot:
        """What the engine would look at now."""
        return self._snapshots.take(self.clock.now(), self.ledger)

    @property
    def strategies(self) -> Collection[Strategy]:
        """Those in force."""
        return self.library.in_force.strategies.values()

    def rulebook(self) -> Rulebook:
        return self._snapshots.rulebook()

    @property
    def refused(self) -> Mapping[str, str]:
        """Files that cannot be used, with what is wrong in them."""
        return self.library.in_force.refused


def _journal_id(now: datetime) -> str:
    """Starts the order references: the same for the same history."""
    return "sp" + hashlib.sha256(now.isoformat().encode()).hexdigest()[:5]
