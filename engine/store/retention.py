"""What of a state folder may go: archived chains that are old, never while a position lives that was opened before them.

Explanations end by themselves after their days, and logs by their size. The journal ends only as a whole: each start proves its
chain from the first line on, so a day that is missing is damage. A journal of which nothing is open can be laid aside.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from engine.domain.errors import UserError
from engine.domain.ledger import Ledger
from engine.domain.session import trading_day
from engine.store import chains, checkpoint, journal
from engine.store.books import books
from engine.store.lock import Lock

ASIDE = "journals-aside"
"""Where journals that are over lie: in the state folder, each with its checkpoints, as a state folder of its own."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of archived chains."""

    folder: Path
    size: int
    """Bytes."""


def old_chains(state: Path, ledger: Ledger, today: date, days: int) -> list[Day]:
    """Days of chains that are older than so many days and than every position that is open."""
    bound = today - timedelta(days=days)
    for position in ledger.open_positions():
        bound = min(bound, trading_day(position.opened_at))
    return [
        Day(folder, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))
        for day, folder in _days(state / chains.FOLDER)
        if day < bound
    ]


def remove(days: list[Day]) -> None:
    """Remove these days of chains. Raises UserError where one cannot be."""
    for day in days:
        try:
            shutil.rmtree(day.folder)
        except OSError as error:
            raise UserError(f"{error.filename or day.folder}: cannot be removed: {error.strerror}") from error


def lay_aside(state: Path, now: datetime) -> Path:
    """Move a journal that is over out of the way, so that the next start begins a new one; where it lies now.

    Raises UserError where an engine runs, something is open or at the broker, or it traded today: what a new journal does not
    know would not be counted.
    """
    lock = Lock(state)
    try:
        found = books(state)
        if found.head.seq == 0:
            raise UserError(f"{state}: no journal here")
        ledger, today = found.ledger, trading_day(now)
        is_open = [position.id for position in ledger.open_positions()]
        working = [order.ref for order in ledger.orders.values() if order.is_at_broker]
        traded = [
            order.ref for order in ledger.orders.values() if order.sent_at is not None and trading_day(order.sent_at) == today
        ]
        for what, which in (("open", is_open), ("at the broker", working), ("sent today", traded)):
            if which:
                raise UserError(
                    f"{state}: {', '.join(which[:5])} {what}; a journal is laid aside when nothing is, on a day without orders"
                )
        target = state / ASIDE / f"{now:%Y-%m-%d-%H%M%S}"
        target.mkdir(mode=0o700, parents=True)
        for name in (checkpoint.CHECKPOINTS, journal.FOLDER):
            if (state / name).exists():
                (state / name).rename(target / name)
        (state / journal.FOLDER).mkdir(mode=0o700)  # so that the folder is still known for what it is
        return target
    except OSError as error:
        raise UserError(f"{error.filename or state}: {error.strerror}; nothing more is moved") from error
    finally:
        lock.release()


def _days(folder: Path) -> Iterator[tuple[date, Path]]:
    """The folders of the days, oldest first; what is named otherwise is not looked at."""
    for path in sorted(folder.glob("date=*")):
        try:
            yield date.fromisoformat(path.name.removeprefix("date=")), path
        except ValueError:
            continue
