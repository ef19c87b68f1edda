"""When the broker is known to be away: a lost link then is no news, and one at any other time is."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from engine.domain.session import NEW_YORK

FRIDAY = 4
RESET_FROM, RESET_FOR = time(23, 45), timedelta(hours=1)
"""Every night but Friday's. Source: IBKR, system status page, daily reset for North America."""
WEEKLY_FROM, WEEKLY_FOR = time(23, 0), timedelta(hours=4)
"""Friday's night, until three in the morning of Saturday. Source: the same."""
RESTART_FOR = timedelta(minutes=10)
"""TWS and IB Gateway restart themselves, and log in again."""
EARLY = timedelta(minutes=1)
"""By how much clocks may differ."""


@dataclass(frozen=True, slots=True)
class Restart:
    """When TWS restarts by itself, by the clock of the machine it runs on."""

    at: time
    zone: tzinfo


def is_loss_expected(now: datetime, restart: Restart) -> bool:
    """Whether the link may be gone now without anything being wrong."""
    there = now.astimezone(restart.zone)
    return _is_reset(now.astimezone(NEW_YORK)) or any(_within(there, ago, restart.at, RESTART_FOR) for ago in (0, 1))


def _is_reset(now: datetime) -> bool:
    """A reset may have begun yesterday."""
    for days_ago in (0, 1):
        is_weekly = (now - timedelta(days=days_ago)).weekday() == FRIDAY
        start, span = (WEEKLY_FROM, WEEKLY_FOR) if is_weekly else (RESET_FROM, RESET_FOR)
        if _within(now, days_ago, start, span):
            return True
    return False


def _within(now: datetime, days_ago: int, start: time, span: timedelta) -> bool:
    """Whether now lies in the span that began at this time of day, so many days ago, by now's own zone."""
    first = datetime.combine(now.date() - timedelta(days=days_ago), start, now.tzinfo)
    return first - EARLY <= now < first + span
