"""Edits that wait for a person: those that loosen what trades without asking. What is in force does not change meanwhile.

With real money an edit that loosens ends the arms instead, and nothing is opened until a person arms anew: nothing is held there.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.domain.facts.files import EditHeld
from engine.domain.facts.union import Fact
from engine.strategy.model import Strategy


@dataclass(frozen=True, slots=True)
class HeldEdit:
    """One file whose present text waits."""

    file: str
    """As the trader sees its name."""
    digest: str
    """SHA-256 of its bytes; empty where it is gone."""
    changes: tuple[str, ...]
    """What it would change, a sentence a value."""


class HeldEdits:
    """Which edits wait, from one reading of the folder to the next, and which a person has accepted."""

    def __init__(self) -> None:
        self.waiting: Mapping[str, HeldEdit] = {}
        """By file, as of the last reading."""
        self.is_on = True
        self.was_accepted = asyncio.Event()
        """Set when the folder is to be read again for what a person has accepted."""
        self._found: dict[str, HeldEdit] = {}
        self._accepted: set[tuple[str, str]] = set()

    def accept(self, file: str, digest: str) -> None:
        """Let this text of the file take effect at the next reading."""
        self._accepted.add((file, digest))
        self.was_accepted.set()

    def holds(self, edit: HeldEdit, *, loosens: bool, affects: bool) -> bool:
        """Whether an edit that was just read waits; it is kept in mind if so.

        `affects` says that something of what it changes trades, or would trade, without asking.
        """
        if not (self.is_on and loosens and affects):
            return False
        if (edit.file, edit.digest) in self._accepted:
            self._accepted.discard((edit.file, edit.digest))
            return False
        self._found[edit.file] = edit
        return True

    def settle(self) -> Iterator[Fact]:
        """The end of a reading: a fact for each edit that waits since then."""
        before, self.waiting, self._found = self.waiting, self._found, {}
        for file, edit in sorted(self.waiting.items()):
            if before.get(file) != edit:
                yield EditHeld(file, edit.digest, edit.changes)


def is_unattended(*strategies: Strategy | None) -> bool:
    """Whether one of them is on and sends orders without a person being asked."""
    return any(strategy is not None and strategy.enabled and strategy.is_unattended for strategy in strategies)
