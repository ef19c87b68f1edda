"""The beat: hear, look, decide, write, act.

    hear     everything in the inbox becomes journal lines and is folded
    look     one snapshot of chains, account and ledger
    decide   the core says what is to be done
    write    every decision becomes facts, and they are on disk
    act      only then does anything leave the machine

Between two beats the world cannot change under the decider. A beat is one synchronous function: what takes time (previews,
reconciliations) is started by `spawn` and comes back through the inbox as facts.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from engine.broker.asking import machine_pace
from engine.decide.apart import described
from engine.decide.decide import decide
from engine.decide.waiting import looks_again_in_s
from engine.domain.clocks import ACCOUNT_ANSWERED_WITHIN, ACCOUNT_LOOKED_AT_EVERY, LOOKED_AT_EVERY, POSITIONS_FOLLOW_WITHIN
from engine.domain.decision import Decision, facts_of
from engine.domain.errors import EngineError, IllegalFact
from engine.domain.facts.account import EquityRecorded, Reconciled
from engine.domain.facts.orders import CancelRequested, OrderPreviewed, OrderProposed
from engine.domain.facts.positions import PositionAdopted, PositionReleased
from engine.domain.facts.running import FactRefused
from engine.domain.facts.union import Explanation, Fact
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.past_orders import unchecked_ends
from engine.domain.session import trading_day
from engine.domain.snapshot import ExitHits, Snapshot
from engine.domain.waited import Leap
from engine.log import about, logger
from engine.ports import Broker, BrokerState, Clock, Journal
from engine.runtime.acting import Acting, Effect
from engine.runtime.faults import Faults
from engine.runtime.inbox import Inbox, PersonAnswer, PersonRequest
from engine.runtime.inquiry import Books, Inquiry, Spawn
from engine.runtime.reconcile import reconcile
from engine.runtime.seams import BeatGauges, Observer, SnapshotSource, tell

log = logger(__name__)

TIMER_BUSY_S = LOOKED_AT_EVERY.total_seconds()
"""While orders are on their way, patience is counted in seconds."""
TIMER_OPEN_S = 30.0
"""Without fresh quotes only the clock can fire a rule; rules of the clock count minutes."""
TIMER_CLOSED_S = 60.0
LEAVE_WAIT_S, LEAVE_WAITS = 1.0, 10
"""How often, and how many times, a stopping engine looks for the answers to its last cancels."""
EQUITY_EVERY = timedelta(minutes=1)


class Engine:
    """One engine on one account. `beat` is the whole of it; `run` only decides when."""

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        ledger: Ledger,
        broker: Broker,
        snapshots: SnapshotSource,
        inbox: Inbox,
        spawn: Spawn,
    ) -> None:
        self.ledger = ledger
        self.gauges = BeatGauges()
        self.observers: list[Observer] = []
        self.after_beat: list[Callable[[], None]] = []
        """Told when a beat is over; like observers they neither block nor object."""
        self.during_sync: list[Callable[[], None]] = []
        """Told while the lines of a beat that sends nothing go to disk: what people will be told can be read then."""
        self.leaps: Callable[[], tuple[Leap, ...]] = tuple
        """When the clock went ahead at once; a clock in virtual time never does."""
        self._clock, self._journal, self._broker = clock, journal, broker
        self._snapshots, self._inbox = snapshots, inbox
        self._inquiry = Inquiry(broker, inbox, clock, spawn)
        self._acting = Acting(ledger, broker, inbox, self._inquiry, spawn, self.gauges, self.fault)
        self._looks_again_in_s = TIMER_BUSY_S
        self._faults = Faults()
        self._ticks = -1
        self.has_lost_journal = False
        """A line could not be written or brought to disk: nothing more may be done."""
        self.stays_halted = ""
        """Why no person may lift the halt in this run; empty where one may."""
        self._written_since_sync = False

    @property
    def exit_hits(self) -> Mapping[tuple[str, str], ExitHits]:
        """How often in a row each exit rule has held, by (position, rule)."""
        return self._acting.exit_hits

    @property
    def books(self) -> Books | None:
        """What the broker holds, as it answered last; None where that is not known over the link as it stands."""
        return self._inquiry.books(self.ledger)

    @property
    def looks_again_in_s(self) -> float:
        """Seconds after which a look is due though nothing is heard; infinite where only news can give one something to do."""
        if any(not order.rests for order in self.ledger.working()):
            return TIMER_BUSY_S
        return self._looks_again_in_s

    async def run(self, stop: Callable[[], bool]) -> None:
        """Beat until `stop` says so, then take back what still works to open something: nobody would watch it.

        Orders that close a position are left: they only reduce what is at risk.
        """
        while not stop():
            await self._inbox.wait(self._timer_s())
            try:
                self.beat()
            except Exception as error:
                if not self.has_lost_journal:
                    self._failed("the beat", error, self._clock.now())
                    continue
                raise EngineError(f"{error}{self._last_act()}") from error
        self._withdraw()
        for _ in range(LEAVE_WAITS):
            if not self._openings_at_broker():
                break
            await self._inbox.wait(LEAVE_WAIT_S)
            self._receive(self._clock.now())
        self._journal.sync()

    def _openings_at_broker(self) -> list[Order]:
        return [order for order in self.ledger.working() if order.purpose == "open" and order.is_at_broker]

    def _last_act(self) -> str:
        """Take back what works to open something: nothing can be written any more, and nobody will watch it. What was done."""
        left = self._openings_at_broker()
        for order in left:
            try:
                self._broker.cancel(order)
            except Exception:
                log.exception("the last cancel failed", order=order.ref)
        if not left:
            return ""
        refs = ", ".join(order.ref for order in left)
        return f". As the last act the openings that still worked were canceled, without a line in the journal: {refs}"

    def _withdraw(self) -> None:
        now, left = self._clock.now(), [o for o in self._openings_at_broker() if o.cancel_requested_at is None]
        for order in left:
            self.record(CancelRequested(order.ref, "the engine is stopping"), now)
        self._journal.sync()
        for order in left:
            self._broker.cancel(order)

    def beat(self) -> None:
        """One beat. Raises OSError or EngineError of the journal when nothing can be written: then nothing may be done either.

        Whatever else fails is said, halts openings, and ends neither the beat nor the engine.
        """
        now = self._clock.now()
        if self._receive(now):
            self._journal.begin_sync()
        decisions = self._decided(now)
        effects = [effect for decision in decisions for effect in self._guarded(decision, now)]
        self.gauges.beats += 1
        self.gauges.last_beat_at = now
        if effects or self._written_since_sync:
            if not effects:
                self._journal.begin_sync()
                tell(self.during_sync)
            self._sync()
        for effect in effects:
            effect()
        self._acting.words.settle()
        self._inquiry.ask_when_due(self.ledger, now)
        tell(self.after_beat)

    def record(self, fact: Fact, now: datetime) -> bool:
        """Write and fold one fact of our own. False where it was known already. Raises IllegalFact.

        What only explains is no line of the journal: an observer keeps it.
        """
        if not self.ledger.apply(fact, now):
            return False
        if not isinstance(fact, Explanation):
            self._append(fact, now)
        for observer in self.observers:
            try:
                observer.saw(fact, now)
            except Exception:
                with about(fact):
                    log.exception("an observer failed", fact=type(fact).__name__)
        return True

    def _append(self, fact: Fact, now: datetime) -> None:
        try:
            self._journal.append(fact, now)
        except BaseException:
            self.has_lost_journal = True
            raise
        self.gauges.facts += 1
        self._written_since_sync = True

    def take(self, fact: Fact, now: datetime) -> None:
        """`record` for a fact that may not fit what is known: it is refused then, written down as such, and entries wait."""
        self._hear_fact(fact, now)

    def fault(self, place: str, text: str, now: datetime) -> None:
        """Something of this program failed: openings halt, it is written down, and left alone for a while."""
        self.gauges.faults += 1
        fact = self._faults.failed(place, text, now, halt=self.ledger.halt)
        if fact is not None:
            self.record(fact, now)

    def _failed(self, place: str, error: Exception, now: datetime) -> None:
        """Take a failure, unless it is the journal's: that one ends the engine."""
        if self.has_lost_journal:
            raise error
        log.exception("a part of the beat failed", place=place)
        self.fault(place, described(error), now)

    def _sync(self) -> None:
        try:
            self._journal.sync()
        except BaseException:
            self.has_lost_journal = True
            raise
        self.gauges.syncs += 1
        self._written_since_sync = False

    def _decided(self, now: datetime) -> list[Decision]:
        try:
            snapshot = self._look(now)
            began = self._clock.now()
            decisions = decide(snapshot, self._snapshots.rulebook())
            self.gauges.deciding_seconds += (self._clock.now() - began).total_seconds()
            self._looks_again_in_s = looks_again_in_s(snapshot)
        except Exception as error:  # noqa: BLE001 - a beat that cannot decide still hears, writes and asks
            self._failed("the look at the market", error, now)
            return []
        return decisions

    def _guarded(self, decision: Decision, now: datetime) -> list[Effect]:
        """The effects of a decision, once it is written; none where it cannot be, as the next beat decides anew."""
        try:
            return self._write(decision, now)
        except Exception as error:  # noqa: BLE001 - the other decisions must be written
            with about(decision):
                self._failed(f"{type(decision).__name__} of {getattr(decision, 'order_ref', '') or 'the engine'}", error, now)
            return []

    def _receive(self, now: datetime) -> bool:
        """Hear what has come. Whether lines of it can go to disk while the beat decides.

        The answer to a what-if waits for what is decided upon it: an order is then one sync away, and not two.
        """
        is_previewed = False
        lost = self._inbox.take_lost()
        if lost:
            self._hear_fact(FactRefused("", "", f"{lost} facts came faster than they could be heard and are lost"), now)
            self._inquiry.hurry()
        while (item := self._inbox.take()) is not None:
            is_previewed |= isinstance(item, OrderPreviewed)
            if isinstance(item, PersonAnswer):
                self._acting.words.take_answer(item)
            elif isinstance(item, PersonRequest):
                self._acting.words.take_request(item)
            elif isinstance(item, BrokerState):
                self._learn(item, now)
            else:
                self._hear_fact(item, now)
                if isinstance(item, PositionAdopted | PositionReleased):
                    self._inquiry.hurry()  # what is foreign is told anew at once
        return self._written_since_sync and not is_previewed

    def _hear_fact(self, fact: Fact, now: datetime) -> None:
        try:
            self.record(fact, now)
        except IllegalFact as error:
            # A broker that contradicts itself must neither stop the engine nor change what is known; entries wait.
            self.gauges.refused_facts += 1
            self.record(FactRefused(type(fact).__name__, getattr(fact, "order_ref", ""), str(error)), now)
            self._inquiry.hurry()
        except Exception as error:  # noqa: BLE001 - whatever the broker says, the engine goes on
            with about(fact):
                self._failed(f"hearing {type(fact).__name__}", error, now)

    def _learn(self, state: BrokerState, now: datetime) -> None:
        requested_at = self._inquiry.answered(state, self.ledger, now)
        if requested_at is None:
            return
        try:
            learnt = reconcile(self.ledger, state, now, requested_at, self.leaps()).facts
        except Exception as error:  # noqa: BLE001 - the books were not compared; that halts openings and ends nothing
            self._failed("comparing the books with the broker's", error, now)
            return
        for fact in learnt:
            if fact != self.ledger.reconciled or self._checks_an_end(fact, requested_at):
                self._hear_fact(fact, now)
        if not any(isinstance(fact, Reconciled) for fact in learnt):
            self._inquiry.hurry()

    def _checks_an_end(self, fact: Fact, requested_at: datetime) -> bool:
        """Whether books that agree must be written again: an order has ended, and what is held later is not its doing."""
        if not isinstance(fact, Reconciled) or fact.differences:
            return False
        ends = (order.changed_at for order in unchecked_ends(self.ledger))
        return any(requested_at - ended > POSITIONS_FOLLOW_WITHIN for ended in ends)

    def _look(self, now: datetime) -> Snapshot:
        snapshot = self._snapshots.take(now, self.ledger)
        account = snapshot.account
        recorded = self.ledger.worth.equity_at
        if account.net_liquidation is not None and (recorded is None or now - recorded >= EQUITY_EVERY):
            equity = EquityRecorded(account.net_liquidation, account.available_funds, account.excess_liquidity, account.day_pnl)
            # On a new day the same value is news: the day's result is measured from it.
            if recorded is None or equity != self.ledger.worth.equity or trading_day(recorded) != trading_day(now):
                self.record(equity, now)
        is_answered = self._acting.account_asked.hears(account.reported_at)
        ticks, self._ticks = self._ticks, self._snapshots.ticks()
        return replace(
            self._acting.remembered(snapshot),
            count=self._inquiry.count(self.ledger),
            leaps=self.leaps(),
            is_fresh=self._ticks != ticks or is_answered,
            resting=self._faults.resting(now),
        )

    def _write(self, decision: Decision, now: datetime) -> list[Effect]:
        name = type(decision).__name__
        self.gauges.decisions[name] = self.gauges.decisions.get(name, 0) + 1
        for fact in facts_of(decision):
            self.record(fact, now)
        return self._acting.follow(decision, now)

    async def preview(self, order: OrderProposed) -> OrderPreviewed:
        """The broker's what-if of an order that nobody has proposed; nothing of it is written down."""
        return await self._broker.preview(order)

    def _timer_s(self) -> float:
        if self._acting.account_asked.waits(self._clock.now(), ACCOUNT_ANSWERED_WITHIN * machine_pace()):
            return ACCOUNT_LOOKED_AT_EVERY.total_seconds()
        if any(not order.rests for order in self.ledger.working()):
            return TIMER_BUSY_S
        return min(self._looks_again_in_s, TIMER_OPEN_S if self._snapshots.is_open(self._clock.now()) else TIMER_CLOSED_S)
