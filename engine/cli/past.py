"""A past moment as a person names it, and what the history says of it."""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from pathlib import Path

from engine.cli.client import needs_journal
from engine.cli.instants import WholeDay, moment
from engine.domain.ledger import Ledger
from engine.domain.session import NEW_YORK
from engine.runtime import past


def why_then(state: Path, strategy: str, at: str | None) -> dict[str, object]:
    """Why a strategy traded or did not at a past moment (now when None), in the form in which a running engine says it.

    Raises UserError where there is no journal, nothing was written by then, or the strategy was not known.
    """
    needs_journal(state)
    return past.why_then(state, strategy, _end_of(at), at or "")


def ledger_at(state: Path, at: str | None, asked: Collection[str] = ()) -> tuple[Ledger, datetime, dict[str, str]]:
    """What all facts up to a moment, or all of them, add up to, with that moment and the problems of files refused by then.

    Raises UserError where there is no journal or nothing was written by then.
    """
    needs_journal(state)
    return past.ledger_at(state, _end_of(at), asked, at or "")


def _end_of(at: str | None) -> datetime | None:
    if at is None:
        return None
    wanted = moment(at)
    if not isinstance(wanted, WholeDay):
        return wanted
    # A day ends where the next one begins; it is looked at while it lasts.
    return datetime.combine(wanted.day + timedelta(days=1), time(), NEW_YORK) - timedelta(seconds=1)
