"""The markets that a simulated TWS can trade on, with the sessions of the real exchange."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.cli.instants import WholeDay, moment
from engine.domain.calendar import Calendar, calendar_of
from engine.domain.errors import UserError
from engine.domain.session import NEW_YORK, Session, trading_day
from engine.runtime.clock import SystemClock
from engine.runtime.schedule import next_session, sessions_between
from engine.sim.market.catalogue import CHARACTERS, VIX, VIX_SOURCE
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.market import Market
from engine.sim.market.recording import recording_of
from engine.sim.market.replayed import ReplayedMarket
from engine.sim.options import SimOptions

AHEAD = timedelta(days=366)
PAST = timedelta(days=800)
"""Sessions behind the first one: the history of a generated market is two years of trading days."""
SETTLED_DOWN = timedelta(minutes=30)
"""After the open: openings are allowed, and the shipped strategies are inside of their windows."""
BEFORE = timedelta(days=14)
"""Options that settle on the first day may have stopped trading before it."""
REPRICINGS_PER_S = 10
"""How often a second, at most, the generated chains are priced: a whole SPX chain takes some milliseconds."""
TOLD_AGAIN_S = 2.0
"""Between two recorded snapshots quotes stand, for minutes or hours, and are told again so often: an engine that takes for stale
what it has not heard for some seconds would else trade in the first seconds after each snapshot only."""
_YEARS = (1990, 2100)
"""What the calendar of the exchange is asked for."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A market, and when time begins in it."""

    market: Market
    begins: datetime
    sessions: tuple[Session, ...]
    ends: datetime | None
    """The last close of a recording; None where the market goes on."""
    description: str
    options: SimOptions


def generated(seed: int, underlyings: Sequence[str], at: str | None, speed: float) -> Staged:
    """A market from a seed. Raises UserError for an underlying it does not know."""
    wanted = list(dict.fromkeys(name.strip().upper() for text in underlyings for name in text.split(",") if name.strip()))
    unknown = [name for name in wanted if name not in CHARACTERS]
    if unknown or not wanted:
        raise UserError(
            f"--underlyings: no {', '.join(unknown) or 'name'} in the generated market; it knows {', '.join(CHARACTERS)}"
        )
    if VIX in wanted and VIX_SOURCE not in wanted:
        wanted.append(VIX_SOURCE)
    now = SystemClock().now()
    begins = _begins(at) if at is not None else inside_of_a_day(now)
    first = trading_day(begins)
    sessions = sessions_between(first - PAST, first + AHEAD)
    market = GeneratedMarket(seed, begins, sessions, wanted, cadence_s=max(1.0, speed / REPRICINGS_PER_S))
    return Staged(market, begins, sessions, None, f"generated from seed {seed}: {', '.join(wanted)}", SimOptions())


def replayed(files: Sequence[Path], bars: Path | None, at: str | None, speed: float) -> Staged:
    """Recorded chains in the order of their time. Raises UserError for a file that holds none."""
    tables = [_table(path) for path in files]
    try:
        recording = recording_of(tables)
    except (ValueError, pa.ArrowException, KeyError) as error:
        raise UserError(f"{', '.join(map(str, files))}: {error}") from error
    instants = [snapshot.at for snapshot in recording.snapshots]
    days = sorted({trading_day(instant) for instant in instants})
    sessions, note = _sessions_of(instants, days)
    if sessions is None:
        sessions = recording.sessions()
    recorded = [session for session in sessions if session.day in set(days)]
    begins = _begins(at) if at is not None else recorded[0].open
    if not recorded[0].open - timedelta(days=7) <= begins < recorded[-1].close:
        raise UserError(f"--at: the recording runs from {days[0]} to {days[-1]}; begin in it")
    try:
        daily = None if bars is None else _table(bars)
        market = ReplayedMarket(tables, begins, sessions, daily, calendar=_calendar(days, sessions))
    except (ValueError, KeyError, pa.ArrowException) as error:
        raise UserError(f"{bars or files[0]}: {error}") from error
    span = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
    description = f"recorded {span}, {_count(len(instants))} of {', '.join(recording.underlyings)}{note}"
    options = SimOptions(cadence_s=max(TOLD_AGAIN_S, speed / REPRICINGS_PER_S), repeats_quotes=True, repeats_greeks=True)
    return Staged(market, begins, tuple(sessions), recorded[-1].close, description, options)


def inside_of_a_day(now: datetime) -> datetime:
    """Where a generated market begins unless it is told: in the session of today or the next one, half an hour after its open."""
    return next_session(now).open + SETTLED_DOWN


def _sessions_of(instants: Sequence[datetime], days: Sequence[date]) -> tuple[tuple[Session, ...] | None, str]:
    """The exchange's sessions where something was recorded in each; else None, and why the recording makes its own."""
    sessions = sessions_between(days[0], days[-1] + AHEAD)
    seen = {session.day for session in sessions for instant in _of_day(instants, session.day) if session.contains(instant)}
    if seen >= {session.day for session in sessions if session.day in set(days)} and seen:
        return sessions, ""
    return None, "; recorded at the close, so each session lasts until a little after its last snapshot"


def _calendar(days: Sequence[date], sessions: Sequence[Session]) -> Calendar:
    """The exchange's calendar, with the hours of the recording where it has its own: a recording may skip days."""
    known = {session.day: session for session in sessions_between(days[0] - BEFORE, days[-1] + AHEAD)}
    return calendar_of([*{**known, **{session.day: session for session in sessions}}.values()])


def _of_day(instants: Sequence[datetime], day: date) -> Iterator[datetime]:
    return (instant for instant in instants if trading_day(instant) == day)


def _begins(at: str) -> datetime:
    """The moment, or the opening of the session of that day."""
    wanted = moment(at)
    day = wanted.day if isinstance(wanted, WholeDay) else trading_day(wanted)
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise UserError(f"--at {at}: choose a year between {_YEARS[0]} and {_YEARS[1]}")
    if not isinstance(wanted, WholeDay):
        return wanted
    return next_session(datetime.combine(day, datetime.min.time(), NEW_YORK)).open


def _table(path: Path) -> pa.Table:
    if not path.is_file():
        raise UserError(f"{path}: no such file; name a Parquet file")
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]})") from error


def _count(snapshots: int) -> str:
    return "1 snapshot" if snapshots == 1 else f"{snapshots:,} snapshots"
