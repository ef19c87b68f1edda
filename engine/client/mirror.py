"""What a client knows of the topics that it streams: the rows as the engine sent them, kept up by its frames."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine.api.models.stream import Delta, Error, Heartbeat, Hello, Resync, Snapshot, Subscribe, Told, Topic, Unsubscribe

_told: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)
_encode = msgspec.json.Encoder().encode
HEARTBEATS_MISSED = 3
"""So many heartbeats without a frame mean that the connection is lost."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """What changed of a topic. `rows` are whole rows by key, with the fields of the resource of that name."""

    topic: Topic
    at: str
    """The moment that the rows are about, by the engine's clock."""
    rows: dict[str, Row]
    """New and changed ones."""
    removed: tuple[str, ...] = ()
    is_whole: bool = False
    """Whether these are all rows of the topic: of a first snapshot, and of one after a connection was restored."""
    changed: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Of rows that were there before: the fields that changed."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone; it is tried again. What was shown is as of the last frame."""

    because: str
    again_in_s: float


Update = Rows | Heartbeat | Hello | Error | Lost
"""What a stream gives: Hello at each connection, Rows and Heartbeat while it stands, Lost when it does not."""


@dataclass(slots=True)
class _Table:
    key: str
    fields: tuple[str, ...]
    seq: int
    rows: dict[str, Row]


@dataclass(slots=True)
class Mirror:
    """The topics of one client over one connection."""

    topics: tuple[Topic, ...]
    max_hz: float
    strategy: str | None = None
    heartbeat_s: float = 5.0
    _tables: dict[Topic, _Table] = field(default_factory=dict[Topic, _Table])

    def want(self, topics: tuple[Topic, ...]) -> list[bytes]:
        """What to say so that these are told, and no others; those that were told already go on."""
        new: list[Topic] = [topic for topic in topics if topic not in self.topics]
        old: list[Topic] = [topic for topic in self.topics if topic not in topics]
        self.topics = topics
        for topic in old:
            self._tables.pop(topic, None)
        begun = [_encode(Subscribe(topic, self.max_hz, self.strategy)) for topic in new]
        return [*begun, *(_encode(Unsubscribe(topic)) for topic in old)]

    def begins(self) -> list[bytes]:
        """What to say when a connection begins."""
        self._tables.clear()
        return [_encode(Subscribe(topic, self.max_hz, self.strategy)) for topic in self.topics]

    @property
    def patience_s(self) -> float:
        """How long the engine may be silent."""
        return HEARTBEATS_MISSED * self.heartbeat_s

    def take(self, frame: str | bytes) -> tuple[Update | None, bytes | None]:
        """What a frame tells, and what to say back: a resync where one was missed.

        Raises msgspec.MsgspecError where it is no frame.
        """
        told: Told = _told.decode(frame)
        match told:
            case Hello() as hello:
                self.heartbeat_s = hello.heartbeat_s
                return hello, None
            case Snapshot(topic=topic) | Delta(topic=topic) if topic not in self.topics:
                return None, None  # it was on its way when nobody wanted it any more
            case Snapshot() as snapshot:
                return self._whole(snapshot), None
            case Delta() as delta:
                return self._part(delta)
            case Heartbeat() as heartbeat:
                told_to = heartbeat.seq
                behind: list[Topic] = [name for name, table in self._tables.items() if told_to.get(name) != table.seq]
                return heartbeat, _encode(Resync(behind[0])) if behind else None
            case Error() as error:
                return error, None

    def _whole(self, snapshot: Snapshot) -> Rows:
        place = snapshot.fields.index(snapshot.key)
        rows = {str(row[place]): dict(zip(snapshot.fields, row, strict=True)) for row in snapshot.rows}
        self._tables[snapshot.topic] = _Table(snapshot.key, snapshot.fields, snapshot.seq, rows)
        return Rows(snapshot.topic, snapshot.at, dict(rows), is_whole=True)

    def _part(self, delta: Delta) -> tuple[Update | None, bytes | None]:
        table = self._tables.get(delta.topic)
        if table is None or delta.seq != table.seq + 1:
            return None, _encode(Resync(delta.topic))
        table.seq = delta.seq
        told = dict(_keyed(table, delta.new))
        changed: dict[str, tuple[str, ...]] = {}
        for key, fields in delta.update:
            told[key] = {**table.rows[key], **fields}
            changed[key] = tuple(fields)
        table.rows |= told
        for key in delta.remove:
            table.rows.pop(key, None)
        return Rows(delta.topic, delta.at, told, tuple(delta.remove), changed=changed), None


def _keyed(table: _Table, rows: Iterable[list[Any]]) -> Iterable[tuple[str, Row]]:
    place = table.fields.index(table.key)
    return ((str(row[place]), dict(zip(table.fields, row, strict=True))) for row in rows)
