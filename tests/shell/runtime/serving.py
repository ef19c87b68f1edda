"""The API of an engine on the bench, served over a real unix socket."""

import asyncio
import stat
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx

from engine.api.access.tokens import own_tokens
from engine.api.app import build
from engine.api.server import server, unix_socket
from engine.metrics import Reading, registry
from engine.runtime.control import Control
from engine.runtime.standing import Identity, Traffic
from tests.shell.runtime.bench import MANUAL, Bench

T = TypeVar("T")
REF = "spt-261123-0001"
"""The first order of the bench."""


class Api:
    """A client of the engine on the bench."""

    def __init__(self, bench: Bench, folder: Path, control: Control, reading: Reading) -> None:
        self.bench, self.folder, self.control, self._reading = bench, folder, control, reading
        self.tokens = own_tokens(folder)

    async def start(self) -> None:
        """Serve it."""
        self._web = server(build(self.control, registry(lambda: self._reading), self.tokens, is_own_socket=True))
        self._serving = asyncio.ensure_future(self._web.serve(sockets=[unix_socket(self.folder)]))
        transport = httpx.AsyncHTTPTransport(uds=str(self.folder / "engine.sock"))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://engine")

    async def stop(self) -> None:
        """Serve it no more."""
        await self._client.aclose()
        self._web.should_exit = True
        await self._serving

    async def restart(self) -> None:
        """Every connection is lost, and others may be made."""
        await self.stop()
        await self.start()

    async def get(self, path: str) -> httpx.Response:
        return await self._client.get(path)

    async def post(self, path: str, **word: Any) -> httpx.Response:
        return await self._client.post(path, json=word)

    async def post_while_beating(self, path: str, **word: Any) -> httpx.Response:
        """Say it while the engine beats, as it does outside of tests."""
        return await self.while_beating(self.post(path, **word))

    async def while_beating(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work comes to while the engine beats."""
        asked = asyncio.ensure_future(work)
        while not asked.done():
            await self.bench.inbox.wait(0.01)
            self.bench.engine.beat()
        return asked.result()


def serve(
    story: Callable[[Api], Awaitable[None]],
    *,
    reading: Reading | None = None,
    notices: Sequence[str] = (),
    traffic: Traffic | None = None,
    mode: Literal["sim", "paper", "live"] = "sim",
) -> None:
    """Plays a story against the API of an engine on the bench, over a socket that only its owner can open."""

    async def run(folder: Path) -> None:
        bench = Bench(MANUAL)
        control = Control(
            bench.engine,
            bench.snapshots,
            bench.inbox,
            bench.clock,
            Identity("0.1.0", mode, "DU1", str(folder)),
            lambda now: notices,
            traffic=lambda: traffic,
        )
        await bench.start()
        api = Api(bench, folder, control, reading or Reading())
        await api.start()
        assert stat.S_IMODE((folder / "engine.sock").stat().st_mode) == 0o600
        try:
            await story(api)
        finally:
            await api.stop()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


async def asked(api: Api) -> None:
    """Until an opening waits for a person."""
    await api.bench.until(lambda: bool(api.bench.ledger.orders) and api.bench.order().asked is not None)
