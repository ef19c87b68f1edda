"""The composition root: the only place that knows all parts, puts them together and runs them in one task group.

recover   lock, mend, verify and fold the journal; read the strategies
connect   to the broker, check that it is the right account, prepare the feed, reconcile
run       the beat, the link, reload, archive and API, until told to stop or something breaks
leave     cancel what is left of our entries, say good-bye in the journal, save a checkpoint, let go
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime, time, timedelta
from functools import partial
from importlib.metadata import version

from engine.api.server import Doors, RemoteSettings, doors
from engine.api.serving import Serving
from engine.broker.adapter import IbBroker
from engine.broker.orders.times import zone_of
from engine.compile.scanner import Scanner
from engine.decide.apart import described
from engine.decide.entry.find import Finder
from engine.decide.exit.ending import Ending
from engine.domain.errors import EngineError, Transient, UserError
from engine.domain.facts.halts import GUARDIAN, Halted
from engine.domain.facts.running import EngineStarted, EngineStopped, ErrorHeard
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.maintenance import Restart, is_loss_expected
from engine.domain.session import NEW_YORK
from engine.log import logger
from engine.metrics import registry
from engine.options import Options
from engine.ports import Clock, Journal
from engine.readings import Sources, api_gauges, reading
from engine.runtime.background import Background
from engine.runtime.clock import SteadyClock, elapsed_s
from engine.runtime.connecting import Connector, Gate
from engine.runtime.control import Control
from engine.runtime.engine import Engine
from engine.runtime.evidence import Evidence
from engine.runtime.faults import kept_up
from engine.runtime.feed import Feed
from engine.runtime.freshness import Freshness
from engine.runtime.guardian import LET_GO, Takeover
from engine.runtime.inbox import Inbox
from engine.runtime.library import Library
from engine.runtime.outcomes import Outcomes
from engine.runtime.position_rows import endings
from engine.runtime.restart import cannot_be_folded, leftovers
from engine.runtime.schedule import refuse_in_session
from engine.runtime.snapshots import Snapshots
from engine.runtime.standing import Identity, Traffic
from engine.runtime.timekeeping import keep_time
from engine.runtime.unwritten import cancel_openings
from engine.settings import Settings
from engine.store.books import books
from engine.store.checkpoint import recover, save
from engine.store.contracts import ContractFiles
from engine.store.explanations import Explanations, latest, recall
from engine.store.heartbeat import beat, trace_of
from engine.store.history import write_views
from engine.store.journal import FOLDER, new_id, probe
from engine.store.lines import account_on_file
from engine.store.quotes import QuoteStore

log = logger(__name__)


class App:
    """One engine process. `run` returns when it was stopped; it raises EngineError when it cannot start or go on."""

    def __init__(self, settings: Settings, clock: Clock, options: Options | None = None) -> None:
        """`clock` may be set back and ahead: the engine keeps its own time by it."""
        self._settings, self._machines = settings, clock
        self._options = options or Options()
        self._inbox = Inbox()
        self._has_moved = asyncio.Event()
        self._quotes = QuoteStore()
        self._scanner = Scanner()
        self._finder = Finder(self._scanner, elapsed_s)
        zone = zone_of(settings.tws_zone) or NEW_YORK
        self._restart = Restart(time.fromisoformat(settings.tws_restart), zone)

    def nudge(self) -> None:
        """Have the next beat now: something outside has changed, such as the wish to stop."""
        self._inbox.nudge()

    async def run(self) -> None:
        """Recover, connect, run, leave."""
        settings = self._settings
        self._clock = SteadyClock(self._machines.now, asyncio.get_running_loop().time)
        try:
            probe(settings.state)
        except UserError as full:
            if self._options.guard is None:
                raise
            raise EngineError(f"{full}. {await self._without_journal()}; positions are watched once there is room") from full
        account = settings.account or account_on_file(settings.state / FOLDER)
        journal_id = new_id(self._clock.now())
        if account is None:
            # The first start without --account: only the broker knows whose journal this will be.
            account = await self._ask_account(journal_id)
        guard = self._options.guard
        recovered = self._recovered = recover(settings.state, account, guard.lock if guard is not None else None)
        journal = self._options.wrap_journal(recovered.journal)
        try:
            for text in recovered.warnings:
                self._options.on_mended(text)
            # Taken before anything is connected: a port that is in use is a wrong setting.
            opened = self._doors() if self._options.serves_api else nullcontext()
            with opened as entry:
                await self._with(journal, recovered.ledger, recovered.ledger.journal_id or journal_id, account, entry)
            if recovered.journal.moved:
                raise EngineError(recovered.journal.moved)
        finally:
            with suppress(EngineError, OSError):
                recovered.journal.close()
            self._scanner.close()

    async def _without_journal(self) -> str:
        """A guardian's act where nothing can be written; what was done."""
        settings = self._settings
        ledger, account = books(settings.state).ledger, settings.account or account_on_file(settings.state / FOLDER)
        last_id = max((order.order_id or 0 for order in ledger.orders.values()), default=0)
        broker = await self._connected(ledger.journal_id, account, last_id)
        try:
            broker.recall(ledger.orders.values())
            return await cancel_openings(broker, ledger)
        finally:
            await broker.disconnect()

    async def _ask_account(self, journal_id: str) -> str:
        broker = await self._connected(journal_id, None, 0)
        account = broker.account.account
        await broker.disconnect()
        while self._inbox.take() is not None:
            pass
        return account

    async def _with(self, journal: Journal, ledger: Ledger, journal_id: str, account: str, entry: Doors | None) -> None:
        settings, options = self._settings, self._options
        try:
            if options.writes_views:
                write_views(settings.state)
        except UserError as problem:  # the views are a convenience: open positions are guarded without them
            options.on_mended(str(problem))
        library, changes = self._opened(ledger)
        last_id = max((order.order_id or 0 for order in ledger.orders.values()), default=0)
        recall(ledger, latest(settings.state, strategies=ledger.files.strategies))
        ib = await self._connected(journal_id, account, last_id)
        ib.recall(ledger.orders.values())
        broker = options.wrap_broker(ib)
        feed = Feed(broker, self._quotes, settings.lines, settings.explore_share)
        snapshots = Snapshots(
            broker,
            self._quotes,
            feed,
            library,
            self._finder,
            funnel_every=options.funnel_every or timedelta(seconds=settings.explain_every_s),
            probation=options.probation,
            restart=self._restart,
        )
        background = Background(
            broker, feed, library, self._finder, ledger, self._inbox, self._clock, snapshots.idle, snapshots.near
        )
        async with asyncio.TaskGroup() as group:
            engine = Engine(self._clock, journal, ledger, broker, snapshots, self._inbox, group.create_task)
            explanations, outcomes = self._explanations(account), Outcomes(ledger)
            engine.observers += (
                outcomes,
                Evidence(self._quotes, feed, lambda: self._recovered.journal.state, account, background.kept, library, broker),
                explanations,
                *options.observers,
            )
            self._watch_over(engine, library, explanations)
            now = self._clock.now()
            sources = self._sources(engine, ib, library, outcomes, feed, now)
            self._tell(engine, snapshots, sources)
            for fact in (EngineStarted(version("ibkr-spreads"), settings.mode, journal_id), *changes, *leftovers(ledger)):
                engine.take(fact, now)
            if self._recovered.odd and ledger.halt is None:
                engine.take(Halted("engine", cannot_be_folded(self._recovered.odd)), now)
            if options.guard is not None:
                self._begin_guard(engine, options.guard, now)
            control = self._control(engine, snapshots, account, library, ib, feed)
            try:
                await background.prepare(now)
            except Transient:  # the missing data is requested again; open positions must be guarded meanwhile
                pass
            except Exception as error:
                log.exception("preparing the data failed")
                self._say(f"preparing the data failed: {described(error)}; it is tried again")
            background.halt_by_file(settings.state)
            beside = self._beside(background, account)
            if entry is not None:
                beside += self._serving(control, sources).through(entry, self._has_moved)
            tasks = [group.create_task(kept_up(name, work, self._say)) for name, work in beside]
            options.on_control(control)
            try:
                await engine.run(options.stop.is_set)
            finally:
                for task in tasks:
                    task.cancel()
                self._leave(engine, journal)
                await broker.disconnect()

    def _opened(self, ledger: Ledger) -> tuple[Library, tuple[Fact, ...]]:
        """The trader's files, and what of them has changed. Raises UserError."""
        library = Library(self._settings.strategies, self._settings.state / "strategies")
        changes = library.open(ledger)
        if self._options.guard is None and any(one.enabled for one in library.in_force.strategies.values()):
            refuse_in_session(self._restart, self._clock.now())
        return library, changes

    def _sources(
        self, engine: Engine, broker: IbBroker, library: Library, outcomes: Outcomes, feed: Feed, now: datetime
    ) -> Sources:
        parts = (engine, broker, self._finder, library, self._inbox, self._clock, outcomes, api_gauges())
        notices = self._options.notifier.counts if self._options.notifier is not None else dict[str, int]
        guardian = partial(trace_of, self._recovered.journal.state)
        sources = Sources(*parts, self._restart, feed, began_at=now, notices=notices, guardian=guardian)
        self._options.on_reading(partial(reading, sources))
        return sources

    def _tell(self, engine: Engine, snapshots: Snapshots, sources: Sources) -> None:
        """Have the notifier follow what happens, where there is one."""
        notifier, ledger = self._options.notifier, engine.ledger
        if notifier is None:
            return

        def soon() -> Mapping[str, Ending]:
            return endings(snapshots.take(self._clock.now(), ledger), snapshots.rulebook())

        notifier.sign(self._recovered.journal.state)
        notifier.follow(ledger, partial(is_loss_expected, restart=sources.restart), soon)
        engine.observers.append(notifier)

    def _beside(self, background: Background, account: str) -> list[tuple[str, Callable[[], Awaitable[object]]]]:
        """What goes on beside the beat, whoever asks the engine."""
        settings, options = self._settings, self._options
        archive_every = timedelta(minutes=settings.archive_every_min)
        beside: list[tuple[str, Callable[[], Awaitable[object]]]] = [
            ("keeping the link", background.keep_link),
            ("exploring the chain", background.explore),
            ("watching for the restart of TWS", lambda: background.watch_restart(self._restart)),
            ("watching whether anybody looks", background.watch_looks),
            ("looking for the HALT file", lambda: background.watch_halt_file(settings.state)),
            ("reading what was accepted", lambda: background.watch_accepted(settings.strategies)),
            ("watching the guardian", lambda: background.watch_guardian(settings.state)),
            ("archiving the chain", lambda: background.archive(self._quotes, settings.state, account, archive_every)),
        ]
        if options.notifier is not None:
            beside.append(("notifying", partial(options.notifier.run, self._clock)))
        if options.watches_files:
            beside.append(("watching the strategies", lambda: background.watch_strategies(settings.strategies, options.stop)))
        return beside

    def _control(
        self, engine: Engine, snapshots: Snapshots, account: str, library: Library, broker: IbBroker, feed: Feed
    ) -> Control:
        refused, traffic = lambda: library.in_force.refused, partial(_traffic, broker, feed, self._clock)
        parts = (engine, snapshots, self._inbox, self._clock, self._identity(account))
        return Control(*parts, library.notices, refused, traffic, library.edits, library.running)

    def _explanations(self, account: str) -> Explanations:
        kept, recovered = timedelta(days=self._settings.explain_days), self._recovered
        return Explanations(self._settings.state, account, kept=kept, follows=lambda: recovered.journal.head.seq, told=self._say)

    def _watch_over(self, engine: Engine, library: Library, explanations: Explanations) -> None:
        """Take care of what may become of clock and state folder while the engine runs."""
        self._recovered.journal.on_moved = partial(self._moved, engine, library, explanations)
        engine.after_beat.append(lambda: beat(self._recovered.journal.state))
        keep_time(engine, self._clock, self._inbox, self._recovered.journal.last_at)

    def _moved(self, engine: Engine, library: Library, explanations: Explanations, text: str) -> None:
        """The state folder is gone: nothing more is opened in this run. The journal goes on beside it, and what belongs to it."""
        state = self._recovered.journal.state
        self._options.on_moved(state)
        log.critical(text)
        engine.stays_halted = text
        self._has_moved.set()
        explanations.move(state)
        try:
            library.move(state / "strategies")
        except OSError as error:
            log.exception("the versions of the strategies could not be written out again")
            text = f"{text}. The versions of the strategies could not be written there ({error.strerror})"
        self._inbox.publish(Halted("engine", text))

    def _begin_guard(self, engine: Engine, guard: Takeover, now: datetime) -> None:
        """Nothing is opened in this run, whoever asks."""
        engine.stays_halted = f"{guard.reason} (`spreads guard --release`)"
        engine.take(guard.fact, now)
        if engine.ledger.halt is None:
            engine.take(Halted(GUARDIAN, guard.reason), now)

    async def _connected(self, journal_id: str, account: str | None, last_order_id: int) -> IbBroker:
        """A broker session; a guardian waits for it, as nobody else can come."""
        settings, inbox = self._settings, self._inbox
        gate = Gate(
            settings.host,
            settings.ports(),
            settings.client_id,
            settings.mode,
            lines=settings.lines,
            zone=settings.tws_zone,
            restart=self._restart,
        )
        sink = Freshness(self._quotes, inbox.nudge, inbox.rested_at)
        connector = Connector(gate, inbox.publish, sink, self._clock, ContractFiles(settings.state, self._say))
        if self._options.guard is None:
            return await connector.connected(journal_id, account, last_order_id)
        return await connector.waited(journal_id, account, last_order_id, self._options.stop)

    def _identity(self, account: str) -> Identity:
        return Identity(version("ibkr-spreads"), self._settings.mode, account, str(self._settings.state))

    def _doors(self) -> AbstractContextManager[Doors]:
        settings, remote = self._settings, None
        if settings.api_port is not None:
            remote = RemoteSettings(settings.api_host, settings.api_port, settings.tls_cert, settings.tls_key)
        return doors(settings.state, settings.metrics_port, remote)

    def _serving(self, control: Control, sources: Sources) -> Serving:
        numbers = registry(partial(reading, sources))
        return Serving(control, numbers, sources.api.answered, lambda: self._recovered.journal.state, self._answers)

    def _answers(self) -> None:
        self._options.on_answering()

    def _say(self, text: str) -> None:
        """Something beside the beat failed: a line for people, and trading goes on."""
        self._inbox.publish(ErrorHeard(0, text))

    def _leave(self, engine: Engine, journal: Journal) -> None:
        """The last line, and a checkpoint so that the next start is short. A journal that failed is left as it is."""
        with suppress(EngineError, OSError):
            reason = "stopped" if self._options.guard is None else LET_GO
            engine.record(EngineStopped(reason), self._clock.now())
            journal.sync()
            save(self._recovered.journal.state, self._recovered.journal, engine.ledger)


def _traffic(broker: IbBroker, feed: Feed, clock: Clock) -> Traffic:
    gauges, next_id = broker.gauges, broker.highest_order_id + 1
    lines = (gauges.lines_used, gauges.lines_limit, gauges.queue_length, gauges.throttles, next_id)
    resting = tuple(name for name, rests in gauges.resting.items() if rests)
    return Traffic(*lines, feed.coverage(clock.now()), gauges.explored_s, resting, gauges.lines_turning)
