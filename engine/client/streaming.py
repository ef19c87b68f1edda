"""Follows the stream of an engine over whatever happens to the connection: lost, it is restored, with new snapshots."""

import asyncio
import random
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Self

import msgspec
from websockets.asyncio.client import ClientConnection as Connection
from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection as BlockingConnection
from websockets.sync.client import connect as connect_blocking
from websockets.sync.client import unix_connect as unix_connect_blocking

from engine.api.models.stream import Topic
from engine.client.address import Address
from engine.client.mirror import Lost, Mirror, Update
from engine.domain.errors import EngineError

PATH = "/v1/stream"
FRAME_BYTES_MAX = 64 * 1024 * 1024
"""A snapshot of many thousand rows; what is longer is no frame of an engine."""
FIRST_S, MOST_S = 0.25, 5.0
"""Between two tries to connect; doubled each time, and never at the same moment as everybody else."""
_FAILURES = (EngineError, OSError, WebSocketException, TimeoutError, msgspec.MsgspecError)


class Stream:
    """What the engine tells, for ever. A lost connection is told as Lost and tried again; what comes then are new snapshots."""

    def __init__(
        self,
        address: Address,
        mirror: Mirror,
        headers: Callable[[], Awaitable[dict[str, str]]],
        tls: ssl.SSLContext | None,
        path: str = PATH,
    ) -> None:
        self._mirror = mirror
        self._connection: Connection | None = None
        self._updates = self._follow(lambda shown: _connection(address, path, shown, tls), headers)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Update:
        return await anext(self._updates)

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._updates.aclose()

    async def want(self, *topics: Topic) -> None:
        """Be told of these from now on, each of the new ones with a snapshot first, and of no others."""
        frames, connection = self._mirror.want(topics), self._connection
        if connection is not None:
            with suppress(OSError, WebSocketException):  # lost: the next connection asks for what is wanted then
                for frame in frames:
                    await connection.send(frame, text=True)

    async def _follow(
        self, connected: Callable[[dict[str, str]], connect], headers: Callable[[], Awaitable[dict[str, str]]]
    ) -> AsyncGenerator[Update]:
        mirror, pause_s = self._mirror, FIRST_S
        while True:
            try:
                async with connected(await headers()) as connection:
                    self._connection = connection
                    for frame in mirror.begins():
                        await connection.send(frame, text=True)
                    while True:
                        async with asyncio.timeout(mirror.patience_s):
                            heard = await connection.recv()
                        told, say = mirror.take(heard)
                        if say is not None:
                            await connection.send(say, text=True)
                        pause_s = FIRST_S
                        if told is not None:
                            yield told
            except _FAILURES as error:
                self._connection = None
                yield Lost(_because(error), pause_s)
            await asyncio.sleep(pause_s * random.uniform(0.75, 1.25))  # noqa: S311 - spreads tries, protects nothing
            pause_s = min(MOST_S, 2 * pause_s)


def follow_blocking(
    address: Address,
    mirror: Mirror,
    headers: Callable[[], dict[str, str]],
    tls: ssl.SSLContext | None,
    path: str = PATH,
) -> Iterator[Update]:
    """The same for a program without a loop, which wants the same topics as long as it follows them."""
    pause_s = FIRST_S
    while True:
        try:
            with _blocking_connection(address, path, headers(), tls) as connection:
                for frame in mirror.begins():
                    connection.send(frame, text=True)
                while True:
                    told, say = mirror.take(connection.recv(mirror.patience_s))
                    if say is not None:
                        connection.send(say, text=True)
                    pause_s = FIRST_S
                    if told is not None:
                        yield told
        except _FAILURES as error:
            yield Lost(_because(error), pause_s)
        time.sleep(pause_s * random.uniform(0.75, 1.25))  # noqa: S311 - spreads tries, protects nothing
        pause_s = min(MOST_S, 2 * pause_s)


def _connection(address: Address, path: str, headers: dict[str, str], tls: ssl.SSLContext | None) -> connect:
    if address.socket is not None:
        where = f"ws://engine{path}"
        return unix_connect(str(address.socket), where, additional_headers=headers, max_size=FRAME_BYTES_MAX, compression=None)
    return connect(_secure(address, path), ssl=tls, additional_headers=headers, max_size=FRAME_BYTES_MAX)


def _blocking_connection(address: Address, path: str, headers: dict[str, str], tls: ssl.SSLContext | None) -> BlockingConnection:
    if address.socket is not None:
        where = f"ws://engine{path}"
        return unix_connect_blocking(
            str(address.socket), where, additional_headers=headers, max_size=FRAME_BYTES_MAX, compression=None
        )
    return connect_blocking(_secure(address, path), ssl=tls, additional_headers=headers, max_size=FRAME_BYTES_MAX)


def _secure(address: Address, path: str) -> str:
    return address.url.replace("https://", "wss://", 1) + path


def _because(error: Exception) -> str:
    match error:
        case ConnectionClosed():
            return "the engine has closed the connection"
        case TimeoutError():
            return "the engine is silent"
        case _:
            return str(error) or type(error).__name__
