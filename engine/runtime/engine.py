"""The beat: hear, look, decide, write, act.

    hear     everything in the inbox becomes journal lines and is folded
    look     one snapshot of chains, account and ledger
    decide   the core says what is to be done
    write    every decision becomes facts, and they are on disk
    act      only then does anything leave the machine

Between two beats the world cannot change under the decider. A beat is one synchronous function: what takes time (previews,
reconciliations) is started by `spawn` and comes back through the inbox as facts.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, assert_never

from engine.broker.asking import machine_pace
from engine.decide.apart import described
from engine.decide.decide import decide
from engine.decide.order.requests import subject
from engine.decide.rulebook import Rulebook
from engine.decide.waiting import looks_again_in_s
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
    Expire,
    Fault,
    FreeExit,
    Halt,
    MarkUnknown,
    Propose,
    RecordFunnel,
    RefreshAccount,
    Reply,
    Reprice,
    Send,
    Settle,
    TriggerExit,
    Trip,
    facts_of,
)
from engine.domain.errors import EngineError, IllegalFact, Transient
from engine.domain.facts import (
    CancelRequested,
    EquityRecorded,
    Explanation,
    Fact,
    FactRefused,
    Halted,
    OrderPreviewed,
    OrderUnknown,
    Reconciled,
)
from engine.domain.ledger import POSITIONS_FOLLOW_WITHIN, Ledger
from engine.domain.order import Order
from engine.domain.session import trading_day
from engine.domain.snapshot import Answer, BreakerHits, ExitHits, Snapshot
from engine.domain.waited import Leap
from engine.log import logger
from engine.ports import Broker, BrokerState, Clock, Journal
from engine.runtime.faults import Faults
from engine.runtime.inbox import Inbox, PersonAnswer, PersonRequest
from engine.runtime.inquiry import Inquiry, Spawn
from engine.runtime.reconcile import reconcile

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


class SnapshotSource(Protocol):
    """What the beat looks at besides its own ledger."""

    def take(self, now: datetime, ledger: Ledger) -> Snapshot:
        """Everything heard so far at one instant."""
        ...

    def is_open(self, now: datetime) -> bool: ...

    def ticks(self) -> int:
        """Quotes heard since the start: fresh ones have come where it has grown."""
        ...

    def rulebook(self) -> Rulebook:
        """The strategies and limits in force."""
        ...


class Observer(Protocol):
    """Told of every fact after it was folded; must not block and cannot object."""

    def saw(self, fact: Fact, at: datetime) -> None: ...


@dataclass(slots=True)
class BeatGauges:
    """Plain counters that the faces read."""

    beats: int = 0
    deciding_seconds: float = 0.0
    """Time spent in the decider, by the engine's clock."""
    facts: int = 0
    """Journal lines written by this process."""
    syncs: int = 0
    """Times the journal was forced to disk."""
    refused_facts: int = 0
    faults: int = 0
    """Times a part of this program failed and was left alone."""
    last_beat_at: datetime | None = None
    decisions: dict[str, int] = field(default_factory=dict[str, int])
    """By kind of decision."""
    obstacles: dict[str, int] = field(default_factory=dict[str, int])
    """Openings stopped, by gate."""


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
        self.leaps: Callable[[], tuple[Leap, ...]] = tuple
        """When the clock went ahead at once; a clock in virtual time never does."""
        self._clock, self._journal, self._broker = clock, journal, broker
        self._snapshots, self._inbox, self._spawn = snapshots, inbox, spawn
        self._answers: dict[str, PersonAnswer] = {}
        self._requests: dict[str, PersonRequest] = {}
        self._closing: dict[str, list[str]] = {}
        """What this beat sends to close a position that a person asked about."""
        self._hits: dict[tuple[str, str], ExitHits] = {}
        self._inquiry = Inquiry(broker, inbox, clock, spawn)
        self._breaker_hits: dict[tuple[str, str], BreakerHits] = {}
        self._account_requested_at: datetime | None = None
        self._account_awaited_since: datetime | None = None
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
        self._settle_answers()
        self._inquiry.ask_when_due(self.ledger, now)
        self.gauges.beats += 1
        self.gauges.last_beat_at = now

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
            self._failed(f"{type(decision).__name__} of {getattr(decision, 'order_ref', '') or 'the engine'}", error, now)
            return []

    def _receive(self, now: datetime) -> None:
        lost = self._inbox.take_lost()
        if lost:
            self._hear_fact(FactRefused("", "", f"{lost} facts came faster than they could be heard and are lost"), now)
            self._inquiry.hurry()
        while (item := self._inbox.take()) is not None:
            if isinstance(item, PersonAnswer):
                self._receive_answer(item)
            elif isinstance(item, PersonRequest):
                self._receive_request(item)
            elif isinstance(item, BrokerState):
                self._learn(item, now)
            else:
                self._hear_fact(item, now)

    def _hear_fact(self, fact: Fact, now: datetime) -> None:
        try:
            self.record(fact, now)
        except IllegalFact as error:
            # A broker that contradicts itself must neither stop the engine nor change what is known; entries wait.
            self.gauges.refused_facts += 1
            self.record(FactRefused(type(fact).__name__, getattr(fact, "order_ref", ""), str(error)), now)
            self._inquiry.hurry()
        except Exception as error:  # noqa: BLE001 - whatever the broker says, the engine goes on
            self._failed(f"hearing {type(fact).__name__}", error, now)

    def _receive_answer(self, said: PersonAnswer) -> None:
        """Keep a person's word for this beat: the first one counts, but a no always wins over a yes."""
        ref = said.answer.order_ref
        if said.outcome.done():
            return  # whoever said it was told meanwhile that nothing was promised
        earlier = self._answers.get(ref)
        if earlier is not None and (said.answer.approve or not earlier.answer.approve):
            said.outcome.set_result(f"not done: {earlier.answer.by} answered first")
            return
        if earlier is not None:
            self._answered(ref, f"not done: {said.answer.by} declined it")
        self._answers[ref] = said

    def _receive_request(self, asked: PersonRequest) -> None:
        """Keep what a person asks for: the first who asks about a position or an order counts, in this beat only."""
        about = subject(asked.request)
        if asked.outcome.done():
            return
        if about in self._requests:
            asked.outcome.set_result(f"not done: {self._requests[about].request.by} asked first")
            return
        self._requests[about] = asked

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
        recorded = self.ledger.equity_at
        if account.net_liquidation is not None and (recorded is None or now - recorded >= EQUITY_EVERY):
            equity = EquityRecorded(account.net_liquidation, account.available_funds, account.excess_liquidity, account.day_pnl)
            # On a new day the same value is news: the day's result is measured from it.
            if recorded is None or equity != self.ledger.equity or trading_day(recorded) != trading_day(now):
                self.record(equity, now)
        reported_at = account.reported_at
        since = self._account_awaited_since
        is_answered = since is not None and reported_at is not None and reported_at >= since
        if is_answered:
            self._account_awaited_since = None
        answers: tuple[Answer, ...] = tuple(said.answer for said in self._answers.values())
        requests = tuple(asked.request for asked in self._requests.values())
        ticks, self._ticks = self._ticks, self._snapshots.ticks()
        return replace(
            snapshot,
            count=self._inquiry.count(self.ledger),
            answers=answers,
            requests=requests,
            exit_hits=self._hits,
            breaker_hits=self._breaker_hits,
            account_requested_at=self._account_requested_at,
            account_awaited_since=self._account_awaited_since,
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
                if fact.purpose == "open":
                    ref = fact.order_ref
                    return [lambda: self._spawn(self._preview(ref))]
                self._closing.setdefault(fact.position, []).append(f"{fact.quantity} by order {fact.order_ref}")
                self._inbox.nudge()
            case Approve(order_ref=ref, limit=limit):
                self._answered(ref, f"approved at {limit}")
                self._inbox.nudge()
            case Send(order_ref=ref, limit=limit):
                return [partial(self._tell_broker, ref, lambda: self._broker.send(self.ledger.orders[ref], limit))]
            case Reprice(order_ref=ref, limit=limit):
                return [partial(self._tell_broker, ref, lambda: self._broker.reprice(self.ledger.orders[ref], limit))]
            case Cancel(order_ref=ref):
                self._served(ref, f"canceling {ref}")
                return [partial(self._tell_broker, ref, lambda: self._broker.cancel(self.ledger.orders[ref]))]
            case Deny(order_ref=ref, obstacle=obstacle):
                self._stopped_by(obstacle.gate)
                self._answered(ref, f"denied: {obstacle}")
            case DenyEntry(fact=fact):
                self._stopped_by(fact.obstacle.gate)
            case Decline(order_ref=ref):
                self._answered(ref, "declined")
                self._served(ref, f"canceled {ref}: it was not sent")
            case Expire(order_ref=ref, reason=reason):
                self._answered(ref, f"expired: {reason}")
                self._served(ref, f"canceled {ref}: it was not sent")
            case MarkUnknown():
                self._inquiry.hurry()
            case ConfirmExit(position=position, rule=rule, first_at=first_at, count=count, net=net):
                self._hits[(position, rule)] = ExitHits(first_at, now, count, net)
            case CountBreaker(strategy=strategy, name=name, hits=hits):
                self._breaker_hits[(strategy, name)] = hits
            case RefreshAccount():
                self._account_requested_at, self._account_awaited_since = now, self._account_awaited_since or now
                return [self._broker.refresh_account]
            case AskQuotes(contracts=contracts):
                self._requested_quotes |= dict.fromkeys((contract.con_id for contract in contracts), now)
                return [partial(self._requote, contracts)]
            case Reply(order_ref=ref, text=text):
                self._answered(ref, text)
                self._served(ref, text)
            case Halt() | Trip():
                self._inbox.nudge()
            case Fault(place=place, text=text):
                log.error("a part of the beat failed", place=place, problem=text)
                self.fault(place, text, now)
            case Ask() | Settle() | TriggerExit() | BlockExit() | FreeExit() | RecordFunnel():
                pass
            case _:
                assert_never(decision)
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

    async def _preview(self, ref: str) -> None:
        try:
            answer = await self._broker.preview(self.ledger.orders[ref].proposed)
        except Exception as error:
            log.exception("the what-if failed", order=ref)
            answer = OrderPreviewed(ref, "unknown", None, None, None, None, f"the what-if could not be asked: {described(error)}")
        self._inbox.publish(answer)

    def _answered(self, ref: str, outcome: str) -> None:
        said = self._answers.pop(ref, None)
        if said is not None and not said.outcome.done():
            said.outcome.set_result(outcome)

    def _settle_answers(self) -> None:
        """A word that this beat could not use is answered, not kept: it must not act later, on other prices."""
        for ref in list(self._answers):
            self._answered(ref, "not done: the order is not ready for an answer, try again")
        closing, self._closing = self._closing, {}
        for about in list(self._requests):
            made = " and ".join(closing.get(about, ()))
            self._served(about, f"closing {made}" if made else "not done: the engine was about to halt, try again")

    def _served(self, about: str, outcome: str) -> None:
        asked = self._requests.pop(about, None)
        if asked is not None and not asked.outcome.done():
            asked.outcome.set_result(outcome)

    def _stopped_by(self, gate: str) -> None:
        self.gauges.obstacles[gate] = self.gauges.obstacles.get(gate, 0) + 1

    def _timer_s(self) -> float:
        since = self._account_awaited_since
        if since is not None and self._clock.now() - since < ACCOUNT_ANSWERED_WITHIN * machine_pace():
            return ACCOUNT_LOOKED_AT_EVERY.total_seconds()
        if any(True for _ in self.ledger.working()):
            return TIMER_BUSY_S
        return min(self._looks_again_in_s, TIMER_OPEN_S if self._snapshots.is_open(self._clock.now()) else TIMER_CLOSED_S)
