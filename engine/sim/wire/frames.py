"""Byte stream to frames to fields, and back; and the greeting that opens a session.

A frame is a length (4 bytes, big-endian) and that many bytes of body. A body is text fields, each ended by a NUL byte.
Only the client's greeting differs: the bytes API and NUL, then one frame whose body has no ending NUL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct

from engine.sim.wire.errors import WireError

MAX_FRAME_BYTES = 0xFFFFFF
"""Longest body read, in bytes: the bound the official clients keep, room for the 2 MB of scanner parameters."""

MAX_REQUEST_BYTES = 1 << 20
"""Longest body a server need read, in bytes: an order with hundreds of legs and conditions stays far below."""

OLDEST_VERSION = 157
"""Lowest server version spoken: the oldest that every client in use still agrees to."""

NEWEST_VERSION = 178
"""Highest server version spoken, where the clients in use stop or before messages turn binary (201)."""

GREETING_PREFIX = b"API\0"

_LENGTH = Struct(">I")
_VERSIONS = re.compile(rb"v([0-9]{1,6})(?:\.\.([0-9]{1,6}))?(?: (.*))?", re.DOTALL)


def frame(fields: Iterable[str]) -> bytes:
    """One frame with these fields, each ended by NUL.

    Raises WireError when a field holds a NUL or cannot be written as UTF-8: either would shift every later field.
    """
    texts = list(fields)
    if any("\0" in text for text in texts):
        raise WireError("a field holds a NUL byte, which would split it in two")
    try:
        return framed("".join([text + "\0" for text in texts]).encode())
    except UnicodeEncodeError as error:
        raise WireError(f"a field cannot be written as UTF-8: {error.reason}") from error


def framed(body: bytes) -> bytes:
    """The body with its length before it."""
    return _LENGTH.pack(len(body)) + body


def fields_of(body: bytes) -> list[str]:
    """The fields of one frame; what is not UTF-8 is shown as a backslash escape, as the clients do.

    Raises WireError when the last field is not ended by NUL.
    """
    if not body.endswith(b"\0"):
        raise WireError("the last field is not ended by a NUL byte")
    return body[:-1].decode(errors="backslashreplace").split("\0")


class FrameReader:
    """Turns a byte stream, cut anywhere, into the bodies of its frames, holding no more than one frame too many.

    `greeting` says that the stream opens with the client's API prefix. A stream that breaks the framing has no way
    back: frames complete before the fault are handed out, `refusal` says what is wrong, and any later feed raises it.
    """

    def __init__(self, *, greeting: bool = False, max_bytes: int = MAX_FRAME_BYTES) -> None:
        self.refusal: WireError | None = None
        self._buffer = bytearray()
        self._awaits_prefix = greeting
        self._max_bytes = max_bytes

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that are complete now, oldest first.

        Raises WireError when the stream broke the framing and no complete body is left to hand out.
        """
        bodies: list[bytes] = []
        if self.refusal is None:
            self._buffer += data
            bodies = self._complete()
        if self.refusal is not None:
            self._buffer.clear()
            if not bodies:
                raise self.refusal
        return bodies

    def _complete(self) -> list[bytes]:
        buffer = self._buffer
        start = 0
        if self._awaits_prefix:
            head = bytes(buffer[: len(GREETING_PREFIX)])
            if not GREETING_PREFIX.startswith(head):
                self.refusal = WireError(f"the stream opens with {head!r}, not with {GREETING_PREFIX!r}")
                return []
            if len(head) < len(GREETING_PREFIX):
                return []
            self._awaits_prefix = False
            start = len(GREETING_PREFIX)
        bodies: list[bytes] = []
        while len(buffer) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer, start)
            if length > self._max_bytes:
                self.refusal = WireError(f"a frame of {length} bytes is announced, at most {self._max_bytes} are read")
                break
            end = start + _LENGTH.size + length
            if len(buffer) < end:
                break
            bodies.append(bytes(buffer[start + _LENGTH.size : end]))
            start = end
        del buffer[:start]
        return bodies


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a client offers: the server versions it speaks, both ends included, and its connect options."""

    oldest: int
    newest: int
    options: str

    def agreed_version(self, oldest: int = OLDEST_VERSION, newest: int = NEWEST_VERSION) -> int | None:
        """The highest server version both sides speak; None when there is none."""
        version = min(self.newest, newest)
        return version if version >= max(self.oldest, oldest) else None


def read_greeting(body: bytes) -> Greeting:
    """The offer in a client's first frame, as `v157..178` or `v157..178 +PACEAPI`.

    Raises WireError when the body is anything else.
    """
    match = _VERSIONS.fullmatch(body)
    if match is None:
        raise WireError(f"the greeting {body[:40]!r} is not like v{OLDEST_VERSION}..{NEWEST_VERSION}")
    oldest, newest, options = match.groups()
    return Greeting(int(oldest), int(newest or oldest), (options or b"").decode(errors="backslashreplace"))


def greeting(oldest: int = OLDEST_VERSION, newest: int = NEWEST_VERSION, options: str = "") -> bytes:
    """The bytes with which a client opens a session."""
    offer = f"v{oldest}..{newest} {options}".rstrip(" ")
    return GREETING_PREFIX + framed(offer.encode())


def greeting_reply(version: int, connected_at: str) -> bytes:
    """The server's answer: the version agreed and the connection time, as `20251216 12:21:26 EST`."""
    return frame([str(version), connected_at])
