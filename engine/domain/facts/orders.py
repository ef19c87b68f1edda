"""The life of an order, from the proposal to its last fill."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from engine.domain.deeds import RollDeed
from engine.domain.gate import Verdict
from engine.domain.spread import Action, Spread

Purpose = Literal["open", "close"]
PreviewOutcome = Literal["fits", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class OrderProposed:
    order_ref: str
    purpose: Purpose
    strategy: str
    digest: str
    """The strategy file this order was born with."""
    snapshot: str
    position: str
    """The position it opens (its own order_ref), joins in the place of what was closed of it, or closes."""
    spread: Spread
    quantity: int
    """Spreads."""
    limit: Decimal
    """First price, USD per share, + received."""
    worst: Decimal
    """Frozen: the order is never priced below this, USD per share, + received."""
    max_loss: Decimal
    """USD for the whole order at its worst price, fees included; 0 for a close. Of one that joins a position, what all of that
    can lose with it."""
    fees: Decimal
    """USD for the whole order, estimated, to open and to close; half of it for a close."""
    reason: str
    """For people."""
    candidate: dict[str, object] | None = None
    verdicts: tuple[Verdict, ...] = ()
    rolled_from: str | None = None
    """The position whose close made room for this opening."""
    asked_by: str | None = None
    """The person who asked for this close; None where a rule did."""
    urgent: bool = False
    """Whether a close stops a loss, or must not wait: it may follow the market to its worst price."""
    at_natural: bool = False
    """Whether a close begins at what is certain to trade, and not at mid."""
    rule: str | None = None
    """What sends a close: the condition as the trader wrote it, or the engine's own rule; None where a person does."""
    roll: RollDeed | None = None
    """The roll that a close makes room for; what follows names the position in `rolled_from`."""
    resting: bool = False
    """Whether a close waits at its one price for the day and gives way to every other close of its position."""


@dataclass(frozen=True, slots=True)
class OrderPreviewed:
    """The broker's what-if, USD for the whole order; unknown where it did not answer in time or answered nonsense."""

    order_ref: str
    outcome: PreviewOutcome
    initial_margin_change: Decimal | None
    maintenance_margin_change: Decimal | None
    equity_with_loan_change: Decimal | None
    commission: Decimal | None
    text: str

    @property
    def needed(self) -> Decimal | None:
        """USD that the order takes of the funds; None where the broker did not tell both numbers.

        Equity with loan value counts cash and no options: a credit raises it, and a debit, which may need no margin, lowers it.
        Source: IBKR glossary, equity with loan value.
        """
        if self.initial_margin_change is None or self.equity_with_loan_change is None:
            return None
        return self.initial_margin_change - self.equity_with_loan_change


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    order_ref: str
    expires_at: datetime
    shown_net: Decimal
    """Net at mid that the trader is shown, USD per share."""
    reason: str
    """Why a person is asked."""


@dataclass(frozen=True, slots=True)
class OrderTightened:
    """An order is for fewer spreads, or has a better worst price: a person made an opening safer, or less is left to close."""

    order_ref: str
    by: str
    reason: str
    quantity: int
    """Spreads from now on, never more than before."""
    worst: Decimal
    """It is never priced below this from now on, USD per share, + received; never less than before."""


@dataclass(frozen=True, slots=True)
class OrderApproved:
    order_ref: str
    by: str
    limit: Decimal
    """First price after re-pricing at the moment of approval, USD per share, + received."""
    spot: Decimal | None = None
    """Price of the underlying at that moment, USD per share: away from it an opening is another trade; None is unknown."""


@dataclass(frozen=True, slots=True)
class OrderDenied:
    order_ref: str
    obstacle: Verdict


@dataclass(frozen=True, slots=True)
class OrderDeclined:
    order_ref: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderExpired:
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderSent:
    """On disk before the order leaves the machine."""

    order_ref: str
    limit: Decimal
    mid: Decimal | None = None
    """What the spread would bring at mid as it was quoted then, USD per share, + received; None where that was not known."""
    natural: Decimal | None = None
    """What it would bring at once."""


@dataclass(frozen=True, slots=True)
class OrderAcknowledged:
    """The broker holds the order and it works; also what a search for an unknown order may find."""

    order_ref: str
    perm_id: int
    order_id: int
    status: str


@dataclass(frozen=True, slots=True)
class OrderRepriced:
    """On disk before the change of price leaves the machine."""

    order_ref: str
    limit: Decimal
    step: int
    mid: Decimal | None = None
    """What the spread would bring at mid as it was quoted then, USD per share, + received; None where that was not known."""
    natural: Decimal | None = None
    """What it would bring at once."""


@dataclass(frozen=True, slots=True)
class CancelRequested:
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class LegFilled:
    """One execution of one leg. Its id, contract and side make it count once; a correction keeps all of the id but its end."""

    order_ref: str
    exec_id: str
    con_id: int
    action: Action
    quantity: int
    price: Decimal
    """USD per share of this leg, always positive or 0."""
    executed_at: datetime | None
    """None where the broker's time for it cannot be read: then it was no later than this fact was heard."""
    perm_id: int | None = None
    provisional: bool = False
    """Made from the order and the broker's positions, because it tells the execution no more; counts until it does."""


@dataclass(frozen=True, slots=True)
class CommissionReported:
    order_ref: str
    exec_id: str
    amount: Decimal
    """USD, positive is paid."""
    con_id: int | None = None
    """With `action`, which execution it was paid for: those of two legs may share all of the id but its last part."""
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class OrderCanceled:
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderRejected:
    order_ref: str
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class OrderUnknown:
    """Silence, an error or a lost link: nothing is sent again before the broker has been asked."""

    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderAbsent:
    """The broker was asked for open, completed and executed orders and knows nothing of it."""

    order_ref: str
