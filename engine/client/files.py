"""What both clients ask and say about the trader's files."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeVar

from engine.api.models.edits import HeldEdit
from engine.api.models.files import Checked
from engine.api.models.migration import Migration
from engine.api.models.plan import Plan
from engine.api.models.words import Outcome
from engine.client import calls
from engine.client.calls import Call

T = TypeVar("T")


class AsyncFiles(ABC):
    """For programs with a loop."""

    _by: str

    @abstractmethod
    async def _ask(self, call: Call[T], once: str | None = None) -> T: ...

    async def check(self, text: str, file: str = "strategy.yaml") -> Checked:
        """What the language says of a file, without putting it in force."""
        return await self._ask(calls.check(text, file))

    async def edits(self) -> tuple[HeldEdit, ...]:
        """Edits that loosen what trades without asking, and wait for a person."""
        return await self._ask(calls.edits())

    async def accept_edit(self, edit: HeldEdit, reason: str = "", *, by: str | None = None) -> Outcome:
        """Let an edit take effect; nothing is accepted where the file was edited again since."""
        return await self._ask(calls.accept_edit(edit.file, edit.digest, by or self._by, reason))

    async def plan(self, text: str, file: str = "strategy.yaml") -> Plan:
        """What would change if this text were saved as that file; nothing is put in force."""
        return await self._ask(calls.plan(text, file))

    async def plan_beside(self, strategy: str) -> Plan:
        """The same of the text of its file that does not run, else of the draft beside it."""
        return await self._ask(calls.plan_beside(strategy))

    async def migration(self, name: str) -> tuple[Migration, ...]:
        """What moving a position, or the open ones of a strategy, to the rules in force would change."""
        return await self._ask(calls.migration(name))

    async def migrate(self, rows: Sequence[Migration], reason: str = "", *, by: str | None = None) -> Outcome:
        """Move positions that were shown, of one strategy, to the rules in force: all or none."""
        return await self._ask(calls.migrate([one.position for one in rows], rows[0].digest, by or self._by, reason))


class Files(ABC):
    """For programs without one."""

    _by: str

    @abstractmethod
    def _ask(self, call: Call[T], once: str | None = None) -> T: ...

    def check(self, text: str, file: str = "strategy.yaml") -> Checked:
        """What the language says of a file, without putting it in force."""
        return self._ask(calls.check(text, file))

    def edits(self) -> tuple[HeldEdit, ...]:
        """Edits that loosen what trades without asking, and wait for a person."""
        return self._ask(calls.edits())

    def accept_edit(self, edit: HeldEdit, reason: str = "", *, by: str | None = None) -> Outcome:
        """Let an edit take effect; nothing is accepted where the file was edited again since."""
        return self._ask(calls.accept_edit(edit.file, edit.digest, by or self._by, reason))

    def plan(self, text: str, file: str = "strategy.yaml") -> Plan:
        """What would change if this text were saved as that file; nothing is put in force."""
        return self._ask(calls.plan(text, file))

    def plan_beside(self, strategy: str) -> Plan:
        """The same of the text of its file that does not run, else of the draft beside it."""
        return self._ask(calls.plan_beside(strategy))

    def migration(self, name: str) -> tuple[Migration, ...]:
        """What moving a position, or the open ones of a strategy, to the rules in force would change."""
        return self._ask(calls.migration(name))

    def migrate(self, rows: Sequence[Migration], reason: str = "", *, by: str | None = None) -> Outcome:
        """Move positions that were shown, of one strategy, to the rules in force: all or none."""
        return self._ask(calls.migrate([one.position for one in rows], rows[0].digest, by or self._by, reason))
