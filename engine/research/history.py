"""Recorded files as one history: which instants are told to the engine, when, and what of them was known by then.

told        recorded while the exchange was open: at its own instant
moved       recorded at or after the close: at `said_at` of that day, where the person says so, without the day's volume and last
            trade, which nobody knew by then
prices      recorded before the open or after the close otherwise: the price of the underlying counts for closes, nothing trades
left out    recorded on a day without a session, or after `last`
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.domain.calendar import Calendar
from engine.domain.errors import UserError
from engine.domain.session import NEW_YORK, Session, trading_day
from engine.runtime.schedule import sessions_between
from engine.sim.market.replayed import ReplayedMarket
from engine.store.recorded import rows

_REGULAR_CLOSE = time(16, 0)
_KNOWN_AFTER_THE_CLOSE = ("volume", "last")
_YEARS_BACK, _YEARS_AHEAD = 1, 3
"""Around the recording: the history of a calendar, and the longest expiry that is traded."""


@dataclass(frozen=True, slots=True)
class Day:
    """One session with the instants that are told in it, oldest first."""

    session: Session
    instants: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Recorded instants by what was done with them."""

    told: int
    moved: int
    prices: int
    left_out: int


@dataclass(frozen=True, slots=True)
class History:
    """Tables in the order of time, and what is told of them."""

    tables: tuple[pa.Table, ...]
    days: tuple[Day, ...]
    counts: Counts
    said_at: time | None
    bars: pa.Table | None = None
    """Daily bars by symbol, for closes, settlements, and underlyings without options."""

    @property
    def underlyings(self) -> tuple[str, ...]:
        """What options were recorded of."""
        return tuple(sorted({name for table in self.tables for name in table["underlying"].unique().to_pylist()}))

    @property
    def sessions(self) -> tuple[Session, ...]:
        first, last = self.days[0].session.day, self.days[-1].session.day
        return sessions_between(date(first.year - _YEARS_BACK, 1, 1), date(last.year + _YEARS_AHEAD, 12, 31))

    def market(self) -> ReplayedMarket:
        """The market at the open of the first day. Raises UserError where the tables hold no price."""
        sessions = self.sessions
        try:
            return ReplayedMarket(self.tables, self.days[0].session.open, sessions, self.bars, calendar=Calendar(sessions))
        except (ValueError, KeyError, pa.ArrowException) as error:
            raise UserError(f"the recorded chains cannot be replayed: {error}") from error


Altered = Callable[[pa.Table], pa.Table]
"""Makes other rows of those of a file."""


def history_of(
    files: Sequence[Path],
    first: date | None,
    last: date | None,
    said_at: time | None,
    bars: pa.Table | None = None,
    altered: Altered | None = None,
) -> History:
    """The history in these files, told from `first` to `last`, both included, of their rows as `altered` makes them.

    Raises UserError where a file is no recording, or nothing of it can ever trade: then it says which flag tells it.
    """
    tables = [rows(path) if altered is None else altered(rows(path)) for path in files]
    instants = sorted({instant for table in tables for instant in _instants(table)})
    if not instants:
        raise UserError(f"{', '.join(map(str, files))}: holds no rows; name a recorded chain that has some")
    begin, end = trading_day(instants[0]), trading_day(instants[-1])
    sessions = {session.day: session for session in sessions_between(begin, end)}
    wanted = (first or date.min, last or date.max)
    told, moved, prices, left_out = _placed(instants, sessions, wanted, said_at)
    if not told and not moved:
        raise UserError(_nothing_told(files, begin, end, wanted, said_at, prices))
    days = [Day(sessions[day], at) for day, at in _by_day([*told, *moved.values()]) if wanted[0] <= day]
    if not days:
        raise UserError(f"nothing was recorded from {wanted[0]} to {wanted[1]}; it runs from {begin} to {end}")
    shown = tuple(kept for table in tables if (kept := _shown(table, {*told, *prices}, moved)).num_rows)
    return History(shown, tuple(days), Counts(len(told), len(moved), len(prices), left_out), said_at, bars)


def _placed(
    instants: Sequence[datetime], sessions: dict[date, Session], wanted: tuple[date, date], said_at: time | None
) -> tuple[list[datetime], dict[datetime, datetime], list[datetime], int]:
    """The instants that are told as they are, those that are told earlier, those whose prices alone count, and how many are left
    out. Of several after the close of a day the first is told earlier."""
    told: list[datetime] = []
    moved: dict[datetime, datetime] = {}
    prices: list[datetime] = []
    left_out, moved_days = 0, set[date]()
    for instant in instants:
        day = trading_day(instant)
        session = sessions.get(day)
        if session is None or day > wanted[1]:
            left_out += 1
        elif session.contains(instant):
            told.append(instant)
        elif instant >= session.close and said_at is not None and day not in moved_days:
            moved[instant] = session.close - _before_close(said_at)
            moved_days.add(day)
        else:
            prices.append(instant)
    return told, moved, prices, left_out


def _before_close(said_at: time) -> timedelta:
    """So long before the close: 15:45 is 12:45 on a half day."""
    return datetime.combine(date.min, _REGULAR_CLOSE) - datetime.combine(date.min, said_at)


def _by_day(instants: Sequence[datetime]) -> list[tuple[date, tuple[datetime, ...]]]:
    days: dict[date, list[datetime]] = {}
    for instant in sorted(set(instants)):
        days.setdefault(trading_day(instant), []).append(instant)
    return [(day, tuple(at)) for day, at in days.items()]


def _shown(table: pa.Table, kept: set[datetime], moved: dict[datetime, datetime]) -> pa.Table:
    """The rows of these instants; those that are told before they were recorded without what was not known yet."""
    micros = table["quote_ts"].cast(pa.int64()).to_numpy()
    goes = np.isin(micros, np.array([_micros(one) for one in {*kept, *moved}], dtype=np.int64))
    table, micros = table.filter(pa.array(goes)), micros[goes]
    if not moved or not table.num_rows:
        return table
    earlier = {_micros(was): _micros(to) for was, to in moved.items()}
    is_moved = np.isin(micros, np.array(list(earlier), dtype=np.int64))
    said = np.array([earlier.get(one, one) for one in micros.tolist()], dtype=np.int64)
    columns = {name: table[name] for name in table.column_names}
    columns["quote_ts"] = pa.chunked_array([pa.array(said, pa.timestamp("us", tz="UTC"))])
    for name in _KNOWN_AFTER_THE_CLOSE:
        values = table[name].to_numpy().astype(np.float64)
        columns[name] = pa.chunked_array([pa.array(values, mask=is_moved | np.isnan(values))])
    return pa.table(columns)


def _instants(table: pa.Table) -> list[datetime]:
    return [instant.astimezone(UTC) for instant in table["quote_ts"].unique().drop_null().to_pylist()]


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _nothing_told(
    files: Sequence[Path], begin: date, end: date, wanted: tuple[date, date], said_at: time | None, prices: Sequence[datetime]
) -> str:
    names = ", ".join(map(str, files))
    inside = [instant for instant in prices if wanted[0] <= trading_day(instant) <= wanted[1]]
    if inside and said_at is None:
        at = f"{inside[0].astimezone(NEW_YORK):%H:%M}"
        return (
            f"{names}: recorded at {at} New York, when the exchange is closed, so nothing can trade on it;"
            " --said-at 15:15 has it told at that time of its day, without the day's volume and last trade"
        )
    return f"{names}: nothing was recorded in a session from {wanted[0]} to {wanted[1]}; it runs from {begin} to {end}"
