"""Turns writes at one end of a link into deliveries at the other: in order, a latency later, as its conditions allow."""

import asyncio
import errno
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

WINDOW_BYTES = 65_536
"""Bytes that a socket's kernel takes off the writer's hands before they count as its own buffer."""

HIGH_WATER_BYTES = 65_536
"""asyncio's default: beyond it the writing protocol is asked to pause."""


class Conditions(Protocol):
    """How bytes travel at the moment: seconds of flight, and the largest piece that arrives at once."""

    latency_s: float
    piece_bytes: int | None


class Pipe:
    """One direction of a link: bytes on their way, oldest first, and the faults that befall them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, conditions: Conditions) -> None:
        self.on_cut: Callable[[], None] | None = None
        self.reader: MemoryTransport | None = None
        self.writer: MemoryTransport | None = None
        self.queued_bytes = 0
        self._loop = loop
        self._conditions = conditions
        self._flight: deque[tuple[float, bytes | None]] = deque()  # (due, bytes; None is the end of the stream)
        self._timer: asyncio.Handle | None = None
        self._swallowing = False
        self._stalled = False
        self._left_bytes: int | None = None

    def swallow(self, swallowing: bool = True) -> None:
        """Half-open: whatever is sent, end of stream included, vanishes, and the sender never hears of it."""
        self._swallowing = swallowing

    def stall(self, stalled: bool = True) -> None:
        """The reader stops reading: bytes pile up before the writer until the stall is lifted."""
        self._stalled = stalled
        self.wake()

    def cut_after(self, count: int) -> None:
        """The link is reset once `count` more bytes have arrived, in the middle of a message if it falls so."""
        self._left_bytes = count

    def send(self, chunk: bytes | None) -> None:
        """Puts bytes, or None for the end of the stream, on their way."""
        if self._swallowing or self._loop.is_closed():  # clients are finalised after their loop has ended
            return
        due = self._loop.time() + self._conditions.latency_s
        if self._flight:
            due = max(due, self._flight[-1][0])
        self._flight.append((due, chunk))
        self.queued_bytes += len(chunk or b"")
        self.wake()

    def clear(self) -> None:
        self._flight.clear()
        self.queued_bytes = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def wake(self) -> None:
        """Sets the timer of the next arrival, if there is one and somebody reads."""
        if self._timer is None and self._flight and not self._stalled and self.reader and self.reader.is_taking():
            self._timer = self._loop.call_at(self._flight[0][0], self._arrive)

    def _arrive(self) -> None:
        self._timer = None
        assert self.reader is not None, "bytes arrive only where an end has been made"
        if self._stalled or not self._flight or not self.reader.is_taking():
            return
        if self._flight[0][1] is None:
            self._flight.popleft()
            self.reader.take_end()
        else:
            self._deliver(self.reader, self._due_bytes())
        if self.writer is not None:
            self.writer.ease()
        self.wake()

    def _due_bytes(self) -> bytes:
        """All that is due by now, as one read would find it, or one piece of it where the conditions of the link cut pieces."""
        now = self._loop.time()
        chunks = [self._flight.popleft()[1] or b""]
        while self._flight and self._flight[0][0] <= now and self._flight[0][1] is not None:
            chunks.append(self._flight.popleft()[1] or b"")
        arrived = b"".join(chunks)
        bounds = [bound for bound in (self._conditions.piece_bytes, self._left_bytes) if bound is not None]
        size = min([len(arrived), *bounds])
        if size < len(arrived):
            self._flight.appendleft((now, arrived[size:]))
        self.queued_bytes -= size
        return arrived[:size]

    def _deliver(self, reader: "MemoryTransport", arrived: bytes) -> None:
        if self._left_bytes is not None:
            self._left_bytes -= len(arrived)
        if arrived:
            reader.take(arrived)
        if self._left_bytes == 0 and self.on_cut is not None:
            self._left_bytes = None
            self.on_cut()


class MemoryTransport(asyncio.Transport):
    """One end of a link; behaves to its protocol as asyncio's socket transport does."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        outgoing: Pipe,
        incoming: Pipe,
        sockname: tuple[str, int],
        peername: tuple[str, int],
    ) -> None:
        super().__init__({"sockname": sockname, "peername": peername})
        self._loop = loop
        self._outgoing = outgoing
        self._incoming = incoming
        outgoing.writer = incoming.reader = self
        self._protocol: asyncio.BaseProtocol | None = None
        self._reading = True
        self._ended = False  # we sent the end of our stream
        self._closing = False
        self._writing_paused = False
        self._limits = (HIGH_WATER_BYTES // 4, HIGH_WATER_BYTES)

    # what the network calls

    def open(self, protocol: asyncio.BaseProtocol) -> None:
        """Hands the end to its protocol; what arrived before then follows."""
        self._protocol = protocol
        protocol.connection_made(self)
        self._incoming.wake()

    def is_taking(self) -> bool:
        """Whether an arrival would be noticed: a closed end notices too, by answering with a reset."""
        return self._protocol is not None and (self._reading or self._closing)

    def take(self, arrived: bytes) -> None:
        if self._closing:
            # Nobody is left to read: the kernel answers bytes for a closed socket with RST.
            peer = self._incoming.writer
            if peer is not None:
                peer.lose(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))
        elif isinstance(self._protocol, asyncio.Protocol):
            self._protocol.data_received(arrived)

    def take_end(self) -> None:
        if self._closing or not isinstance(self._protocol, asyncio.Protocol):
            return
        if not self._protocol.eof_received():
            self.close()

    def ease(self) -> None:
        """Resumes the writing protocol once its buffer has drained to the lower limit."""
        if self._writing_paused and not self._closing and self.get_write_buffer_size() <= self._limits[0]:
            self._writing_paused = False
            if self._protocol is not None:
                self._protocol.resume_writing()

    def lose(self, problem: Exception | None) -> None:
        """The connection is gone: nothing more leaves, and the protocol hears why."""
        self._outgoing.clear()
        self._finish(problem)

    # what the protocol calls

    def get_protocol(self) -> asyncio.BaseProtocol:
        assert self._protocol is not None, "only an opened end is handed out"
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def write(self, data: Any) -> None:
        if self._ended:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._closing or not len(data):
            return
        self._outgoing.send(bytes(data))
        if not self._writing_paused and self.get_write_buffer_size() > self._limits[1]:
            self._writing_paused = True
            self.get_protocol().pause_writing()

    def write_eof(self) -> None:
        if not self._ended and not self._closing:
            self._ended = True
            self._outgoing.send(None)

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        """Ends the stream after what was written, and reads no more."""
        if not self._closing:
            self.write_eof()
            self._finish(None)

    def abort(self) -> None:
        """Drops what has not arrived and ends the stream at once."""
        if not self._closing:
            self._outgoing.clear()
            self._outgoing.send(None)
            self._finish(None)

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        self._incoming.wake()

    def is_reading(self) -> bool:
        return self._reading and not self._closing

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        high = high if high is not None else 4 * low if low is not None else HIGH_WATER_BYTES
        low = low if low is not None else high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._limits = (low, high)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._limits

    def get_write_buffer_size(self) -> int:
        """Bytes written that the window did not take."""
        return max(0, self._outgoing.queued_bytes - WINDOW_BYTES)

    def _finish(self, problem: Exception | None) -> None:
        if self._closing:
            return
        self._closing = True
        if self._protocol is not None and not self._loop.is_closed():
            self._loop.call_soon(self._protocol.connection_lost, problem)
        self._incoming.wake()
