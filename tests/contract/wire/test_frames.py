"""Bytes to frames to fields, and the greeting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.wire import frames
from engine.sim.wire.errors import WireError

FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(st.lists(st.lists(FIELD, min_size=1, max_size=4), max_size=5), st.integers(1, 7))
def test_frames_come_back_whole_however_the_stream_is_cut(sent: list[list[str]], step: int) -> None:
    stream = b"".join(frames.frame(fields) for fields in sent)
    reader = frames.FrameReader()

    bodies = [body for at in range(0, len(stream), step) for body in reader.feed(stream[at : at + step])]

    assert [frames.fields_of(body) for body in bodies] == sent


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_read_as_frames_or_are_refused(data: bytes, step: int) -> None:
    reader = frames.FrameReader(max_bytes=64)
    bodies: list[bytes] = []
    refused = False

    for at in range(0, len(data), step):
        try:
            bodies += reader.feed(data[at : at + step])
        except WireError:
            refused = True
            break

    assert all(len(body) <= 64 for body in bodies)
    assert refused or reader.refusal is not None or sum(map(len, bodies)) + 4 * len(bodies) <= len(data)


def test_frames_ahead_of_a_refused_one_are_handed_out_first() -> None:
    reader = frames.FrameReader(max_bytes=100)

    bodies = reader.feed(frames.frame(["49", "1"]) + b"\x7f\xff\xff\xff")

    assert bodies == [b"49\x001\x00"]
    assert reader.refusal is not None
    with pytest.raises(WireError, match="2147483647 bytes is announced"):
        reader.feed(b"")


def test_greeting_is_read_behind_its_prefix_when_it_comes_byte_by_byte() -> None:
    reader = frames.FrameReader(greeting=True)
    stream = frames.greeting(157, 178, "+PACEAPI") + frames.frame(["71", "2", "7", ""])

    bodies = [body for byte in stream for body in reader.feed(bytes([byte]))]

    assert frames.read_greeting(bodies[0]) == frames.Greeting(157, 178, "+PACEAPI")
    assert frames.fields_of(bodies[1]) == ["71", "2", "7", ""]


def test_stream_is_refused_when_it_does_not_open_with_the_prefix() -> None:
    reader = frames.FrameReader(greeting=True)

    with pytest.raises(WireError, match="opens with"):
        reader.feed(b"GET / HTTP/1.1\r\n")

    assert reader.refusal is not None


@pytest.mark.parametrize(
    ("offer", "agreed"),
    [
        (b"v157..178", 178),
        (b"v100..157", 157),
        (b"v100..223", 178),
        (b"v157..176 +PACEAPI", 176),
        (b"v157", 157),
        (b"v100..156", None),
        (b"v179..223", None),
    ],
)
def test_version_agreed_is_the_highest_both_speak(offer: bytes, agreed: int | None) -> None:
    greeting = frames.read_greeting(offer)

    assert greeting.agreed_version() == agreed


@pytest.mark.parametrize("offer", [b"", b"157..178", b"v157..", b"v1577777..178", b"\xff", b"v157..178\n", b"v-1..2"])
def test_greeting_is_refused_when_it_offers_no_versions(offer: bytes) -> None:
    with pytest.raises(WireError, match="greeting"):
        frames.read_greeting(offer)


def test_reply_to_the_greeting_has_version_and_time() -> None:
    reply = frames.greeting_reply(178, "20251216 12:21:26 EST")

    assert reply == b"\x00\x00\x00\x1a178\x0020251216 12:21:26 EST\x00"


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_field_is_refused_when_it_cannot_travel(text: str) -> None:
    with pytest.raises(WireError):
        frames.frame(["1", text])


def test_body_is_refused_when_its_last_field_is_open() -> None:
    with pytest.raises(WireError, match="not ended"):
        frames.fields_of(b"49\x001")


def test_text_that_is_not_unicode_stays_readable() -> None:
    assert frames.fields_of(b"4\x00caf\xe9\x00") == ["4", "caf\\xe9"]
