"""Openings that wait for a person's yes or no, each at its price of now."""

from pydantic import Field

from engine.api.models.base import Instant
from engine.api.models.candidates import CandidateNumbers
from engine.api.models.orders import Order
from engine.domain.facts.orders import PreviewOutcome


class Approval(Order):
    """An opening that waits for a person, with everything that a yes needs."""

    expires_at: Instant | None
    """When the question is over."""
    expires_in_s: float | None = Field(examples=[252.0])
    """Seconds that are left."""
    shown_net: float | None = Field(examples=[8.45])
    """Net at mid when the person was asked, USD per share, + received."""
    quotes_age_s: float | None
    """Seconds since the oldest quote of a leg was told."""
    quotes_obstacle: str | None
    """Why the quotes of now cannot be traded on; null where they can."""
    asked_because: str
    """Why a person is asked."""
    fees_usd: float | None
    """USD of the whole order to open and to close."""
    fees_by: str = Field(examples=["estimate"])
    """Who named the fees."""
    preview: PreviewOutcome | None
    """What the broker's what-if came to; null while it is awaited."""
    preview_text: str
    """What the broker says to it."""
    initial_margin_change_usd: float | None
    """USD that the initial margin would grow by, of the whole order; null where the broker did not say."""
    maintenance_margin_change_usd: float | None
    """USD that the maintenance margin would grow by; null where the broker did not say."""
    preview_commission_usd: float | None
    """USD that the broker's what-if names for opening."""
    multiplier: int
    """Shares that one contract stands for."""
    underlying_now: float | None
    """Price of the underlying, USD per share."""
    candidate: CandidateNumbers | None
    """The numbers of one spread when it was proposed."""
    gates: tuple[str, ...]
    """What every gate answered when it was proposed."""
    gates_asked_now: int
    """How many gates were asked again for this answer; 0 where they could not be."""
    gates_not_passed_now: tuple[str, ...]
    """Those that would stop it now."""
