"""Quotes as they arrive, in the columns that the scan reads: a tick writes into its row, a snapshot copies nothing.

One thread writes and reads. Where the reader is another thread, `publish` hands over a copy that stays still until the next
but one. Nothing absent enters as a number: what is not a possible price or size takes away what was known of that side.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.chain import ChainSnapshot, NextDividend, ShareQuote
from engine.domain.contract import Contract
from engine.pricing.fees import IBKR_TIERED, CommissionTable
from engine.store.analytics import FEED_GREEKS, QUOTE, SOLVE, Analytics
from engine.store.columns import Carry, Columns, Layout, fixed_columns, laid_out
from engine.store.copies import Copy
from engine.store.halts import Halts
from engine.store.heard import Heard

_HUGE = 1e9
"""No price, size or count of an option reaches it; the broker's way to say nothing, 1.8e308, does."""
_HEARD = ("bid", "ask", "bid_size", "ask_size", "last", "volume", "open_interest", "quoted_at", "quoted_level")


@dataclass(frozen=True, slots=True)
class QuoteAges:
    """How much of the chain is quoted and how old that is, for gauges."""

    rows: int
    two_sided: int
    """Rows with a bid and an ask."""
    median_s: float | None
    oldest_s: float | None
    """Age of the quotes of the two-sided rows, in seconds; None without any."""
    ticks: int
    """Option quotes taken in since the start."""


class QuoteStore:
    """The QuoteSink that the scan reads from. Rows are whatever the last `layout` said."""

    def __init__(self, fees: CommissionTable = IBKR_TIERED) -> None:
        self._fees = fees
        self._prices: dict[str, tuple[float, float]] = {}
        self.heard: dict[str, Heard] = {}
        """What was heard of each underlying today."""
        self.day_opens: dict[str, tuple[float, float]] = {}
        """First price of the session by symbol, USD per share, and when it was told (UTC seconds)."""
        self._shares: dict[int, ShareQuote] = {}
        self._volatilities: dict[str, float] = {}
        self.dividends: dict[str, NextDividend | None] = {}
        self.halts = Halts()
        self._ticks = 0
        self._beat = 1
        self._last_id = ("", 0)
        self._install(laid_out(0, (), {}, WEEKDAYS))

    def layout(self, contracts: Iterable[Contract], carries: Mapping[str, Carry], calendar: Calendar = WEEKDAYS) -> None:
        """Make the rows exactly these contracts; what is known of a contract that stays is kept.

        `calendar` tells when they settle.
        Raises KeyError when an underlying has no carry.
        """
        old, columns, analytics = self._layout, self._columns, self._analytics
        self._install(laid_out(old.number + 1, contracts, carries, calendar))
        pairs = [(row, old.rows[con_id]) for con_id, row in self._layout.rows.items() if con_id in old.rows]
        if pairs:
            here, there = np.array(pairs).T
            for name in _HEARD:
                self._columns[name][here] = columns[name][there]
            for name in FEED_GREEKS:
                self._analytics.feed[name][here] = analytics.feed[name][there]
            self._analytics.feed_at[here] = analytics.feed_at[there]
            self._analytics.stale[here] = np.where(analytics.stale[there] == QUOTE, QUOTE, SOLVE)
        for symbol in self._prices:
            self._note_price(symbol)

    def option(
        self,
        con_id: int,
        at: float,
        *,
        bid: float | None = None,
        ask: float | None = None,
        bid_size: float | None = None,
        ask_size: float | None = None,
        last: float | None = None,
        volume: float | None = None,
        open_interest: float | None = None,
    ) -> None:
        """`at` is UTC seconds since 1970. A None leaves what was known; unknown contracts are ignored."""
        row = self._rows.get(con_id)
        if row is None:
            return
        if bid is not None:
            self._bid[row] = bid if 0.0 <= bid < _HUGE else _NAN
            self._quoted_at[row], self._stale[row] = at, QUOTE
        if ask is not None:
            self._ask[row] = ask if 0.0 < ask < _HUGE else _NAN
            self._quoted_at[row], self._stale[row] = at, QUOTE
        if bid_size is not None:
            self._bid_size[row] = bid_size if 0.0 <= bid_size < _HUGE else _NAN
        if ask_size is not None:
            self._ask_size[row] = ask_size if 0.0 <= ask_size < _HUGE else _NAN
        if last is not None and 0.0 < last < _HUGE:
            self._last[row] = last
        if volume is not None and 0.0 <= volume < _HUGE:
            self._volume[row] = volume
        if open_interest is not None and 0.0 <= open_interest < _HUGE:
            self._open_interest[row] = open_interest
        self._changed[self._group_of[row]] = self._beat
        self._ticks += 1

    def no_quote(self, con_id: int, side: str, at: float) -> None:
        """The broker says that there is no bid (or ask): what was known is withdrawn."""
        row = self._rows.get(con_id)
        if row is None:
            return
        price, size = {"bid": (self._bid, self._bid_size), "ask": (self._ask, self._ask_size)}[side]
        price[row] = size[row] = _NAN
        self._quoted_at[row], self._stale[row] = at, QUOTE
        self._changed[self._group_of[row]] = self._beat

    def greeks(
        self,
        con_id: int,
        iv: float | None,
        delta: float | None,
        gamma: float | None,
        theta: float | None,
        vega: float | None,
    ) -> None:
        """One answer of the broker's model, whole: it replaces the one before, and what it lacks is computed here."""
        row = self._rows.get(con_id)
        if row is None:
            return
        self._feed_iv[row] = iv if iv is not None and 0.0 < iv < _HUGE else _NAN
        self._feed_delta[row] = delta if delta is not None and -1.0 <= delta <= 1.0 else _NAN
        self._feed_gamma[row] = gamma if gamma is not None and 0.0 <= gamma < _HUGE else _NAN
        self._feed_theta[row] = theta if theta is not None and theta != _NOT_COMPUTED and abs(theta) < _HUGE else _NAN
        self._feed_vega[row] = vega if vega is not None and 0.0 <= vega < _HUGE else _NAN
        self._feed_at[row] = _NAN if iv is None and delta is None else _FRESH
        self._stale[row] = max(self._stale[row], SOLVE)

    def underlying(self, symbol: str, at: float, price: float | None) -> None:
        """The price that stands for the underlying; a None withdraws it."""
        known = price if price is not None and 0.0 < price < _HUGE else _NAN
        self._prices[symbol] = (known, at)
        if known > 0:
            self.heard.setdefault(symbol, Heard()).hear(at, known)
        self._note_price(symbol)

    def day_open(self, symbol: str, at: float, price: float) -> None:
        """The first price of the session, and when it was told."""
        if 0.0 < price < _HUGE:
            self.day_opens[symbol] = (price, at)

    def share(self, con_id: int, at: float, bid: float | None, ask: float | None) -> None:
        """Both sides of the quote of a share; None where there is none."""
        self._shares[con_id] = ShareQuote(bid, ask, at)

    def underlying_volatility(self, symbol: str, iv30: float | None) -> None:
        """The broker's 30-day implied volatility of the underlying, decimal; None withdraws it."""
        if iv30 is not None and 0.0 < iv30 < _HUGE:
            self._volatilities[symbol] = iv30
        else:
            self._volatilities.pop(symbol, None)

    def dividend(self, symbol: str, following: NextDividend | None) -> None:
        """The next dividend of an underlying; None where it is not known."""
        self.dividends[symbol] = following

    def trading(self, symbol: str, at: float, is_halted: bool) -> None:
        self.halts.hear(symbol, at, is_halted)

    def volatility(self, symbol: str) -> float | None:
        """30-day implied volatility of an underlying, decimal; None where the broker has not told it."""
        return self._volatilities.get(symbol)

    def volatilities(self) -> dict[int, float]:
        """Implied volatility, a year, of every option that quoted when the chain was last looked at, by contract number."""
        ivs = self._columns["iv"]
        return {self._layout.contracts[row].con_id: float(ivs[row]) for row in np.flatnonzero(ivs > 0)}

    def fill(self, con_ids: Sequence[int], columns: Mapping[str, np.ndarray], *, whole: bool = False) -> None:
        """Many quotes and greeks at once, one array entry a contract, NaN for what is not known; what is here stays there, or is
        withdrawn where `columns` are the `whole` of what is told.

        `columns` may hold what `option` and `greeks` take, and `quoted_at`. The same values are refused. With
        `quoted_level`, before the first snapshot, quotes were told at that level; without, at the present one.
        """
        at = np.array([self._rows.get(con_id, -1) for con_id in con_ids], dtype=np.int64)
        known = at >= 0
        rows = at[known]
        for name, values in columns.items():
            low, high = _POSSIBLE[name]
            given = np.asarray(values, dtype=np.float64)[known]
            into = self._analytics.feed[name] if name in self._analytics.feed else self._columns[name]
            possible = (given >= low) & (given <= high)
            into[rows] = np.where(possible, given, _NAN if whole else into[rows])
        if "iv" in columns or "delta" in columns:
            self._analytics.feed_at[rows] = _FRESH
        has_level = np.isfinite(self._columns["quoted_level"][rows]) if "quoted_level" in columns else False
        self._analytics.stale[rows] = np.where(has_level, SOLVE, QUOTE)
        self._changed_at[np.array(self._group_of, dtype=np.int64)[rows]] = self._beat
        self._ticks += int(rows.size)

    @property
    def ticks(self) -> int:
        """Option quotes taken in since the start."""
        return self._ticks

    def spot(self, symbol: str) -> tuple[float, float] | None:
        """Price of an underlying, USD per share, and when it was heard (UTC seconds); None where there is none."""
        price, at = self._prices.get(symbol, (_NAN, 0.0))
        return (price, at) if price > 0 else None

    @property
    def carries(self) -> dict[str, Carry]:
        """What the layout was given, by underlying."""
        return dict(zip(self._layout.underlyings, self._layout.carries, strict=True))

    def snapshot(self, now: datetime) -> ChainSnapshot:
        """The chain at this instant. Its table is the live buffers: read it before the next quote is written."""
        self._refresh(now)
        return self._seen(now, self._columns)

    def publish(self, now: datetime) -> ChainSnapshot:
        """The chain at this instant as a copy of its own, which stays as it is until `publish` has been called twice more.

        Only the groups that changed since that copy was last filled are copied.
        """
        self._refresh(now)
        self._copies.reverse()
        copy = self._copies[0]
        changed = np.flatnonzero(self._changed_at > copy.beat)
        copy.take(self._columns, changed, self._starts, self._beat - 1)
        return self._seen(now, copy.columns)

    def kept(self, now: datetime, underlying: str, name: str) -> ChainSnapshot:
        """The options of one underlying as they are now, copied, under the id of the snapshot that they were seen in."""
        layout = self._layout
        span = layout.spans[layout.underlyings.index(underlying)]
        rows = self._columns.table.slice(span.start, span.stop - span.start)
        return ChainSnapshot(
            id=name,
            as_of=now,
            table=rows.take(np.arange(rows.num_rows)),
            contracts=layout.contracts[span],
            underlyings=layout.underlyings,
            layout=layout.number,
            rows_by_con_id={contract.con_id: row for row, contract in enumerate(layout.contracts[span])},
        )

    def ages(self, now: datetime) -> QuoteAges:
        columns = self._columns
        two_sided = np.isfinite(columns["bid"]) & np.isfinite(columns["ask"])
        ages = now.timestamp() - columns["quoted_at"][two_sided]
        known = ages.size > 0
        return QuoteAges(
            rows=len(two_sided),
            two_sided=int(two_sided.sum()),
            median_s=float(np.median(ages)) if known else None,
            oldest_s=float(ages.max()) if known else None,
            ticks=self._ticks,
        )

    def quoted_at(self, con_ids: Sequence[int]) -> np.ndarray:
        """When a bid or an ask of each contract was told last, UTC seconds since 1970; NaN where none was, or it has no row."""
        rows, told = self._layout.rows, self._columns["quoted_at"]
        return np.array([told[rows[con_id]] if con_id in rows else np.nan for con_id in con_ids], np.float64)

    def changed_since(self, beat: int) -> tuple[frozenset[int], int]:
        """The groups in which anything changed in a snapshot after `beat` (0: ever), and the beat to ask with next time."""
        return frozenset(np.flatnonzero(self._changed_at > beat).tolist()), self._beat - 1

    def _install(self, layout: Layout) -> None:
        self._layout = layout
        self._columns = columns = fixed_columns(layout)
        self._analytics = Analytics(layout, columns, self._fees)
        self._rows, self._group_of = layout.rows, layout.group_of
        self._starts = np.array(layout.starts)
        self._changed_at = np.full(len(layout.starts) - 1, self._beat, np.int64)
        self._copies = [Copy(Columns(len(layout.contracts))), Copy(Columns(len(layout.contracts)))]
        self._changed, self._stale = self._changed_at.data, self._analytics.stale.data
        self._bid, self._ask = _floats(columns["bid"]), _floats(columns["ask"])
        self._bid_size, self._ask_size = _floats(columns["bid_size"]), _floats(columns["ask_size"])
        self._last, self._volume = _floats(columns["last"]), _floats(columns["volume"])
        self._open_interest, self._quoted_at = _floats(columns["open_interest"]), _floats(columns["quoted_at"])
        self._feed_iv, self._feed_delta, self._feed_gamma, self._feed_theta, self._feed_vega = (
            _floats(self._analytics.feed[name]) for name in FEED_GREEKS
        )
        self._feed_at = _floats(self._analytics.feed_at)

    def _note_price(self, symbol: str) -> None:
        if symbol in self._layout.underlyings:
            u = self._layout.underlyings.index(symbol)
            self._analytics.prices[u], self._analytics.price_at[u] = self._prices[symbol]

    def _refresh(self, now: datetime) -> None:
        feed_at = self._analytics.feed_at
        feed_at[feed_at == _FRESH] = now.timestamp()
        touched = self._analytics.refresh(now)
        if touched:
            self._changed_at[list(touched)] = self._beat
        self._beat += 1

    def _seen(self, now: datetime, columns: Columns) -> ChainSnapshot:
        layout = self._layout
        return ChainSnapshot(
            id=self._next_id(now),
            as_of=now,
            table=columns.table,
            contracts=layout.contracts,
            underlyings=layout.underlyings,
            layout=layout.number,
            rows_by_con_id=layout.rows,
            shares=dict(self._shares),
        )

    def _next_id(self, now: datetime) -> str:
        """The instant, and a number where there are several snapshots of one: sortable by time as text."""
        stamp = f"{now:%Y%m%dT%H%M%S.%f}"
        self._last_id = (stamp, self._last_id[1] + 1 if stamp == self._last_id[0] else 0)
        return f"{stamp}-{self._last_id[1]:03d}"


def _floats(array: np.ndarray) -> "memoryview[float]":
    """The array's memory for single writes: three times as fast as through the array."""
    return array.data  # pyright: ignore[reportReturnType] - the stubs call every memoryview one of ints


_NAN = float("nan")
_ABOVE_ZERO = 5e-324
_POSSIBLE = {
    **dict.fromkeys(("bid", "bid_size", "ask_size", "volume", "open_interest", "quoted_at", "gamma", "vega"), (0.0, _HUGE)),
    **dict.fromkeys(("ask", "last", "iv"), (_ABOVE_ZERO, _HUGE)),
    "quoted_at": (0.0, 1e12),
    "quoted_level": (_ABOVE_ZERO, _HUGE),
    "delta": (-1.0, 1.0),
    "theta": (-_HUGE, _HUGE),
}
"""Least and greatest value of what the feed may say."""
_FRESH = float("inf")
"""Said by the feed since the last snapshot, which puts its own time in this place."""
_NOT_COMPUTED = -2.0
"""The broker's theta where its model has none; passed through by ib_async 2.1."""
