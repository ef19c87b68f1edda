"""Candidates: the spreads that a strategy's rules let through, ranked, with their numbers and what they quote now."""

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from engine.api.models.base import Instant, Model


class CandidateLeg(Model):
    """One leg as the spread is opened."""

    action: Literal["buy", "sell"]
    """What opening does with it."""
    ratio: int = Field(examples=[1])
    """Contracts in one combination."""
    expiry: date
    """Expiration date."""
    strike: float = Field(examples=[5895.0])
    """USD per share."""
    put_call: Literal["P", "C"]
    """Put or call."""
    bid: float | None = Field(None, examples=[31.2])
    """USD per share; null where nobody bids or nothing was heard."""
    ask: float | None = Field(None, examples=[31.6])
    """USD per share; null where nobody offers or nothing was heard."""
    delta: float | None = Field(None, examples=[-0.16])
    """Of one long option: negative for puts."""
    iv: float | None = Field(None, examples=[0.142])
    """Implied volatility, decimal per year."""


class ViewedValue(Model):
    """The expected value at a volatility of the trader's own."""

    at: str = Field(examples=["realized_vol(20 days)"])
    """As the strategy names it."""
    volatility: float | None
    """Decimal per year; null where it is unknown."""
    expected_value: float | None
    """USD of one spread, present value after fees; null where it is unknown."""


class ShiftedValue(Model):
    """What a spread of two expiries comes to at the first one, were the volatility of what is bought another by then."""

    points: int = Field(examples=[-5])
    """Points of volatility above what it is now, below where negative."""
    max_profit: float
    """USD of one spread, fees apart."""
    breakevens: tuple[float, ...]
    """Prices of the underlying, USD per share."""
    pop: float | None
    """Probability of a profit after fees, 0 to 1."""


class CandidateNumbers(Model):
    """The numbers of one spread at the moment when it was found; null where a number is not known."""

    # What an older journal kept of a proposal may lack or have a number that is not of today.
    model_config = ConfigDict(extra="ignore")

    strategy: str = Field(examples=["spx_bull_put"])
    """Whose rules let it through."""
    underlying: str = Field(examples=["SPX"])
    """Symbol."""
    root: str = Field(examples=["SPXW"])
    """Trading class of the options."""
    legs: tuple[CandidateLeg, ...]
    """In the order of the structure."""
    net: float = Field(examples=[7.45])
    """At mid, USD per share, + received and - paid."""
    natural: float = Field(examples=[7.3])
    """Where every leg pays the ask or hits the bid, USD per share, + received; never better than net."""
    width: float = Field(examples=[25.0])
    """USD per share."""
    max_profit: float = Field(examples=[745.0])
    """USD of one spread, fees apart."""
    max_loss: float = Field(examples=[1755.0])
    """USD of one spread, positive, fees apart."""
    fees: float = Field(examples=[2.6])
    """USD of one spread, estimated, to open and to close."""
    breakevens: tuple[float, ...] = ()
    """Prices of the underlying at expiry, USD per share, fees apart."""
    pop: float | None = Field(None, examples=[0.78])
    """Risk-neutral probability of a profit after fees at expiry, 0 to 1."""
    expected_value: float | None = Field(None, examples=[-3.1])
    """USD of one spread, present value after fees at the market's own smile: about minus the fees."""
    return_on_risk: float | None = Field(None, examples=[0.4245])
    """Max profit over max loss."""
    delta: float | None = Field(None, examples=[0.05])
    """Shares of the underlying that one spread behaves like, divided by the multiplier."""
    gamma: float | None = None
    """Change of delta for 1 USD of the underlying."""
    theta: float | None = Field(None, examples=[0.28])
    """USD per share and calendar day, + earned."""
    vega: float | None = Field(None, examples=[-1.1])
    """USD per share and point of volatility."""
    score: float = Field(examples=[91.2])
    """Value of the strategy's rank expression; higher is better."""
    rank: int = Field(examples=[1])
    """1 is the best of its strategy in this look."""
    forward: float | None = None
    """Forward price of the underlying for the settlement, USD per share."""
    forward_from: str | None = None
    """What the forward comes from."""
    spot: float | None = Field(None, examples=[6012.5])
    """Price of the underlying, USD per share."""
    age_s: float | None = Field(None, examples=[0.8])
    """Seconds since the oldest quote was told that a number comes from, when it was found."""
    views: tuple[ViewedValue, ...] = ()
    """Expected values at volatilities that the strategy names."""
    band: tuple[ShiftedValue, ...] = ()
    """Of two expiries only."""


class Candidate(CandidateNumbers):
    """One ranked spread of the last look of its strategy, and what it quotes now."""

    model_config = ConfigDict(extra="forbid")

    candidate: str = Field(examples=["spx_bull_put:+1x750112301|-1x750112334"])
    """Its name, the same as long as it is the same spread of the same strategy: what a preview and an execution ask for."""
    structure: str = Field(examples=["bull_put"])
    """As the language names it."""
    spread: str = Field(examples=["SPXW 10 Jan 27 5895/5870P bull_put"])
    """The spread in words."""
    con_ids: tuple[int, ...]
    """The broker's contract numbers, one a leg."""
    multiplier: int = Field(examples=[100])
    """Shares that one contract stands for."""
    dte: int = Field(examples=[34])
    """Calendar days to the first expiry."""
    found_at: Instant
    """When the look was that found it."""
    net_now: float | None = Field(examples=[7.5])
    """At mid by the quotes of now, USD per share, + received; null where a leg has no quote."""
    natural_now: float | None = Field(examples=[7.35])
    """Where every leg pays the ask or hits the bid now, USD per share, + received."""
    quotes_age_s: float | None = Field(examples=[0.4])
    """Seconds since the oldest quote of a leg was told."""
    quotes_obstacle: str | None
    """Why the quotes of now cannot be traded on; null where they can."""
    initial_margin_usd: float | None = Field(None, examples=[2500.0])
    """USD that one spread would add to the initial margin, before its premium is booked, by the exchange's rules as the broker
    counts them; null where a leg has no quote. It is of the spread alone: the broker's what-if decides, and may say otherwise."""
    buying_power_change_usd: float | None = Field(None, examples=[-1755.0])
    """USD by which opening one spread changes what may be spent, negative where it takes some: the margin less the credit, or
    plus the debit; null where that is not known."""
    held: bool
    """Whether this same spread is open or on its way already."""
