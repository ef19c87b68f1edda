"""Ideas: spreads of every structure under a person's own view of a price. Nothing is sent and nothing is kept by asking."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from engine.api.models.base import Instant, Model
from engine.api.models.candidates import CandidateNumbers


class ViewWord(Model):
    """A view of a price, and how many spreads are wanted."""

    view: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        examples=["SPX 3% to 5% higher by 18 Dec, 70% sure"]
    )
    """As `spreads ideas` takes it; 68% sure where nothing is said."""
    each: int = Field(1, ge=1, le=20)
    """So many of each structure."""
    top: int = Field(12, ge=1, le=100)
    """So many in all."""


class Idea(CandidateNumbers):
    """One spread. `expected_value` and `score` are those of the view at mid, all else is the market's."""

    structure: str = Field(examples=["bull_call"])
    """As the language names it."""
    spread: str = Field(examples=["SPXW 18 Dec 26 6100/6150C bull_call"])
    """The combination in words."""
    multiplier: int
    """Shares that one contract stands for."""
    dte: int | None
    """Calendar days to its first expiry."""
    quantity: int | None
    """How many the limits of account.yaml let through for one order; null where the account's worth is not known."""
    view_pop: float | None
    """Chance of a profit after fees under the view, opened at mid, 0 to 1; null where what lives on has no volatility."""
    view_value: float
    """USD that one brings under the view, opened at natural, after fees."""
    view_score: float
    """That value for each dollar that can be lost."""


class Ideas(Model):
    """What pays under a view in the newest snapshot, the best for each dollar that can be lost first."""

    underlying: str = Field(examples=["SPX"])
    """Symbol."""
    by: date
    """The day that the view is about."""
    sure: float
    """How sure it is, 0 to 1."""
    as_of: Instant
    """When the snapshot was taken."""
    expected: float
    """Price on that day under the view, on average, USD per share."""
    low: float
    """Nine times in ten it ends above this under the view ..."""
    high: float
    """... and below this, USD per share."""
    market_expected: float
    """Price on that day by the market, on average, USD per share."""
    market_volatility: float
    """Decimal per year."""
    market_chance: float
    """What the market gives the range from low to high, 0 to 1."""
    ideas: tuple[Idea, ...]
    """Best first."""
    nothing: tuple[str, ...]
    """Structures of which nothing pays under the view."""
    too_large: bool
    """Whether something pays and is too large for the limits of account.yaml."""
