"""What a console that runs for somebody else is given: which engine, whose name and role, and a token that is good for minutes.

Two processes speak over a pair of sockets that nobody else has, a line of JSON at a time: nothing of it stands in a command line,
in an environment or on disk. The one that has the key keeps it, and gives another token whenever one is over; the one that asks
with tokens has nothing left once the other has ended.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Awaitable, Callable

import msgspec

from engine.api.access.roles import Role
from engine.domain.errors import EngineError

LINE_BYTES_MAX = 64 * 1024
WITHIN_S = 15.0


class Handover(msgspec.Struct, frozen=True, tag_field="type", tag="handover"):
    """The first line: everything that is needed to begin."""

    engine: str
    """State folder or https:// of the API."""
    ca: str | None
    """File that vouches for that API's certificate."""
    name: str
    """Of the key."""
    role: Role
    token: str


class Token(msgspec.Struct, frozen=True, tag_field="type", tag="token"):
    """Another token; empty where there is none any more."""

    token: str


class Wants(msgspec.Struct, frozen=True, tag_field="type", tag="wants"):
    """Asks for another token."""


class Crashed(msgspec.Struct, frozen=True, tag_field="type", tag="crashed"):
    """The program ends for a mistake of its own."""

    because: str


_encode = msgspec.json.Encoder().encode
_given: msgspec.json.Decoder[Handover] = msgspec.json.Decoder(Handover)
_told: msgspec.json.Decoder[Token] = msgspec.json.Decoder(Token)
_said: msgspec.json.Decoder[Wants | Crashed] = msgspec.json.Decoder(Wants | Crashed)


async def give(line: socket.socket, first: Handover, renewed: Callable[[], Awaitable[str]]) -> str:
    """Hand over, and give another token whenever one is asked for, until the other end is gone; why it crashed, or nothing.

    `line` does not block, and stays open. An EngineError of `renewed` is told as a token that is empty.
    """
    loop, crashed, rest = asyncio.get_running_loop(), "", b""
    await loop.sock_sendall(line, _encode(first) + b"\n")
    while heard := await loop.sock_recv(line, 4_096):
        *lines, rest = (rest + heard).split(b"\n")
        for one in lines:
            match _said.decode(one):
                case Crashed(because):
                    crashed = because
                case Wants():
                    await loop.sock_sendall(line, _encode(Token(await _or_none(renewed))) + b"\n")
    return crashed


async def _or_none(renewed: Callable[[], Awaitable[str]]) -> str:
    try:
        return await renewed()
    except EngineError:
        return ""


class Taken:
    """The end of the one who asks."""

    def __init__(self, line: socket.socket) -> None:
        """`line` blocks until what is handed over is here. Raises EngineError where nothing is."""
        text = b""
        while not text.endswith(b"\n"):
            heard = line.recv(LINE_BYTES_MAX)
            if not heard or len(text) > LINE_BYTES_MAX:
                raise EngineError("nothing was handed over to this console")
            text += heard
        self.first = _given.decode(text)
        line.setblocking(False)
        self._line = line
        self._waiting: deque[asyncio.Future[str]] = deque()

    async def until_alone(self) -> None:
        """Hear the answers; ends with the other process."""
        loop, rest = asyncio.get_running_loop(), b""
        while heard := await loop.sock_recv(self._line, 4_096):
            *lines, rest = (rest + heard).split(b"\n")
            for one in lines:
                if self._waiting and not (answer := self._waiting.popleft()).done():
                    answer.set_result(_told.decode(one).token)

    async def token(self) -> str:
        """Another token; empty where there is none any more."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        self._waiting.append(answer)
        try:
            async with asyncio.timeout(WITHIN_S):
                await loop.sock_sendall(self._line, _encode(Wants()) + b"\n")
                return await answer
        except (TimeoutError, OSError):
            return ""

    def crashed(self, because: str) -> None:
        """Say why this program ends."""
        try:
            self._line.send(_encode(Crashed(because[:2_000])) + b"\n")
        except OSError:
            return  # nobody is left to be told
