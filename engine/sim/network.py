"""Turns the loop's TCP calls into links that are memory, with the conditions of a real network.

A network is one machine: a port names a listener, whatever the host. Bytes travel in order and arrive a latency later;
what the reader does not take piles up before the writer, who is then asked to pause. Faults are switches on the network
(every link) or on one direction of one link.
"""

import asyncio
import errno
import itertools
from collections.abc import Callable
from typing import Any, Self

from engine.sim.transport import MemoryTransport, Pipe

ProtocolFactory = Callable[[], asyncio.BaseProtocol]
Address = tuple[str, int]

FIRST_EPHEMERAL_PORT = 49_152
"""Where IANA's range of ports for one-time use begins."""


class MemoryNetwork:
    """Listeners and links of one simulated machine.

    `latency_s` is the time of flight in one direction, in seconds; a change holds for what is sent from then on.
    `piece_bytes` cuts every delivery into pieces of at most that many bytes: 1 splits every byte.
    `on_link` is called with each new link before a byte has moved, so that a fault can be there from the start.
    """

    def __init__(self, latency_s: float = 0.0005, piece_bytes: int | None = None) -> None:
        self.latency_s = latency_s
        self.piece_bytes = piece_bytes
        self.on_link: Callable[[Link], None] | None = None
        self._listeners: dict[int, MemoryServer] = {}
        self._refused: set[int] = set()
        self._links: list[Link] = []
        self._ports = itertools.count(FIRST_EPHEMERAL_PORT)

    @property
    def links(self) -> tuple["Link", ...]:
        """Links with an open end, oldest first."""
        self._links = [link for link in self._links if link.is_open]
        return tuple(self._links)

    def refuse(self, port: int, refused: bool = True) -> None:
        """From now on connections to the port are refused although somebody may listen; `refused=False` lifts it."""
        (self._refused.add if refused else self._refused.discard)(port)

    def listen(
        self, loop: asyncio.AbstractEventLoop, protocol_factory: ProtocolFactory, host: str | None, port: int
    ) -> "MemoryServer":
        """The listener at a port; port 0 takes the next free one. Raises OSError when the port is taken."""
        port = port or next(self._ports)
        if port in self._listeners:
            raise OSError(errno.EADDRINUSE, f"port {port} has a listener in this memory network: choose another")
        return MemoryServer(self, loop, protocol_factory, (host or "127.0.0.1", port))

    async def connect(
        self, loop: asyncio.AbstractEventLoop, protocol_factory: ProtocolFactory, host: str, port: int
    ) -> tuple[MemoryTransport, asyncio.BaseProtocol]:
        """The client's end of a new link, after one round trip. Raises ConnectionRefusedError when nobody listens."""
        await asyncio.sleep(self.latency_s)
        listener = None if port in self._refused else self._listeners.get(port)
        if listener is None:
            await asyncio.sleep(self.latency_s)
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"nobody listens at {host}:{port} in this memory network")
        link = self._link(loop, (host, next(self._ports)), (host, port))
        listener.accept(link)
        try:
            await asyncio.sleep(self.latency_s)
        except asyncio.CancelledError:
            link.client.abort()
            raise
        protocol = protocol_factory()
        link.client.open(protocol)
        return link.client, protocol

    def attach(self, server: "MemoryServer") -> None:
        self._listeners[server.address[1]] = server

    def detach(self, server: "MemoryServer") -> None:
        if self._listeners.get(server.address[1]) is server:
            del self._listeners[server.address[1]]

    def _link(self, loop: asyncio.AbstractEventLoop, client_at: Address, server_at: Address) -> "Link":
        link = Link(self, loop, client_at, server_at)
        self._links = [*self.links, link]
        if self.on_link is not None:
            self.on_link(link)
        return link


class Link:
    """One connection: two ends, and a pipe for each direction."""

    def __init__(self, network: MemoryNetwork, loop: asyncio.AbstractEventLoop, client_at: Address, server_at: Address) -> None:
        self.to_server = Pipe(loop, network)
        self.to_client = Pipe(loop, network)
        self.client = MemoryTransport(loop, self.to_server, self.to_client, client_at, server_at)
        self.server = MemoryTransport(loop, self.to_client, self.to_server, server_at, client_at)
        for pipe in (self.to_server, self.to_client):
            pipe.on_cut = self.reset

    @property
    def port(self) -> int:
        """The listener's port."""
        port: int = self.server.get_extra_info("sockname")[1]
        return port

    @property
    def is_open(self) -> bool:
        return not (self.client.is_closing() and self.server.is_closing())

    def reset(self) -> None:
        """An RST: what is under way is lost, and both ends lose the connection with ConnectionResetError."""
        for end in (self.client, self.server):
            end.lose(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))


class MemoryServer(asyncio.AbstractServer):
    """A listener; closing it leaves the links it has accepted alone, as asyncio's own server does."""

    def __init__(
        self,
        network: MemoryNetwork,
        loop: asyncio.AbstractEventLoop,
        protocol_factory: ProtocolFactory,
        address: Address,
    ) -> None:
        self.address = address
        self._network = network
        self._loop = loop
        self._protocol_factory = protocol_factory
        self._serving = False
        self._closed = loop.create_future()

    @property
    def sockets(self) -> tuple["ListeningSocket", ...]:
        """One stand-in that knows its address, or none once closed."""
        return () if self._closed.done() else (ListeningSocket(self.address),)

    def accept(self, link: Link) -> None:
        link.server.open(self._protocol_factory())

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def is_serving(self) -> bool:
        return self._serving

    async def start_serving(self) -> None:
        if self._closed.done():
            raise RuntimeError(f"the listener at port {self.address[1]} is closed")
        self._network.attach(self)
        self._serving = True

    async def serve_forever(self) -> None:
        await self.start_serving()
        try:
            await asyncio.shield(self._closed)
        finally:
            self.close()

    def close(self) -> None:
        self._network.detach(self)
        self._serving = False
        if not self._closed.done():
            self._closed.set_result(None)

    async def wait_closed(self) -> None:
        await asyncio.shield(self._closed)

    def close_clients(self) -> None:
        for link in self._network.links:
            if link.port == self.address[1]:
                link.server.close()

    def abort_clients(self) -> None:
        for link in self._network.links:
            if link.port == self.address[1]:
                link.server.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *problem: object) -> None:
        self.close()
        await self.wait_closed()


class ListeningSocket:
    """What callers of a server's `sockets` ask: where it listens."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def getsockname(self) -> Address:
        return self._address

    def getpeername(self) -> Any:
        raise OSError(errno.ENOTCONN, "a listening socket has no peer")
