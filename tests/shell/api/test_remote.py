"""The API over a real port with TLS: its client, its stream, and who only takes room."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from engine.api import server as serving
from engine.api.app import build
from engine.api.server import RemoteSettings, doors, server
from engine.client.asynchronous import AsyncClient
from engine.client.blocking import Client
from engine.client.errors import NotAllowed, Refused, Unreadable
from engine.client.mirror import Hello, Lost, Rows
from engine.domain.errors import UserError
from engine.domain.facts.halts import Halted
from engine.metrics import Reading, registry
from engine.runtime.control import Control
from engine.runtime.standing import Identity
from tests.shell.client.test_stream import next_of
from tests.shell.runtime.bench import MANUAL, Bench
from tests.shell.runtime.serving import REF

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate of these tests")


def certificate(folder: Path, *, days: int = 2, more: str = "") -> tuple[Path, Path]:
    cert, key = folder / "tls.crt", folder / "tls.key"
    made = f"req -x509 -newkey rsa:2048 -nodes -days {days} -subj /CN=localhost -keyout {key} -out {cert}"
    made += f" -addext subjectAltName=DNS:localhost {more}"
    subprocess.run(["openssl", *made.split()], check=True, capture_output=True)
    key.chmod(0o600)
    return cert, key


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Far:
    """An engine on the bench, served over TLS, and what a client needs to reach it."""

    def __init__(self, bench: Bench, url: str, ca: Path, key: str, keys: object) -> None:
        self.bench, self.url, self.ca, self.key, self.keys = bench, url, ca, key, keys

    def client(self, key: str | None = None) -> AsyncClient:
        return AsyncClient(self.url, key=key or self.key, ca=self.ca)

    async def while_beating(self, work: Awaitable[object]) -> object:
        asked = asyncio.ensure_future(work)  # type: ignore[arg-type]
        while not asked.done():
            await self.bench.inbox.wait(0.01)
            self.bench.engine.beat()
        return asked.result()


def play(story: Callable[[Far], Awaitable[None]]) -> None:
    async def run(folder: Path) -> None:
        bench = Bench(MANUAL)
        control = Control(
            bench.engine, bench.snapshots, bench.inbox, bench.clock, Identity("0", "sim", "DU1", str(folder)), lambda now: ()
        )
        await bench.start()
        await bench.until(lambda: bool(bench.ledger.orders) and bench.order().asked is not None)
        cert, key = certificate(folder)
        port = free_port()
        with doors(folder, None, RemoteSettings("127.0.0.1", port, cert, key)) as opened:
            remote = opened.remote
            assert remote is not None
            web = server(build(control, registry(Reading), remote.tokens), remote)
            task = asyncio.ensure_future(web.serve(sockets=[remote.socket]))
            try:
                made = remote.tokens.keys.add("ada", "trader", bench.clock.at)
                await story(Far(bench, f"https://localhost:{port}", cert, made, remote.tokens.keys))
            finally:
                web.should_exit = True
                await task
                opened.unix.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


def test_client_exchanges_its_key_and_trades_over_tls() -> None:
    async def story(far: Far) -> None:
        async with far.client() as engine:
            (approval,) = await engine.approvals()
            await far.while_beating(engine.approve(REF, approval.net_now, once="yes-1"))
            with pytest.raises(Refused, match="it was done already: approved at"):
                await engine.approve(REF, approval.net_now, once="yes-1")
            with pytest.raises(NotAllowed, match="ada is a trader; this needs the role operator"):
                await engine.resume()
        assert far.bench.order().approved_by == "ada"

        def status() -> str:
            with Client(far.url, key=far.key, ca=far.ca) as engine:
                return engine.status().account

        assert await asyncio.to_thread(status) == "DU1"
        async with AsyncClient(far.url, key=far.key) as trusting, far.client("spreads_x_y") as stranger:
            with pytest.raises(Exception, match="certificate verify failed"):
                await trusting.status()
            with pytest.raises(NotAllowed, match="a token is needed"):
                await stranger.status()

    play(story)


def test_stream_needs_a_token_and_ends_with_its_key() -> None:
    async def story(far: Far) -> None:
        async with far.client() as engine, aclosing(engine.stream("orders", max_hz=50)) as updates:
            assert (await next_of(Hello, updates)).engine == "sim, account DU1"
            assert list((await next_of(Rows, updates)).rows) == [REF]
            far.keys.revoke("ada", far.bench.clock.at)  # type: ignore[attr-defined]
            far.bench.engine.record(Halted("bob", "lunch"), far.bench.clock.at)
            far.bench.engine.beat()
            lost = await next_of(Lost, updates)
            again = await next_of(Lost, updates)
        assert lost.because
        assert "a token is needed" in again.because

    play(story)


def test_who_connects_and_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "SILENT_S", 0.3)

    async def story(far: Far) -> None:
        tls = ssl.create_default_context(cafile=far.ca)
        port = int(far.url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("localhost", port, ssl=tls)
        writer.write(b"GET /v1/status HTTP/1.1\r\nHost: loc")
        await writer.drain()
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()
        async with far.client() as engine:
            assert (await engine.status()).account == "DU1"

    play(story)


def test_port_without_a_certificate_is_no_port(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    key.chmod(0o644)
    open_key = RemoteSettings("127.0.0.1", free_port(), cert, key)
    for wrong, told in (
        (RemoteSettings("127.0.0.1", 1, None, None), "with TLS only; name --tls-cert and --tls-key"),
        (RemoteSettings("127.0.0.1", 1, cert, cert), "they cannot be used together"),
        (open_key, "others may read the private key"),
    ):
        with pytest.raises(UserError, match=told), doors(tmp_path, None, wrong):
            pass
    assert not (tmp_path / "engine.sock").exists()


def test_client_tells_an_answer_that_is_none_of_an_engine() -> None:
    async def story(far: Far) -> None:
        async with far.client() as engine:
            with pytest.raises(Unreadable, match="has not answered in time"):
                await AsyncClient(far.url, key=far.key, ca=far.ca, patience_s=1e-9).status()
            assert (await engine.health()).healthy in {True, False}

    play(story)
