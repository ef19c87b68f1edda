"""Turns a table of recorded chains into snapshots: columns sorted by time, and where each instant and each day begins.

The table's schema: `quote_ts` UTC, `underlying`, `root`, `underlying_price`, `expiry`, `strike`, `right` C or P, `bid`,
`ask`, `bid_size`, `ask_size`, `last`, `volume`, `open_interest`, `iv`, `delta`, `gamma`, `theta` per calendar day, `vega`
per volatility point, `multiplier`. Null is absent; further columns are ignored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.domain.session import NEW_YORK, Session, trading_day
from engine.sim.market.contracts import Key
from engine.sim.market.quotes import Bar, Floats

QUOTED = ("bid", "ask", "bid_size", "ask_size", "last", "volume", "open_interest", "iv", "delta", "gamma", "theta", "vega")
"""Columns that go into the quotes as they are."""
_GRACE = timedelta(minutes=15)
"""How long a chain recorded at or after the close can be traded where the sessions are taken from the recording."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All rows recorded at one instant."""

    at: datetime
    rows: slice


@dataclass(frozen=True, slots=True)
class Recording:
    """Rows in order of time; text columns as numbers into sorted tuples."""

    underlyings: tuple[str, ...]
    roots: tuple[str, ...]
    snapshots: tuple[Snapshot, ...]
    u: NDArray[np.int64]
    root: NDArray[np.int64]
    expiry: NDArray[np.datetime64]
    strike: Floats
    is_put: NDArray[np.bool_]
    multiplier: NDArray[np.int64]
    price: Floats
    """Of the underlying; NaN where it was not recorded."""
    quoted: dict[str, Floats]

    def rows_of_day(self, first: int, end: int) -> slice:
        """The rows of the snapshots from `first` up to, not including, `end`."""
        return slice(self.snapshots[first].rows.start, self.snapshots[end - 1].rows.stop)

    def codes(self, rows: slice) -> NDArray[np.int64]:
        """A number for each row that sorts as its key does, and is the same for the same key."""
        strikes, strike = np.unique(self.strike[rows], return_inverse=True)
        expiries, expiry = np.unique(self.expiry[rows], return_inverse=True)
        sizes, size = np.unique(self.multiplier[rows], return_inverse=True)
        code = self.u[rows] * len(expiries) + expiry
        code = (code * len(self.roots) + self.root[rows]) * 2 + self.is_put[rows]
        return np.asarray((code * len(strikes) + strike) * len(sizes) + size, dtype=np.int64)

    def keys(self, rows: NDArray[np.int64]) -> list[Key]:
        """Which options these rows are of."""
        columns = (self.u, self.expiry, self.root, self.is_put, self.strike, self.multiplier)
        return [
            Key(self.underlyings[u], expiry, self.roots[root], "P" if is_put else "C", strike, multiplier)
            for u, expiry, root, is_put, strike, multiplier in zip(*(column[rows].tolist() for column in columns), strict=True)
        ]

    def days(self) -> dict[date, tuple[int, int]]:
        """First snapshot, and the one after the last, of each trading day, in order."""
        found: dict[date, tuple[int, int]] = {}
        for number, snapshot in enumerate(self.snapshots):
            day = trading_day(snapshot.at)
            found[day] = (found.get(day, (number, 0))[0], number + 1)
        return found

    def prices(self, underlying: str) -> Floats:
        """The underlying's price at each snapshot; NaN where it has none. All NaN for a stranger."""
        prices = np.full(len(self.snapshots), np.nan)
        if underlying in self.underlyings:
            number = np.repeat(np.arange(len(prices)), [s.rows.stop - s.rows.start for s in self.snapshots])
            known = (self.u == self.underlyings.index(underlying)) & np.isfinite(self.price)
            prices[number[known]] = self.price[known]
        return prices

    def bars(self, underlying: str) -> list[Bar]:
        """What was recorded of the underlying's price on each day, oldest first."""
        known, bars = self.prices(underlying), list[Bar]()
        for day, (first, end) in self.days().items():
            prices = known[first:end][np.isfinite(known[first:end])]
            if len(prices):
                low, high = float(prices.min()), float(prices.max())
                bars.append(Bar(day, float(prices[0]), high, low, float(prices[-1])))
        return bars

    def sessions(self) -> tuple[Session, ...]:
        """A session for each recorded day: regular hours, longer where something was recorded outside of them."""
        found: list[Session] = []
        for day, (first, end) in self.days().items():
            regular = [datetime.combine(day, clock, NEW_YORK).astimezone(UTC) for clock in (time(9, 30), time(16))]
            last = self.snapshots[end - 1].at
            close = last + _GRACE if last >= regular[1] else regular[1]
            found.append(Session(day, min(regular[0], self.snapshots[first].at), close))
        return tuple(found)


def recording_of(tables: Sequence[pa.Table]) -> Recording:
    """The recording of one or more tables. Raises ValueError when there is no row, or a column is missing."""
    wanted = ["quote_ts", "underlying", "root", "underlying_price", "expiry", "strike", "right", "multiplier", *QUOTED]
    for table in tables:
        missing = [name for name in wanted if name not in table.column_names]
        if missing:
            raise ValueError(f"recorded chain lacks the columns {', '.join(missing)}")
    whole = pa.concat_tables([table.select(wanted) for table in tables], promote_options="permissive")
    if not whole.num_rows:
        raise ValueError("recorded chain has no rows: nothing to replay")
    whole = whole.sort_by([("quote_ts", "ascending"), ("underlying", "ascending")])
    micros = _column(pc.cast(whole["quote_ts"], pa.timestamp("us", "UTC")).cast(pa.int64()), np.int64)
    starts = np.flatnonzero(np.diff(micros, prepend=micros[0] - 1))
    ends = [*starts[1:].tolist(), len(micros)]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    underlyings, u = _numbered(whole["underlying"])
    roots, root = _numbered(whole["root"])
    rights, right = _numbered(whole["right"])
    return Recording(
        underlyings=underlyings,
        roots=roots,
        snapshots=tuple(
            Snapshot(epoch + timedelta(microseconds=int(micros[start])), slice(int(start), end))
            for start, end in zip(starts, ends, strict=True)
        ),
        u=u,
        root=root,
        expiry=_column(pc.cast(whole["expiry"], pa.date32()), "datetime64[D]"),
        strike=_column(pc.cast(whole["strike"], pa.float64()), np.float64),
        is_put=np.array([right == "P" for right in rights])[right],
        multiplier=_column(pc.cast(pc.fill_null(whole["multiplier"], 100), pa.int64()), np.int64),
        price=_floats(whole["underlying_price"]),
        quoted={name: _floats(whole[name]) for name in QUOTED},
    )


def bars_of(table: pa.Table) -> dict[str, list[Bar]]:
    """Daily bars by symbol, oldest first, of a table with symbol, date, open, high, low, close and volume.

    A day of which only the close is known is flat at it.
    """
    bars: dict[str, list[Bar]] = {}
    for row in table.sort_by([("symbol", "ascending"), ("date", "ascending")]).to_pylist():
        close = float(row["close"])
        prices = [close if row[name] is None else float(row[name]) for name in ("open", "high", "low")]
        bars.setdefault(row["symbol"], []).append(Bar(row["date"], *prices, close, row["volume"]))  # pyright: ignore[reportCallIssue]
    return bars


def _numbered(column: pa.ChunkedArray) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    encoded = column.combine_chunks().dictionary_encode()
    texts: list[str] = encoded.dictionary.to_pylist()
    ordered = sorted(texts)
    ranks = np.array([ordered.index(text) for text in texts], dtype=np.int64)
    return tuple(ordered), ranks[encoded.indices.to_numpy()]


def _floats(column: pa.ChunkedArray) -> Floats:
    """Values as float64, NaN for null."""
    return _column(pc.fill_null(pc.cast(column, pa.float64()), float("nan")), np.float64)


def _column(column: pa.ChunkedArray, kind: Any) -> NDArray[Any]:
    return np.asarray(column.to_numpy(), dtype=kind)
