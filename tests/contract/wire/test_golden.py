"""The recorded messages read without a field too few or too many, and are printed again as they came."""

from __future__ import annotations

import pytest

from engine.sim.wire.codec import decode, encode
from engine.sim.wire.errors import WireError
from engine.sim.wire.frames import FrameReader, read_greeting
from engine.sim.wire.message import Message

from . import given

MALFORMED = {
    160: "no version field",
    168: "no account",
    171: "no request id",
    176: "no request id",
    198: "text for a time",
    200: "text for a time",
    207: "no account",
    313: "a count of -1",
    426: "words for every field",
}
"""Vectors written by hand to be broken, by line: they are refused at every version they list."""

NOT_A_REQUEST = {
    140: "an answer, the end of contract details",
    158: "an error text",
}
"""Vectors said to be recorded from a client that no client sends, by line."""

PRINTED_OTHERWISE = {
    29: "recorded below 178: its last field is an artefact, not pending_price_revision",
    57: "a size of 100.0, recorded as 100 everywhere else",
    97: "as 29",
    147: "the largest int as event multiplier, recorded empty three times",
    154: "0.60 is no number Java prints",
    365: "shares as 1.0, recorded as whole numbers four times",
    369: "as 365",
    372: "100 for a flag",
}
"""Recorded answers whose text is not the one the majority of recordings shows, by line."""


def test_recorded_messages_read_at_every_version_they_list() -> None:
    vectors = [vector for vector in given.golden() if vector.versions and vector.line not in MALFORMED]

    read = [decode(vector.direction, vector.fields, version) for vector in vectors for version in vector.versions]

    assert len(vectors) > 400
    assert all(isinstance(message, Message) for message in read)


def test_malformed_messages_are_refused_at_every_version() -> None:
    vectors = [vector for vector in given.golden() if vector.line in MALFORMED]

    for vector in vectors:
        for version in vector.versions or ():
            with pytest.raises(WireError):
                decode(vector.direction, vector.fields, version)

    assert len(vectors) == len(MALFORMED)


def test_recorded_requests_without_versions_read_at_one_at_least() -> None:
    vectors = [vector for vector in given.golden() if vector.direction == "c2s" and vector.kind.startswith("recorded")]

    unread = {vector.line for vector in vectors if not any(_reads(vector, version) for version in range(157, 179))}

    assert unread == set(NOT_A_REQUEST)


def test_recorded_answers_are_printed_again_as_they_came() -> None:
    vectors = [vector for vector in given.golden() if vector.direction == "s2c" and vector.kind.startswith("recorded")]
    changed: set[int] = set()

    for vector in vectors:
        newest = max(vector.versions or (178,)) if vector.versions != () else None
        if newest and tuple(encode(decode("s2c", vector.fields, newest), newest)) != vector.fields:
            changed.add(vector.line)

    assert len(vectors) > 180
    assert changed == set(PRINTED_OTHERWISE)


def test_messages_read_once_never_change_again() -> None:
    vectors = [vector for vector in given.golden() if vector.versions and vector.line not in MALFORMED]

    for vector in vectors:
        for version in vector.versions:
            message = decode(vector.direction, vector.fields, version)
            assert decode(vector.direction, encode(message, version), version) == message


def test_client_requests_all_read_and_keep_their_meaning() -> None:
    requests = [row for row in given.client_requests() if "fields" in row]

    for row in requests:
        message = decode("c2s", row["fields"], row["sv"])
        assert decode("c2s", encode(message, row["sv"]), row["sv"]) == message

    assert len(requests) == 136


def test_client_greetings_all_read() -> None:
    streams = [bytes.fromhex(row["hex"]) for row in given.client_requests() if "hex" in row]

    agreed = [read_greeting(FrameReader(greeting=True).feed(stream)[0]).agreed_version() for stream in streams]

    assert agreed == [157, 178, 178, 178, 176, 176]


def test_same_order_reads_alike_from_every_client() -> None:
    rows = [row for row in given.client_requests() if row.get("msg_id") == 3 and row["sv"] == 178]
    orders = [decode("c2s", row["fields"], 178) for row in rows]
    official = next(order for row, order in zip(rows, orders, strict=True) if "ibapi" in row["client"] and _single(order))
    other = next(order for row, order in zip(rows, orders, strict=True) if "ib_async" in row["client"] and _tick(order))

    differing = {name for name in official.values if official.values[name] != other.values[name]}

    assert differing == {"order_id", "tif"}


def _single(order: Message) -> bool:
    return order.text("sec_type") == "OPT"


def _tick(order: Message) -> bool:
    return _single(order) and order.number("lmt_price") == 0.055


def _reads(vector: given.Vector, version: int) -> bool:
    try:
        decode(vector.direction, vector.fields, version)
    except WireError:
        return False
    return True
