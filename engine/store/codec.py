"""Facts as journal lines and back.

A line is one JSON object in UTF-8, keys in this order, nothing between them, and a newline after it:

    {"seq":7,"at":"2026-11-23T14:30:00.000001Z","account":"DU1","kind":"OrderSent",<the fact's fields>,"hash":"<64 hex digits>"}

Fields stand in the order of their declaration. Money is a string, an instant is ISO in UTC, a day is ISO, a tuple is a list and
an absent value is null. A field that is named like one of the five keys is written as `fact_` and its name. `hash` is the
SHA-256 of the previous line's hash (its 64 ASCII digits; 64 zeros before the first line) followed by this line without its hash
and newline: from `{` through the last field, then `}`.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from engine.domain.errors import Damaged
from engine.domain.facts.union import KINDS, Fact
from engine.ports import Line
from engine.store.older import READ, Held

FIRST_HASH = "0" * 64
"""What the first line is chained to."""
_HASH_KEY = b',"hash":"'
_LINE_END = b'"}\n'
_TAIL = len(_HASH_KEY) + 64 + len(_LINE_END)


class Header(msgspec.Struct, frozen=True):
    """What stands around the fact."""

    seq: int
    at: datetime
    account: str
    kind: str
    hash: str = ""
    """Empty where the line is no part of a journal."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A line as its bytes, newline included, and its own hash."""

    raw: bytes
    hash: str


AROUND = ("seq", "at", "account", "kind", "hash")
"""The keys that every line has, whatever its fact."""
FIELDS = {
    kind: {field.name: f"fact_{field.name}" if field.name in AROUND else field.name for field in fields(fact)}
    for kind, fact in KINDS.items()
}
"""Of every kind, the key of each field."""
_RENAMED = {kind: keys for kind, keys in FIELDS.items() if any(name != key for name, key in keys.items())}
_encoder = msgspec.json.Encoder()
_header = msgspec.json.Decoder(Header)
_facts = {kind: msgspec.json.Decoder(fact) for kind, fact in KINDS.items()}


def encode(line: Line, previous: str) -> Sealed:
    """The line as bytes, chained to the hash of the line before it.

    Raises TypeError or ValueError when the fact holds what JSON cannot.
    """
    return sealed(_body(line), previous)


def sealed(body: bytes, previous: str) -> Sealed:
    """The line of this JSON object, without its hash and newline, chained to the hash of the line before it."""
    own = _chained(previous, body)
    return Sealed(body[:-1] + _HASH_KEY + own.encode() + _LINE_END, own)


def plain(line: Line) -> bytes:
    """The line as bytes, newline included, without a hash and chained to nothing: for what is kept beside the journal."""
    return _body(line) + b"\n"


def claimed_hash(raw: bytes) -> str | None:
    """The hash that a whole line ends with; None where the line does not end as lines do."""
    if len(raw) <= _TAIL or not raw.endswith(_LINE_END) or not raw[-_TAIL:].startswith(_HASH_KEY):
        return None
    return hash_of(raw).decode("ascii", "replace")


def is_chained(raw: bytes, previous: str) -> bool:
    """True when the line is whole, unchanged, and follows the line with the hash `previous`."""
    return claimed_hash(raw) == _chained(previous, raw[:-_TAIL] + b"}")


def follows(raw: bytes, seq: int, previous: bytes) -> bool:
    """True when this is the whole and unchanged line `seq` after the line with the hash `previous`; the quick way."""
    if (
        not raw.startswith(b'{"seq":%d,' % seq)
        or raw[-_TAIL : -_TAIL + len(_HASH_KEY)] != _HASH_KEY
        or not raw.endswith(_LINE_END)
    ):
        return False
    digest = sha256(previous)
    digest.update(raw[:-_TAIL])
    digest.update(b"}")
    return digest.hexdigest().encode() == hash_of(raw)


def hash_of(raw: bytes) -> bytes:
    """The hash at the end of a line that `follows`."""
    return raw[-_TAIL + len(_HASH_KEY) : -len(_LINE_END)]


def header(raw: bytes) -> Header:
    """What stands around the fact. Raises ValueError where that is not a line."""
    try:
        return _header.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def decode(raw: bytes) -> Line:
    """The line that these bytes hold; the chain is not looked at.

    Raises Damaged when the kind is unknown or the fields do not fit it.
    """
    try:
        around = header(raw)
        decoder = _facts.get(around.kind)
        if decoder is None:
            raise Damaged(f"the fact {around.kind} is unknown to this version; start the version that wrote it")
        key, read = READ.get(around.kind, (b"", None))
        if read is not None and key not in raw:
            fact = _as_of_today(around.kind, raw, read)
        else:
            fact = decoder.decode(raw) if around.kind not in _RENAMED else _from_keys(around.kind, raw)
    except (msgspec.DecodeError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Damaged(f"not a journal line of this version ({error})") from error
    return Line(around.seq, around.at, around.account, fact)


def newer_fields(raw: bytes) -> tuple[str, ...]:
    """The keys of a line that this version knows nothing of: a newer one has written them, and what they mean is lost here."""
    held = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    kind = header(raw).kind
    return tuple(key for key in held if key not in AROUND and key not in FIELDS.get(kind, {}).values())


def _body(line: Line) -> bytes:
    """The line without its hash and newline."""
    around = {
        "seq": line.seq,
        "at": line.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "account": line.account,
        "kind": type(line.fact).__name__,
    }
    told = _encoder.encode(_with_keys(line.fact))
    return _encoder.encode(around)[:-1] + (b"}" if told == b"{}" else b"," + told[1:])


def _with_keys(fact: Fact) -> object:
    keys = _RENAMED.get(type(fact).__name__)
    return fact if keys is None else {key: getattr(fact, name) for name, key in keys.items()}


def _from_keys(kind: str, raw: bytes) -> Fact:
    held = msgspec.json.decode(raw)
    return msgspec.convert({name: held[key] for name, key in _RENAMED[kind].items() if key in held}, KINDS[kind])


def _as_of_today(kind: str, raw: bytes, read: Callable[[Held], None]) -> Fact:
    held: Held = msgspec.json.decode(raw)
    read(held)
    return msgspec.convert({key: value for key, value in held.items() if key not in AROUND}, KINDS[kind])


def _chained(previous: str, body: bytes) -> str:
    return sha256(previous.encode() + body).hexdigest()
