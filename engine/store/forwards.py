"""The forward of every expiry of a layout, kept up.

It comes from call-put parity where the expiry's pairs are quoted, else from its neighbours, else from spot, rate and yield.
What it is above its level is kept as its growth, ln(forward / level). The level of an underlying that trades itself is its
spot, which carries the forward along between two quotes of a pair. Between two expiries that have pairs the growth is a
straight line in time, from nothing now to the first one; behind the last it goes on at the same rate for once again that
time. What does not trade itself has no other level than its forward, and no forward but by pairs of its own.
"""

from datetime import datetime

import numpy as np

from engine.domain.clocks import NUMBERS_STAND_FOR, STANDS_FOR
from engine.domain.index_classes import trades_itself
from engine.domain.session import days_to_expiry, years_between
from engine.pricing.parity import Pairs, parity_forwards
from engine.store.columns import Columns, Layout

PARITY, BETWEEN, SPOT = 1, 2, 3
"""What a forward comes from: FORWARD_FROM of the chain relation."""
_BEYOND = 2.0
"""So many times the time to the last expiry that has a pair, its rate is taken for those behind it; farther out it says too
little."""
_NEAR = 16
"""Strikes on each side of the money in which pairs are looked for first: nearly always they are there."""


class Forwards:
    """Arrays of one entry an expiry, in the order of the layout."""

    def __init__(self, layout: Layout, columns: Columns) -> None:
        count = len(layout.expiries)
        self.years = np.full(count, np.nan)
        self.level = np.full(count, np.nan)
        """What delta is relative to, USD per share."""
        self.forward = np.full(count, np.nan)
        self.source = np.zeros(count, np.int8)
        self.quoted_at = np.full(count, np.nan)
        """When the oldest quote that forward and level come from was told, UTC seconds."""
        self.underlying = np.array([expiry.underlying for expiry in layout.expiries], dtype=np.int64)
        self.rate = np.array([carry.rate for carry in layout.carries])[self.underlying] if count else np.empty(0)
        self.is_american = np.array([expiry.is_american for expiry in layout.expiries], dtype=np.bool_)
        self._layout, self._columns = layout, columns
        self._dividend = np.array([carry.dividend for carry in layout.carries])[self.underlying] if count else np.empty(0)
        self._trades_itself = np.array([trades_itself(layout.underlyings[u]) for u in self.underlying], dtype=np.bool_)
        self._reach = np.where(self._trades_itself, NUMBERS_STAND_FOR.total_seconds(), STANDS_FOR.total_seconds())
        """Seconds that a pair may be old. Where nothing stands in for it, it stands as long as an exit believes a quote."""
        self._discount = np.full(count, np.nan)
        self._parity = np.full(count, np.nan)
        """Forward by the expiry's own pairs, at the level `_parity_level`."""
        self._parity_level = np.full(count, np.nan)
        self._parity_at = np.full(count, np.nan)
        self._lowest, self._highest = np.full(count, -np.inf), np.full(count, np.inf)
        """Strikes among which the pairs were looked for last."""
        self._seen: tuple[np.ndarray, np.ndarray] | None = None
        """Prices of the underlyings, and when they were told, at the last refresh."""

    def move_clock(self, now: datetime) -> None:
        """Measure the time to every settlement anew."""
        columns = self._columns
        for number, expiry in enumerate(self._layout.expiries):
            self.years[number] = columns["years"][expiry.rows] = years_between(now, expiry.settles)
            columns["dte"][expiry.rows] = days_to_expiry(now, expiry.day)
        self._discount = np.exp(-self.rate * self.years)
        for number, expiry in enumerate(self._layout.expiries):
            columns["discount"][expiry.rows] = self._discount[number]

    def concerned(self, expiry: np.ndarray, strike: np.ndarray) -> np.ndarray:
        """Numbers of the expiries whose forward these options may have a say in, of all whose quotes were heard.

        Those have none whose strike lies neither among the pairs that were asked last, nor as near to where the forward is now.
        """
        low, high, forward = self._lowest[expiry], self._highest[expiry], self.forward[expiry]
        asked = (strike >= low) & (strike <= high)
        near = np.abs(strike - forward) <= 0.5 * (high - low)
        return expiry[asked | near | np.isnan(forward)]

    def refresh(self, at: float, asked: np.ndarray, prices: np.ndarray, price_at: np.ndarray) -> np.ndarray:
        """Bring everything to now, UTC seconds; True for each expiry of which forward, level or age has changed.

        `asked` is True for each expiry of which a quote was heard near the money or the clock has moved; `prices` and `price_at`
        are by underlying.
        """
        asked = asked | (self._parity_at < at - self._reach)
        if asked.any():
            self._measure(at, np.flatnonzero(asked), prices)
        elif self._seen and all(
            np.array_equal(a, b, equal_nan=True) for a, b in zip(self._seen, (prices, price_at), strict=True)
        ):
            return np.zeros(len(asked), np.bool_)
        self._seen = (prices.copy(), price_at.copy())
        before = tuple(values.copy() for values in (self.forward, self.level, self.source, self.quoted_at))
        for u, price in enumerate(prices):
            numbers = np.flatnonzero(self.underlying == u)
            if numbers.size and self._trades_itself[numbers[0]] and np.isfinite(price):
                self._carry(numbers, float(price), float(price_at[u]))
            elif numbers.size:
                self._stand_alone(numbers)
        now = (self.forward, self.level, self.source, self.quoted_at)
        changed = np.logical_or.reduce([_differ(a, b) for a, b in zip(before, now, strict=True)])
        self._write(changed)
        return changed

    def _measure(self, at: float, numbers: np.ndarray, prices: np.ndarray) -> None:
        """Parity of these expiries; NaN where no pair says anything."""
        self._parity[numbers] = self._parity_at[numbers] = np.nan
        level = np.where(self._trades_itself, prices[self.underlying], np.nan)
        reference = np.where(np.isfinite(self.forward), self.forward, level)
        known = numbers[np.isfinite(reference[numbers])]
        self._parity_level[numbers] = level[numbers]
        self._ask(at, self._around(known, reference), level)
        left = numbers[np.isnan(self._parity[numbers])]
        if left.size:
            self._ask(at, self._around(left, None), level)

    def _around(self, numbers: np.ndarray, reference: np.ndarray | None) -> np.ndarray:
        """Places among the strikes of these expiries: those around the reference, or all of them."""
        strikes = self._layout.strikes
        begins, ends = strikes.starts[numbers], strikes.starts[numbers + 1]
        self._lowest[numbers], self._highest[numbers] = -np.inf, np.inf
        if reference is not None:
            money = np.array(
                [np.searchsorted(strikes.strike[b:e], reference[n]) for n, b, e in zip(numbers, begins, ends, strict=True)]
            )
            middles = begins + money.astype(np.int64)
            begins, ends = np.maximum(begins, middles - _NEAR), np.minimum(ends, middles + _NEAR)
            self._lowest[numbers], self._highest[numbers] = strikes.strike[begins], strikes.strike[ends - 1]
        if not numbers.size:
            return np.empty(0, np.int64)
        return np.concatenate([np.arange(begin, end) for begin, end in zip(begins, ends, strict=True)])

    def _ask(self, at: float, places: np.ndarray, level: np.ndarray) -> None:
        """Let the pairs at these places name the forwards of their expiries."""
        strikes, columns = self._layout.strikes, self._columns
        call, put, of = strikes.call[places], strikes.put[places], strikes.expiry[places]
        told = np.minimum(columns["quoted_at"][call], columns["quoted_at"][put])
        is_fresh = (call >= 0) & (put >= 0) & (told >= at - self._reach[of])
        if not is_fresh.any():
            return
        places, call, put, of, told = places[is_fresh], call[is_fresh], put[is_fresh], of[is_fresh], told[is_fresh]
        moved = level[of] / (0.5 * (columns["quoted_level"][call] + columns["quoted_level"][put]))
        pairs = Pairs(
            of, strikes.strike[places], columns["bid"][call], columns["ask"][call], columns["bid"][put], columns["ask"][put],
            told, np.where(np.isfinite(moved), moved, 1.0),
        )  # fmt: skip
        expected = level * np.exp((self.rate - self._dividend) * self.years)
        found = parity_forwards(pairs, self._discount, expected, self.is_american)
        numbers = np.flatnonzero(np.isfinite(found.forward))
        self._parity[numbers], self._parity_at[numbers] = found.forward[numbers], found.told_at[numbers]

    def _carry(self, numbers: np.ndarray, price: float, price_at: float) -> None:
        """Forwards of an underlying that trades itself, at its present price."""
        years = self.years[numbers]
        # A pair that was measured before the price was known stands at the level that it names.
        growth = np.log(
            self._parity[numbers] / np.where(np.isfinite(self._parity_level[numbers]), self._parity_level[numbers], price)
        )
        has_own = np.isfinite(growth) & (years > 0)
        source, told = np.full(len(numbers), SPOT, np.int8), np.full(len(numbers), price_at)
        otherwise = (self.rate[numbers] - self._dividend[numbers]) * years
        if has_own.any():
            order = np.argsort(years[has_own], kind="stable")
            at, grown = years[has_own][order], growth[has_own][order]
            line = np.where(years <= at[-1], np.interp(years, [0.0, *at], [0.0, *grown]), grown[-1] * years / at[-1])
            reached = years <= _BEYOND * at[-1]
            otherwise, source = np.where(reached, line, otherwise), np.where(reached, BETWEEN, SPOT).astype(np.int8)
            told = np.where(reached, min(price_at, float(self._parity_at[numbers][has_own].min())), price_at)
        self.level[numbers] = price
        self.forward[numbers] = price * np.exp(np.where(has_own, growth, otherwise))
        self.source[numbers] = np.where(has_own, PARITY, source)
        self.quoted_at[numbers] = np.where(has_own, np.minimum(self._parity_at[numbers], price_at), told)

    def _stand_alone(self, numbers: np.ndarray) -> None:
        """Forwards of what does not trade itself, or has no price: only pairs of its own say them."""
        self.level[numbers] = self.forward[numbers] = self._parity[numbers]
        self.source[numbers] = np.where(np.isfinite(self._parity[numbers]), PARITY, 0)
        self.quoted_at[numbers] = self._parity_at[numbers]

    def _write(self, changed: np.ndarray) -> None:
        forward, source = self._columns["forward"], self._columns["forward_from"]
        for number in np.flatnonzero(changed):
            rows = self._layout.expiries[number].rows
            forward[rows], source[rows] = self.forward[number], self.source[number]


def _differ(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a != b) & ~(np.isnan(a) & np.isnan(b))
