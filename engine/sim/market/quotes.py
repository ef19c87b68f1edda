"""What a market shows: quotes of all listed options in columns, quotes of underlyings one by one, daily bars.

Inside the columns NaN is how a float says absent; single values say None.
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quotes:
    """One float64 a listed option in each column, rows as in the listing. The market writes them in place."""

    bid: Floats
    """USD per share; 0 is a real bid of nothing."""
    ask: Floats
    bid_size: Floats
    """Contracts."""
    ask_size: Floats
    last: Floats
    """Last trade, USD per share."""
    volume: Floats
    """Contracts traded today so far."""
    open_interest: Floats
    """Contracts at the previous close."""
    model: Floats
    """The model's price, USD per share: what TWS sends with its greeks."""
    iv: Floats
    """Implied volatility, decimal per root year."""
    delta: Floats
    """Shares per option; negative for puts."""
    gamma: Floats
    """Delta per 1.00 of the underlying."""
    theta: Floats
    """USD per share and calendar day."""
    vega: Floats
    """USD per share and volatility point."""

    @classmethod
    def absent(cls, rows: int) -> Self:
        """Columns of which nothing is known yet."""
        return cls(*(np.full(rows, np.nan) for _ in fields(cls)))


@dataclass(frozen=True, slots=True)
class UnderlyingQuote:
    """What is known of one underlying now; prices in USD per share (index points), sizes in shares."""

    price: float | None
    """Last trade, or the level of an index."""
    bid: float | None
    """None for an index: nobody trades it."""
    ask: float | None
    bid_size: int | None
    ask_size: int | None
    volume: int | None
    """Shares traded today so far."""
    open: float | None
    high: float | None
    low: float | None
    previous_close: float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One day; of a price in USD, or of a 30-day implied volatility as a decimal."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: int | None = None
    """Shares; None where nothing trades."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one step of the market changed."""

    rows: NDArray[np.int64]
    """Rows of options whose quote, size, last or volume changed, ascending; all rows after a new listing."""
    underlyings: tuple[str, ...]
    """Underlyings whose quote changed."""
    relisted: bool = False
    """A new trading day began: `listing` and `quotes` are new objects, and rows have other numbers."""


NOTHING = Change(np.empty(0, dtype=np.int64), ())


def traded(quotes: Quotes) -> tuple[Floats, ...]:
    """The live columns that trading moves; greeks alone do not make a change."""
    return (quotes.bid, quotes.ask, quotes.bid_size, quotes.ask_size, quotes.last, quotes.volume)


def changed_rows(before: tuple[Floats, ...], after: tuple[Floats, ...]) -> NDArray[np.int64]:
    """Rows in which any column differs, ascending; absent equals absent."""
    differs = np.zeros(len(before[0]), dtype=np.bool_)
    for old, new in zip(before, after, strict=True):
        differs |= (old != new) & ~(np.isnan(old) & np.isnan(new))
    return np.flatnonzero(differs)
