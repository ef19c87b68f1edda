"""The pages served on a port, until they are told to end."""

import asyncio
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from engine.api.certificate import check_certificate
from engine.api.server import CONNECTIONS_MAX, QuietServer, tcp_socket
from engine.domain.errors import UserError
from engine.web.app import build
from engine.web.site import LOOPBACK, Site

MESSAGE_BYTES_MAX = 64 * 1024
"""Of what a page of ours says over a WebSocket: a key, or a text that is pasted."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pages are served."""

    host: str
    port: int
    names: frozenset[str] = frozenset()
    """Under which a browser reaches them, beside the address itself."""
    cert: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        """Raises UserError where a key or a price would travel in the clear, or the certificate cannot be served."""
        if self.cert is not None and self.key is not None:
            check_certificate(self.cert, self.key)
        elif self.cert is not None or self.key is not None:
            raise UserError("--tls-cert and --tls-key belong together; name both")
        elif self.host not in LOCAL:
            raise UserError(
                f"--host {self.host}: beyond this machine the pages are served with TLS only; name --tls-cert and --tls-key, "
                "or leave it on 127.0.0.1 and come through an SSH tunnel"
            )

    @property
    def is_secure(self) -> bool:
        return self.cert is not None

    @property
    def hosts(self) -> frozenset[str]:
        """What a browser may have in its address line, without port."""
        own = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset(name.lower() for name in self.names) | {own} | (LOOPBACK if self.host in LOCAL else frozenset())

    @property
    def url(self) -> str:
        name = min((name.lower() for name in self.names), default="localhost" if self.host in LOCAL else self.host)
        return f"{'https' if self.is_secure else 'http'}://{name}:{self.port}"


def listening(place: Place) -> socket.socket:
    """The port. Raises UserError where it is taken."""
    return tcp_socket(place.host, place.port, "the pages", "--port")


def server(site: Site, place: Place) -> QuietServer:
    """A server of the pages for `serve(sockets=[...])`; it ends once `should_exit` is set."""
    return QuietServer(
        uvicorn.Config(
            build(site),
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=2,
            ws="websockets-sansio" if site.console else "none",
            ws_max_size=MESSAGE_BYTES_MAX,
            server_header=False,
            # What says that it was forwarded for somebody else is not believed: logins are counted by address.
            proxy_headers=False,
            limit_concurrency=CONNECTIONS_MAX,
            ssl_certfile=place.cert,
            ssl_keyfile=place.key,
        )
    )


async def serve(site: Site, place: Place, port: socket.socket) -> None:
    """Serve the pages until SIGINT or SIGTERM."""
    web = server(site, place)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, ValueError):
            loop.add_signal_handler(number, lambda: setattr(web, "should_exit", True))
    await web.serve(sockets=[port])
