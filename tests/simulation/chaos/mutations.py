"""A TWS that lies: any field of any message it sends, changed while a burst lasts, and messages nobody asked for.

Which fields were changed how often is counted, and the one changed least is changed next, so that a run of some length reaches
every field of every kind of message. Everything follows from the seed.
"""

from __future__ import annotations

import struct
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random

from engine.sim.server import Connection
from engine.sim.wire.codec import encode
from engine.sim.wire.errors import WireError
from engine.sim.wire.fields import Column, Field, Group, Item
from engine.sim.wire.frames import fields_of, frame
from engine.sim.wire.message import Message
from engine.sim.wire.responses import RESPONSES
from engine.sim.wire.tables import layout_of

KEPT = 12
"""True messages of a kind that are kept, to be sent again with a change."""
SHARE = 0.25
"""Of the messages that leave during a burst, so many are changed."""
ODD = (
    *("", "0", "-1", "1", "2", "-2", "100", "1E7", "0.0000001", "1.5", "1e400"),
    *("1.7976931348623157E308", "-1.7976931348623157E308", "2147483647", "-2147483648", "9223372036854775807", "9" * 20),
    *("NaN", "nan", "Infinity", "-Infinity", "inf"),
    *("None", "?", "x", " ", "\x01", "\u00e9", "true", "false", "1,2,3", "a" * 5_000, "'; DROP TABLE facts; --"),
    *("BUY", "SELL", "BOT", "SLD", "Filled", "Cancelled", "Inactive", "Submitted", "BAG", "OPT"),
    *("20261118", "20261118 16:00:00 US/Eastern", "99999999", "00:00:00", "DU7654321", "SPY1", "EUR", "BASE"),
)
"""What fields are changed into: empty, huge, negative, no number, words of other fields, no text, too long."""


class Mutator:
    """The lies of one run; `tampered` goes into the simulator."""

    def __init__(self, seed: int) -> None:
        self.is_lying = False
        self.changed: Counter[tuple[str, int]] = Counter()
        """How often each field was changed, by the number of the message and the place of the field; 0 is the number itself."""
        self.fields: dict[str, int] = {}
        """The fields of each kind with every group filled once; what a group repeats further is changed too, and not counted."""
        self._chance = Random(f"lies {seed}")
        self._samples = {fields[0]: fields for fields in samples()}
        self._kept: dict[str, deque[list[str]]] = {}
        self._invented: Counter[tuple[str, ...]] = Counter()
        """Lies that are on their way: they are neither changed again nor kept as true."""
        for fields in self._samples.values():
            self._keep(fields)

    @property
    def messages(self) -> int:
        """Messages changed so far."""
        return self.changed.total()

    def least(self) -> int:
        """How often the field that was changed least was changed."""
        return min(self.changed[kind, place] for kind, length in self.fields.items() for place in range(length))

    def tampered(self, connection: Connection, chunk: bytes) -> bytes:
        """The frames of this chunk as they leave. The greeting, which no client can do without, is left as it is."""
        if connection.session is None:
            return chunk
        told: list[bytes] = []
        for fields in frames_of(chunk):
            if self._invented[tuple(fields)]:
                self._invented[tuple(fields)] -= 1
                told.append(frame(fields))
                continue
            self._keep(fields)
            lies = self.is_lying and self._chance.random() < SHARE
            told.append(frame(self._changed(fields) if lies else fields))
        return b"".join(told)

    def invent(self, connection: Connection, messages: int) -> None:
        """Send so many messages that nobody asked for: true ones of before with one field changed, least changed kinds first."""
        lacking = sorted(self.fields, key=lambda kind: (self._lacking(kind), self._chance.random()))
        for number in range(messages):
            kind = lacking[number % len(lacking)]
            least = self._lacking(kind)
            true = self._chance.choice(self._kept[kind])
            if all(self.changed[kind, place] > least for place in range(len(true))):
                true = self._samples[kind]  # the messages of late are shorter than the kind can be
            lie = self._changed(true)
            self._invented[tuple(lie)] += 1
            connection.send_fields(lie)

    def _lacking(self, kind: str) -> int:
        return min(self.changed[kind, place] for place in range(self.fields[kind]))

    def _keep(self, fields: list[str]) -> None:
        kind = fields[0]
        self.fields.setdefault(kind, len(fields))
        self._kept.setdefault(kind, deque(maxlen=KEPT)).append(fields)

    def _changed(self, fields: Sequence[str]) -> list[str]:
        kind, chance = fields[0], self._chance
        counts = [self.changed[kind, place] for place in range(len(fields))]
        least = min(counts)
        place = chance.choice([place for place, count in enumerate(counts) if count == least])
        self.changed[kind, place] += 1
        made = list(fields)
        match chance.randrange(10):
            case 0:
                del made[place:]
                made = made or [""]
            case 1:
                made.insert(place, chance.choice(ODD))
            case 2:
                others = self._kept[kind]
                other = chance.choice(others)
                made[place] = other[place] if place < len(other) else ""
            case 3:
                made[place] = _near(made[place], chance)
            case _:
                made[place] = chance.choice(ODD)
        return made


def _near(text: str, chance: Random) -> str:
    """Another value that could be true: a little more, a little less, the other sign, ten times as much."""
    try:
        number = Decimal(text)
        return str(chance.choice([number + 1, number - 1, -number, number * 10, number / 10, number + Decimal("0.05")]))
    except ArithmeticError:
        return text[:-1] or chance.choice(ODD)


def samples() -> Iterator[list[str]]:
    """One message of every kind that the simulator can send, with every group filled once."""
    for declaration in RESPONSES:
        try:
            yield encode(Message(declaration.name, _row(layout_of(declaration.name, 178))), 178)
        except WireError:
            continue  # kinds that older servers sent in another shape


def _row(items: Sequence[Item]) -> dict[str, object]:
    values: dict[str, object] = {}
    for item in items:
        match item:
            case Field():
                values[item.name] = _value(item)
            case Group():
                values[item.name] = (_row(item.items),)
            case Column():
                values[item.name] = (_value(Field(item.name, item.kind)),)
            case _:
                pass
    return values


def _value(field: Field) -> object:
    for value in (1, 1.0, Decimal(1), "1", True):
        try:
            field.kind.write(value)
        except WireError:
            continue
        return value
    return None


def frames_of(chunk: bytes) -> Iterator[list[str]]:
    """The fields of each message in what is sent at once."""
    begin = 0
    while begin < len(chunk):
        (length,) = struct.unpack_from(">I", chunk, begin)
        begin += 4
        yield fields_of(chunk[begin : begin + length])
        begin += length
