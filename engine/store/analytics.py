"""What a chain's columns say beyond its quotes: volatilities, greeks, probabilities, fees; recomputed where something changed.

The feed's greeks stand beside the columns and win while they are as fresh as the quote; elsewhere ours are computed. A
volatility is solved from a quote once, when the quote comes; when only the underlying or the clock moved, the greeks follow at
that volatility.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from engine.domain.session import days_to_expiry, years_between
from engine.pricing.black_scholes import expected_payoff
from engine.pricing.fees import CommissionTable
from engine.pricing.legs import atm_volatility, leg_analytics, mid_price
from engine.store.columns import Columns, Layout

FEED_GREEKS = ("iv", "delta", "gamma", "theta", "vega")
FEED_LAG_S = 60.0
"""The broker's model speaks every few seconds; greeks this much older than their quote belong to another market."""
CLOCK_S = 60.0
"""Time to expiry is measured once a minute: on the last day a minute is a quarter of a percent of it."""
SPOT_MOVE = 1e-4
"""Greeks follow the underlying when it has moved by a basis point: less is within the width of any quote."""
ATM_MOVE = 1e-6
CLEAN, GREEKS, QUOTE = 0, 1, 2
"""What of a row is out of date: nothing, what follows from spot and time, or also the volatility."""


class Analytics:
    """The derived columns of one layout. `stale` is written by the quotes, everything else here."""

    def __init__(self, layout: Layout, columns: Columns, fees: CommissionTable) -> None:
        rows = len(layout.contracts)
        self.stale = np.full(rows, QUOTE, np.uint8)
        self.feed = {name: np.full(rows, np.nan) for name in FEED_GREEKS}
        self.feed_at = np.full(rows, np.nan)
        """UTC seconds; NaN where the feed has said nothing or has withdrawn it."""
        self.prices = np.full(len(layout.underlyings), np.nan)
        """Last price of each underlying."""
        self._layout, self._columns = layout, columns
        self._is_own = np.zeros(rows, bool)
        self._clock: datetime | None = None
        self._seen_prices = np.full(len(layout.underlyings), np.nan)
        """What the greeks were computed at."""
        u = columns["u"]
        self._rate = np.array([carry.rate for carry in layout.carries])[u] if rows else np.empty(0)
        self._dividend = np.array([carry.dividend for carry in layout.carries])[u] if rows else np.empty(0)
        self._expiry_of = np.repeat(np.arange(len(layout.expiries)), [e.rows.stop - e.rows.start for e in layout.expiries])
        steps = table_steps(fees)
        self._fee_from, self._fee = np.array([s[0] for s in steps]), np.array([s[1] for s in steps])

    def refresh(self, now: datetime) -> set[int]:
        """Bring the derived columns to now; the groups in which a value may have changed."""
        self._move_clock(now)
        moved = self._move_spots()
        rows = np.flatnonzero(self.stale)
        if rows.size:
            self._recompute(rows)
            self.stale[rows] = CLEAN
        touched = {int(gid) for gid in np.unique(self._columns["gid"][rows])}
        for number in np.unique(self._expiry_of[rows]):
            if self._move_atm(int(number)):
                touched.update(self._layout.expiries[int(number)].groups)
        for u in moved:
            touched.update(gid for expiry in self._layout.expiries if expiry.underlying == u for gid in expiry.groups)
        return touched

    def _move_clock(self, now: datetime) -> None:
        if self._clock is not None and 0 <= (now - self._clock).total_seconds() < CLOCK_S:
            return
        self._clock = now
        for expiry in self._layout.expiries:
            self._columns["years"][expiry.rows] = years_between(now, expiry.settles)
            self._columns["dte"][expiry.rows] = days_to_expiry(now, expiry.day)
        np.maximum(self.stale, GREEKS, out=self.stale)

    def _move_spots(self) -> list[int]:
        """Write every price that changed into its rows; the underlyings concerned."""
        spot = self._columns["spot"]
        moved: list[int] = []
        for u, (span, price) in enumerate(zip(self._layout.spans, self.prices, strict=True)):
            if span.start == span.stop or _same(price, float(spot[span.start])):
                continue
            spot[span] = price
            moved.append(u)
            if not abs(price / self._seen_prices[u] - 1) <= SPOT_MOVE:
                self._seen_prices[u] = price
                np.maximum(self.stale[span], GREEKS, out=self.stale[span])
        return moved

    def _recompute(self, rows: np.ndarray) -> None:
        """Compute the rows anew. Most options of a chain are not watched: without quote and model they only follow the spot."""
        columns = self._columns
        is_known = np.isfinite(columns["bid"][rows]) & np.isfinite(columns["ask"][rows])
        is_known |= np.isfinite(self.feed_at[rows]) | np.isfinite(columns["iv"][rows])
        if is_known.any():
            self._recompute_known(rows[is_known])
        unknown = rows[~is_known]
        for name in (*FEED_GREEKS, "p_itm", "fee"):
            columns[name][unknown] = np.nan
        self._is_own[unknown] = True
        columns["expected_payoff"][unknown] = expected_payoff(
            columns["spot"][unknown],
            columns["strike"][unknown],
            columns["years"][unknown],
            self._rate[unknown],
            self._dividend[unknown],
            columns["atm_iv"][unknown],
            columns["put_call"][unknown],
        )

    def _recompute_known(self, rows: np.ndarray) -> None:
        columns, quoted_at = self._columns, self._columns["quoted_at"][rows]
        fresh = np.isfinite(self.feed_at[rows]) & ~(self.feed_at[rows] < quoted_at - FEED_LAG_S)
        feed = {name: np.where(fresh, values[rows], np.nan) for name, values in self.feed.items()}
        keeps_own = (self.stale[rows] == GREEKS) & self._is_own[rows]
        known = np.where(np.isfinite(feed["iv"]), feed["iv"], np.where(keeps_own, columns["iv"][rows], np.nan))
        bid, ask = columns["bid"][rows], columns["ask"][rows]
        found = leg_analytics(
            columns["spot"][rows],
            columns["strike"][rows],
            columns["years"][rows],
            self._rate[rows],
            self._dividend[rows],
            columns["put_call"][rows],
            bid,
            ask,
            known,
            columns["atm_iv"][rows],
            delta=feed["delta"],
            gamma=feed["gamma"],
            theta=feed["theta"],
            vega=feed["vega"],
        )
        for name in (*FEED_GREEKS, "p_itm", "expected_payoff"):
            columns[name][rows] = getattr(found, name)
        self._is_own[rows] = ~np.isfinite(feed["iv"])
        columns["fee"][rows] = self._fees(mid_price(bid, ask))

    def _move_atm(self, number: int) -> bool:
        """Measure the at-the-money volatility of one expiry anew; True where it moved."""
        expiry, columns = self._layout.expiries[number], self._columns
        rows, carry = expiry.rows, self._layout.carries[expiry.underlying]
        spot, years = float(columns["spot"][rows.start]), float(columns["years"][rows.start])
        atm_iv = atm_volatility(spot, columns["strike"][rows], columns["iv"][rows], years, carry.rate, carry.dividend)
        before = float(columns["atm_iv"][rows.start])
        if _same(atm_iv, before) or abs(atm_iv - before) < ATM_MOVE:
            return False
        columns["atm_iv"][rows] = atm_iv
        columns["expected_payoff"][rows] = expected_payoff(
            spot, columns["strike"][rows], years, carry.rate, carry.dividend, atm_iv, columns["put_call"][rows]
        )
        return True

    def _fees(self, mid: np.ndarray) -> np.ndarray:
        step = np.searchsorted(self._fee_from, mid + _HALF_STEP, side="right") - 1
        return np.where(np.isfinite(mid), self._fee[np.clip(step, 0, None)], np.nan)


_HALF_STEP = 1e-9
"""A mid of five cents is five cents, whatever its last bit."""


def table_steps(table: CommissionTable) -> Sequence[tuple[float, float]]:
    """Premium from which a fee holds and the fee, USD, lowest premium first: of the first volume tier, the dearest."""
    return sorted((float(step.premium_from), float(step.fee)) for step in table.tiers[0].steps)


def _same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)  # noqa: PLR0124 - NaN is the one number that differs from itself
