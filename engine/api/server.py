"""The API served in the engine's own loop, on a unix socket that only its owner can open, and on loopback TCP by choice."""

import os
import socket
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from engine.api.access.tokens import Tokens, tokens_of
from engine.api.certificate import check_certificate
from engine.api.names import SOCKET_NAME
from engine.domain.errors import UserError
from engine.log import logger
from engine.runtime.clock import elapsed_s

log = logger(__name__)

PATH_MAX = 100
"""A unix socket's path has room for about 104 bytes on every system."""

SILENT_S = 10.0
"""A connection on which no question has become whole for so long is closed, by the machine's clock."""
KEPT_S = 1_000_000_000
"""The server's own patience is counted by the loop, which may run at a multiple of real time; so it is left to SILENT_S."""
CONNECTIONS_MAX = 100
"""Over TCP at the same time; beyond it the answer is 503."""
FRAME_BYTES_MAX = 4_096
"""Of what a client of the stream says: a topic and how often."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The sockets through which a running engine is asked."""

    unix: socket.socket
    loopback: socket.socket | None
    """For health and metrics; None where no port was named."""
    remote: "Remote | None" = None
    """For the API over TCP; None where no port was named."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A port with TLS, and the keys of those who may ask there."""

    socket: socket.socket
    cert: Path
    key: Path
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """What a port of the API needs."""

    host: str
    port: int
    cert: Path | None
    key: Path | None


@contextmanager
def doors(state: Path, metrics_port: int | None, remote: RemoteSettings | None = None) -> Generator[Doors]:
    """Take the places where the engine will be asked, and give them back at the end.

    Raises UserError when a port is taken, has no certificate, or the path is too long for a socket.
    """
    with ExitStack() as opened:
        loopback = opened.enter_context(loopback_socket(metrics_port)) if metrics_port is not None else None
        port = _remote(state, remote, opened) if remote is not None else None
        unix = opened.enter_context(unix_socket(state))
        opened.callback((state / SOCKET_NAME).unlink, missing_ok=True)
        yield Doors(unix, loopback, port)


def _remote(state: Path, wanted: RemoteSettings, opened: ExitStack) -> Remote:
    """The port of the API. Raises UserError where it is taken or where anything that makes it safe is missing."""
    cert, key = _certificate(state, wanted)
    tokens = tokens_of(state)
    listening = opened.enter_context(tcp_socket(wanted.host, wanted.port, "the API", "--api-port"))
    return Remote(listening, cert, key, tokens)


def _certificate(state: Path, wanted: RemoteSettings) -> tuple[Path, Path]:
    """Certificate and key as the server will load them. Raises UserError where they cannot be."""
    if wanted.cert is None or wanted.key is None:
        make = f"openssl req -x509 -newkey rsa:3072 -nodes -days 825 -subj /CN={wanted.host}"
        names = f"-addext subjectAltName={'IP' if wanted.host.replace('.', '').isdigit() else 'DNS'}:{wanted.host}"
        raise UserError(
            "--api-port: the API is served over TCP with TLS only; name --tls-cert and --tls-key. For this machine alone: "
            f"{make} {names} -keyout {state}/tls.key -out {state}/tls.crt"
        )
    check_certificate(wanted.cert, wanted.key)
    return wanted.cert, wanted.key


class QuietServer(uvicorn.Server):
    """Signals belong to the program, not to its server. Who connects and then says nothing, or drop by drop, is let go."""

    def __init__(self, config: uvicorn.Config, on_answering: Callable[[], None] = lambda: None) -> None:
        """`on_answering` is told once whoever asks gets an answer."""
        super().__init__(config)
        self._on_answering = on_answering
        self._silent: dict[Any, tuple[object, float]] = {}
        """Of each connection without a question that is being answered: its last one, and since when it was seen so."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self._on_answering()

    async def on_tick(self, counter: int) -> bool:
        """Told ten times a second."""
        now = elapsed_s()
        silent: dict[Any, tuple[object, float]] = {}
        for one in self.server_state.connections:
            asked = getattr(one, "cycle", one)
            if asked is None or getattr(asked, "response_complete", False):
                last, since = self._silent.get(one, (asked, now))
                silent[one] = (asked, since if last is asked else now)
        self._silent = silent
        for one, (_, since) in silent.items():
            if now - since > SILENT_S and getattr(one, "transport", None) is not None:
                if getattr(one, "timeout_keep_alive_task", None) is None:  # who was answered and rests goes without a word
                    log.warning("let go", where=str(one.client[0]) if one.client else "?", because="it connects and asks nothing")
                one.transport.close()
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


def unix_socket(state: Path) -> socket.socket:
    """A socket in `state/`, mode 0600 from the first moment on. It listens once a server serves it: until then nobody answers.

    Bound by us and not by the server, which would open it to everybody. Raises UserError when the path is too long for a socket.
    """
    path = state / SOCKET_NAME
    if len(bytes(path)) > PATH_MAX:
        raise UserError(f"{path}: too long for a unix socket ({len(bytes(path))} of {PATH_MAX} bytes); choose a shorter --state")
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    return listening


def loopback_socket(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1. Raises UserError when the port is taken."""
    return tcp_socket("127.0.0.1", port, "metrics", "--metrics-port")


def tcp_socket(host: str, port: int, use: str, flag: str) -> socket.socket:
    """A listening socket on an address of this machine. Raises UserError when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise UserError(f"port {port} on {host} cannot be used for {use}: {error.strerror}; choose another {flag}") from error
    listening.listen(64)
    return listening


def server(api: FastAPI, remote: Remote | None = None, on_answering: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """A server for `await server.serve(sockets=[...])`, with TLS for a remote port; stop it by setting `should_exit`."""
    config = uvicorn.Config(
        api,
        log_level="error",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=KEPT_S,
        timeout_graceful_shutdown=2,
        ws="websockets-sansio",
        ws_max_size=FRAME_BYTES_MAX,
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX if remote is not None else None,
        ssl_certfile=remote.cert if remote is not None else None,
        ssl_keyfile=remote.key if remote is not None else None,
    )
    return QuietServer(config, on_answering)
