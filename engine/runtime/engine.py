"""The beat: hear, look, decide, write, act.

    hear     everything in the inbox becomes journal lines and is folded
    look     one snapshot of chains, account and ledger
    decide   the core says what is to be done
    write    every decision becomes facts, and they are on disk
    act      only then does anything leave the machine

Between two beats the world cannot change under the decider. A beat is one synchronous function: what takes time (previews,
reconciliations) is started by `spawn` and comes back through the inbox as facts.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

from engine.broker.asking import machine_pace
from engine.decide.apart import described
from engine.decide.decide import decide
from engine.decide.waiting import looks_again_in_s
from engine.domain.candidate import candidate_name
from engine.domain.clocks import ACCOUNT_ANSWERED_WITHIN, ACCOUNT_LOOKED_AT_EVERY, LOOKED_AT_EVERY
from engine.domain.contract import Contract
from engine.domain.decision import (
    Approve,
    Ask,
    AskQuotes,
    BlockExit,
    Cancel,
    ConfirmExit,
    CountBreaker,
    Decision,
    Decline,
    Deny,
    DenyEntry,
    EndFlatten,
    Expire,
    Fault,
    FreeExit,
    Halt,
    MarkUnknown,
    Propose,
    RecordFunnel,
    RefreshAccount,
    RememberProfit,
    Reply,
    Reprice,
    Send,
    Settle,
    Tighten,
    TriggerExit,
    Trip,
    facts_of,
)
from engine.domain.errors import EngineError, IllegalFact, Transient
from engine.domain.facts.account import EquityRecorded, Reconciled
from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import CancelRequested, OrderPreviewed, OrderProposed, OrderUnknown
from engine.domain.facts.positions import PositionAdopted, PositionReleased
from engine.domain.facts.running import FactRefused
from engine.domain.facts.union import Explanation, Fact
from engine.domain.ledger import POSITIONS_FOLLOW_WITHIN, Ledger
from engine.domain.order import Order
from engine.domain.session import trading_day
from engine.domain.snapshot import BreakerHits, ExitHits, Snapshot
from engine.domain.waited import Leap
from engine.log import about, logger
from engine.ports import Broker, BrokerState, Clock, Journal
from engine.runtime.account_asked import AccountAsked
from engine.runtime.faults import Faults
from engine.runtime.inbox import Inbox, PersonAnswer, PersonRequest
from engine.runtime.inquiry import Books, Inquiry, Spawn
from engine.runtime.reconcile import reconcile
from engine.runtime.seams import BeatGauges, Observer, SnapshotSource
from engine.runtime.words import Words

log = logger(__name__)

TIMER_BUSY_S = LOOKED_AT_EVERY.total_seconds()
"""While orders are on their way, patience is counted in seconds."""
TIMER_OPEN_S = 30.0
"""Without fresh quotes only the clock can fire a rule; rules of the clock count minutes."""
TIMER_CLOSED_S = 60.0
LEAVE_WAIT_S, LEAVE_WAITS = 1.0, 10
"""How often, and how many times, a stopping engine looks for the answers to its last cancels."""
EQUITY_EVERY = timedelta(minutes=1)

Effect = Callable[[], object]


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
        self.leaps: Callable[[], tuple[Leap, ...]] = tuple
        """When the clock went ahead at once; a clock in virtual time never does."""
        self._clock, self._journal, self._broker = clock, journal, broker
        self._snapshots, self._inbox, self._spawn = snapshots, inbox, spawn
        self._words = Words()
        self._hits: dict[tuple[str, str], ExitHits] = {}
        self._inquiry = Inquiry(broker, inbox, clock, spawn)
        self._breaker_hits: dict[tuple[str, str], BreakerHits] = {}
        self._account_asked = AccountAsked()
        self._requested_quotes: dict[int, datetime] = {}
        """When each leg was asked for anew, by contract number."""
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
        return self._hits

    @property
    def books(self) -> Books | None:
        """What the broker holds, as it answered last; None where that is not known over the link as it stands."""
        return self._inquiry.books(self.ledger)

    @property
    def looks_again_in_s(self) -> float:
        """Seconds after which a look is due though nothing is heard; infinite where only news can give one something to do."""
        if any(True for _ in self.ledger.working()):
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
        self._receive(now)
        decisions = self._decided(now)
        effects = [effect for decision in decisions for effect in self._guarded(decision, now)]
        if effects or self._written_since_sync:
            self._sync()
        for effect in effects:
            effect()
        self._words.settle()
        self._inquiry.ask_when_due(self.ledger, now)
        self.gauges.beats += 1
        self.gauges.last_beat_at = now
        for told in self.after_beat:
            try:
                told()
            except Exception:
                log.exception("somebody who is told of beats failed")

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

    def _receive(self, now: datetime) -> None:
        lost = self._inbox.take_lost()
        if lost:
            self._hear_fact(FactRefused("", "", f"{lost} facts came faster than they could be heard and are lost"), now)
            self._inquiry.hurry()
        while (item := self._inbox.take()) is not None:
            if isinstance(item, PersonAnswer):
                self._words.take_answer(item)
            elif isinstance(item, PersonRequest):
                self._words.take_request(item)
            elif isinstance(item, BrokerState):
                self._learn(item, now)
            else:
                self._hear_fact(item, now)
                if isinstance(item, PositionAdopted | PositionReleased):
                    self._inquiry.hurry()  # what is foreign is told anew at once

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
        ends = (order.changed_at for order in self.ledger.orders.values() if self.ledger.is_end_unchecked(order))
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
        is_answered = self._account_asked.hears(account.reported_at)
        ticks, self._ticks = self._ticks, self._snapshots.ticks()
        return replace(
            snapshot,
            count=self._inquiry.count(self.ledger),
            answers=self._words.answers,
            requests=self._words.requests,
            exit_hits=self._hits,
            breaker_hits=self._breaker_hits,
            account_requested_at=self._account_asked.last_at,
            account_awaited_since=self._account_asked.awaited_since,
            requested_quotes=self._requested_quotes,
            leaps=self.leaps(),
            is_fresh=self._ticks != ticks or is_answered,
            resting=self._faults.resting(now),
        )

    def _write(self, decision: Decision, now: datetime) -> list[Effect]:
        name = type(decision).__name__
        self.gauges.decisions[name] = self.gauges.decisions.get(name, 0) + 1
        for fact in facts_of(decision):
            self.record(fact, now)
        match decision:
            case Propose(order=fact):
                return self._proposed(fact)
            case Approve(order_ref=ref, limit=limit):
                self._words.answered(ref, f"approved at {limit}")
                self._inbox.nudge()
            case Send(order_ref=ref, limit=limit):
                return [partial(self._tell_broker, ref, lambda: self._broker.send(self.ledger.orders[ref], limit))]
            case Reprice(order_ref=ref, limit=limit):
                return [partial(self._tell_broker, ref, lambda: self._broker.reprice(self.ledger.orders[ref], limit))]
            case Cancel(order_ref=ref):
                self._words.served(ref, f"canceling {ref}")
                return [partial(self._tell_broker, ref, lambda: self._broker.cancel(self.ledger.orders[ref]))]
            case Tighten(fact=fact):
                self._words.served(fact.order_ref, f"changed {fact.order_ref}: {fact.quantity}, never below {fact.worst}")
            case Deny(order_ref=ref, obstacle=obstacle):
                self._stopped_by(obstacle.gate)
                self._words.answered(ref, f"denied: {obstacle}")
            case DenyEntry(fact=fact):
                self._stopped_by(fact.obstacle.gate)
            case Decline(order_ref=ref):
                self._words.answered(ref, "declined")
                self._words.served(ref, f"canceled {ref}: it was not sent")
            case Expire(order_ref=ref, reason=reason):
                self._words.answered(ref, f"expired: {reason}")
                self._words.served(ref, f"canceled {ref}: it was not sent")
            case MarkUnknown():
                self._inquiry.hurry()
            case ConfirmExit(position=position, rule=rule, first_at=first_at, count=count, net=net):
                self._hits[(position, rule)] = ExitHits(first_at, now, count, net)
            case CountBreaker(strategy=strategy, name=name, hits=hits):
                self._breaker_hits[(strategy, name)] = hits
            case RefreshAccount():
                self._account_asked.again(now)
                return [self._broker.refresh_account]
            case AskQuotes(contracts=contracts):
                self._requested_quotes |= dict.fromkeys((contract.con_id for contract in contracts), now)
                return [partial(self._requote, contracts)]
            case Reply(order_ref=ref, text=text):
                self._words.answered(ref, text)
                self._words.served(ref, text)
            case Halt() | Trip() | EndFlatten():
                self._inbox.nudge()
            case Fault(place=place, text=text):
                log.error("a part of the beat failed", place=place, problem=text)
                self.fault(place, text, now)
            case Ask() | Settle() | TriggerExit() | RememberProfit() | BlockExit() | FreeExit() | RecordFunnel():
                pass
            case _:
                assert_never(decision)
        return []

    def _proposed(self, order: OrderProposed) -> list[Effect]:
        """Have an opening previewed; a close goes straight on."""
        ref = order.order_ref
        if order.purpose == "open":
            made = f"proposed {ref}: {order.quantity} at {order.limit}"
            self._words.served(candidate_name(order.strategy, order.spread.key), made)
            return [lambda: self._spawn(self._preview(ref))]
        self._words.closing(order.position, f"{order.quantity} by order {ref}")
        self._inbox.nudge()
        return []

    def _tell_broker(self, ref: str, message: Effect) -> None:
        """Send one order message. What stops it leaves the order unknown, and the broker is asked; a person mends the rest."""
        try:
            message()
        except EngineError as error:
            self._inbox.publish(OrderUnknown(ref, f"it may not have left: {error}"))
            if not isinstance(error, Transient) and self.ledger.halt is None:
                self._inbox.publish(Halted("engine", str(error)))
        except Exception as error:  # noqa: BLE001 - the other messages of the beat must leave
            self._inbox.publish(OrderUnknown(ref, f"it may not have left: {described(error)}"))
            self._failed(f"a message about order {ref}", error, self._clock.now())

    def _requote(self, contracts: Sequence[Contract]) -> None:
        with suppress(EngineError):  # the link is lost: that is a fact of its own, and the question is asked again
            self._broker.requote(contracts)

    async def preview(self, order: OrderProposed) -> OrderPreviewed:
        """The broker's what-if of an order that nobody has proposed; nothing of it is written down."""
        return await self._broker.preview(order)

    async def _preview(self, ref: str) -> None:
        try:
            answer = await self._broker.preview(self.ledger.orders[ref].proposed)
        except Exception as error:
            log.exception("the what-if failed", order=ref)
            answer = OrderPreviewed(ref, "unknown", None, None, None, None, f"the what-if could not be asked: {described(error)}")
        self._inbox.publish(answer)

    def _stopped_by(self, gate: str) -> None:
        self.gauges.obstacles[gate] = self.gauges.obstacles.get(gate, 0) + 1

    def _timer_s(self) -> float:
        if self._account_asked.waits(self._clock.now(), ACCOUNT_ANSWERED_WITHIN * machine_pace()):
            return ACCOUNT_LOOKED_AT_EVERY.total_seconds()
        if any(True for _ in self.ledger.working()):
            return TIMER_BUSY_S
        return min(self._looks_again_in_s, TIMER_OPEN_S if self._snapshots.is_open(self._clock.now()) else TIMER_CLOSED_S)
