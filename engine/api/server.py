"""The API served in the engine's own loop, on a unix socket that only its owner can open, and on loopback TCP by choice."""

import os
import socket
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from engine.api.names import SOCKET_NAME
from engine.domain.errors import UserError

PATH_MAX = 100
"""A unix socket's path has room for about 104 bytes on every system."""

FRAME_BYTES_MAX = 4_096
"""Of what a client of the stream says: a topic and how often."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The sockets through which a running engine is asked."""

    unix: socket.socket
    loopback: socket.socket | None
    """For health and metrics; None where no port was named."""


@contextmanager
def doors(state: Path, metrics_port: int | None) -> Generator[Doors]:
    """Take the places where the engine will be asked, and give them back at the end.

    Raises UserError when the port is taken or the path is too long for a socket.
    """
    with ExitStack() as opened:
        loopback = opened.enter_context(loopback_socket(metrics_port)) if metrics_port is not None else None
        unix = opened.enter_context(unix_socket(state))
        opened.callback((state / SOCKET_NAME).unlink, missing_ok=True)
        yield Doors(unix, loopback)


class _Quiet(uvicorn.Server):
    """Signals belong to the engine, not to its API."""

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
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise UserError(
            f"port {port} on 127.0.0.1 cannot be used for metrics: {error.strerror}; choose another --metrics-port"
        ) from error
    listening.listen(64)
    return listening


def server(api: FastAPI) -> uvicorn.Server:
    """A server for `await server.serve(sockets=[...])`; stop it by setting `should_exit`."""
    config = uvicorn.Config(
        api,
        log_level="error",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
        ws="websockets-sansio",
        ws_max_size=FRAME_BYTES_MAX,
        server_header=False,
    )
    return _Quiet(config)
