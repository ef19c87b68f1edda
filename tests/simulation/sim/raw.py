"""A client made of bytes, for what no client library would send."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from engine.sim.loop import VirtualLoop, run
from engine.sim.simulator import Simulator
from engine.sim.wire.codec import Message, decode, encode_frame
from engine.sim.wire.frames import FrameReader, fields_of, frame, greeting
from tests.simulation.sim import stage

T = TypeVar("T")


class Raw:
    """A client made of bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._frames = FrameReader()
        self.version = 178

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def bodies(self, seconds: float = 1) -> list[bytes]:
        """All frames that come within so long."""
        found: list[bytes] = []
        try:
            async with asyncio.timeout(seconds):
                while data := await self._reader.read(65536):
                    found += self._frames.feed(data)
        except (TimeoutError, ConnectionError):
            pass
        return found

    async def begin(self, client_id: int = 1, version: int = 178, options: str = "") -> None:
        """Greets and starts the session; what TWS says to that is read."""
        self.version = version
        self.send(greeting(157, version, options) + encode_frame(Message("start_api", {"client_id": client_id}), version))
        await self.bodies()

    async def ask(self, *requests: Message | Sequence[str], seconds: float = 1) -> list[Message]:
        """What comes within so long of requests, given as messages or as fields."""
        for request in requests:
            self.send(encode_frame(request, self.version) if isinstance(request, Message) else frame(request))
        return [decode("s2c", fields_of(body), self.version) for body in await self.bodies(seconds)]

    def close(self) -> None:
        self._writer.close()

    async def is_closed(self) -> bool:
        try:
            return await asyncio.wait_for(self._reader.read(1), 1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True


def play(act: Callable[[Simulator, Raw], Awaitable[T]], **options: object) -> T:
    """What the act returns, with a connection that has said nothing yet, in virtual time."""

    async def main() -> T:
        sim = stage.simulator(**options)
        await sim.start(port=stage.PORT)
        raw = Raw(*await asyncio.open_connection("127.0.0.1", stage.PORT))
        try:
            return await act(sim, raw)
        finally:
            raw.close()
            await sim.stop()

    return run(main(), VirtualLoop())
