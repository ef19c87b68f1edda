"""What the beat looks at: quotes, market, account and the rulebook, as they are at one instant."""

from datetime import datetime, timedelta

from engine.broker.asking import machine_pace
from engine.decide.entry.find import Finder
from engine.decide.entry.idle import idle
from engine.decide.exploration import near_legs
from engine.decide.rulebook import Rulebook
from engine.domain.contract import Contract
from engine.domain.ledger import Ledger
from engine.domain.maintenance import Restart
from engine.domain.snapshot import Snapshot
from engine.ports import Broker
from engine.runtime.feed import Feed
from engine.runtime.library import Library
from engine.runtime.restart_day import near
from engine.runtime.schedule import calendar_around, session_of
from engine.store.quotes import QuoteStore


class Snapshots:
    """The snapshots of an engine, over everything that it hears."""

    def __init__(
        self,
        broker: Broker,
        quotes: QuoteStore,
        feed: Feed,
        library: Library,
        finder: Finder,
        *,
        funnel_every: timedelta,
        probation: int,
        restart: Restart | None = None,
    ) -> None:
        """`restart` is when TWS restarts by itself, where that is known."""
        self._broker, self._quotes, self._feed, self._library = broker, quotes, feed, library
        self._finder, self._funnel_every, self._probation = finder, funnel_every, probation
        self._restart = restart

    def take(self, now: datetime, ledger: Ledger) -> Snapshot:
        return Snapshot(
            at=now,
            chain=self._quotes.snapshot(now),
            market=self._feed.market(self._library.in_force, now),
            ledger=ledger,
            account=self._broker.account,
            session=session_of(now),
            calendar=calendar_around(now),
            data=self._broker.data,
            is_connected=self._broker.is_connected,
            restart=near(now, self._restart, ledger) if self._restart is not None else None,
            clock_skew_s=self._broker.clock_skew_s,
            pace=machine_pace(),
        )

    def idle(self, now: datetime, ledger: Ledger) -> frozenset[str]:
        """Names of the strategies that cannot open now, whatever the options quote."""
        return idle(self.take(now, ledger), self.rulebook())

    def near(self, now: datetime, ledger: Ledger, idle: frozenset[str]) -> list[Contract]:
        """Legs of what would pass but for the age of its quotes."""
        return near_legs(self.take(now, ledger), self.rulebook(), idle)

    def is_open(self, now: datetime) -> bool:
        session = session_of(now)
        return session is not None and session.contains(now)

    def ticks(self) -> int:
        return self._quotes.ticks

    def rulebook(self) -> Rulebook:
        in_force = self._library.in_force
        return Rulebook(
            strategies=tuple(in_force.strategies[name] for name in sorted(in_force.strategies)),
            versions=in_force.versions,
            account=in_force.account,
            finder=self._finder,
            funnel_every=self._funnel_every,
            probation=self._probation,
        )
