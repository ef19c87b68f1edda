"""An order as the facts told of it left it: what was proposed, its state, and what its legs have executed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from engine.domain.facts.orders import (
    ApprovalAsked,
    CommissionReported,
    LegFilled,
    OrderPreviewed,
    OrderProposed,
    Purpose,
)
from engine.domain.spread import Spread

OrderState = Literal[
    "proposed", "previewed", "approved", "sent", "working", "partly_filled", "filled",
    "denied", "expired", "declined", "unknown", "canceled", "rejected",
]  # fmt: skip

BEFORE_SENDING: frozenset[OrderState] = frozenset({"proposed", "previewed", "approved"})
AT_BROKER: frozenset[OrderState] = frozenset({"sent", "working", "partly_filled", "unknown"})
"""States in which the broker may hold the order: money may be at risk and nothing may be sent a second time."""
OVER: frozenset[OrderState] = frozenset({"filled", "denied", "expired", "declined", "canceled", "rejected"})


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
    def joins(self) -> str | None:
        """The position that this opening becomes a part of: it takes the place of what was closed of that one."""
        proposed = self.proposed
        return proposed.position if proposed.purpose == "open" and proposed.position != proposed.order_ref else None

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
    def rests(self) -> bool:
        """Whether it is a profit taker that works at its one price, where nothing is due but its fill."""
        return self.proposed.resting and self.state in {"working", "partly_filled"} and self.cancel_requested_at is None

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


def _cash(fill: LegFilled) -> Decimal:
    """USD per share times contracts that one execution brought, + received."""
    return fill.price * fill.quantity * (1 if fill.action == "sell" else -1)
