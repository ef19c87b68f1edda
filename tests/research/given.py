"""Recordings small enough to read, and runs of the engine over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.domain.session import NEW_YORK
from engine.pricing.black_scholes import THETA_PER_DAY, VEGA_PER_POINT, greeks
from engine.research.drive import DayEnd, driven
from engine.research.history import history_of
from engine.research.journals import MemoryJournal
from engine.research.rig import ACCOUNT, Rig, Terms
from engine.runtime.schedule import sessions_between

FIRST = date(2017, 3, 6)
EXPIRY = date(2017, 3, 17)
"""A monthly expiry, nine sessions after the first day."""
VOLATILITY = 0.25

LIMITS = """\
schema: 1
risk: {per_trade: 10% of net liquidation, hard_cap: 10% of net liquidation, width: 20% of net liquidation}
session: {open: 09:31-15:55 New York, close: 09:31-15:58 New York}
"""
PUTS = """\
schema: 1
name: puts
mode: paper
universe: [XYZ]
spread:
  type: bull_put
  expiry: 3-12 days
  short_delta: 0.20-0.45
  width: $2-$5
sizing: {risk: $3000, contracts: 2-2}
limits: {open: 2, per_day: 1, per_expiry: 2}
entry:
  window: 09:45-15:50 New York
  approval: manual, expires in 10 min
  price: from mid, $0.05 every 15 s, no worse than natural, give up after 3 min
exits:
  - profit >= 90% of credit
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run, and what it left."""

    rig: Rig
    journal: MemoryJournal
    ends: tuple[DayEnd, ...]


def recording(
    path: Path,
    spots: Sequence[float],
    *,
    clocks: Sequence[time] = (time(15, 30),),
    underlying: str = "XYZ",
    root: str = "XYZ",
    expiries: Sequence[date] = (EXPIRY, date(2017, 4, 21)),
    first: date = FIRST,
    half_width: float = 0.05,
    drift: float = 0.0,
) -> Path:
    """Puts and calls on each session from the first on, one spot a session, told at each clock of New York.

    From one clock to the next the spot changes by `drift`, a share of it, up and down in turns.
    """
    days = [session.day for session in sessions_between(first, first + timedelta(days=3 * len(spots) + 10))][: len(spots)]
    tables = [
        _instant(
            datetime.combine(day, clock, NEW_YORK).astimezone(UTC),
            spot * (1 + drift * (number % 3 - 1)),
            underlying,
            root,
            expiries,
            half_width,
        )
        for day, spot in zip(days, spots, strict=True)
        for number, clock in enumerate(clocks)
    ]
    pq.write_table(pa.concat_tables(tables), path)
    return path


def files(folder: Path, texts: Mapping[str, str] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (texts or {"account.yaml": LIMITS, "puts.yaml": PUTS}).items():
        (folder / name).write_text(text)
    return folder


def run(
    folder: Path,
    chain: Path,
    *,
    texts: Mapping[str, str] | None = None,
    fill: str | None = None,
    lines: int | None = None,
    said_at: time | None = None,
    cash: int = 100_000,
    last: date | None = None,
) -> Ran:
    """The engine over a recording, its journal in memory."""
    journal = MemoryJournal(ACCOUNT)
    terms = Terms(Decimal(cash), None if fill is None else Decimal(fill), lines)
    rig = Rig(history_of([chain], None, last, said_at), terms, files(folder / "files", texts), folder / "versions", journal)
    try:
        ends = tuple(driven(rig))
        assert not rig.refused
    finally:
        rig.end()
    return Ran(rig, journal, ends)


def first_difference(ours: Sequence[object], others: Sequence[object]) -> tuple[object, object] | None:
    """The first two that differ, None beside what is there alone: long lists of facts are not to be shown whole."""
    return next(((one, other) for one, other in zip_longest(ours, others) if one != other), None)


def _instant(instant: datetime, spot: float, underlying: str, root: str, expiries: Sequence[date], half_width: float) -> pa.Table:
    parts = [_series(instant, spot, underlying, root, expiry, half_width) for expiry in expiries if expiry >= instant.date()]
    return pa.concat_tables(parts)


def _series(instant: datetime, spot: float, underlying: str, root: str, expiry: date, half_width: float) -> pa.Table:
    strikes = np.arange(80.0, 121.0, 1.0)
    strike, sign = np.concatenate([strikes, strikes]), np.repeat([-1, 1], len(strikes))
    settles = datetime.combine(expiry, time(16), NEW_YORK).astimezone(UTC)
    years = max((settles - instant) / timedelta(days=365), 1e-6)
    found = greeks(spot, strike, years, 0.0, 0.0, VOLATILITY, sign)
    mid, count = np.round(found.price, 2), len(strike)
    return pa.table(
        {
            "quote_ts": pa.array([instant] * count, pa.timestamp("us", "UTC")),
            "underlying": [underlying] * count,
            "root": [root] * count,
            "underlying_price": [spot] * count,
            "expiry": pa.array([expiry] * count, pa.date32()),
            "strike": strike,
            "right": ["P" if one < 0 else "C" for one in sign],
            "bid": np.maximum(np.round(mid - half_width, 2), 0.0),
            "ask": np.round(mid + half_width, 2),
            "bid_size": [50.0] * count,
            "ask_size": [50.0] * count,
            "volume": [500.0] * count,
            "last": mid,
            "open_interest": [500.0] * count,
            "iv": [VOLATILITY] * count,
            "delta": found.delta,
            "gamma": found.gamma,
            "theta": found.theta * THETA_PER_DAY,
            "vega": found.vega * VEGA_PER_POINT,
            "multiplier": [100.0] * count,
        }
    )
