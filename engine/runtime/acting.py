"""What follows from a decision once it is written: what leaves the machine, who is told, what is remembered until the next look.

Nothing here writes a fact. What goes wrong on the way out comes back through the inbox as one.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol, assert_never

from engine.decide.apart import described
from engine.domain.candidate import candidate_name
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
    Note,
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
)
from engine.domain.errors import EngineError, Transient
from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import OrderPreviewed, OrderProposed, OrderUnknown
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.snapshot import BreakerHits, ExitHits, Snapshot
from engine.log import logger
from engine.ports import Broker
from engine.runtime.account_asked import AccountAsked
from engine.runtime.inbox import Inbox, Outcome
from engine.runtime.inquiry import Inquiry, Spawn
from engine.runtime.seams import BeatGauges
from engine.runtime.words import Words

log = logger(__name__)

Effect = Callable[[], object]


class Faulted(Protocol):
    def __call__(self, place: str, text: str, now: datetime) -> None:
        """A part of this program failed: it is said, and openings halt."""
        ...


class Acting:
    """The hands of the beat, and the short memory that decisions lean on: hits, questions that are out, words of people."""

    def __init__(
        self, ledger: Ledger, broker: Broker, inbox: Inbox, inquiry: Inquiry, spawn: Spawn, gauges: BeatGauges, faulted: Faulted
    ) -> None:
        self.words = Words()
        self.exit_hits: dict[tuple[str, str], ExitHits] = {}
        self.account_asked = AccountAsked()
        self._breaker_hits: dict[tuple[str, str], BreakerHits] = {}
        self._requested_quotes: dict[int, datetime] = {}
        """When each leg was asked for anew, by contract number."""
        self._ledger, self._broker, self._inbox, self._inquiry = ledger, broker, inbox, inquiry
        self._spawn, self._gauges, self._faulted = spawn, gauges, faulted

    def remembered(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with what was said and asked since the last one, and what has held so far."""
        return replace(
            snapshot,
            answers=self.words.answers,
            requests=self.words.requests,
            exit_hits=self.exit_hits,
            breaker_hits=self._breaker_hits,
            account_requested_at=self.account_asked.last_at,
            account_awaited_since=self.account_asked.awaited_since,
            requested_quotes=self._requested_quotes,
        )

    def follow(self, decision: Decision, now: datetime) -> list[Effect]:
        """What is to leave the machine for a decision that is written; it is run when the lines are on disk."""
        match decision:
            case Propose(order=fact):
                return self._proposed(fact)
            case Approve(order_ref=ref, limit=limit):
                self.words.answered(ref, Outcome(True, f"approved at {limit}"))
                self._inbox.nudge()
            case Send(order_ref=ref, limit=limit):
                return [self._message(ref, lambda order: self._broker.send(order, limit), now)]
            case Reprice(order_ref=ref, limit=limit):
                return [self._message(ref, lambda order: self._broker.reprice(order, limit), now)]
            case Cancel(order_ref=ref):
                self.words.served(ref, Outcome(True, f"canceling {ref}"))
                return [self._message(ref, self._broker.cancel, now)]
            case Tighten(fact=fact):
                text = f"changed {fact.order_ref}: {fact.quantity}, never below {fact.worst}"
                self.words.served(fact.order_ref, Outcome(True, text))
            case Deny(order_ref=ref, obstacle=obstacle):
                self._stopped_by(obstacle.gate)
                self.words.answered(ref, Outcome(False, f"denied: {obstacle}"))
            case DenyEntry(fact=fact):
                self._stopped_by(fact.obstacle.gate)
            case Decline(order_ref=ref):
                self.words.answered(ref, Outcome(True, "declined"))
                self.words.served(ref, Outcome(True, f"canceled {ref}: it was not sent"))
            case Expire(order_ref=ref, reason=reason):
                self.words.answered(ref, Outcome(False, f"expired: {reason}"))
                self.words.served(ref, Outcome(True, f"canceled {ref}: it was not sent"))
            case MarkUnknown():
                self._inquiry.hurry()
            case ConfirmExit(position=position, rule=rule, first_at=first_at, count=count, net=net):
                self.exit_hits[(position, rule)] = ExitHits(first_at, now, count, net)
            case CountBreaker(strategy=strategy, name=name, hits=hits):
                self._breaker_hits[(strategy, name)] = hits
            case RefreshAccount():
                self.account_asked.again(now)
                return [self._broker.refresh_account]
            case AskQuotes(contracts=contracts):
                self._requested_quotes |= dict.fromkeys((contract.con_id for contract in contracts), now)
                return [partial(self._requote, contracts)]
            case Reply(order_ref=ref, text=text):
                self.words.answered(ref, Outcome(False, text))
                self.words.served(ref, Outcome(False, text))
            case Halt() | Trip() | EndFlatten():
                self._inbox.nudge()
            case Fault(place=place, text=text):
                log.error("a part of the beat failed", place=place, problem=text)
                self._faulted(place, text, now)
            case Ask() | Settle() | TriggerExit() | RememberProfit() | BlockExit() | FreeExit() | RecordFunnel() | Note():
                pass
            case _:
                assert_never(decision)
        return []

    def _proposed(self, order: OrderProposed) -> list[Effect]:
        """Have an opening previewed; a close goes straight on."""
        ref = order.order_ref
        if order.purpose == "open":
            made = f"proposed {ref}: {order.quantity} at {order.limit}"
            self.words.served(candidate_name(order.strategy, order.spread.key), Outcome(True, made))
            return [lambda: self._spawn(self._preview(ref))]
        self.words.closing(order.position, f"{order.quantity} by order {ref}")
        self._inbox.nudge()
        return []

    async def _preview(self, ref: str) -> None:
        try:
            answer = await self._broker.preview(self._ledger.orders[ref].proposed)
        except Exception as error:
            log.exception("the what-if failed", order=ref)
            answer = OrderPreviewed(ref, "unknown", None, None, None, None, f"the what-if could not be asked: {described(error)}")
        self._inbox.publish(answer)

    def _message(self, ref: str, tell: Callable[[Order], object], now: datetime) -> Effect:
        """One order message. What stops it leaves the order unknown, and the broker is asked; a person mends the rest."""

        def leave() -> None:
            try:
                tell(self._ledger.orders[ref])
            except EngineError as error:
                self._inbox.publish(OrderUnknown(ref, f"it may not have left: {error}"))
                if not isinstance(error, Transient) and self._ledger.halt is None:
                    self._inbox.publish(Halted("engine", str(error)))
            except Exception as error:  # the other messages of the beat must leave
                log.exception("a part of the beat failed", place=f"a message about order {ref}")
                self._inbox.publish(OrderUnknown(ref, f"it may not have left: {described(error)}"))
                self._faulted(f"a message about order {ref}", described(error), now)

        return leave

    def _requote(self, contracts: Sequence[Contract]) -> None:
        with suppress(EngineError):  # the link is lost: that is a fact of its own, and the question is asked again
            self._broker.requote(contracts)

    def _stopped_by(self, gate: str) -> None:
        self._gauges.obstacles[gate] = self._gauges.obstacles.get(gate, 0) + 1
