"""When the broker is known to be away: a lost link then is no news, and what is sent into it is lost.

TWS and IB Gateway restart themselves once a day by the clock of their machine; IBKR resets its servers every night, and
maintains them on Friday's. A window is one such time, with its beginning and its end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from engine.domain.session import NEW_YORK, Session

FRIDAY = 4
RESET_FROM, RESET_FOR = time(23, 45), timedelta(hours=2)
"""Every night but Friday's. Source: IBKR, system status page, daily reset for North America: 00:15 to 01:45; users see losses
from 23:45 on."""
WEEKLY_FROM, WEEKLY_FOR = time(23, 0), timedelta(hours=4)
"""Friday's night, until three in the morning of Saturday. Source: the same."""
RESTART_FOR = timedelta(minutes=10)
"""TWS and IB Gateway restart themselves, and log in again, in one to four minutes; ten leave room for a slow login."""
EARLY = timedelta(minutes=1)
"""By how much clocks may differ."""
QUIET_BEFORE = timedelta(minutes=5)
"""Nothing is opened so shortly before TWS restarts: an order that works then is watched by nobody."""
SENDS_STOP_BEFORE = timedelta(seconds=30)
"""No order message leaves so shortly before it, and until it is over: what is sent in that second vanishes without an answer."""


@dataclass(frozen=True, slots=True)
class Restart:
    """When TWS restarts by itself, by the clock of the machine it runs on."""

    at: time
    zone: tzinfo

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.zone}"


@dataclass(frozen=True, slots=True)
class Window:
    """One time in which the broker is expected to be away."""

    what: str
    """What goes on, for people."""
    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.what}, expected until {self.end.astimezone(NEW_YORK):%H:%M} New York"


def window_at(now: datetime, restart: Restart) -> Window | None:
    """The window that this moment lies in, a minute before it begins included; None in none."""
    return next((window for window in _around(now, restart) if window.start - EARLY <= now < window.end), None)


def restart_near(now: datetime, restart: Restart, over_at: datetime | None) -> Window | None:
    """The restart of TWS that is near or under way; None once it was over at `over_at`, or after its time."""
    near = (window for window in _restarts(now, restart) if window.start - QUIET_BEFORE <= now < window.end)
    return next((window for window in near if over_at is None or over_at < window.start - QUIET_BEFORE), None)


def is_loss_expected(now: datetime, restart: Restart) -> bool:
    """Whether the link may be gone now without anything being wrong."""
    return window_at(now, restart) is not None


def restart_in_session(restart: Restart, sessions: Sequence[Session]) -> datetime | None:
    """The first restart of TWS that meets one of the sessions, or leaves it no time to be back before the open; None for none."""
    for session in sessions:
        for at in _starts(session.open, restart.at, restart.zone, days=(0, 1)):
            if session.open - RESTART_FOR < at < session.close:
                return at
    return None


def _around(now: datetime, restart: Restart) -> Iterator[Window]:
    yield from _restarts(now, restart)
    for start in _starts(now, RESET_FROM, NEW_YORK):
        if start.weekday() != FRIDAY:
            yield Window("IBKR resets its servers", start, start + RESET_FOR)
    for start in _starts(now, WEEKLY_FROM, NEW_YORK):
        if start.weekday() == FRIDAY:
            yield Window("IBKR maintains its servers", start, start + WEEKLY_FOR)


def _restarts(now: datetime, restart: Restart) -> Iterator[Window]:
    for start in _starts(now, restart.at, restart.zone):
        yield Window("TWS restarts", start, start + RESTART_FOR)


def _starts(now: datetime, at: time, zone: tzinfo, days: Sequence[int] = (-1, 0, 1)) -> Iterator[datetime]:
    """This time of day on the days around now, by the zone's own calendar."""
    here = now.astimezone(zone).date()
    yield from (datetime.combine(here + timedelta(days=day), at, zone) for day in days)
