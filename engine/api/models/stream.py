"""Frames of the stream: what a client says, and what it is told. One frame is one JSON object whose `type` names its kind.

    client   token where the connection has no Authorization; subscribe, unsubscribe, resync
    engine   hello once, then for each topic a snapshot and deltas; heartbeat every few seconds; error where a frame is none

Rows are arrays in the order of the snapshot's `fields`, which are those of the resource of the same name; the key of a row is its
value of the field `key`. A delta has new rows in full and of others only the fields that changed. `seq` grows by one with each
frame of a topic: where one is missing, a `resync` brings a new snapshot. A client that reads slowly is sent less often, and
what it is sent is no older.
"""

from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec

Topic = Literal["status", "candidates", "approvals", "positions", "orders", "executions", "strategies", "scan"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
"""All but `scan` are those of `/v1/stream`; that one is the only one of `/v1/scan/stream`."""
HZ_MAX, HZ_DEFAULT = 50.0, 4.0
"""How often a topic is sent at the most, by wish and without one."""

Hz = Annotated[float, msgspec.Meta(gt=0, le=HZ_MAX, description="Frames of this topic a second at the most.")]
Strategy = Annotated[str, msgspec.Meta(max_length=60, description="Rows of this strategy only; null for all.")]


class Subscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="subscribe"):
    """Asks for a topic: its snapshot comes next, then what changes. Again for the same topic, it begins anew."""

    topic: Topic
    max_hz: Hz = HZ_DEFAULT
    strategy: Strategy | None = None


class Unsubscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="unsubscribe"):
    """Asks for no more of a topic."""

    topic: Topic


class Resync(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="resync"):
    """Asks for a new snapshot of a topic, after a frame was missed."""

    topic: Topic


class ShowToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="token"):
    """Who it is: the first frame over TCP of a client that cannot set a header, as in a browser."""

    token: Annotated[str, msgspec.Meta(max_length=2_000, description="From POST /v1/token.")]


Said: TypeAlias = Subscribe | Unsubscribe | Resync | ShowToken


class Hello(msgspec.Struct, frozen=True, tag_field="type", tag="hello"):
    """The first frame of a connection: which engine this is."""

    engine: str
    """Mode and account."""
    version: str
    """Of its program."""
    topics: tuple[Topic, ...]
    """What can be subscribed to."""
    heartbeat_s: float
    """Seconds between two heartbeats; none for three times as long means that the connection is lost."""


class Snapshot(msgspec.Struct, frozen=True, tag_field="type", tag="snapshot"):
    """All rows of a topic."""

    topic: Topic
    seq: int
    at: str
    """The moment that the rows are about, by the engine's clock."""
    key: str
    """The field that names a row."""
    fields: tuple[str, ...]
    rows: list[list[Any]]


class Delta(msgspec.Struct, frozen=True, tag_field="type", tag="delta"):
    """What changed of a topic since the frame before."""

    topic: Topic
    seq: int
    at: str
    new: list[list[Any]]
    """Rows that were not there, in full."""
    update: list[tuple[str, dict[str, Any]]]
    """Key, and the fields that changed."""
    remove: list[str]
    """Keys of rows that are gone."""


class Heartbeat(msgspec.Struct, frozen=True, tag_field="type", tag="heartbeat"):
    """The connection lives, and so does the engine, or not: clocks and ages."""

    at: str
    """The engine's clock."""
    trading: str
    """`on`, `halted`, or why nothing can be opened."""
    connected: bool
    """Whether the broker can be reached."""
    data: str
    """Quality of the market data."""
    last_beat_age_s: float | None
    """Seconds since the engine last decided."""
    account_age_s: float | None
    """Seconds since the account's values were told."""
    quotes_age_s: float | None
    """Seconds since the youngest quote of an option was told."""
    seq: dict[str, int]
    """Number of the last frame of each topic."""


class Error(msgspec.Struct, frozen=True, tag_field="type", tag="error"):
    """A frame of the client that is none, or a topic that cannot be read now; the connection goes on."""

    text: str
    topic: str | None = None


Told: TypeAlias = Hello | Snapshot | Delta | Heartbeat | Error
