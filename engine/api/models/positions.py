"""Positions: legs, sides, what closing would bring, and each exit rule with how far it is from firing."""

from datetime import date
from typing import Literal

from pydantic import Field

from engine.api.models.base import Instant, Model
from engine.domain.deeds import RollDeed


class Part(Model):
    """So many equal combinations of a position that are open."""

    spread: str
    """The combination in words, as opened."""
    quantity: int
    """Combinations."""


class PositionLeg(Model):
    """One leg of a position with what it quotes now."""

    contract: str = Field(examples=["SPXW 2027-01-10 5895P"])
    """The option, or the shares that options became, in words."""
    con_id: int
    """The broker's contract number."""
    action: Literal["buy", "sell"]
    """What opening did with it: what was sold is owed."""
    ratio: int
    """Contracts in one combination."""
    expiry: date | None
    """Expiration date; null of shares."""
    strike: float | None
    """USD per share; null of shares."""
    put_call: Literal["P", "C"] | None
    """Put or call; null of shares."""
    opened: int
    """Contracts opened."""
    held: int
    """Contracts that are still there."""
    opening_price: float
    """Average, USD per share, not signed."""
    closing_price: float | None
    """Average of what was closed, USD per share, not signed; null before the first."""
    bid: float | None
    """USD per share; null where nobody bids or nothing was heard."""
    ask: float | None
    """USD per share; null where nobody offers or nothing was heard."""
    age_s: float | None
    """Seconds since its quote was told."""
    delta: float | None
    """Of one long option: negative for puts."""
    gamma: float | None
    """Of one long option."""
    theta: float | None
    """Of one long option, USD per share and calendar day."""
    vega: float | None
    """Of one long option, USD per share and point of volatility."""
    iv: float | None
    """Implied volatility, decimal per year."""


class PositionSide(Model):
    """The puts or the calls of a structure that has both."""

    side: Literal["put", "call"]
    """Which."""
    profit_usd: float | None
    """What closing it at mid would make, USD, before fees; null where it is not known."""
    credit_usd: float | None
    """What opening it brought, USD; null where it cost money."""
    short_delta: float | None
    """Largest absolute delta of what is owed, 0 to 1."""
    breached: bool | None
    """Whether the underlying is at or beyond a short strike; null where it is not known."""


class ExitDistance(Model):
    """One comparison of an exit rule, and how far its measure is from the bound."""

    measure: str = Field(examples=["loss"])
    """What is compared, as the rule writes it."""
    value: float | None = Field(examples=[-660.0])
    """Its value now, in its unit; null where it is not known."""
    op: str = Field(examples=[">="])
    """The comparison."""
    bound: float | None = Field(examples=[1680.0])
    """What it is held against, in the same unit."""
    unit: str = Field(examples=["$"])
    """Unit of value, bound and distance."""
    distance: float | None = Field(examples=[2340.0])
    """How far the value must still go for the comparison to hold, in its unit; 0 or less where it holds."""


class Exit(Model):
    """One exit rule of a position; the first that holds wins."""

    rule: str = Field(examples=["loss >= 200% of credit"])
    """The condition as the trader wrote it."""
    action: str = Field(examples=["close"])
    """What it does."""
    answer: Literal["yes", "no", "unknown"]
    """Whether it holds now; a rule that cannot be answered does not fire."""
    values: dict[str, float | bool | None]
    """The measures that it looks at, each in its unit."""
    distances: tuple[ExitDistance, ...]
    """Each of its comparisons; all of one that is joined by `and` must hold."""
    looks: int
    """How many looks in a row it has held, while it waits to be believed."""


class Ending(Model):
    """Legs of a position that end within three sessions, and what is done about them where none of its exits closes it before."""

    legs: tuple[str, ...]
    """Those that end next, in words."""
    trades_until: Instant
    """When they stop trading."""
    settles_at: Instant
    """When the price is taken that they settle by."""
    settles_in: Literal["cash", "shares"]
    """What they turn into."""
    sessions: int
    """Sessions after today's up to the last in which they trade; 0 on that day."""
    nearest: float | None
    """How far the nearest is out of the money, as a share of the price; negative in the money, null without a price."""
    guarded_from: Instant | None
    """From when on what is near or in the money is closed; null where they go to their settlement whatever the price is."""
    plan: str
    """What is done about them, in a sentence."""


class Rolls(Model):
    """How often something was closed to open what takes its place, and what that brought."""

    count: int
    """How often; what `at_most` of the file is held against."""
    net_usd: float
    """What closing and opening brought together, USD, + received, before fees."""
    last_on: date
    """The trading day on which the last one was opened."""


class RestingOrder(Model):
    """A profit taker that rests at the broker."""

    order_ref: str = Field(examples=["sp3f2a1-261130-0007"])
    """Its reference, here and at the broker."""
    quantity: int = Field(examples=[2])
    """Combinations that it may still close."""
    limit: float = Field(examples=[-4.2])
    """Its price, USD per share, + received and - paid."""
    rule: str = Field(examples=["profit >= 50% of credit"])
    """The line of the file that it rests for."""


class Position(Model):
    """One position, with the mark of what is open. Amounts are USD for all of it, fees apart where not said."""

    position: str = Field(examples=["sp3f2a1-261130-0004"])
    """Its name: the reference of the order that opened it."""
    strategy: str = Field(examples=["spx_bull_put"])
    """Whose position it is."""
    underlying: str = Field(examples=["SPX"])
    """Symbol."""
    structure: str = Field(examples=["bull_put"])
    """As the language names it."""
    spread: str
    """The first part that is open, in words; of a closed one, as it was opened."""
    opened_at: Instant
    """When its first execution took place."""
    closed_at: Instant | None
    """When its last one did; null while it is open."""
    dte: int | None
    """Calendar days to the first expiry of what is held; null where it is closed."""
    opened_dte: int | None = Field(default=None, examples=[45])
    """Calendar days to its first expiry when it was opened."""
    opened_delta: float | None = Field(default=None, examples=[0.16])
    """Largest absolute delta of what was sold when it was proposed, 0 to 1; null where it is not known."""
    quantity: int
    """Combinations of the first part that are open."""
    opened: int
    """Combinations opened."""
    opening_net: float | None
    """Average net of opening it, USD per share, + received."""
    closing_net: float | None
    """Net of all that was closed, USD per share, + received; null before the first."""
    realised_usd: float | None
    """Made on what is closed, USD, before fees."""
    mark: float | None
    """What closing the first part brings at mid now, USD per share, + received, negative where it costs."""
    natural: float | None
    """What closing the first part certainly brings now, USD per share, + received."""
    mark_age_s: float | None
    """Seconds since the oldest quote was told that the mark comes from."""
    mark_obstacle: str | None
    """Why the mark is not to be believed; null where it is, or the position is closed."""
    unrealised_usd: float | None
    """What closing the rest at mid would make, USD, before fees; null where it is not known."""
    parts: tuple[Part, ...]
    """What is open, in combinations."""
    legs: tuple[PositionLeg, ...]
    """In the order of the structure."""
    sides: tuple[PositionSide, ...]
    """Of a structure with puts and calls; empty otherwise."""
    exits: tuple[Exit, ...]
    """The rules of the version that opened it, in their order; empty where it is closed."""
    delta: float | None
    """Of all that is held: shares of the underlying that it behaves like."""
    gamma: float | None
    """Of all that is held: change of delta for 1 USD of the underlying."""
    theta: float | None
    """Of all that is held: USD per calendar day, + earned."""
    vega: float | None
    """Of all that is held: USD per point of volatility."""
    underlying_now: float | None
    """Price of the underlying, USD per share."""
    multiplier: int
    """Shares that one contract stands for."""
    fees_usd: float | None
    """Reported so far, USD, positive is paid."""
    max_loss_usd: float | None
    """Most that what is open can still lose, USD, fees included."""
    max_profit_usd: float | None
    """Most that what is open can still make, USD, fees apart; null where nothing bounds it or it is closed."""
    state: Literal["open", "closed"]
    """Whether something is left of it."""
    close_reason: str
    """Why it was closed last; empty where it was not."""
    rolled_from: str | None
    """The position that was closed to make room for it."""
    rolls: Rolls | None
    """Those that have led to it, of parts of it and of positions before it; null before the first."""
    can_roll: tuple[RollDeed, ...] = Field(examples=[("roll",)])
    """What a person may roll of it by the file in force; empty where that says not where to, or it is closed."""
    best_profit_usd: float | None
    """Best profit that was believed of what is open, USD, which exits with a memory look back to; null where none was kept."""
    exercised: tuple[str, ...]
    """What became of options of it that were assigned or exercised, a sentence each."""
    reduced_because: str | None
    """Why something of it is traded away without a rule of its file; null where nothing is."""
    ending: Ending | None
    """What becomes of legs that end within three sessions; null where none does, or it is closed."""
    blocked: str | None
    """Why an exit is due and cannot act; null where none is."""
    closing: tuple[str, ...]
    """Orders on their way that close something of it, but for one that rests."""
    resting: RestingOrder | None
    """Its profit taker at the broker; null where none rests."""


class CloseOrder(Model):
    """One order of a close."""

    spread: str
    """The combination as opened, in words."""
    quantity: int
    """Combinations."""
    mid: float | None
    """At mid, USD per share, + received."""
    natural: float | None
    """What is certain to trade, USD per share, + received."""
    limit: float | None
    """Its first price, USD per share, + received."""
    worst: float | None
    """It is never priced below this, USD per share, + received."""


class CloseLeg(Model):
    """One leg as its close trades it."""

    action: Literal["buy", "sell"]
    """What closing does with it."""
    quantity: int
    """Contracts."""
    contract: str
    """The option in words."""
    bid: float | None
    """USD per share."""
    ask: float | None
    """USD per share."""


class ClosePreview(Model):
    """What closing a position, or a portion of it, would do now. Nothing is sent by asking."""

    position: str
    """Its name."""
    strategy: str
    """Whose position it is."""
    spread: str
    """The first part that is open, in words."""
    opened_at: Instant
    """When its first execution took place."""
    opening_net: float | None
    """Average net of opening it, USD per share, + received."""
    fees_usd: float | None
    """Reported so far, USD, positive is paid."""
    orders: tuple[CloseOrder, ...]
    """One for each part that is closed."""
    legs: tuple[CloseLeg, ...]
    """What is traded."""
    mid: float | None
    """All orders at mid, USD per share of one combination of the first, + received: the `shown_net` of the close."""
    natural: float | None
    """All orders at natural, USD per share of one combination of the first, + received."""
    limit: float | None
    """All orders at their first price, USD per share of one combination of the first, + received."""
    worst: float | None
    """All orders at their worst price, USD per share of one combination of the first, + received."""
    realises_at_mid_usd: float | None
    """USD that it would make at mid, before fees."""
    realises_at_worst_usd: float | None
    """USD that it would make at the worst price, before fees."""
    closing_fees_usd: float | None
    """USD, estimated."""
    quotes_age_s: float | None
    """Seconds since the oldest quote was told that it is priced by."""
    obstacle: str | None
    """Why nothing can be sent now; null where it can."""
