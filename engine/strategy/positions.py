"""Written values that remember where they stand in the file, so that a complaint can point at the very character.

The tree of a file consists of `Text`, `Listed` and `Mapped`: a str, a list and a dict that know their place. What is
wrong with a value is raised as `complaint`, which carries the place through pydantic untouched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pydantic_core import PydanticCustomError


@dataclass(frozen=True, slots=True)
class Place:
    """Columns from 1; `end_column` is the first column after the marked text."""

    line: int
    column: int
    end_column: int


NOWHERE = Place(1, 1, 2)
"""The place of what is missing from the file as a whole."""


class Text(str):
    """A scalar as written. `exact` says that its characters stand in the file one by one, so that a part of it can be
    marked.
    """

    place: Place = NOWHERE
    exact: bool = False
    plain: bool = False

    @classmethod
    def at(cls, text: str, place: Place, *, exact: bool, plain: bool) -> Text:
        """`exact` texts start at `place.column`; `plain` ones stand without quotes."""
        made = cls(text)
        made.place, made.exact, made.plain = place, exact, plain
        return made

    def part(self, start: int, end: int) -> Place:
        """The place of characters `start` to `end`, or of all of it when they cannot be told apart."""
        if not self.exact:
            return self.place
        column = self.place.column + start
        return Place(self.place.line, column, max(column + 1, self.place.column + end))


class Listed(list["Node"]):
    place: Place = NOWHERE


class Mapped(dict[Text, "Node"]):
    place: Place = NOWHERE


Node: TypeAlias = Text | Listed | Mapped


def complaint(place: Place | None, message: str, hint: str) -> PydanticCustomError:
    """An error to raise inside a validator; without a place, the value's own is used."""
    return PydanticCustomError("written", "{message}", {"message": message, "hint": hint, "place": place})


def about(text: Text, message: str, hint: str, start: int = 0, end: int | None = None) -> PydanticCustomError:
    """A complaint about a text, or about its characters `start` to `end`."""
    return complaint(text.part(start, len(text) if end is None else end), message, hint)
