"""What the chain says about one spread right now: its net at mid, natural and best, and why it must not be believed.

Prices here are the edge where floats of the chain become money: Decimal, USD per share, + received and - paid.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from engine.domain.chain import ChainSnapshot
from engine.domain.facts import Purpose
from engine.domain.spread import Spread

DIGITS = 4
"""Quotes have at most four decimals; what is beyond is the noise of binary fractions."""
STANDS_FOR_S = 120.0
"""In session an option's price or size is told more often than that, unless its line is dead."""


class Rows:
    """The columns of a chain snapshot as arrays, looked up by the broker's contract number."""

    def __init__(self, chain: ChainSnapshot) -> None:
        self.chain = chain
        self._columns: dict[str, NDArray[np.float64]] = {}

    def value(self, con_id: int, column: str) -> float | None:
        """One value; None where the contract is not in the chain or the value is absent."""
        row = self.chain.rows_by_con_id.get(con_id)
        if row is None:
            return None
        values = self._columns.get(column)
        if values is None:
            values = cast("NDArray[np.float64]", self.chain.table.column(column).to_numpy())
            self._columns[column] = values
        value = float(values[row])
        return value if np.isfinite(value) else None


@dataclass(frozen=True)
class SpreadQuote:
    """Nets of trading a spread once in the order's direction, and the first reason to wait, if any."""

    mid: Decimal
    natural: Decimal
    """Every leg at its far side: the worst that is certain to trade."""
    best: Decimal
    ages_s: tuple[float, ...]
    """Ages of the leg quotes that a price is taken from."""
    obstacle: str | None
    """Why these quotes decide nothing: crossed, locked, one-sided or no bid for what is sold."""

    @property
    def age_s(self) -> float:
        """Age of the oldest of the leg quotes; 0 where no price is taken from any."""
        return max(self.ages_s, default=0.0)

    def stands(self, within_s: float) -> bool:
        """Whether a close may be decided on these quotes: one was told within so many seconds and none is older than two minutes.

        The broker tells what changes: while one leg is told, data come, and the other is as it was told last. An opening has no
        such need; it asks all legs to be fresh.
        """
        return min(self.ages_s, default=0.0) <= within_s and self.age_s <= STANDS_FOR_S

    @cached_property
    def half_width(self) -> Decimal:
        return (self.best - self.natural) / 2


def spread_quote(spread: Spread, rows: Rows, purpose: Purpose) -> SpreadQuote | None:
    """The quote of the spread for opening or closing it; None where a side of a leg is not known.

    In a close a leg may have no bid. One that is sold is then given away for nothing, so that the other can be bought back, and
    it does not matter when it was quoted; one that is bought back costs its ask, also at mid.
    Source: synthetic best bid and offer of a combination, domain rule 1.1: buy at the ask, sell at the bid.
    """
    near = far = Decimal(0)
    ages_s, obstacle = list[float](), None
    for leg in spread.legs:
        con_id = leg.contract.con_id
        bid, ask = rows.value(con_id, "bid"), rows.value(con_id, "ask")
        quoted_at = rows.value(con_id, "quoted_at")
        buys = (leg.action == "buy") == (purpose == "open")
        nothing_bid = bid is None and purpose == "close"
        if nothing_bid:
            bid = 0.0
        if bid is None or ask is None or quoted_at is None:
            return None
        low, high = _money(bid) * leg.ratio, _money(ask) * leg.ratio
        far += -high if buys else low
        near += high if not buys else -high if nothing_bid else -low
        if buys or bid > 0 or purpose == "open":
            ages_s.append(rows.chain.as_of.timestamp() - quoted_at)
        obstacle = obstacle or _obstacle(bid, ask, buys=buys, opens=purpose == "open", name=str(leg.contract))
    return SpreadQuote(mid=(near + far) / 2, natural=far, best=near, ages_s=tuple(ages_s), obstacle=obstacle)


def _obstacle(bid: float, ask: float, *, buys: bool, opens: bool, name: str) -> str | None:
    if ask <= 0:
        return f"{name} has no ask"
    if bid > ask:
        return f"{name} is crossed, {bid} over {ask}"
    if bid == ask:
        return f"{name} is locked at {bid}"
    if opens and not buys and bid <= 0:
        return f"{name} has no bid to sell at"
    return None


def _money(price: float) -> Decimal:
    return Decimal(repr(round(price, DIGITS)))
