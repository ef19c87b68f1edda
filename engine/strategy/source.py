"""Written values that remember where they stand in the file, so that a complaint can point at the very character.

The tree of a file consists of `Text`, `Listed` and `Mapped`: a str, a list and a dict that know their place. What is
wrong with a value is raised as `complaint`, which carries the place through pydantic untouched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic_core import PydanticCustomError


@dataclass(frozen=True, slots=True)
class Place:
    """Columns from 1; `end_column` is the first column after the marked text."""

    line: int
    column: int
    end_column: int


NOWHERE = Place(1, 1, 2)
"""The place of what is missing from the file as a whole."""

SHARED_FROM = 1_000_000
"""Behind this line of a strategy stand those of common.yaml, for what it takes from there; no file has as many of its own."""


class Text(str):
    """A scalar as written. `exact` says that its characters stand in the file one by one, so that a part of it can be
    marked.
    """

    place: Place = NOWHERE
    exact: bool = False
    plain: bool = False
    runs_on: bool = False
    """It goes on over the next line, and `place` has its first one only."""

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
    span: Place | None = None
    """All of it, where it stands in brackets on one line."""
    closes: Place | None = None
    """Its closing bracket, where it stands in brackets."""


class Mapped(dict[Text, "Node"]):
    place: Place = NOWHERE
    span: Place | None = None
    """All of it, where it stands in braces on one line."""
    closes: Place | None = None
    """Its closing brace, where it stands in braces."""


Node: TypeAlias = Text | Listed | Mapped


def complaint(place: Place | None, message: str, hint: str) -> PydanticCustomError:
    """An error to raise inside a validator; without a place, the value's own is used."""
    return PydanticCustomError("written", "{message}", {"message": message, "hint": hint, "place": place})


def about(text: Text, message: str, hint: str, start: int = 0, end: int | None = None) -> PydanticCustomError:
    """A complaint about a text, or about its characters `start` to `end`."""
    return complaint(text.part(start, len(text) if end is None else end), message, hint)


Location: TypeAlias = tuple[int | str, ...]
"""Keys and indices from the top of a file down to a value."""


def steps_to(tree: Node, location: Location) -> Iterator[tuple[int | str, Node]]:
    """The parts of a location that stand in the file, with the values below; the names of union members do not stand there."""
    node = tree
    for part in location:
        if isinstance(node, Mapped) and isinstance(part, str) and Text(part) in node:
            node = node[Text(part)]
            yield part, node
        elif isinstance(node, Listed) and isinstance(part, int) and part < len(node):
            node = node[part]
            yield part, node


def texts_in(node: Node) -> Iterator[Text]:
    """The scalars below a value, in reading order, without keys."""
    if isinstance(node, Text):
        yield node
    else:
        for below in node.values() if isinstance(node, Mapped) else node:
            yield from texts_in(below)


def place_at(tree: Mapped, *location: str | int) -> Place:
    """The place of the value at a location, or of the nearest thing above that stands in the file."""
    place = NOWHERE
    for _, node in steps_to(tree, location):
        place = node.place
    return place


def without(node: Node, locations: set[Location]) -> Any:
    """The tree without the values at these locations."""
    if isinstance(node, Mapped):
        mapped = Mapped()
        mapped.place = node.place
        for key, value in node.items():
            if (str(key),) not in locations:
                mapped[key] = without(value, _below(key, locations))
        return mapped
    if isinstance(node, Listed):
        kept = (without(value, _below(at, locations)) for at, value in enumerate(node) if (at,) not in locations)
        listed = Listed(kept)
        listed.place = node.place
        return listed
    return node


def _below(part: int | str, locations: set[Location]) -> set[Location]:
    return {location[1:] for location in locations if location and location[0] == part}
