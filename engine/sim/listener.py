"""The TCP listener of the simulated TWS: listens, takes connections in, and knows who is there."""

import asyncio
import errno
from collections.abc import Callable
from dataclasses import replace

from engine.domain.errors import UserError
from engine.sim.faults import LINK_DOWN
from engine.sim.handlers.context import Client, Context
from engine.sim.server import Connection, ConnectionEvents
from engine.sim.session import Session

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""A simulator that anybody on the network could reach would be taken for a TWS."""


class Listener:
    """Connections by number and clients by id; both empty while nobody listens."""

    def __init__(self, events: ConnectionEvents, context: Context, left: Callable[[Session], None]) -> None:
        self._events = replace(events, register=self._register, gone=self._gone)
        self._context = context
        self._left = left
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._address = ("127.0.0.1", 0)
        self._sessions: dict[int, Session] = {}
        self._connections: dict[int, Connection] = {}
        self._count = 0

    @property
    def is_open(self) -> bool:
        return self._server is not None

    async def open(self, host: str, port: int) -> int:
        """Listens; returns the port. Raises UserError when the host is not this machine or the port is taken."""
        if host not in LOOPBACK:
            raise UserError(f"{host}: the simulated TWS listens on this machine only; use 127.0.0.1")
        self._loop = asyncio.get_running_loop()
        try:
            self._server = await self._loop.create_server(self._connection, host, port)
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise
            raise UserError(f"port {port} of {host} is taken, by a TWS or another simulator; choose another") from problem
        address: tuple[str, int] = self._server.sockets[0].getsockname()
        self._address = (host, address[1])
        return address[1]

    async def reopen(self) -> None:
        """Listens where it did before."""
        if self._server is None:
            await self.open(*self._address)

    def shut(self) -> None:
        """Refuses new connections; those that are there stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def sessions(self) -> list[Session]:
        """Clients that have named themselves, by client id."""
        return [session for _, session in sorted(self._sessions.items())]

    def session(self, client_id: int) -> Session | None:
        return self._sessions.get(client_id)

    def connections(self) -> list[Connection]:
        """Open connections, oldest first, also those without a client."""
        return list(self._connections.values())

    def _connection(self) -> Connection:
        assert self._loop is not None, "connections come to a listener that is open"
        self._count += 1
        connection = self._connections[self._count] = Connection(self._events, self._count, self._loop)
        return connection

    def _register(self, connection: Connection, client_id: int) -> Session | None:
        context = self._context
        taken = context.faults.take("client_id_taken", context.now()) is not None
        if taken or client_id in self._sessions or len(self._sessions) >= context.options.max_clients:
            return None
        session = Session(
            context,
            Client(
                client_id,
                connection.version,
                send=connection.send,
                send_fields=connection.send_fields,
                emit=connection.emit,
                write=connection.written,
                again=connection.again,
            ),
        )
        self._sessions[client_id] = session
        session.accounts.ready = context.faults.on("account_not_ready") is None
        session.greet(context.exchange.account.name)
        if any(context.faults.on(name) for name in LINK_DOWN):
            session.say(1100, "Connectivity between IBKR and Trader Workstation has been lost.")
        return session

    def _gone(self, connection: Connection) -> None:
        self._connections.pop(connection.number, None)
        session = connection.session
        if session is not None and self._sessions.get(session.client_id) is session:
            session.end()
            del self._sessions[session.client_id]
            self._left(session)
