"""The memory network behaves to protocols as TCP does, and misbehaves on demand."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from engine.sim.loop import VirtualLoop, run
from engine.sim.network import Link, MemoryNetwork

PORT = 4002


class Peer(asyncio.Protocol):
    """Writes down all it hears, with the loop's time."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.heard: list[str] = []
        self.transport: asyncio.Transport | None = None
        self.lost: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.heard.append("made")

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def eof_received(self) -> None:
        self.heard.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.heard.append("lost")
        self.lost = exc

    def pause_writing(self) -> None:
        self.heard.append("pause")

    def resume_writing(self) -> None:
        self.heard.append("resume")


def play(scene: Callable[[Peer, Peer, Link], Awaitable[None]], network: MemoryNetwork | None = None) -> None:
    """Runs a scene between a client, a server and their link."""
    network = network or MemoryNetwork()
    loop = VirtualLoop(network)

    async def main() -> None:
        server = Peer()
        await loop.create_server(lambda: server, "127.0.0.1", PORT)
        _, client = await loop.create_connection(Peer, "127.0.0.1", PORT)
        assert network.links
        await scene(client, server, network.links[0])

    run(main(), loop)


def test_bytes_arrive_in_order_and_a_latency_later():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        loop = asyncio.get_running_loop()
        client.transport.write(b"one ")
        client.transport.write(b"two")
        sent = loop.time()

        await asyncio.sleep(0.0004)
        early = list(server.pieces)
        await asyncio.sleep(0.0002)

        assert early == []
        assert b"".join(server.pieces) == b"one two"
        assert loop.time() - sent < 0.001

    play(scene)


def test_addresses_are_known_to_both_ends():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        here = client.transport.get_extra_info("sockname")
        there = client.transport.get_extra_info("peername")

        assert there == ("127.0.0.1", PORT)
        assert server.transport.get_extra_info("peername") == here
        assert server.transport.get_extra_info("sockname") == there
        assert client.transport.get_extra_info("sslcontext") is None

    play(scene)


def test_connection_is_refused_when_nobody_listens_or_the_port_refuses():
    network = MemoryNetwork()
    loop = VirtualLoop(network)

    async def main() -> None:
        with pytest.raises(ConnectionRefusedError):
            await loop.create_connection(Peer, "127.0.0.1", PORT)
        server = await loop.create_server(Peer, "127.0.0.1", PORT)
        network.refuse(PORT)
        with pytest.raises(ConnectionRefusedError):
            await loop.create_connection(Peer, "127.0.0.1", PORT)
        network.refuse(PORT, refused=False)
        await loop.create_connection(Peer, "127.0.0.1", PORT)
        server.close()
        with pytest.raises(ConnectionRefusedError):
            await loop.create_connection(Peer, "127.0.0.1", PORT)

    run(main(), loop)


def test_second_listener_is_refused_when_the_port_is_taken():
    loop = VirtualLoop()

    async def main() -> None:
        await loop.create_server(Peer, "127.0.0.1", PORT)
        with pytest.raises(OSError, match="choose another"):
            await loop.create_server(Peer, "127.0.0.1", PORT)

    run(main(), loop)


def test_written_bytes_arrive_before_the_end_when_the_writer_closes():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        client.transport.write(b"last words")
        client.transport.write_eof()
        client.transport.close()

        await asyncio.sleep(0.01)

        assert server.pieces == [b"last words"]
        assert server.heard == ["made", "eof", "lost"]
        assert client.heard == ["made", "lost"]
        assert client.lost is None
        assert server.lost is None
        assert not link.is_open

    play(scene)


def test_writing_is_refused_after_the_end_was_sent():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        client.transport.write_eof()

        with pytest.raises(RuntimeError, match="after write_eof"):
            client.transport.write(b"more")

    play(scene)


def test_unsent_bytes_are_dropped_when_the_writer_aborts():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        client.transport.write(b"never")
        client.transport.abort()

        await asyncio.sleep(0.01)

        assert server.pieces == []
        assert server.heard == ["made", "eof", "lost"]

    play(scene)


def test_writer_is_reset_when_the_peer_has_closed():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        link.to_client.swallow()  # so that the client does not hear the end
        server.transport.close()
        client.transport.write(b"anyone?")

        await asyncio.sleep(0.01)

        assert isinstance(client.lost, ConnectionResetError)

    play(scene)


def test_half_open_link_swallows_one_direction_and_keeps_the_other():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        link.to_client.swallow()
        server.transport.write(b"lost")
        client.transport.write(b"kept")
        await asyncio.sleep(60)

        assert client.pieces == []
        assert server.pieces == [b"kept"]
        assert client.heard == ["made"]

        link.to_client.swallow(False)
        server.transport.write(b"back")
        await asyncio.sleep(0.01)

        assert client.pieces == [b"back"]

    play(scene)


def test_both_ends_are_lost_when_the_link_is_reset():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        client.transport.write(b"on its way")
        link.reset()
        await asyncio.sleep(0.01)

        assert isinstance(client.lost, ConnectionResetError)
        assert isinstance(server.lost, ConnectionResetError)
        assert server.pieces == []

    play(scene)


def test_link_is_cut_in_the_middle_of_a_message_when_asked():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        link.to_server.cut_after(3)
        client.transport.write(b"message")
        await asyncio.sleep(0.01)

        assert server.pieces == [b"mes"]
        assert isinstance(client.lost, ConnectionResetError)
        assert isinstance(server.lost, ConnectionResetError)

    play(scene)


def test_every_byte_comes_alone_when_pieces_are_one_byte():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        client.transport.write(b"split")
        await asyncio.sleep(0.01)

        assert server.pieces == [b"s", b"p", b"l", b"i", b"t"]

    play(scene, MemoryNetwork(piece_bytes=1))


def test_writer_is_paused_and_resumed_when_the_reader_stalls_and_returns():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        link.to_client.stall()
        for _ in range(40):
            server.transport.write(b"x" * 4096)
        await asyncio.sleep(1)
        stalled = list(server.heard), server.transport.get_write_buffer_size()

        link.to_client.stall(False)
        await asyncio.sleep(1)

        assert stalled == (["made", "pause"], 40 * 4096 - 65_536)
        assert server.heard == ["made", "pause", "resume"]
        assert sum(map(len, client.pieces)) == 40 * 4096

    play(scene)


def test_nothing_is_delivered_while_reading_is_paused():
    async def scene(client: Peer, server: Peer, link: Link) -> None:
        client.transport.pause_reading()
        server.transport.write(b"wait")
        await asyncio.sleep(1)
        paused = list(client.pieces)
        client.transport.resume_reading()
        await asyncio.sleep(0.01)

        assert paused == []
        assert client.pieces == [b"wait"]

    play(scene)


def test_server_sees_the_end_when_the_client_gives_up_connecting():
    network = MemoryNetwork(latency_s=1.0)
    loop = VirtualLoop(network)
    server = Peer()

    async def main() -> None:
        await loop.create_server(lambda: server, "127.0.0.1", PORT)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(loop.create_connection(Peer, "127.0.0.1", PORT), 1.5)
        await asyncio.sleep(5)

    run(main(), loop)

    assert server.heard == ["made", "eof", "lost"]


def test_fault_is_there_from_the_first_byte_when_set_at_the_birth_of_the_link():
    network = MemoryNetwork()
    network.on_link = lambda link: link.to_client.swallow()
    loop = VirtualLoop(network)

    async def main() -> None:
        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello\n")
            writer.close()

        await asyncio.start_server(greet, "127.0.0.1", PORT)
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readline(), 30)
        writer.close()

    run(main(), loop)

    assert network.latency_s == 0.0005


def test_streams_talk_and_end_when_both_sides_close():
    loop = VirtualLoop()

    async def main() -> bytes:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.read()).upper())
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"spread")
            writer.write_eof()
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
        return answer

    assert run(main(), loop) == b"SPREAD"


def test_tls_is_refused_with_the_reason():
    loop = VirtualLoop()

    async def main() -> None:
        with pytest.raises(ValueError, match="no TLS"):
            await loop.create_connection(Peer, "127.0.0.1", PORT, ssl=True)

    run(main(), loop)
