"""A market that says again what was recorded: at any instant, the latest snapshot not after it.

Simulated time is recorded time. Quotes are passed on as they were, crossed, locked or without a bid; what was not recorded
is absent. Greeks that are missing follow from the recorded volatility where there is one.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.calendar import Calendar
from engine.domain.contract import Contract
from engine.domain.session import SECONDS_PER_YEAR, Session, trading_day
from engine.pricing.black_scholes import THETA_PER_DAY, VEGA_PER_POINT, greeks
from engine.pricing.legs import atm_volatility
from engine.sim.market.catalogue import CHARACTERS
from engine.sim.market.contracts import ContractNumbers, Listing, Underlying, listing_of, underlying_id
from engine.sim.market.quotes import NOTHING, Bar, Change, Quotes, UnderlyingQuote, changed_rows, traded
from engine.sim.market.recording import QUOTED, Snapshot, bars_of, recording_of
from engine.sim.market.sessions import hours_of

_MONTH_DAYS = 30
_AT_THE_OPEN = timedelta(minutes=1)
"""A price that was recorded no later than this after the open of a session is that of its open."""


class ReplayedMarket:
    """See market.Market for what it answers.

    `tables` are recorded chains (recording.py has the schema); `start` is where time begins, at the first snapshot unless
    told; `sessions` are taken from the recording unless told. `bars` are daily bars (symbol, date, open, high, low,
    close, volume), also of symbols without options, which then show their last close. `iv_bars` are known histories of
    30-day volatility by symbol; days recorded after them follow from the chains. `underlyings` replaces what the
    catalogue says, for instance its interest rate. `calendar` is that of the exchange, where the recording has gaps in it.
    """

    def __init__(
        self,
        tables: Sequence[pa.Table],
        start: datetime | None = None,
        sessions: Sequence[Session] | None = None,
        bars: pa.Table | None = None,
        iv_bars: Mapping[str, Sequence[Bar]] | None = None,
        underlyings: Mapping[str, Underlying] | None = None,
        calendar: Calendar | None = None,
    ) -> None:
        self._recording = recording_of(tables)
        self._hours = hours_of(sessions or self._recording.sessions())
        self._calendar = calendar or Calendar(tuple(sessions or ()))
        self._instants = [snapshot.at for snapshot in self._recording.snapshots]
        self._days = self._recording.days()
        given = bars_of(bars) if bars is not None else {}
        self._bars = {symbol: self._merged(symbol, given) for symbol in sorted({*given, *self._recording.underlyings})}
        self._prices = {symbol: self._recording.prices(symbol) for symbol in self._bars}
        self._iv_given = {symbol: list(history) for symbol, history in (iv_bars or {}).items()}
        self._iv_closes: dict[tuple[str, date], float | None] = {}
        known = {symbol: character.underlying for symbol, character in CHARACTERS.items()} | dict(underlyings or {})
        self._underlyings = {symbol: known.get(symbol) or self._stranger(symbol) for symbol in self._bars}
        self._numbers = ContractNumbers()
        self._day = date.min
        self._seen = 0
        self._shown = dict.fromkeys(self._recording.underlyings, -1)
        self._now = start or self._instants[0]
        self._enter_day(self._day_at(self._now) or next(iter(self._days)))
        self.step(self._now)

    @property
    def underlyings(self) -> Mapping[str, Underlying]:
        return self._underlyings

    @property
    def calendar(self) -> Calendar:
        return self._calendar

    @property
    def listing(self) -> Listing:
        return self._listing

    @property
    def quotes(self) -> Quotes:
        return self._quotes

    def contract(self, con_id: int) -> Contract | None:
        return self._numbers.contract(con_id)

    def row(self, con_id: int) -> int | None:
        return self._listing.rows_by_con_id.get(con_id)

    def spot(self, underlying: str) -> UnderlyingQuote:
        past = self.daily_bars(underlying, 1)
        close = past[-1].close if past else None
        today = self._prices_today(underlying)
        if not len(today):
            return UnderlyingQuote(close, None, None, None, None, None, None, None, None, close)
        high, low, last = (float(price) for price in (today.max(), today.min(), today[-1]))
        return UnderlyingQuote(last, None, None, None, None, None, self._open(underlying), high, low, close)

    def iv30(self, underlying: str) -> float | None:
        number = self._shown.get(underlying, -1)
        return None if number < 0 else self._month_volatility(underlying, self._recording.snapshots[number])

    def daily_bars(self, underlying: str, days: int) -> tuple[Bar, ...]:
        bars = self._bars[underlying]
        end = bisect_right(bars, self._yesterday(), key=_day)
        return tuple(bars[max(0, end - days) : end])

    def iv_bars(self, underlying: str, days: int) -> tuple[Bar, ...]:
        given = self._iv_given.get(underlying, [])
        bars = given[: bisect_right(given, self._yesterday(), key=_day)]
        after = bars[-1].day if bars else date.min
        for day in self._days:
            close = self._iv_close(underlying, day) if after < day <= self._yesterday() else None
            if close is not None:
                bars.append(Bar(day, close, close, close, close))
        return tuple(bars[-days:]) if days > 0 else ()

    def settlement_value(self, contract: Contract) -> float | None:
        if self._calendar.settles_at(contract.rule, contract.expiry) > self._now:
            return None
        bars, settles = self._bars[contract.underlying], self._calendar.settlement_session(contract.expiry).day
        place = bisect_right(bars, settles, key=_day) - 1
        if place < 0 or bars[place].day != settles:
            return None
        return bars[place].open if contract.rule.settlement == "AM" else bars[place].close

    def close_of(self, underlying: str, day: date) -> float | None:
        """The close of a day: given, else the last price recorded on it; None where there is none, or it is not over yet."""
        place = bisect_right(self._bars[underlying], day, key=_day) - 1
        if day > trading_day(self._now) or place < 0 or self._bars[underlying][place].day != day:
            return None
        return self._bars[underlying][place].close

    def is_open(self, now: datetime) -> bool:
        return self._hours.at(now) is not None

    def prices_at(self, now: datetime) -> Mapping[str, float]:
        return {}

    def next_event(self, now: datetime) -> datetime | None:
        number = bisect_right(self._instants, now)
        return self._instants[number] if number < len(self._instants) else None

    def step(self, now: datetime) -> Change:
        if now < self._now:
            raise ValueError(f"time runs backwards: the market is at {self._now}, asked for {now}")
        self._now = now
        seen = bisect_right(self._instants, now)
        if seen == self._seen:
            return NOTHING
        day = trading_day(self._instants[seen - 1])
        relisted = day != self._day
        if relisted:
            self._enter_day(day)
        before = tuple(column.copy() for column in traded(self._quotes))
        moved = self._show(range(max(self._seen, self._days[day][0]), seen))
        self._seen = seen
        rows = np.arange(len(self._listing)) if relisted else changed_rows(before, traded(self._quotes))
        return Change(rows, moved, relisted)

    # days

    def _day_at(self, now: datetime) -> date | None:
        seen = bisect_right(self._instants, now)
        return trading_day(self._instants[seen - 1]) if seen else None

    def _yesterday(self) -> date:
        return trading_day(self._now) - timedelta(days=1)

    def _enter_day(self, day: date) -> None:
        """Lists every option recorded on the day."""
        self._day = day
        rows = self._recording.rows_of_day(*self._days[day])
        _, firsts, places = np.unique(self._recording.codes(rows), return_index=True, return_inverse=True)
        keys = self._recording.keys(firsts + rows.start)
        self._listing = listing_of(keys, self._recording.underlyings, self._numbers, self._calendar)
        assert len(self._listing) == len(keys), "codes and keys tell the same options apart, in the same order"
        self._first_row, self._places = rows.start, places.astype(np.int64)
        self._quotes = Quotes.absent(len(self._listing))
        self._shown = dict.fromkeys(self._recording.underlyings, -1)

    def _merged(self, symbol: str, given: Mapping[str, list[Bar]]) -> list[Bar]:
        """The given bars, and what was recorded on days they do not have."""
        bars = {bar.day: bar for bar in self._recording.bars(symbol)}
        bars |= {bar.day: bar for bar in given.get(symbol, [])}
        return [bars[day] for day in sorted(bars)]

    def _stranger(self, symbol: str) -> Underlying:
        roots = tuple(root for root in self._recording.roots if root.startswith(symbol))
        return Underlying(symbol, underlying_id(symbol), "stock", symbol, "SMART", "NYSE", roots)

    # snapshots

    def _show(self, numbers: range) -> tuple[str, ...]:
        """Writes the latest of these snapshots of each underlying; returns the underlyings it wrote."""
        latest: dict[str, int] = {}
        for number in numbers:
            rows = self._recording.snapshots[number].rows
            for u in np.unique(self._recording.u[rows]):
                latest[self._recording.underlyings[u]] = number
        for symbol, number in latest.items():
            self._shown[symbol] = number
            self._write(symbol, self._recording.snapshots[number])
        return tuple(sorted(latest))

    def _write(self, symbol: str, snapshot: Snapshot) -> None:
        recorded, here = self._rows(symbol, snapshot), self._listing.rows(symbol)
        places = self._places[recorded - self._first_row]
        for name in QUOTED:
            column = getattr(self._quotes, name)
            column[here] = np.nan
            column[places] = self._recording.quoted[name][recorded]
        self._quotes.model[here] = np.nan
        self._complete(symbol, places, self._recording.price[recorded], snapshot.at)

    def _complete(self, symbol: str, places: NDArray[np.int64], spot: NDArray[np.float64], at: datetime) -> None:
        """Model price, and greeks where the recording has none, from the recorded volatility."""
        q, listing, underlying = self._quotes, self._listing, self._underlyings[symbol]
        years = np.maximum(listing.settles[places] - at.timestamp(), 0.0) / SECONDS_PER_YEAR
        iv = np.where(q.iv[places] > 0, q.iv[places], np.nan)
        own = greeks(spot, listing.strike[places], years, underlying.rate, underlying.dividend, iv, listing.sign[places])
        q.model[places] = own.price
        for column, computed in (
            (q.delta, own.delta),
            (q.gamma, own.gamma),
            (q.theta, own.theta * THETA_PER_DAY),
            (q.vega, own.vega * VEGA_PER_POINT),
        ):
            column[places] = np.where(np.isnan(column[places]), computed, column[places])

    def _rows(self, symbol: str, snapshot: Snapshot) -> NDArray[np.int64]:
        if symbol not in self._recording.underlyings:
            return np.empty(0, dtype=np.int64)
        number = self._recording.underlyings.index(symbol)
        return np.flatnonzero(self._recording.u[snapshot.rows] == number) + snapshot.rows.start

    def _prices_today(self, symbol: str) -> NDArray[np.float64]:
        """Recorded prices of the underlying on the running day up to now, one a snapshot."""
        if trading_day(self._now) != self._day:
            return np.empty(0)
        prices = self._prices[symbol][self._days[self._day][0] : self._seen]
        return prices[np.isfinite(prices)]

    def _open(self, symbol: str) -> float | None:
        """The first price of the running session; None where its open was not recorded."""
        session, (first, end) = self._hours.begun(self._now), self._days[self._day]
        if session is None:
            return None
        begin, late = bisect_left(self._instants, session.open), bisect_right(self._instants, session.open + _AT_THE_OPEN)
        prices = self._prices[symbol][max(first, begin) : min(end, late, self._seen)]
        known = prices[np.isfinite(prices)]
        return float(known[0]) if len(known) else None

    # volatility

    def _iv_close(self, symbol: str, day: date) -> float | None:
        if (symbol, day) not in self._iv_closes:
            last = self._recording.snapshots[self._days[day][1] - 1]
            self._iv_closes[symbol, day] = self._month_volatility(symbol, last)
        return self._iv_closes[symbol, day]

    def _month_volatility(self, symbol: str, snapshot: Snapshot) -> float | None:
        """30-day volatility: variance at the money between the expiries around 30 days, linear in time."""
        rows = self._rows(symbol, snapshot)
        spots = self._recording.price[rows]
        spots = spots[np.isfinite(spots)]
        if not len(spots):
            return None
        today = np.datetime64(trading_day(snapshot.at))
        points: list[tuple[float, float]] = []
        underlying = self._underlyings[symbol]
        for expiry in np.unique(self._recording.expiry[rows]):
            ahead = float((expiry - today) / np.timedelta64(1, "D"))
            at = rows[self._recording.expiry[rows] == expiry]
            strikes, ivs, years = self._recording.strike[at], self._recording.quoted["iv"][at], ahead / 365
            forward = float(spots[-1]) * math.exp((underlying.rate - underlying.dividend) * years)
            iv = atm_volatility(forward, strikes, ivs)
            if ahead > 0 and np.isfinite(iv):
                points.append((ahead, iv * iv * ahead))
        days, variances = np.array([p[0] for p in points]), np.array([p[1] for p in points])
        if not len(days) or not days[0] <= _MONTH_DAYS <= days[-1]:
            return None
        return float(np.sqrt(np.interp(_MONTH_DAYS, days, variances) / _MONTH_DAYS))


def _day(bar: Bar) -> date:
    return bar.day
