"""Journals of runs in virtual time: nothing leaves the machine, so nothing has to wait for a disk."""

from datetime import datetime

from engine.domain.facts.union import Fact
from engine.ports import Line
from engine.store.journal import Journal


class MemoryJournal:
    """`ports.Journal` that keeps its lines and writes none."""

    def __init__(self, account: str) -> None:
        self.lines: list[Line] = []
        self._account = account

    def append(self, fact: Fact, at: datetime) -> Line:
        line = Line(len(self.lines) + 1, at, self._account, fact)
        self.lines.append(line)
        return line

    def begin_sync(self) -> None:
        """Nothing to bring anywhere."""

    def sync(self) -> None:
        """Nothing to bring anywhere."""


class PatientJournal:
    """A journal in a state folder that goes to disk when the operating system likes, and for certain when it is closed."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def append(self, fact: Fact, at: datetime) -> Line:
        return self._journal.append(fact, at)

    def begin_sync(self) -> None:
        """What is lost in a crash is computed again."""

    def sync(self) -> None:
        """What is lost in a crash is computed again."""
