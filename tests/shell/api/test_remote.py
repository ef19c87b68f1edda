"""The API over a real port with TLS: its client, its stream, and who only takes room."""

import asyncio
import json
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from engine.api import server as serving
from engine.api.access import door
from engine.api.access.tokens import Tokens
from engine.api.app import build
from engine.api.server import RemoteSettings, doors, server
from engine.api.stream import session
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

    def __init__(self, bench: Bench, url: str, ca: Path, key: str, tokens: Tokens) -> None:
        self.bench, self.url, self.ca, self.key, self.tokens, self.keys = bench, url, ca, key, tokens, tokens.keys

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
                await story(Far(bench, f"https://localhost:{port}", cert, made, remote.tokens))
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
            far.keys.revoke("ada", far.bench.clock.at)
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


def frames(far: Far, **more: Any) -> connect:
    """A stream as a browser opens it: without a header that shows a token."""
    tls = ssl.create_default_context(cafile=far.ca)
    return connect(far.url.replace("https://", "wss://") + "/v1/stream", ssl=tls, compression=None, **more)


async def frame_of(kind: str, stream: ClientConnection) -> dict[str, Any]:
    """The next frame of a kind; heartbeats come at any time."""
    async with asyncio.timeout(20):
        while (told := json.loads(await stream.recv()))["type"] != kind:
            pass
    return dict(told)


def token_frame(far: Far) -> str:
    key = far.keys.verified(far.key)
    return json.dumps({"type": "token", "token": far.tokens.give(key, far.bench.clock.at)})


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Why each was refused or let go, as the log keeps it."""
    return [str(record.msg["because"]) for record in caplog.records if isinstance(record.msg, dict) and "because" in record.msg]


def test_stream_without_a_header_begins_with_a_token_and_ends_with_its_key(caplog: pytest.LogCaptureFixture) -> None:
    async def story(far: Far) -> None:
        shown = token_frame(far)
        async with frames(far) as stream:
            await stream.send(shown)
            hello = await frame_of("hello", stream)
            await stream.send(shown)
            again = await frame_of("error", stream)
            await stream.send('{"type": "subscribe", "topic": "orders"}')
            snapshot = await frame_of("snapshot", stream)
            far.keys.revoke("ada", far.bench.clock.at)
            far.bench.engine.record(Halted("bob", "lunch"), far.bench.clock.at)
            far.bench.engine.beat()
            with pytest.raises(ConnectionClosed):
                while True:
                    await stream.recv()
        assert hello["engine"] == "sim, account DU1"
        assert again["text"] == "a token is the first frame, where no header shows one"
        assert snapshot["topic"] == "orders"
        assert stream.close_code == 4401
        assert json.loads(shown)["token"] not in caplog.text

    play(story)


@pytest.mark.parametrize(
    ("first", "because"),
    [
        (None, "no token has come within 0.2 s"),
        ('{"type": "token", "token": "nonsense"}', "a token is needed"),
        ('{"type": "subscribe", "topic": "orders"}', "a token is needed"),
        ("\xff{", "a token is needed"),
    ],
)
def test_stream_that_shows_no_good_token_at_once_is_closed(
    first: str | None, because: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(door, "TOKEN_WITHIN_S", 0.2)

    async def story(far: Far) -> None:
        async with frames(far) as stream:
            if first is not None:
                await stream.send(first)
            async with asyncio.timeout(20):
                with pytest.raises(ConnectionClosed):
                    await stream.recv()
        assert stream.close_code == 4401
        (told,) = refusals(caplog)
        assert told.startswith(because)

    play(story)


def test_stream_that_a_page_of_another_origin_opens_is_refused_before_it_is_one(caplog: pytest.LogCaptureFixture) -> None:
    async def story(far: Far) -> None:
        with pytest.raises(InvalidStatus):
            async with frames(far, origin="https://evil.example"):
                pass
        assert refusals(caplog) == ["a page of another origin may ask nothing here"]
        async with frames(far, origin=far.url) as stream:
            await stream.send(token_frame(far))
            assert json.loads(await stream.recv())["type"] == "hello"

    play(story)


def test_who_asks_once_and_then_drop_by_drop_is_let_go_and_others_are_served(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "SILENT_S", 0.5)

    async def story(far: Far) -> None:
        tls = ssl.create_default_context(cafile=far.ca)
        port = int(far.url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("localhost", port, ssl=tls)
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 ")

        async def drip() -> None:
            for drop in b"GET /health HTTP/1.1\r\nX: " + b"x" * 10_000:
                writer.write(bytes([drop]))
                await asyncio.sleep(0.05)

        dripping = asyncio.ensure_future(drip())
        async with far.client() as engine, asyncio.timeout(30):
            while not reader.at_eof():
                assert (await engine.status()).account == "DU1", "who asks whole questions is answered, on one connection"
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(4096), 0.05)
        dripping.cancel()
        writer.close()
        assert refusals(caplog) == ["it connects and asks nothing"]

    play(story)


def test_stream_that_is_never_read_is_let_go_and_others_are_served(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(session, "STALLED_S", 0.3)

    async def story(far: Far) -> None:
        async with frames(far, max_queue=1) as stream, far.client() as engine:
            await stream.send(token_frame(far))
            await stream.send('{"type": "subscribe", "topic": "status", "max_hz": 50}')
            await stream.recv()
            stream.transport.pause_reading()
            number = 0
            async with asyncio.timeout(120):
                while not refusals(caplog):
                    number += 1
                    far.bench.engine.record(Halted("bob", f"{number} {'x' * 500_000}"), far.bench.clock.at)
                    far.bench.engine.beat()
                    await asyncio.sleep(0.005)
            assert refusals(caplog) == ["it does not read"]
            assert (await engine.status()).trading == "halted"

    play(story)
