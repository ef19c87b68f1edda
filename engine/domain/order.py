"""The life of an order: one table of state × event → state, and the order that a sequence of facts makes.

Fills are the truth, statuses are hints: a fill is legal in every state that follows the sending, also after a cancel was
confirmed, because an execution that the broker reports has happened. For the same reason an order that is over for us and that
the broker says works is working again: it is `revived`, and canceled as soon as it can be.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from engine.domain.errors import IllegalFact
from engine.domain.facts.orders import (
    ApprovalAsked,
    CancelRequested,
    CommissionReported,
    LegFilled,
    OrderAbsent,
    OrderAcknowledged,
    OrderApproved,
    OrderCanceled,
    OrderDeclined,
    OrderDenied,
    OrderExpired,
    OrderPreviewed,
    OrderProposed,
    OrderRejected,
    OrderRepriced,
    OrderSent,
    OrderTightened,
    OrderUnknown,
    Purpose,
)
from engine.domain.facts.positions import PositionAdopted
from engine.domain.facts.union import OrderFact
from engine.domain.spread import Action, Spread

OrderState = Literal[
    "proposed", "previewed", "approved", "sent", "working", "partly_filled", "filled",
    "denied", "expired", "declined", "unknown", "canceled", "rejected",
]  # fmt: skip

BEFORE_SENDING: frozenset[OrderState] = frozenset({"proposed", "previewed", "approved"})
AT_BROKER: frozenset[OrderState] = frozenset({"sent", "working", "partly_filled", "unknown"})
"""States in which the broker may hold the order: money may be at risk and nothing may be sent a second time."""
OVER: frozenset[OrderState] = frozenset({"filled", "denied", "expired", "declined", "canceled", "rejected"})

_FILLS: dict[str, OrderState] = {"PartFilled": "partly_filled", "WholeFilled": "filled"}
_LATE_FILLS: dict[str, OrderState] = {"PartFilled": "canceled", "WholeFilled": "filled"}

TRANSITIONS: Mapping[OrderState, Mapping[str, OrderState]] = {
    "proposed": {
        "OrderPreviewed": "previewed",
        "OrderApproved": "approved",
        "OrderDenied": "denied",
        "OrderDeclined": "declined",
        "OrderExpired": "expired",
        "PositionAdopted": "filled",
    },
    "previewed": {
        "OrderPreviewed": "previewed",
        "ApprovalAsked": "previewed",
        "OrderTightened": "previewed",
        "OrderApproved": "approved",
        "OrderDenied": "denied",
        "OrderDeclined": "declined",
        "OrderExpired": "expired",
    },
    "approved": {"OrderSent": "sent", "OrderDenied": "denied", "OrderExpired": "expired"},
    "sent": {
        "OrderAcknowledged": "working",
        "CancelRequested": "sent",
        "OrderCanceled": "canceled",
        "OrderRejected": "rejected",
        "OrderUnknown": "unknown",
        "CommissionReported": "sent",
        **_FILLS,
    },
    "working": {
        "OrderAcknowledged": "working",
        "OrderRepriced": "working",
        "OrderTightened": "working",
        "CancelRequested": "working",
        "OrderCanceled": "canceled",
        "OrderRejected": "rejected",
        "OrderUnknown": "unknown",
        "CommissionReported": "working",
        **_FILLS,
    },
    "partly_filled": {
        "OrderAcknowledged": "partly_filled",
        "OrderRepriced": "partly_filled",
        "OrderTightened": "partly_filled",
        "CancelRequested": "partly_filled",
        "OrderCanceled": "canceled",
        "OrderRejected": "canceled",
        "OrderUnknown": "unknown",
        "CommissionReported": "partly_filled",
        **_FILLS,
    },
    "unknown": {
        "OrderAcknowledged": "working",
        "OrderUnknown": "unknown",
        "OrderCanceled": "canceled",
        "OrderRejected": "rejected",
        "OrderAbsent": "expired",
        "CommissionReported": "unknown",
        "CancelRequested": "unknown",
        **_FILLS,
    },
    "filled": {
        "OrderAcknowledged": "filled",
        "OrderCanceled": "filled",
        "OrderRejected": "filled",
        "OrderUnknown": "filled",
        "CommissionReported": "filled",
        "PartFilled": "unknown",
        "WholeFilled": "filled",
    },
    "canceled": {
        "OrderAcknowledged": "working",
        "OrderCanceled": "canceled",
        "OrderRejected": "canceled",
        "OrderUnknown": "unknown",
        "CommissionReported": "canceled",
        **_LATE_FILLS,
    },
    "rejected": {
        "OrderAcknowledged": "working",
        "OrderCanceled": "rejected",
        "OrderRejected": "rejected",
        "OrderUnknown": "unknown",
        "CommissionReported": "rejected",
        **_LATE_FILLS,
    },
    "expired": {
        "OrderPreviewed": "expired",
        "OrderAcknowledged": "working",
        "OrderCanceled": "canceled",
        "OrderRejected": "rejected",
        "OrderUnknown": "unknown",
        "CommissionReported": "expired",
        **_LATE_FILLS,
    },
    "denied": {"OrderPreviewed": "denied"},
    "declined": {"OrderPreviewed": "declined"},
}
"""The whole life. What is not here is illegal and raises. An expired order that was never sent hears a late preview only."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order as its facts left it. Prices are USD per share, + received and - paid."""

    proposed: OrderProposed
    state: OrderState
    proposed_at: datetime
    changed_at: datetime
    """When the state last changed."""
    limit: Decimal
    priced_at: datetime
    """When the limit last changed."""
    preview: OrderPreviewed | None = None
    asked: ApprovalAsked | None = None
    approved_by: str | None = None
    spot: Decimal | None = None
    """Price of the underlying when it was approved, USD per share."""
    sent_at: datetime | None = None
    perm_id: int | None = None
    order_id: int | None = None
    reprices: int = 0
    cancel_requested_at: datetime | None = None
    """None as well where the broker was found to hold it all the same: it is to be canceled again."""
    cancels: int = 0
    """Cancels asked for so far."""
    last_cancel_at: datetime | None = None
    fill_reported_at: datetime | None = None
    """When the last execution was heard."""
    why: str = ""
    """The last reason that came with a fact: of a denial, a cancel, a rejection, an unknown."""
    is_adopted: bool = False
    """It was never sent: it stands in for whatever opened a position that a person gave to the engine."""
    revived: bool = False
    """It was over for us and the broker says that it works: nobody counts on it any more, so it is to be canceled."""
    fills: Mapping[str, LegFilled] = field(default_factory=dict[str, LegFilled])
    """Leg executions by `fill_key`."""
    filled_at: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """When each took place; where the broker's time for it cannot be read, when it was heard, which is no earlier."""
    commissions: Mapping[str, CommissionReported] = field(default_factory=dict[str, CommissionReported])
    """By `commission_key`; of an execution that was corrected, the one of the correction."""

    @property
    def ref(self) -> str:
        return self.proposed.order_ref

    @property
    def purpose(self) -> Purpose:
        return self.proposed.purpose

    @property
    def strategy(self) -> str:
        return self.proposed.strategy

    @property
    def spread(self) -> Spread:
        return self.proposed.spread

    @property
    def quantity(self) -> int:
        return self.proposed.quantity

    @property
    def fees(self) -> Decimal:
        """USD for the whole order, of an opening both ways: what was estimated, or more where the broker's preview named more."""
        named = self.preview.commission if self.preview is not None else None
        if named is None:
            return self.proposed.fees
        return max(self.proposed.fees, 2 * named if self.purpose == "open" else named)

    @property
    def max_loss(self) -> Decimal:
        """USD for the whole order at its worst price, fees included, the preview's where they are higher; 0 for a close."""
        return self.proposed.max_loss + (self.fees - self.proposed.fees if self.purpose == "open" else 0)

    @property
    def is_at_broker(self) -> bool:
        return self.state in AT_BROKER

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def is_asked(self) -> bool:
        """Whether it waits for a person's yes or no."""
        return self.state == "previewed" and self.asked is not None

    @property
    def filled(self) -> int:
        """Whole spreads filled: what every leg has executed in its ratio."""
        if not self.fills:
            return 0
        done: dict[int, int] = {}
        for fill in self.fills.values():
            done[fill.con_id] = done.get(fill.con_id, 0) + fill.quantity
        return min(done.get(leg.contract.con_id, 0) // leg.ratio for leg in self.spread.legs)

    @property
    def remaining(self) -> int:
        return max(0, self.quantity - self.filled)

    @property
    def is_balanced(self) -> bool:
        """True when the executed legs are whole spreads and nothing is left over on one side."""
        return all(self.leg_filled(leg.contract.con_id) == self.filled * leg.ratio for leg in self.spread.legs)

    def leg_filled(self, con_id: int) -> int:
        """Contracts of one leg executed so far."""
        return sum(fill.quantity for fill in self.fills.values() if fill.con_id == con_id)

    @property
    def net_filled(self) -> Decimal | None:
        """Average net of the whole spreads that filled, USD per share, + received; None before the first one.

        A leg that ran ahead of the others counts at its average price, in proportion.
        """
        spreads = self.filled
        if spreads == 0:
            return None
        net = Decimal(0)
        for leg in self.spread.legs:
            con_id = leg.contract.con_id
            done, wanted = self.leg_filled(con_id), spreads * leg.ratio
            cash = sum((_cash(fill) for fill in self.fills.values() if fill.con_id == con_id), Decimal(0))
            net += cash if done == wanted else cash * wanted / done
        return net / spreads

    def leg_price(self, con_id: int) -> Decimal:
        """Average price of the executions of one leg, USD per share, not signed; 0 before the first."""
        fills = [fill for fill in self.fills.values() if fill.con_id == con_id]
        done = sum(fill.quantity for fill in fills)
        return sum((fill.price * fill.quantity for fill in fills), Decimal(0)) / done if done else Decimal(0)

    @property
    def overfill(self) -> int:
        """Contracts executed beyond those ordered, of the leg that has most of them; 0 where no leg has any."""
        return max(0, *(self.leg_filled(leg.contract.con_id) - leg.ratio * self.quantity for leg in self.spread.legs))

    @property
    def first_executed_at(self) -> datetime | None:
        """When its first execution took place; None while nothing has filled."""
        return min(self.filled_at.values(), default=None)

    @property
    def last_executed_at(self) -> datetime | None:
        """When its last execution took place; None while nothing has filled."""
        return max(self.filled_at.values(), default=None)

    @property
    def commission(self) -> Decimal:
        """USD reported so far for the whole order."""
        return sum((paid.amount for paid in self.commissions.values()), Decimal(0))


def execution_key(exec_id: str) -> str:
    """The part of an execution id that stays when the broker corrects the execution: all but the digits after the last dot.

    Source: TWS API documentation of execution ids.
    """
    head, dot, last = exec_id.rpartition(".")
    return head if dot and last.isdecimal() else exec_id


def fill_key(fill: LegFilled) -> str:
    """What one execution is known by: its id, its contract and its side.

    The id alone is not enough: the legs of one fill may share all of it but the part that counts corrections.
    """
    return _key(fill.exec_id, fill.con_id, fill.action)


def commission_key(paid: CommissionReported) -> str:
    """The `fill_key` of the execution that this was paid for; of a journal that does not name its leg, the id's lasting part."""
    if paid.con_id is None or paid.action is None:
        return execution_key(paid.exec_id)
    return _key(paid.exec_id, paid.con_id, paid.action)


def _key(exec_id: str, con_id: int, action: Action) -> str:
    return f"{execution_key(exec_id)}:{con_id}:{action}"


def revision(exec_id: str) -> int:
    """Which correction of an execution this is; a higher one replaces a lower one, in whatever order they come."""
    _, dot, last = exec_id.rpartition(".")
    return int(last) if dot and last.isdecimal() else 0


def _tightened(proposal: OrderProposed, fact: OrderTightened) -> OrderProposed:
    """The proposal as it stands from now on. What it may lose and cost shrinks with its size; a better price is not counted."""
    share = Decimal(fact.quantity) / proposal.quantity
    return replace(
        proposal,
        quantity=fact.quantity,
        worst=fact.worst,
        limit=max(proposal.limit, fact.worst),
        max_loss=_cents(proposal.max_loss * share),
        fees=_cents(proposal.fees * share),
    )


def _cents(usd: Decimal) -> Decimal:
    """Never less than it is."""
    return usd.quantize(Decimal("0.01"), rounding=ROUND_CEILING)


def proposed(fact: OrderProposed, at: datetime) -> Order:
    """The order that a proposal starts."""
    return Order(fact, "proposed", proposed_at=at, changed_at=at, limit=fact.limit, priced_at=at)


def adopted(fact: PositionAdopted, at: datetime) -> Order:
    """The opening order, filled at what each leg cost, that stands in for whatever opened an adopted position.

    Raises IllegalFact where it is no spread, or where not each leg has one cost.
    """
    costs = {cost.con_id: cost.price for cost in fact.costs}
    if fact.quantity < 1 or not fact.spread.legs or sorted(costs) != sorted(leg.contract.con_id for leg in fact.spread.legs):
        raise IllegalFact(f"{fact.order_ref} was adopted without a quantity, or without one cost for each of its legs")
    stand_in = OrderProposed(
        order_ref=fact.order_ref,
        purpose="open",
        strategy=fact.strategy,
        digest=fact.digest,
        snapshot="",
        position=fact.order_ref,
        spread=fact.spread,
        quantity=fact.quantity,
        limit=fact.net,
        worst=fact.net,
        max_loss=fact.max_loss,
        fees=fact.fees,
        reason=f"adopted by {fact.by}: {fact.reason}",
    )
    fills = {}
    for leg in fact.spread.legs:
        con_id = leg.contract.con_id
        fill = LegFilled(fact.order_ref, "adopted", con_id, leg.action, leg.ratio * fact.quantity, costs[con_id], None)
        fills[fill_key(fill)] = fill
    return replace(
        proposed(stand_in, at),
        state=TRANSITIONS["proposed"][type(fact).__name__],
        approved_by=fact.by,
        is_adopted=True,
        fills=fills,
        filled_at=dict.fromkeys(fills, at),
    )


def advance(order: Order, fact: OrderFact, at: datetime) -> Order:
    """The order after one more fact.

    Raises IllegalFact where the table has no such step.
    """
    if isinstance(fact, LegFilled):
        return _filled(order, fact, at)
    state = _next(order, type(fact).__name__)
    if order.fills and state in _WITH_FILLS:
        state = _WITH_FILLS[state]
    moved = replace(
        order,
        state=state,
        changed_at=at if state != order.state else order.changed_at,
        revived=order.revived or (order.is_over and state not in OVER),
    )
    match fact:
        case OrderPreviewed():
            return replace(moved, preview=fact)
        case ApprovalAsked():
            return replace(moved, asked=fact)
        case OrderTightened():
            return replace(moved, proposed=_tightened(order.proposed, fact))
        case OrderApproved():
            return replace(moved, approved_by=fact.by, spot=fact.spot, limit=fact.limit, priced_at=at)
        case OrderDenied():
            return replace(moved, why=str(fact.obstacle))
        case OrderDeclined() | OrderExpired() | OrderCanceled() | OrderUnknown():
            return replace(moved, why=fact.reason)
        case OrderSent():
            return replace(moved, sent_at=at, limit=fact.limit, priced_at=at)
        case OrderAcknowledged():
            # Found where it was doubted: a cancel may have been lost on its way and is to be asked for again.
            found = order.state == "unknown" or order.is_over
            requested = None if found else order.cancel_requested_at
            perm_id = fact.perm_id or order.perm_id
            return replace(moved, perm_id=perm_id, order_id=fact.order_id, cancel_requested_at=requested)
        case OrderRepriced():
            return replace(moved, limit=fact.limit, priced_at=at, reprices=order.reprices + 1)
        case CancelRequested():
            return replace(moved, cancel_requested_at=at, cancels=order.cancels + 1, last_cancel_at=at, why=fact.reason)
        case OrderRejected():
            return replace(moved, why=f"{fact.code}: {fact.text}")
        case CommissionReported():
            return replace(moved, commissions={**order.commissions, commission_key(fact): fact})
        case OrderAbsent():
            return replace(moved, why="the broker knows nothing of it")
        case OrderProposed():
            raise IllegalFact(f"order {order.ref} was proposed twice")


_WITH_FILLS: dict[OrderState, OrderState] = {"working": "partly_filled", "rejected": "canceled", "expired": "canceled"}
"""States that do not fit an order of which something has filled, and those that do."""


def _filled(order: Order, fact: LegFilled, at: datetime) -> Order:
    """The order with one more execution, or with a correction of one.

    More than was ordered counts as well: what was executed is owned or owed, whoever is to blame for it; `overfill` says so.
    """
    _must_be_a_leg(order, fact)
    key = fill_key(fact)
    known = _without_provisional(order, fact) if key not in order.fills else order.fills
    fills = {**known, key: fact}
    filled_at = {**{other: order.filled_at[other] for other in known}, key: fact.executed_at or at}
    grown = replace(order, fills=fills, filled_at=filled_at, fill_reported_at=at, perm_id=fact.perm_id or order.perm_id)
    whole = grown.remaining == 0
    state = _next(order, "WholeFilled" if whole else "PartFilled")
    return replace(grown, state=state, changed_at=at if state != order.state else order.changed_at)


def _must_be_a_leg(order: Order, fact: LegFilled) -> None:
    """Raises IllegalFact where the execution is of a contract that the order does not trade, or on the other side of it."""
    leg = next((leg for leg in order.spread.legs if leg.contract.con_id == fact.con_id), None)
    if leg is None:
        raise IllegalFact(f"execution {fact.exec_id} is of contract {fact.con_id}, which is no leg of order {order.ref}")
    if (fact.action == leg.action) != (order.purpose == "open"):
        did, does = ("bought", "sells") if fact.action == "buy" else ("sold", "buys")
        raise IllegalFact(f"execution {fact.exec_id} {did} {leg.contract}, which order {order.ref} {does}")


def _without_provisional(order: Order, fact: LegFilled) -> Mapping[str, LegFilled]:
    """The fills without those that stand in for an execution which the broker tells now: it takes their place."""
    if fact.provisional:
        return order.fills
    return {key: fill for key, fill in order.fills.items() if not (fill.provisional and fill.con_id == fact.con_id)}


def _next(order: Order, event: str) -> OrderState:
    state = TRANSITIONS[order.state].get(event)
    if state is None or (order.state == "expired" and order.sent_at is None and event != "OrderPreviewed"):
        raise IllegalFact(f"{event} cannot follow {order.state} (order {order.ref})")
    return state


def _cash(fill: LegFilled) -> Decimal:
    """USD per share times contracts that one execution brought, + received."""
    return fill.price * fill.quantity * (1 if fill.action == "sell" else -1)
