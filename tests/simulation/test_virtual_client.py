"""The real ib_async client lives in virtual time: same program, same bytes, and its throttle counts virtual seconds."""

import asyncio
import hashlib
import os
import struct
import subprocess
import sys
from pathlib import Path

import ib_async
import pytest

from engine.sim.loop import VirtualLoop, run
from engine.sim.network import MemoryNetwork

PORT = 4002
ACCOUNT = "DU1"


class TinyTws(asyncio.Protocol):
    """Greets a client, answers its start-up burst and the time of day, and writes down both sides of the talk."""

    def __init__(self, transcript: list[tuple[float, str, bytes]]) -> None:
        self.transcript = transcript
        self.buffer = b""
        self.greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.buffer.startswith(b"API\0"):
            self.buffer = self.buffer[4:]
        while len(self.buffer) >= 4 and len(self.buffer) >= 4 + (size := struct.unpack(">I", self.buffer[:4])[0]):
            body, self.buffer = self.buffer[4 : 4 + size], self.buffer[4 + size :]
            self.transcript.append((asyncio.get_running_loop().time(), "<", body))
            if self.greeted:
                self.answer(body.decode().split("\0")[:-1])
            else:
                self.greeted = True
                self.send("178", "20261123 09:30:00 EST")

    def answer(self, fields: list[str]) -> None:
        match fields:
            case ["71", *_]:
                self.send("15", "1", ACCOUNT)
                self.send("9", "1", "1")
            case ["61", *_]:
                self.send("62", "1")
            case ["5", *_]:
                self.send("53", "1")
            case ["99", *_]:
                self.send("102")
            case ["6", *_]:
                self.send("54", "1", ACCOUNT)
            case ["76", _, request, *_]:
                self.send("74", "1", request)
            case ["7", _, request, *_]:
                self.send("55", "1", request)
            case ["49", *_]:
                self.send("49", "1", "1795444200")
            case _:
                pass

    def send(self, *fields: str) -> None:
        body = "".join(f"{field}\0" for field in fields).encode()
        self.transcript.append((asyncio.get_running_loop().time(), ">", body))
        self.transport.write(struct.pack(">I", len(body)) + body)


async def session(transcript: list[tuple[float, str, bytes]]) -> None:
    """Connects, asks the time a hundred times at once and then every virtual hour of a day, and leaves."""
    await asyncio.get_running_loop().create_server(lambda: TinyTws(transcript), "127.0.0.1", PORT)
    ib = ib_async.IB()
    await ib.connectAsync("127.0.0.1", PORT, clientId=1, timeout=4, raiseSyncErrors=True)
    for _ in range(100):
        ib.client.reqCurrentTime()
    for _ in range(24):
        await asyncio.sleep(3600)
        await ib.reqCurrentTimeAsync()
    ib.disconnect()
    await asyncio.sleep(1)


def transcript_of_a_day(network: MemoryNetwork | None = None) -> list[tuple[float, str, bytes]]:
    transcript: list[tuple[float, str, bytes]] = []
    run(session(transcript), VirtualLoop(network))
    return transcript


def digest(transcript: list[tuple[float, str, bytes]]) -> str:
    return hashlib.sha256(repr(transcript).encode()).hexdigest()


def test_client_becomes_ready_and_hears_its_answers():
    transcript = transcript_of_a_day()

    asked = [body for _, way, body in transcript if way == "<" and body.startswith(b"49\0")]
    assert len(asked) == 124
    assert transcript[-1][0] > 24 * 3600


def test_transcript_is_the_same_when_run_three_times_under_different_hash_seeds():
    root = Path(__file__).parents[2]
    code = "from tests.simulation.test_virtual_client import *; print(digest(transcript_of_a_day()))"

    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2026")
    }

    assert digests == {digest(transcript_of_a_day()) + "\n"}


def test_bodies_are_the_same_when_every_byte_is_split():
    whole = transcript_of_a_day()

    split = transcript_of_a_day(MemoryNetwork(piece_bytes=1))

    assert sorted(body for _, _, body in split) == sorted(body for _, _, body in whole)


def test_throttle_lets_at_most_its_number_through_in_a_virtual_second():
    transcript = transcript_of_a_day()

    arrivals = [at for at, way, _ in transcript if way == "<"]
    burst = [at for at in arrivals if at < 3600]
    busiest = max(sum(1 for at in burst if start <= at < start + 1) for start in burst)
    # the two messages of the handshake do not pass the client's queue in one piece with the rest
    assert 45 <= busiest <= 47
    assert 2.0 < burst[-1] < 4.0


def test_connecting_fails_in_virtual_time_when_the_server_is_mute():
    network = MemoryNetwork()
    network.on_link = lambda link: link.to_client.swallow()
    loop = VirtualLoop(network)

    async def main() -> float:
        await loop.create_server(lambda: TinyTws([]), "127.0.0.1", PORT)
        with pytest.raises(TimeoutError):
            await ib_async.IB().connectAsync("127.0.0.1", PORT, clientId=1, timeout=30)
        return loop.time()

    assert 30 < run(main(), loop) < 31


def test_connecting_fails_when_the_port_refuses():
    loop = VirtualLoop()

    async def main() -> None:
        with pytest.raises(ConnectionRefusedError):
            await ib_async.IB().connectAsync("127.0.0.1", PORT, clientId=1, timeout=30)

    run(main(), loop)

    assert loop.is_closed()


def test_client_hears_of_the_loss_when_the_link_is_reset():
    network = MemoryNetwork()
    loop = VirtualLoop(network)

    async def main() -> list[str]:
        await loop.create_server(lambda: TinyTws([]), "127.0.0.1", PORT)
        ib = ib_async.IB()
        news: list[str] = []
        ib.disconnectedEvent += lambda: news.append("disconnected")
        await ib.connectAsync("127.0.0.1", PORT, clientId=1, timeout=4)
        network.links[0].reset()
        await asyncio.sleep(1)
        return news

    assert run(main(), loop) == ["disconnected"]
