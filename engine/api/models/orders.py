"""Orders, what happened to each, and their executions."""

from typing import Literal

from pydantic import Field

from engine.api.models.base import Instant, Model
from engine.domain.facts.orders import PreviewOutcome
from engine.domain.order import OrderState


class OrderStep(Model):
    """One thing that happened to an order."""

    at: Instant
    """When."""
    kind: str = Field(examples=["OrderRepriced"])
    """The fact, as the journal names it."""
    text: str = Field(examples=["price changed to 8.40, step 2"])
    """What happened, for people."""


class Order(Model):
    """One order as its facts left it."""

    order_ref: str = Field(examples=["sp3f2a1-261130-0004"])
    """Its reference, here and at the broker."""
    strategy: str = Field(examples=["spx_bull_put"])
    """Whose order it is."""
    purpose: Literal["open", "close"]
    """Whether it opens or closes."""
    position: str = Field(examples=["sp3f2a1-261130-0004"])
    """The position that it opens (its own reference) or closes."""
    spread: str = Field(examples=["SPXW 10 Jan 27 5895/5870P bull_put"])
    """The combination as opened, in words; a close sells this same combination."""
    quantity: int = Field(examples=[2])
    """Combinations."""
    state: OrderState
    """Where it stands."""
    limit: float | None = Field(examples=[8.4])
    """Its price, USD per share, + received and - paid."""
    worst: float | None = Field(examples=[7.95])
    """It is never priced below this, USD per share, + received and - paid."""
    net_now: float | None = Field(examples=[8.45])
    """What it would bring at mid now, USD per share, + received; null where it is over or a leg has no quote."""
    natural_now: float | None = Field(examples=[8.2])
    """What is certain to trade now, USD per share, + received."""
    filled: int = Field(examples=[0])
    """Whole combinations filled."""
    net_filled: float | None
    """Average net of what filled, USD per share, + received; null before the first."""
    commission_usd: float | None
    """Reported so far, USD, positive is paid."""
    reprices: int = Field(examples=[2])
    """How often its price was changed."""
    proposed_at: Instant
    """When it was made."""
    changed_at: Instant
    """When its state last changed."""
    sent_at: Instant | None
    """When it left; null where it did not."""
    urgent: bool
    """Whether it is a close that may follow the market to its worst price."""
    resting: bool
    """Whether it is a profit taker that waits at its one price for the day."""
    asked_by: str | None
    """The person who asked for it; null where a rule did."""
    approved_by: str | None
    """Who said yes; null where nobody has."""
    max_loss_usd: float | None = Field(examples=[3510.0])
    """USD of the whole order at its worst price, fees included; 0 for a close."""
    reason: str
    """Why it was proposed."""
    why: str
    """The last reason that came with a fact: of a denial, a cancel, a rejection."""


class OrderDetail(Order):
    """One order with what happened to it."""

    timeline: tuple[OrderStep, ...]
    """Oldest first."""
    timeline_is_whole: bool
    """False where some of its steps are from before the engine was started: the history has them."""


class GateAnswer(Model):
    """What one gate says of an opening."""

    gate: str = Field(examples=["open_risk"])
    """Name of the limit."""
    answer: Literal["pass", "fail", "unknown"]
    """Unknown is never a pass."""
    text: str
    """What was found, the bound, and who states it."""


class OrderPreview(Model):
    """What the order of a picked candidate would be now. Nothing is written down or sent by asking."""

    candidate: str
    """Its name."""
    strategy: str
    """Whose limits and exits it would have."""
    spread: str | None
    """In words; null where it is not among what the rules let through now."""
    quantity: int | None
    """Spreads."""
    limit: float | None
    """First price, USD per share, + received."""
    worst: float | None
    """It would never be priced below this, USD per share, + received."""
    net_now: float | None
    """At mid, USD per share, + received: the `shown_net` of its execution."""
    natural_now: float | None
    """What is certain to trade, USD per share, + received."""
    quotes_age_s: float | None
    """Seconds since the oldest quote of a leg was told."""
    max_loss_usd: float | None
    """USD of the whole order at its worst price, fees included."""
    fees_usd: float | None
    """USD of the whole order to open and to close, estimated."""
    preview: PreviewOutcome | None
    """What the broker's what-if came to; null where it was not asked because something else stops the order."""
    preview_text: str
    """What the broker says to it."""
    initial_margin_change_usd: float | None
    """USD that the initial margin would grow by; null where the broker did not say."""
    maintenance_margin_change_usd: float | None
    """USD that the maintenance margin would grow by; null where the broker did not say."""
    preview_commission_usd: float | None
    """USD that the broker names for opening."""
    gates: tuple[GateAnswer, ...]
    """Of every gate that was asked, in the order in which a trader would look at them."""
    obstacle: str | None
    """Why it would not be proposed now; null where it would."""


class Execution(Model):
    """One execution of one leg, as the broker told it."""

    execution: str = Field(examples=["sp3f2a1-261130-0004:0000e0d5.6752a1b3.02:750112334:sell"])
    """Its name, the same also after the broker has corrected it."""
    exec_id: str = Field(examples=["0000e0d5.6752a1b3.02.01"])
    """The broker's id."""
    order_ref: str = Field(examples=["sp3f2a1-261130-0004"])
    """The order that it fills."""
    position: str = Field(examples=["sp3f2a1-261130-0004"])
    """The position that it opens or closes."""
    strategy: str = Field(examples=["spx_bull_put"])
    """Whose order it was."""
    purpose: Literal["open", "close"]
    """Whether the order opens or closes."""
    contract: str = Field(examples=["SPXW 2027-01-10 5895P"])
    """The option in words."""
    con_id: int
    """The broker's contract number."""
    action: Literal["buy", "sell"]
    """What was done with the leg."""
    quantity: int = Field(examples=[2])
    """Contracts."""
    price: float = Field(examples=[31.4])
    """USD per share of the leg, not signed."""
    commission_usd: float | None = Field(examples=[1.3])
    """USD, positive is paid; null where it was not reported yet."""
    executed_at: Instant
    """When it took place; where the broker's time cannot be read, when it was heard."""
    is_provisional: bool
    """Whether it was made from the broker's positions, because the broker tells the execution no more."""
