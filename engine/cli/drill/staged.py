"""What a drill does to the engine's surroundings: a journal that ends its engine or has no room, a clock that somebody sets, and
files that somebody writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copy, copytree

from engine.domain.errors import EngineError
from engine.domain.facts.union import Fact
from engine.ports import Clock, Journal, Line
from engine.strategy.parse import ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE

BROKEN = "universe: [\n"
"""No file that anybody can read."""
SHARED = (ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE)
"""Files that are no strategies."""


class Killed(BaseException):
    """What SIGKILL is to a process: nobody may catch it."""


@dataclass(slots=True)
class Machine:
    """The machine of a drilled engine: its clock, which somebody may set, and its disk, which may be full."""

    true: Clock
    is_full: bool = False
    by: timedelta = field(default_factory=timedelta)
    """How far its clock is ahead."""

    def now(self) -> datetime:
        return self.true.now() + self.by

    def check_room(self) -> None:
        if self.is_full:
            raise EngineError("the journal could not be written: No space left on device")


class MortalJournal:
    """A journal that ends its engine where `meets` says so, and that is on the disk of a machine."""

    def __init__(self, journal: Journal, machine: Machine, meets: Callable[[Fact], None]) -> None:
        self._journal, self._machine, self._meets = journal, machine, meets
        self._is_dead = False

    def append(self, fact: Fact, at: datetime) -> Line:
        self._live_on()
        line = self._journal.append(fact, at)
        try:
            self._meets(fact)
        except Killed:
            self._is_dead = True
            raise
        return line

    def begin_sync(self) -> None:
        self._live_on()
        self._journal.begin_sync()

    def sync(self) -> None:
        self._live_on()
        self._journal.sync()

    def _live_on(self) -> None:
        """What unwinds after a death says no good-bye."""
        if self._is_dead:
            raise Killed
        self._machine.check_room()


def copied(strategies: Path, to: Path) -> Path:
    """The trader's files, copied to where they may be written."""
    return Path(copytree(strategies, to))


def of_its_own(strategies: Path, to: Path, files: Mapping[str, str]) -> Path:
    """Strategies of a drill's own beside the trader's limits, lists and events."""
    to.mkdir(parents=True, exist_ok=True)
    for name in SHARED:
        if (strategies / name).exists():
            copy(strategies / name, to / name)
    for name, text in files.items():
        (to / name).write_text(text, encoding="utf-8")
    return to


def break_file(strategies: Path) -> None:
    """Leave the first strategy in the middle of being written."""
    _first(strategies).write_text(BROKEN, encoding="utf-8")


def change_file(strategies: Path) -> None:
    """Save the first strategy with other words in it: a comment more."""
    first = _first(strategies)
    first.write_text(first.read_text(encoding="utf-8") + "\n# looked at again\n", encoding="utf-8")


def _first(strategies: Path) -> Path:
    return next(path for path in sorted(strategies.glob("*.y*ml")) if path.name not in SHARED)
