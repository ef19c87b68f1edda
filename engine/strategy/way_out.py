"""The way out of a problem: a sentence for the trader, and the same as changes of the file.

The sentence is written from the changes of its first alternative, so that who follows it word for word, a person or a
program, ends in the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from engine.strategy.source import Place


@dataclass(frozen=True, slots=True)
class Write:
    """Text in place of what is marked, or of what stands at `place`."""

    text: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Add:
    """`key: value`, or `- line`, into the section at this path; into the file itself where the path is empty. With `once` only
    where the line does not stand there yet.
    """

    text: str
    section: str = ""
    once: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """The entry that is marked, or that stands at `place`: a key with its value, a line of a list; and a section that
    would be left empty.
    """

    place: Place | None = None


@dataclass(frozen=True, slots=True, init=False)
class Turn:
    """Other entries, each `key: value` or a line, in place of the whole one that is marked."""

    texts: tuple[str, ...]

    def __init__(self, *texts: str) -> None:
        object.__setattr__(self, "texts", texts)


@dataclass(frozen=True, slots=True)
class Value:
    """Text as the whole value of the key that is marked."""

    text: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A line in place of the whole part of a list that holds what is marked."""

    text: str


Change: TypeAlias = Whole | Value | Write | Add | Remove | Turn


class WayOut(str):
    """The sentence. `changes` are its first alternative; none where nobody can know what was meant.

    `is_later` says that the language does not have yet what was asked for: the changes lead to what comes nearest.
    """

    changes: tuple[Change, ...]
    is_later: bool

    @classmethod
    def of(cls, sentence: str, *changes: Change, is_later: bool = False) -> WayOut:
        """A sentence and what it does."""
        made = cls(sentence)
        made.changes, made.is_later = changes, is_later
        return made

    def reworded(self, sentence: str) -> WayOut:
        """The same changes in other words."""
        return WayOut.of(sentence, *self.changes, is_later=self.is_later)


def write(first: str, *others: str, note: str = "", place: Place | None = None) -> WayOut:
    """`write  A  |  B`, and then a note; what is done is A."""
    return WayOut.of(f"write  {'  |  '.join((first, *others))}{_apart(note)}", Write(first, place))


def _apart(note: str) -> str:
    """A note set off from what is written, so that nobody takes it for a part of that."""
    return f"  ({note.lstrip(',:; ')})" if note and not note.startswith("  ") else note


def write_any(options: Sequence[str]) -> WayOut:
    """The same for a list; no words where it is empty."""
    return write(options[0], *options[1:]) if options else WayOut.of("")


def add(text: str, section: str = "", note: str = "") -> WayOut:
    """`add  key: value  in section`, and then a note."""
    return WayOut.of(f"add  {text}" + (f"  in {section}" if section else "") + _apart(note), Add(text, section))


def remove(note: str = "", place: Place | None = None) -> WayOut:
    """`remove it`, and then a note."""
    return WayOut.of(f"remove it{note}", Remove(place))


def strike(what: str = "it") -> WayOut:
    """`remove it`: the marked characters go, and what stands beside them stays."""
    return WayOut.of(f"remove {what}", Write(""))


def move(text: str, section: str, note: str = "") -> WayOut:
    """`write it as  key: value  in section`: it goes here and comes there."""
    return WayOut.of(f"write it as  {text}  in {section}{_apart(note)}", Remove(), Add(text, section))


def turn(text: str, note: str = "") -> WayOut:
    """`write  key: value`: another entry in place of the whole one."""
    return WayOut.of(f"write  {text}{_apart(note)}", Turn(text))


def did_you_mean(meant: str | None, known: str) -> WayOut:
    """What was meant, if one is near, before what is known."""
    return WayOut.of(f"did you mean '{meant}'?   {known}", Write(meant)) if meant else WayOut.of(known)


def changes_of(hint: str) -> tuple[Change, ...]:
    """What a sentence does; nothing where it is only words."""
    return hint.changes if isinstance(hint, WayOut) else ()


def written_first(hint: str) -> str | None:
    """What the first alternative writes in place of what is marked."""
    return next((change.text for change in changes_of(hint) if isinstance(change, Write | Value)), None)


def is_later(hint: str) -> bool:
    """Whether a sentence says that something is not there yet."""
    return isinstance(hint, WayOut) and hint.is_later


def joined(parts: Iterable[str], last: str = "and") -> str:
    """`a, b and c`."""
    *some, end = parts
    return f"{', '.join(some)} {last} {end}" if some else end
