"""Where an engine listens: the socket in its state folder, or a port with TLS."""

from dataclasses import dataclass
from pathlib import Path

from engine.api.names import SOCKET_NAME
from engine.domain.errors import UserError


@dataclass(frozen=True, slots=True)
class Address:
    """One of both."""

    url: str
    """Begin of every address of a resource."""
    socket: Path | None
    """The unix socket; None over TCP."""

    def __str__(self) -> str:
        return self.url if self.socket is None else f"unix://{self.socket}"


def address_of(where: Path | str) -> Address:
    """The address of an engine: a state folder, `unix://` with the path of a socket, or `https://` with host and port.

    Raises UserError for anything else: a password or a token does not travel in the clear.
    """
    text = str(where)
    if text.startswith("unix://"):
        return Address("http://engine", Path(text.removeprefix("unix://")))
    if text.startswith("https://"):
        return Address(text.rstrip("/"), None)
    if "://" in text:
        raise UserError(f"{text}: an engine is reached by its state folder, by unix:// or by https://")
    return Address("http://engine", Path(where) / SOCKET_NAME)
