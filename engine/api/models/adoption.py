"""Foreign options: what the broker holds that is not ours, and what some of it would be as a position."""

from engine.api.models.base import Model
from engine.api.models.positions import Position


class ForeignOption(Model):
    """One option that the broker holds and that no order of this engine has opened."""

    con_id: int
    """The broker's contract number."""
    contract: str
    """The option in words."""
    underlying: str
    """Symbol."""
    quantity: int
    """Contracts, short is negative."""
    average_price: float | None
    """What one contract cost or brought as the broker tells it, its commission included, USD per share; null where unknown."""
    bid: float | None
    """USD per share; null where nobody bids, or no quote of it streams."""
    ask: float | None
    """USD per share; null where nobody offers, or no quote of it streams."""
    obstacle: str | None
    """Why it cannot be adopted; null where it can be, beside what covers it."""


class Adoption(Model):
    """What is foreign, and what the chosen legs would be as a position. Nothing is changed by asking."""

    foreign: tuple[ForeignOption, ...]
    """Every foreign option."""
    books_age_s: float | None
    """Seconds since the broker was asked what it holds; null where that is not known."""
    position: Position | None
    """The position that the chosen legs would make, its exits with their answers of now; null where none are chosen or can be."""
    obstacle: str | None
    """Why the chosen legs cannot be adopted; null where they can be."""
