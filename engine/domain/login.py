"""The login that TWS wants of a person once a week: its session with IBKR ends on Sunday at 01:00 in New York.

Until then TWS restarts by itself; after it the first restart waits for a person with a second factor. TWS says nothing of it, so
the clock is kept here: reminders before the end, and after it for as long as the link was not made anew, which takes the login.

Source: IBKR, TWS users' guide, auto restart: the token is invalidated every Sunday.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.domain.facts.running import LoginReminded
from engine.domain.ledger import Ledger
from engine.domain.session import NEW_YORK

SUNDAY, WEEK = 6, timedelta(days=7)
ENDS = time(1, 0)
STANDS_FOR = timedelta(hours=20)
"""A reminder whose time passed longer ago, as of an engine that did not run, is left to the next."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """One of a week's reminders."""

    days: int
    """From the Sunday on which the session ends."""
    at: time
    """In New York."""
    says: str


REMINDERS = (
    Reminder(-2, time(16, 30), "log in to TWS again this weekend, after Sunday 01:00 New York and before Monday's open"),
    Reminder(0, time(12, 0), "TWS has not been logged in to since its session ended: its next restart waits for a person"),
    Reminder(1, time(7, 30), "TWS has not been logged in to since its session ended, and the market opens at 09:30 New York"),
)


def session_end(now: datetime) -> datetime:
    """When the session of TWS with IBKR ends next: a Sunday, 01:00 in New York."""
    here = now.astimezone(NEW_YORK)
    end = _end_of(here.date() + timedelta(days=(SUNDAY - here.weekday()) % 7))
    return end if end > now else _end_of(end.astimezone(NEW_YORK).date() + WEEK)


def is_logged_in(now: datetime, ledger: Ledger) -> bool:
    """Whether the link was made anew since the session ended last: as far as can be seen from here, a person has logged in."""
    since = ledger.connection_at
    return ledger.connection is not None and ledger.connection.passes_orders and since is not None and since >= _last_end(now)


def login_facts(now: datetime, ledger: Ledger) -> Iterator[LoginReminded]:
    """The reminder that is due now, the latest where several are; nothing twice, over restarts too."""
    last = _last_end(now)
    for end in (last, session_end(now)):
        for one in reversed(REMINDERS):
            due = datetime.combine(end.astimezone(NEW_YORK).date() + timedelta(days=one.days), one.at, NEW_YORK)
            told_at = ledger.tws.login_reminded_at
            is_due = due <= now < due + STANDS_FOR and (told_at is None or told_at < due)
            if is_due and (one.days < 0 or not is_logged_in(now, ledger)):
                yield LoginReminded(end, one.says)
                return


def _last_end(now: datetime) -> datetime:
    return _end_of(session_end(now).astimezone(NEW_YORK).date() - WEEK)


def _end_of(sunday: date) -> datetime:
    return datetime.combine(sunday, ENDS, NEW_YORK)
