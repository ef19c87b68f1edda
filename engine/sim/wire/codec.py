"""Fields to messages and back, over the tables of requests.py and responses.py.

`decode` reads a message of either direction, `encode` writes one. Both take the server version agreed in the greeting.
Whatever comes in, the only exception is WireError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal, TypeAlias, assert_never

from engine.sim.wire.errors import WireError
from engine.sim.wire.fields import Column, Declaration, Field, Fixed, Gate, Group, Item, Rest, When, layout, names
from engine.sim.wire.frames import frame, framed
from engine.sim.wire.kinds import Row, Scalar, Value
from engine.sim.wire.requests import REQUESTS
from engine.sim.wire.responses import RESPONSES

Direction: TypeAlias = Literal["c2s", "s2c"]

_BY_ID: Mapping[Direction, Mapping[str, Declaration]] = {
    "c2s": {str(declaration.msg_id): declaration for declaration in REQUESTS},
    "s2c": {str(declaration.msg_id): declaration for declaration in RESPONSES},
}
_BY_NAME: Mapping[str, Declaration] = {declaration.name: declaration for declaration in (*REQUESTS, *RESPONSES)}


@dataclass(frozen=True, slots=True)
class Message:
    """One message by name, with its values by name; absent numbers are None, groups are tuples of rows.

    The accessors give a value in its type; WireError when it has another, KeyError when the name is not there.
    """

    name: str
    values: Row

    def text(self, name: str) -> str:
        value = self.values[name]
        return value if isinstance(value, str) else self._refused(name, "text")

    def flag(self, name: str) -> bool:
        value = self.values[name]
        return value if isinstance(value, bool) else self._refused(name, "a flag")

    def whole(self, name: str) -> int:
        value = self.values[name]
        return value if type(value) is int else self._refused(name, "a whole number")

    def number(self, name: str) -> float | None:
        value = self.values[name]
        return value if value is None or isinstance(value, float) else self._refused(name, "a number")

    def size(self, name: str) -> Decimal | None:
        value = self.values[name]
        return value if value is None or isinstance(value, Decimal) else self._refused(name, "a quantity")

    def rows(self, name: str) -> tuple[Message, ...]:
        """The rows of a group, each a message of its own; none when the group is not there."""
        value = self.values.get(name, ())
        if not isinstance(value, tuple):
            return self._refused(name, "rows")
        return tuple(Message(f"{self.name}.{name}", row) for row in value if isinstance(row, Mapping))

    def _refused(self, name: str, wanted: str) -> ...:
        raise WireError(f"needs {wanted}, holds {self.values[name]!r}", message=self.name, field=name)


def decode(direction: Direction, fields: Sequence[str], version: int) -> Message:
    """The message in these fields, its number first.

    Raises WireError when the number is unknown, a field does not read, or fields are missing or left over.
    """
    if not fields:
        raise WireError("the message is empty")
    declaration = _BY_ID[direction].get(fields[0])
    if declaration is None:
        raise WireError(f"no {direction} message has the number {fields[0][:20]!r}", index=0)
    reader = _Reader(declaration.name, fields)
    values = reader.row(_layout(declaration.name, version))
    if reader.index < len(fields):
        left = len(fields) - reader.index
        raise WireError(f"{left} left over, first {fields[reader.index][:40]!r}", message=reader.name, index=reader.index)
    return Message(declaration.name, values)


def encode(message: Message, version: int) -> list[str]:
    """The fields of the message, its number first; a value not named is written as its declaration says.

    Raises WireError when the message or a name in it is unknown, or a value does not fit its field.
    """
    declaration = _BY_NAME.get(message.name)
    if declaration is None:
        raise WireError("no such message", message=message.name)
    writer = _Writer(message.name, [str(declaration.msg_id)])
    writer.row(_layout(message.name, version), message.values, _names(declaration.items))
    return writer.fields


def encode_frame(message: Message, version: int) -> bytes:
    """The message as it goes over the wire."""
    return frame(encode(message, version))


@cache
def frame_encoder(name: str, version: int) -> Callable[..., bytes]:
    """A quick writer of one kind of message: it takes the values in declared order and returns the frame.

    For messages of single fields only, such as tick_price, tick_size and tick_option_computation; about five times as
    quick as encode_frame, with the same result. Raises WireError for any other kind of message.
    """
    declaration = _BY_NAME[name]
    head = f"{declaration.msg_id}\0"
    kinds: list[Callable[[Value], str]] = []
    for item in _layout(name, version):
        if isinstance(item, Fixed) and not kinds:
            head += f"{item.text}\0"
        elif isinstance(item, Field):
            kinds.append(item.kind.write)
        else:
            raise WireError("has groups or conditions; use encode_frame", message=name)
    writes = tuple(kinds)

    def encoded(*values: Scalar) -> bytes:
        body = "\0".join([write(value) for write, value in zip(writes, values, strict=True)])
        return framed(f"{head}{body}\0".encode())

    return encoded


@cache
def _layout(name: str, version: int) -> tuple[Item, ...]:
    return layout(_BY_NAME[name].items, version)


@cache
def _names(items: tuple[Item, ...]) -> frozenset[str]:
    return names(items)


class _Reader:
    """Reads items from left to right; `index` is the next field."""

    def __init__(self, name: str, fields: Sequence[str]) -> None:
        self.name = name
        self.index = 1
        self._fields = fields

    def row(self, items: tuple[Item, ...]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        self._into(values, items)
        return values

    def _into(self, values: dict[str, Value], items: tuple[Item, ...]) -> None:
        for item in items:
            match item:
                case Field():
                    values[item.name] = self._scalar(item)
                case When():
                    if item.test(values):
                        self._into(values, item.items)
                case Group():
                    values[item.name] = tuple([self.row(item.items) for _ in range(self._count(item.name))])
                case Column():
                    cell = Field(item.name, item.kind)
                    values[item.name] = tuple([self._scalar(cell) for _ in range(self._count(item.name))])
                case Fixed():
                    self._next("version")
                case Rest():
                    values[item.name] = tuple(self._fields[self.index :])
                    self.index = len(self._fields)
                case Gate():
                    raise AssertionError("gates are resolved by layout()")
                case _:
                    assert_never(item)

    def _next(self, name: str) -> str:
        if self.index >= len(self._fields):
            raise WireError("missing, the message ends before it", message=self.name, index=self.index, field=name)
        self.index += 1
        return self._fields[self.index - 1]

    def _scalar(self, field: Field) -> Scalar:
        text = self._next(field.name)
        try:
            return field.kind.read(text)
        except WireError as error:
            raise error.at(self.name, self.index - 1, field.name) from None

    def _count(self, name: str) -> int:
        text = self._next(name)
        if not text:
            return 0
        left = len(self._fields) - self.index
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            reason = f"needs a count, not {text[:40]!r}"
        elif int(text) > left:
            reason = f"counts {text} rows with {left} fields left"
        else:
            return int(text)
        raise WireError(reason, message=self.name, index=self.index - 1, field=name)


class _Writer:
    """Writes items from left to right onto `fields`."""

    def __init__(self, name: str, fields: list[str]) -> None:
        self.name = name
        self.fields = fields

    def row(self, items: tuple[Item, ...], values: Row, known: frozenset[str]) -> None:
        unknown = values.keys() - known
        if unknown:
            raise WireError("no such field", message=self.name, field=min(unknown))
        self._items(items, values, {})

    def _items(self, items: tuple[Item, ...], values: Row, written: dict[str, Value]) -> None:
        """Appends the items; `written` gathers their values for the conditions after them."""
        for item in items:
            match item:
                case Field():
                    value = values.get(item.name)
                    written[item.name] = value = item.absent if value is None else value
                    self._scalar(item, value)
                case When():
                    if item.test(written):
                        self._items(item.items, values, written)
                case Group():
                    written[item.name] = rows = self._tuple(item.name, values)
                    known = _names(item.items)
                    for row in rows:
                        if not isinstance(row, Mapping):
                            raise WireError("needs rows of named values", message=self.name, field=item.name)
                        self.row(item.items, row, known)
                case Column():
                    written[item.name] = rows = self._tuple(item.name, values)
                    for cell in rows:
                        self._scalar(Field(item.name, item.kind), cell)
                case Fixed():
                    self.fields.append(item.text)
                case Rest():
                    self.fields += [str(cell) for cell in self._cells(item.name, values)]
                case Gate():
                    raise AssertionError("gates are resolved by layout()")
                case _:
                    assert_never(item)

    def _scalar(self, field: Field, value: Value) -> None:
        try:
            self.fields.append(field.kind.write(value))
        except WireError as error:
            raise error.at(self.name, len(self.fields), field.name) from None

    def _tuple(self, name: str, values: Row) -> tuple[Value, ...]:
        """The rows of a group, their count already written."""
        cells = self._cells(name, values)
        self.fields.append(str(len(cells)))
        return cells

    def _cells(self, name: str, values: Row) -> ...:
        cells = values.get(name)
        if cells is None:
            return ()
        if not isinstance(cells, tuple):
            raise WireError("needs a tuple", message=self.name, field=name)
        return cells
