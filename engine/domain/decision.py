"""Decisions: what is to be done at this instant. Each becomes facts in the journal first and an effect afterwards."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, assert_never

from engine.domain.contract import Contract
from engine.domain.facts.halts import BreakerTripped, FlattenEnded, Halted
from engine.domain.facts.ladder import NotedClosed, OpeningNoted, RungLowered
from engine.domain.facts.orders import (
    ApprovalAsked,
    CancelRequested,
    OrderApproved,
    OrderDeclined,
    OrderDenied,
    OrderExpired,
    OrderProposed,
    OrderRepriced,
    OrderSent,
    OrderTightened,
    OrderUnknown,
)
from engine.domain.facts.positions import ExitBlocked, ExitFreed, ExitTriggered, LegsExpired, PositionSettled, ProfitPeaked
from engine.domain.facts.searches import CandidatesRecorded, EntryDenied, FunnelRecorded
from engine.domain.facts.union import Fact
from engine.domain.gate import Verdict
from engine.domain.snapshot import BreakerHits


@dataclass(frozen=True, slots=True)
class Propose:
    """A new order. An opening is previewed with the broker next; a close goes straight to its sending."""

    order: OrderProposed


@dataclass(frozen=True, slots=True)
class Deny:
    """An order that was proposed or approved and no longer passes the gates."""

    order_ref: str
    obstacle: Verdict


@dataclass(frozen=True, slots=True)
class DenyEntry:
    """A candidate that the gates stop before it becomes an order."""

    fact: EntryDenied


@dataclass(frozen=True, slots=True)
class Ask:
    fact: ApprovalAsked


@dataclass(frozen=True, slots=True)
class Approve:
    order_ref: str
    by: str
    limit: Decimal
    spot: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Decline:
    order_ref: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Expire:
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class Send:
    """Place an approved order, once."""

    order_ref: str
    limit: Decimal
    mid: Decimal | None = None
    """As in `OrderSent`."""
    natural: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Reprice:
    order_ref: str
    limit: Decimal
    step: int
    mid: Decimal | None = None
    """As in `OrderRepriced`."""
    natural: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tighten:
    """A person has made an opening safer."""

    fact: OrderTightened


@dataclass(frozen=True, slots=True)
class Cancel:
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class MarkUnknown:
    """An order that has been silent too long: it becomes unknown and the broker is asked."""

    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class TriggerExit:
    fact: ExitTriggered


@dataclass(frozen=True, slots=True)
class ConfirmExit:
    """An exit rule held on this snapshot but must hold longer before it is believed; a count of 0 forgets it."""

    position: str
    rule: str
    first_at: datetime
    count: int
    net: Decimal | None = None
    """What closing would have brought on the first look, USD per share at mid."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a strategy on its first rungs is supposed to have done, or that it was moved a rung down."""

    fact: OpeningNoted | NotedClosed | RungLowered


@dataclass(frozen=True, slots=True)
class RememberProfit:
    """A position stands better than ever before, and an exit of its asks how good that was."""

    fact: ProfitPeaked


@dataclass(frozen=True, slots=True)
class AskQuotes:
    """Have the lines of these held legs opened anew: the broker then tells each quote as it stands."""

    contracts: tuple[Contract, ...]


@dataclass(frozen=True, slots=True)
class BlockExit:
    """An exit is due and cannot act: said when it begins, when its reason changes and at each new try."""

    fact: ExitBlocked


@dataclass(frozen=True, slots=True)
class FreeExit:
    fact: ExitFreed


@dataclass(frozen=True, slots=True)
class Settle:
    fact: PositionSettled | LegsExpired


@dataclass(frozen=True, slots=True)
class RecordFunnel:
    fact: FunnelRecorded
    candidates: CandidatesRecorded


@dataclass(frozen=True, slots=True)
class Trip:
    """A breaker has reached its limit, on values that are believed."""

    fact: BreakerTripped


@dataclass(frozen=True, slots=True)
class CountBreaker:
    """A breaker was found beyond its bound but is not believed yet, or no more: a count of 0 forgets it."""

    strategy: str
    """Empty for the account's."""
    name: str
    hits: BreakerHits


@dataclass(frozen=True, slots=True)
class RefreshAccount:
    """Ask the broker for the account's values anew."""

    reason: str


@dataclass(frozen=True, slots=True)
class Halt:
    """Halt the engine: something has happened that a person must look at."""

    reason: str


@dataclass(frozen=True, slots=True)
class EndFlatten:
    """Everything is closed that a person wanted closed."""

    fact: FlattenEnded


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of the decision failed: a defect of this program, or a number that nobody thought of."""

    place: str
    """Which part, for people: `entries`, `exits of …`, `order …`."""
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Tell a person what became of their word, where it could not be done as said."""

    order_ref: str
    outcome: Literal["moved", "late", "unknown"]
    text: str


Decision = (
    Propose | Deny | DenyEntry | Ask | Approve | Decline | Expire | Send | Reprice | Tighten | Cancel | MarkUnknown
    | TriggerExit | ConfirmExit | RememberProfit | AskQuotes | BlockExit | FreeExit | Settle | RecordFunnel | Trip | CountBreaker
    | RefreshAccount | Halt | EndFlatten | Reply | Fault | Note
)  # fmt: skip


def facts_of(decision: Decision) -> tuple[Fact, ...]:
    """What a decision writes before it is acted on."""
    match decision:
        case Propose(order=fact):
            return (fact,)
        case Approve(order_ref=ref, by=by, limit=limit, spot=spot):
            return (OrderApproved(ref, by, limit, spot),)
        case Send():
            return (OrderSent(decision.order_ref, decision.limit, decision.mid, decision.natural),)
        case Reprice():
            return (OrderRepriced(decision.order_ref, decision.limit, decision.step, decision.mid, decision.natural),)
        case Cancel(order_ref=ref, reason=reason):
            return (CancelRequested(ref, reason),)
        case MarkUnknown(order_ref=ref, reason=reason):
            return (OrderUnknown(ref, reason),)
        case Deny(order_ref=ref, obstacle=obstacle):
            return (OrderDenied(ref, obstacle),)
        case Decline(order_ref=ref, by=by, reason=reason):
            return (OrderDeclined(ref, by, reason),)
        case Expire(order_ref=ref, reason=reason):
            return (OrderExpired(ref, reason),)
        case DenyEntry(fact=fact) | Ask(fact=fact) | Settle(fact=fact) | TriggerExit(fact=fact) | Trip(fact=fact):
            return (fact,)
        case BlockExit(fact=fact) | FreeExit(fact=fact) | RememberProfit(fact=fact) | Tighten(fact=fact) | Note(fact=fact):
            return (fact,)
        case RecordFunnel(fact=fact, candidates=candidates):
            return (fact, candidates)
        case EndFlatten(fact=fact):
            return (fact,)
        case Halt(reason=reason):
            return (Halted("breaker", reason),)
        case ConfirmExit() | AskQuotes() | CountBreaker() | RefreshAccount() | Reply() | Fault():
            return ()
        case _:
            assert_never(decision)
