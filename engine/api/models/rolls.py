"""Rolls by hand: what would be closed, what would take its place, and what both bring together."""

from datetime import date

from pydantic import Field

from engine.api.models.base import Model
from engine.api.models.positions import CloseLeg, CloseOrder
from engine.api.models.words import PricedWord
from engine.domain.deeds import RollDeed


class RollWord(PricedWord):
    """Who rolls a position, or a part of it. `shown_net` is the `mid` of what was shown."""

    what: RollDeed = Field("roll", examples=["roll put side"])
    """All of it, or a part that the position says it `can_roll`."""


class RollOpening(Model):
    """What would take the place of what is closed, looked for anew once that is: the best that passes every gate now."""

    spread: str = Field(examples=["SPXW 15 Jan 27 5895/5870P bull_put"])
    """The combination in words."""
    quantity: int = Field(examples=[2])
    """Combinations."""
    expiry: date
    """Its first expiration date."""
    mid: float | None
    """USD per share, + received."""
    natural: float | None
    """What is certain to trade, USD per share, + received."""
    limit: float | None
    """Its first price, USD per share, + received."""
    worst: float | None
    """It is never priced below this, USD per share, + received."""
    max_loss_usd: float | None
    """Most that it can lose, USD, fees included; of one that joins a position, what that can lose with it."""
    fees_usd: float | None
    """To open and to close, USD, estimated."""
    gates: int = Field(examples=[44])
    """How many gates it passes now."""


class RollPreview(Model):
    """What rolling a position, or a part of it, would do now, by the roll of its file. Nothing is sent by asking.

    Nets are USD per share of one combination that is closed, closing and opening together, + received.
    """

    position: str = Field(examples=["sp3f2a1-261130-0004"])
    """Its name."""
    strategy: str
    """Whose position it is."""
    spread: str
    """The first part that is open, in words."""
    what: RollDeed
    """What would be rolled."""
    closes: CloseOrder | None
    """The order that is sent; null where it would not be one."""
    closing_legs: tuple[CloseLeg, ...]
    """What closing trades."""
    opens: RollOpening | None
    """What would follow; null where nothing could."""
    mid: float | None
    """At mid: the `shown_net` of the roll; null where something has no quote."""
    natural: float | None
    """At natural: what is certain."""
    brings_at_mid_usd: float | None
    """USD, before fees."""
    brings_at_natural_usd: float | None
    """USD, before fees."""
    wanted: float | None
    """What the file asks both to bring at the least; 0 is more than nothing. Null where it says not where to roll."""
    rolled: int
    """How often the position was rolled so far."""
    at_most: int | None
    """How often its file lets it be; null where it says not where to roll."""
    obstacle: str | None
    """Why nothing can be sent now; null where it can."""
