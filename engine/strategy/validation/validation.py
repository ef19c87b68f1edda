"""One strategy under examination: where each part of it stands, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.strategy.exit_groups import groups_of
from engine.strategy.expressions.tree import Condition
from engine.strategy.loader.document import Document
from engine.strategy.model import Declared
from engine.strategy.source import Mapped, Place, place_at
from engine.strategy.spreads.structure import Structure


@dataclass(frozen=True, slots=True)
class Validation:
    """A strategy with its file, so that each check is a few lines."""

    strategy: Declared
    document: Document
    tree: Mapped

    @property
    def spread(self) -> Structure:
        """What the strategy trades, whichever structure it is."""
        return self.strategy.spread

    def at(self, *location: str | int) -> Place:
        """Where a key stands, or the nearest thing above it."""
        return place_at(self.tree, *location)

    def deed_at(self, at: int) -> Place:
        """Where the action of the exit stands that is so many lines from the first; that line where it says none."""
        of_each, _ = groups_of(self.strategy.exits_as_written)
        rule, below = self.strategy.exit_lines[at], len(of_each)
        where: tuple[str | int, ...] = ("exits", at)
        if of_each:
            where = ("exits", "each side", at) if at < below else ("exits", "whole", at - below)
        return self.at(*where, rule.condition.text)

    def error(self, where: Place | Condition, message: str, hint: str) -> None:
        """Says what could never trade, or could trade without the protection that its approval needs."""
        self.document.report(_place(where), message, hint)

    def warn(self, where: Place | Condition, message: str, hint: str) -> None:
        """Says what is probably not meant."""
        self.document.report(_place(where), message, hint, "warning")


def _place(where: Place | Condition) -> Place:
    if isinstance(where, Condition):
        return Place(where.line, where.column, where.column + len(where.text))
    return where
