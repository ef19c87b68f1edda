"""What the account was worth when the engine heard it last: read from the newest days of the journal, for showing only."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from engine.domain.errors import Damaged
from engine.domain.facts.account import EquityRecorded
from engine.store import codec
from engine.store.journal import FOLDER
from engine.store.lines import day_files

_DAYS = 10
"""Days on which something was written that are looked through, newest first."""


def last_equity(state: Path) -> tuple[datetime, EquityRecorded] | None:
    """The newest values of the account and when they were written, UTC; None where there are none. Nothing is verified."""
    for path in reversed(day_files(state / FOLDER)[-_DAYS:]):
        for raw in reversed(path.read_bytes().splitlines(keepends=True)):
            if EquityRecorded.__name__.encode() in raw:
                with suppress(Damaged):
                    line = codec.decode(raw)
                    if isinstance(line.fact, EquityRecorded):
                        return line.at, line.fact
    return None
