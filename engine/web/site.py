"""What the pages stand on: which engine they show, under which names they are reached, and whether with TLS."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.client.asynchronous import AsyncClient

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

CONSOLES_MAX = 3


@dataclass(frozen=True, slots=True)
class Site:
    """One program that serves pages."""

    engine: Path | str
    """State folder, or the https:// of its API."""
    names: frozenset[str]
    """Hosts under which a browser may reach it, without port: any other name is somebody else's page about this address."""
    is_secure: bool
    """Whether it is served with TLS."""
    now_s: Callable[[], float]
    """Seconds of a clock that only goes forward."""
    ca: Path | None = None
    """What vouches for the certificate of the engine's API."""
    console: tuple[str, ...] = ()
    """Command that opens a console for somebody who is logged in; empty where there are pages only."""
    consoles_max: int = CONSOLES_MAX
    """So many consoles at once: each is a process of some 70 MB."""

    @property
    def scheme(self) -> str:
        return "https" if self.is_secure else "http"

    @property
    def cookie(self) -> str:
        """Name of the cookie; with TLS a browser takes it for this host alone."""
        return "__Host-spreads" if self.is_secure else "spreads"

    @property
    def state(self) -> Path | None:
        """The state folder, where the engine is on this machine."""
        return self.engine if isinstance(self.engine, Path) else None

    def client(self, key: str) -> AsyncClient:
        """The engine in the name of a key."""
        return AsyncClient(self.engine, key=key, ca=self.ca)
