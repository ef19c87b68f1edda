"""The API of an engine whose loop runs at a multiple of real time, as a demonstration's: patience is that of the machine."""

import asyncio
from pathlib import Path

from fastapi import FastAPI

from engine.api.names import SOCKET_NAME
from engine.api.server import server, unix_socket
from engine.sim.loop import PacedLoop, run

SPEED = 240.0
MINUTE_S = 60.0
"""Of the loop: a quarter of a second of the machine."""


def test_connection_is_kept_while_minutes_of_a_fast_loop_pass(tmp_path: Path) -> None:
    async def story() -> list[bytes]:
        web = server(FastAPI(openapi_url=None))
        serving = asyncio.ensure_future(web.serve(sockets=[unix_socket(tmp_path)]))
        while not web.started:
            await asyncio.sleep(1)
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / SOCKET_NAME))
        lines: list[bytes] = []
        for _ in range(2):
            await asyncio.sleep(MINUTE_S)
            writer.write(b"GET / HTTP/1.1\r\nHost: engine\r\n\r\n")
            lines.append(await reader.readline())
            await reader.readuntil(b'{"detail":"Not Found"}')
        writer.close()
        web.should_exit = True
        await serving
        return lines

    assert run(story(), PacedLoop(SPEED)) == [b"HTTP/1.1 404 Not Found\r\n"] * 2
