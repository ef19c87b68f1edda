"""The words a message is declared in: fields, repeated groups, conditions and version gates.

    Declaration("symbol_samples", 79, (
        whole("req_id", required=True),
        Group("samples", (whole("con_id"), text("symbol"), since(176, text("description")))),
    ))

One declaration serves reading and writing, at every server version.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from engine.sim.wire.kinds import Double, Flag, Kind, Row, Scalar, Size, Text, Whole

NEVER = 1 << 30


@dataclass(frozen=True, slots=True)
class Field:
    """One named value; `absent` is what is written when the sender does not name it (None it may name)."""

    name: str
    kind: Kind
    absent: Scalar = None


@dataclass(frozen=True, slots=True)
class Fixed:
    """A number every sender writes alike and no receiver needs, such as a message's own version."""

    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """A count, then that many rows."""

    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A count, then that many values of one kind."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Rest:
    """All fields left, as texts: clients disagree what goes here, and the server needs none of it."""

    name: str


@dataclass(frozen=True, slots=True)
class When:
    """Items present only when `test` holds of the values before them in the same row."""

    test: Callable[[Row], bool]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """Items present from server version `since` up to, not including, `until`."""

    items: tuple[Item, ...]
    since: int = 0
    until: int = NEVER


Item: TypeAlias = Field | Fixed | Group | Column | Rest | When | Gate


@dataclass(frozen=True, slots=True)
class Declaration:
    """One message: name, number on the wire, fields in order (the number itself left out)."""

    name: str
    msg_id: int
    items: tuple[Item, ...] = ()


def layout(items: tuple[Item, ...], version: int) -> tuple[Item, ...]:
    """The items present at a server version, gates resolved at every depth."""
    present: list[Item] = []
    for item in items:
        match item:
            case Gate():
                if item.since <= version < item.until:
                    present += layout(item.items, version)
            case Group():
                present.append(Group(item.name, layout(item.items, version)))
            case When():
                present.append(When(item.test, layout(item.items, version)))
            case Field() | Fixed() | Column() | Rest():
                present.append(item)
    return tuple(present)


def names(items: tuple[Item, ...]) -> frozenset[str]:
    """Every name a message or row may carry, whatever the version; names inside a group belong to its rows."""
    found: set[str] = set()
    for item in items:
        match item:
            case Field() | Group() | Column() | Rest():
                found.add(item.name)
            case When() | Gate():
                found |= names(item.items)
            case Fixed():
                pass
    return frozenset(found)


def since(version: int, *items: Item) -> Gate:
    """Items that came with a server version."""
    return Gate(items, since=version)


def before(version: int, *items: Item) -> Gate:
    """Items that went with a server version."""
    return Gate(items, until=version)


def when(test: Callable[[Row], bool], *items: Item) -> When:
    return When(test, items)


def rows(name: str, *items: Item) -> Group:
    return Group(name, items)


def version(number: int) -> Fixed:
    """The message's own version."""
    return Fixed(str(number))


def texts(*named: str) -> tuple[Field, ...]:
    """Plain text fields, one per name."""
    return tuple(Field(name, Text()) for name in named)


def text(name: str, absent: str | None = None) -> Field:
    return Field(name, Text(), absent)


def key(name: str) -> Field:
    """The number an answer is matched by: it is never left empty."""
    return Field(name, Whole(required=True))


def whole(name: str, absent: int | None = None) -> Field:
    """A whole number TWS always prints a value for, `absent` when the sender names none."""
    return Field(name, Whole(), absent)


def whole_or_max(name: str) -> Field:
    """A whole number TWS prints as the largest int when absent."""
    return Field(name, Whole(unset="2147483647", sentinel=True))


def whole_or_blank(name: str) -> Field:
    """A whole number TWS leaves empty when absent; the largest int means absent too."""
    return Field(name, Whole(sentinel=True))


def flag(name: str, absent: bool | None = None) -> Field:
    return Field(name, Flag(), absent)


def size(name: str, absent: int | None = None) -> Field:
    return Field(name, Size(), absent)


def price(name: str, absent: float | None = None) -> Field:
    """A number with its fraction always printed (70.0), left empty when absent."""
    return Field(name, Double(), absent)


def price_or_max(name: str) -> Field:
    """A number with its fraction always printed, the largest double when absent."""
    return Field(name, Double(unset="1.7976931348623157E308"))


def plain(name: str, absent: float | None = None) -> Field:
    """A number printed without an empty fraction (0, 196.52), left empty when absent."""
    return Field(name, Double(style="plain"), absent)


def plain_or_max(name: str) -> Field:
    """A number printed without an empty fraction, the largest double when absent."""
    return Field(name, Double(style="plain", unset="1.7976931348623157E308"))


def cents(name: str) -> Field:
    """A number printed with two decimals or more (3124.60)."""
    return Field(name, Double(style="cents"))
