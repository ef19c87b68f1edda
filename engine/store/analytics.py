"""What a chain's columns say beyond its quotes: volatilities, greeks, probabilities, fees; recomputed where something changed.

The feed's volatility is believed while it is as fresh as the quote and the model's price at it is that of the quote; elsewhere
ours is solved from the middle. Both happen when quote or model answer come, at the level of that moment. When only the underlying
or the clock moved, the greeks follow at that volatility.

Every number is as old as the oldest quote that it was made of: `priced_at` says when that was told. What is too old even for an
exit is unknown.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from engine.domain.clocks import STANDS_FOR
from engine.pricing.black_scholes import price
from engine.pricing.fees import CommissionTable
from engine.pricing.implied_volatility import implied_volatility
from engine.pricing.legs import atm_volatilities, leg_analytics, mid_price, quote_agrees
from engine.store.columns import Columns, Layout
from engine.store.exchange_fees import ExchangeFees
from engine.store.forwards import Forwards

FEED_GREEKS = ("iv", "delta", "gamma", "theta", "vega")
FEED_LAG_S = 60.0
"""The broker's model speaks every few seconds; greeks this much older than their quote belong to another market."""
CLOCK_S = 60.0
"""Time to expiry is measured once a minute: on the last day a minute is a quarter of a percent of it."""
CLEAN, GREEKS, SOLVE, QUOTE = 0, 1, 2, 3
"""What of a row is out of date: nothing, what follows from level and time, also the volatility, or also what was quoted."""
_DERIVED = (*FEED_GREEKS, "p_itm", "worth")
_GROWN = 1e-7
"""A volatility of ours is solved anew when its forward has moved by so much against its level: far below what a quote can say."""


class Analytics:
    """The derived columns of one layout. `stale` is written by the quotes, everything else here."""

    def __init__(self, layout: Layout, columns: Columns, fees: CommissionTable) -> None:
        rows = len(layout.contracts)
        self.stale = np.full(rows, QUOTE, np.uint8)
        self.feed = {name: np.full(rows, np.nan) for name in FEED_GREEKS}
        self.feed_at = np.full(rows, np.nan)
        """UTC seconds; NaN where the feed has said nothing or has withdrawn it."""
        self.prices = np.full(len(layout.underlyings), np.nan)
        """Last price of each underlying, and when it was told."""
        self.price_at = np.full(len(layout.underlyings), np.nan)
        self.forwards = Forwards(layout, columns)
        self._layout, self._columns = layout, columns
        self._is_own = np.zeros(rows, np.bool_)
        """Whether the volatility is ours."""
        self._is_known = np.zeros(rows, np.bool_)
        """Whether anything was quoted or modelled: most options of a chain are not watched."""
        self._quoted_at = np.full(rows, np.nan)
        """When the older of quote and model answer was told that the volatility comes from."""
        self._clock: datetime | None = None
        self._solved_growth = np.full(len(layout.expiries), np.nan)
        """ln(forward / level) at which the volatilities of ours were solved."""
        self._atm_low, self._atm_high = np.full(len(layout.expiries), np.nan), np.full(len(layout.expiries), np.nan)
        """Strikes that the at-the-money volatility of each expiry comes from; NaN where it is unknown."""
        self._expiry_of = np.repeat(np.arange(len(layout.expiries)), [e.rows.stop - e.rows.start for e in layout.expiries])
        steps = table_steps(fees)
        self._fee_from, self._fee = np.array([s[0] for s in steps]), np.array([s[1] for s in steps])
        self._exchange_fees = ExchangeFees([contract.root for contract in layout.contracts])

    def refresh(self, now: datetime) -> set[int]:
        """Bring the derived columns to now; the groups in which a value may have changed."""
        at = now.timestamp()
        asked = self._move_clock(now)
        touched = self._write_spots()
        told = np.flatnonzero(self.stale >= SOLVE)
        heard = told[self.stale[told] == QUOTE]
        self._hear(told, heard)
        asked[self.forwards.concerned(self._expiry_of[heard], self._columns["strike"][heard])] = True
        changed = self.forwards.refresh(at, asked, self.prices, self.price_at)
        self._note_levels(heard, self.forwards.level)  # where it is the forward, it is known only now
        for number in np.flatnonzero(changed):
            self._follow(int(number))
            touched.update(self._layout.expiries[number].groups)
        self._age(at, np.flatnonzero(changed))
        rows = np.flatnonzero(self.stale)
        self._recompute(rows, at)
        self.stale[rows] = CLEAN
        touched.update(np.unique(self._columns["group_id"][rows]).tolist())
        self._move_atm(rows, changed, touched)
        return touched

    def _move_clock(self, now: datetime) -> np.ndarray:
        """True for each expiry whose forward must be asked for anew: of all where the time to settlement was measured anew."""
        if self._clock is not None and 0 <= (now - self._clock).total_seconds() < CLOCK_S:
            return np.zeros(len(self._layout.expiries), np.bool_)
        self._clock = now
        self.forwards.move_clock(now)
        np.maximum(self.stale, GREEKS, out=self.stale)
        return np.ones(len(self._layout.expiries), np.bool_)

    def _write_spots(self) -> set[int]:
        """Write every price that changed into its rows; the groups concerned."""
        spot, touched = self._columns["spot"], set[int]()
        for span, price_now in zip(self._layout.spans, self.prices, strict=True):
            if span.start == span.stop or _same(price_now, float(spot[span.start])):
                continue
            spot[span] = price_now
            touched.update(range(self._layout.group_of[span.start], self._layout.group_of[span.stop - 1] + 1))
        return touched

    def _hear(self, told: np.ndarray, heard: np.ndarray) -> None:
        """Take down of what was told whether there is a quote or a model, what trading costs, and where its underlying stood."""
        columns = self._columns
        bid, ask = columns["bid"][told], columns["ask"][told]
        self._is_known[told] = np.isfinite(bid) | np.isfinite(ask) | np.isfinite(self.feed_at[told])
        mid = mid_price(bid, ask)
        columns["fee"][told] = self._fees(mid)
        columns["exchange_fee"][told] = self._exchange_fees.of(told, mid)
        self._note_levels(heard, self.prices[self.forwards.underlying])

    def _note_levels(self, heard: np.ndarray, level: np.ndarray) -> None:
        """Take down for what was quoted where its underlying stood; `level` is by expiry."""
        is_quoted = np.isfinite(self._columns["quoted_at"][heard])
        self._columns["quoted_level"][heard] = np.where(is_quoted, level[self._expiry_of[heard]], np.nan)

    def _follow(self, number: int) -> None:
        """Mark what follows from the level and the forward of an expiry."""
        rows = self._layout.expiries[number].rows
        growth = float(np.log(self.forwards.forward[number] / self.forwards.level[number]))
        moved = GREEKS if abs(growth - self._solved_growth[number]) <= _GROWN else SOLVE
        if moved == SOLVE:
            self._solved_growth[number] = growth
        np.maximum(self.stale[rows], np.where(self._is_known[rows], moved, CLEAN).astype(np.uint8), out=self.stale[rows])

    def _age(self, at: float, changed: np.ndarray) -> None:
        """Date the numbers of the expiries whose forward has changed, and mark what has become too old."""
        priced_at = self._columns["priced_at"]
        for number in changed:
            rows = self._layout.expiries[number].rows
            np.minimum(self._quoted_at[rows], self.forwards.quoted_at[number], out=priced_at[rows])
        gone = np.flatnonzero(priced_at < at - STANDS_FOR.total_seconds())
        gone = gone[np.isfinite(self._columns["delta"][gone])]
        self.stale[gone] = np.maximum(self.stale[gone], SOLVE)

    def _recompute(self, rows: np.ndarray, at: float) -> None:
        """Compute the rows anew. Without quote and model nothing is known of an option."""
        columns = self._columns
        unknown, known = rows[~self._is_known[rows]], rows[self._is_known[rows]]
        for name in (*_DERIVED, "priced_at"):
            columns[name][unknown] = np.nan
        self._is_own[unknown] = True
        if not known.size:
            return
        judged = known[(self.stale[known] >= SOLVE) | np.isnan(columns["iv"][known])]
        if judged.size:
            self._solve(judged)
        expiry = self._expiry_of[known]
        columns["priced_at"][known] = np.minimum(self._quoted_at[known], self.forwards.quoted_at[expiry])
        self._derive(known, expiry)
        aged = known[columns["priced_at"][known] < at - STANDS_FOR.total_seconds()]
        for name in _DERIVED:
            columns[name][aged] = np.nan

    def _solve(self, rows: np.ndarray) -> None:
        """The volatility of each row: the feed's where it is the quote's, else that of the middle."""
        columns, expiry = self._columns, self._expiry_of[rows]
        strike, sign = columns["strike"][rows], columns["put_call"][rows]
        years, rate = self.forwards.years[expiry], self.forwards.rate[expiry]
        level = columns["quoted_level"][rows]
        then = level / self.forwards.level[expiry]
        forward = self.forwards.forward[expiry] * np.where(np.isfinite(then), then, 1.0)
        bid, ask, quoted_at = columns["bid"][rows], columns["ask"][rows], columns["quoted_at"][rows]
        feed_at = self.feed_at[rows]
        iv = np.where(~(feed_at < quoted_at - FEED_LAG_S) & np.isfinite(feed_at), self.feed["iv"][rows], np.nan)
        told = np.flatnonzero(np.isfinite(iv))
        if told.size:
            # Black's formula: the forward drifts nowhere, and its payoff is discounted.
            model = price(forward[told], strike[told], years[told], rate[told], rate[told], iv[told], sign[told])
            at_once = np.where(self.forwards.is_american[expiry[told]], sign[told] * (level[told] - strike[told]), 0.0)
            model = np.where(np.isnan(model), np.nan, np.fmax(model, at_once))
            iv[told[~quote_agrees(model, bid[told], ask[told])]] = np.nan
        self._is_own[rows] = own = ~np.isfinite(iv)
        left = np.flatnonzero(own)
        if left.size:
            mid = mid_price(bid[left], ask[left])
            iv[left] = implied_volatility(mid, forward[left], strike[left], years[left], rate[left], rate[left], sign[left])
        columns["iv"][rows] = iv
        self._quoted_at[rows] = np.where(own & np.isfinite(iv), quoted_at, np.fmin(quoted_at, feed_at))

    def _derive(self, rows: np.ndarray, expiry: np.ndarray) -> None:
        """Greeks, probability and worth of each row at its volatility."""
        columns, forwards = self._columns, self.forwards
        # A model answer whose volatility is none of the quote's is not believed in anything else.
        believed = np.isfinite(self.feed_at[rows]) & ~(self.feed_at[rows] < columns["quoted_at"][rows] - FEED_LAG_S)
        believed &= ~(self._is_own[rows] & np.isfinite(self.feed["iv"][rows]))
        feed = {name: np.where(believed, self.feed[name][rows], np.nan) for name in FEED_GREEKS if name != "iv"}
        found = leg_analytics(
            forwards.level[expiry],
            forwards.forward[expiry],
            columns["strike"][rows],
            forwards.years[expiry],
            forwards.rate[expiry],
            columns["put_call"][rows],
            columns["iv"][rows],
            **feed,
        )
        for name in _DERIVED:
            if name != "iv":
                columns[name][rows] = getattr(found, name)

    def _move_atm(self, rows: np.ndarray, changed: np.ndarray, touched: set[int]) -> None:
        """Measure the at-the-money volatility anew where one of these rows, or the forward of an expiry, may move it."""
        columns, layout = self._columns, self._layout
        of_row, strike = self._expiry_of[rows], columns["strike"][rows]
        # What lies outside the strikes that bracket the forward has no say while the forward stands; not so where none did.
        concerned = changed.copy()
        concerned[of_row[~((strike < self._atm_low[of_row]) | (strike > self._atm_high[of_row]))]] = True
        numbers = np.flatnonzero(concerned)
        if not numbers.size:
            return
        strikes = layout.strikes
        begins, ends = strikes.starts[numbers], strikes.starts[numbers + 1]
        places = np.concatenate([np.arange(begin, end) for begin, end in zip(begins, ends, strict=True)])
        ivs, call, put = columns["iv"], strikes.call[places], strikes.put[places]
        of = np.repeat(np.arange(len(numbers)), ends - begins)
        of_call, of_put = np.where(call >= 0, ivs[call], np.nan), np.where(put >= 0, ivs[put], np.nan)
        found = atm_volatilities(self.forwards.forward[numbers], of, strikes.strike[places], of_call, of_put)
        self._atm_low[numbers], self._atm_high[numbers] = found.low, found.high
        for number, atm_iv in zip(numbers.tolist(), found.volatility.tolist(), strict=True):
            expiry = layout.expiries[number]
            if not _same(atm_iv, float(columns["atm_iv"][expiry.rows.start])):
                columns["atm_iv"][expiry.rows] = atm_iv
                touched.update(expiry.groups)

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
