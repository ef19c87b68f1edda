"""One TCP connection: bytes to requests and answers to bytes, with pacing, bounds, and the faults of a link.

1. The client's greeting is answered with the version both speak.
2. startApi names the client; from then on a session answers.
3. Answers are gathered and written once per turn of the loop.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.domain.session import NEW_YORK
from engine.sim.faults import Faults
from engine.sim.loop import PacedLoop
from engine.sim.message_rate import MessageRate
from engine.sim.messages import error
from engine.sim.options import SimOptions
from engine.sim.session import Session
from engine.sim.wire.codec import Message, decode, encode_frame, frame_encoder
from engine.sim.wire.errors import WireError
from engine.sim.wire.frames import (
    MAX_REQUEST_BYTES,
    OLDEST_VERSION,
    FrameReader,
    Greeting,
    fields_of,
    frame,
    greeting_reply,
    read_greeting,
)

MAX_BUFFER_BYTES = 16 << 20
"""Answers that a client may leave unread before it is disconnected: minutes of a hundred streams."""

MAX_WAITING = 100
"""Requests read and not served yet, from which on a client's socket waits too."""

_BYTE_S = 1e-5
"""Time between two bytes while every byte travels alone."""

_PACED = "+PACEAPI"
"""Connect option: TWS slows the client down instead of complaining. What comes too fast waits, and the socket with it."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived."""

    at: datetime
    client_id: int | None
    message: Message
    wire_bytes: int

    @property
    def name(self) -> str:
        return self.message.name


@dataclass(frozen=True, slots=True)
class ConnectionEvents:
    """What a connection asks of the simulator it belongs to."""

    options: SimOptions
    faults: Faults
    now: Callable[[], datetime]
    received: Callable[[Received], None]
    handle: Callable[[Session, Message], None]
    violations: Counter[int]
    """Complaints of too many requests, by code."""
    spoken: Callable[["Connection", bytes, bool], None]
    """Every frame body or chunk as it passes; the last argument says whether the simulator sent it."""
    register: Callable[["Connection", int], Session | None] = lambda _, __: None
    """A session for the client id; None where the id is in use."""
    gone: Callable[["Connection"], None] = lambda _: None
    tampered: Callable[["Connection", bytes], bytes] = lambda _, chunk: chunk
    """What leaves instead of some whole frames: a TWS that lies."""


class Connection(asyncio.Protocol):
    """The server's end of one client's socket."""

    def __init__(self, events: ConnectionEvents, number: int, loop: asyncio.AbstractEventLoop) -> None:
        self.number = number
        """Counts the connections of this simulator."""
        self.session: Session | None = None
        self.version = 0
        self.muted = False
        self._events = events
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._reader = FrameReader(greeting=True, max_bytes=MAX_REQUEST_BYTES)
        self._rate = MessageRate(events.options.messages_per_second)
        self._paced_by_us = False
        self._paused_at: float | None = None
        """Since when nothing was read, by the loop's clock."""
        self._waiting: deque[bytes] = deque()
        self._goes_on: asyncio.Handle | None = None
        self._pending: list[bytes] = []
        self._flush_at: asyncio.Handle | None = None
        self._free_at = 0.0
        self._closes_after: int | None = None

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        faults, now = self._events.faults, self._events.now()
        if faults.on("refuse") or faults.on("restart") or faults.on("untrusted"):
            transport.abort()
            return
        self.muted = faults.on("mute") is not None
        limit = faults.take("close_after", now)
        self._closes_after = None if limit is None else int(limit.number())

    def data_received(self, data: bytes) -> None:
        if self._is_deaf():
            return
        now = self._events.now()
        came_after = now - timedelta(seconds=self._unsure_s())
        try:
            for body in self._reader.feed(data):
                if self._is_deaf():
                    return
                self._take(body, came_after, now)
        except WireError:
            self.close()
        if len(self._waiting) > MAX_WAITING and self._transport is not None:
            self._pause(self._transport)
        if self._goes_on is None:
            self._work_off()

    def connection_lost(self, exc: Exception | None) -> None:
        self._pending.clear()
        self._waiting.clear()
        if self._goes_on is not None:
            self._goes_on.cancel()
        if self._flush_at is not None:
            self._flush_at.cancel()
        self._events.gone(self)

    # what the simulator calls

    def send(self, message: Message) -> None:
        """Sends one message, unless a fault takes it."""
        if not self._is_dropped():
            self._write(encode_frame(message, self.version))

    def emit(self, name: str, *values: str | float | None) -> None:
        """The quick way for ticks."""
        if not self._is_dropped():
            self._write(self.written(name, *values))

    def written(self, name: str, *values: str | float | None) -> bytes:
        """What `emit` would send."""
        return frame_encoder(name, self.version)(*values)

    def again(self, frames: Sequence[bytes]) -> None:
        """Sends messages written before, as `emit` would."""
        faults = self._events.faults
        if not faults.waits_for("drop") and faults.on("slow") is None and self._free_at <= self._loop.time():
            self._write(b"".join(frames))
            return
        for chunk in frames:
            if not self._is_dropped():
                self._write(chunk)

    def send_fields(self, fields: Sequence[str]) -> None:
        """Fields as they are, also such as no message has."""
        self._write(frame(fields))

    def close(self) -> None:
        """Sends what waits, and closes."""
        if self._transport is not None and not self._transport.is_closing():
            self._flush()
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # requests

    def _unsure_s(self) -> float:
        """How long ago what is read now may have come, seconds: 0 where the loop's time stands still while there is work."""
        loop = self._loop
        if not isinstance(loop, PacedLoop):
            return 0.0
        came_after = loop.came_after() if self._paused_at is None else min(loop.came_after(), self._paused_at)
        self._paused_at = None
        return loop.time() - came_after

    def _pause(self, transport: asyncio.Transport) -> None:
        transport.pause_reading()
        self._paused_at = self._loop.time()

    def _take(self, body: bytes, came_after: datetime, now: datetime) -> None:
        self._events.spoken(self, body, False)
        if not self.version:
            self._greet(read_greeting(body))
            return
        if not self._paced_by_us and self._rate.is_exceeded_by(came_after, now):
            self._complain()
            return
        self._waiting.append(body)

    def _work_off(self) -> None:
        """Serves the oldest request that waits; the next has its turn after those of other clients.

        A client that is paced waits its time, and sends nothing meanwhile.
        """
        self._goes_on = None
        if not self._waiting or self._is_deaf() or self._transport is None:
            return
        wait_s = self._rate.wait_s(self._events.now()) if self._paced_by_us else 0.0
        if wait_s > 0:
            self._pause(self._transport)
            self._goes_on = self._loop.call_later(wait_s, self._work_off)
            return
        self._serve(self._waiting.popleft())
        if self._waiting:
            self._goes_on = self._loop.call_soon(self._work_off)
        elif not self._transport.is_reading():
            self._transport.resume_reading()

    def _serve(self, body: bytes) -> None:
        now = self._events.now()
        try:
            message = decode("c2s", fields_of(body), self.version)
        except WireError as problem:
            number = -1 if problem.asked_by is None else problem.asked_by
            self.send(error(number, 320, f"Error reading request. {str(problem).strip()}"))
            return
        if self._events.faults.take("drop_request", now) is not None:
            return
        client_id = None if self.session is None else self.session.client_id
        self._events.received(Received(now, client_id, message, len(body)))
        self._dispatch(message)
        self._count_down()

    def _greet(self, offered: Greeting) -> None:
        self.version = min(offered.newest, self._events.options.version)
        self._paced_by_us = _PACED in offered.options.upper()
        stamp = f"{self._events.now().astimezone(NEW_YORK):%Y%m%d %H:%M:%S %Z}"
        self._write(greeting_reply(self.version, stamp))
        if self.version < OLDEST_VERSION:
            self.close()  # what such a client would say cannot be read

    def _dispatch(self, message: Message) -> None:
        if self.session is not None:
            self._events.handle(self.session, message)
        elif message.name == "start_api":
            client_id = message.whole("client_id")
            self.session = self._events.register(self, client_id)
            if self.session is None:
                text = "Unable to connect as the client id is already in use. Retry with a unique client id."
                self.send(error(-1, 326, text))
                self.close()

    def _complain(self) -> None:
        limit, strikes = self._events.options.messages_per_second, self._events.options.pacing_strikes
        text = f"Max rate of messages per second has been exceeded:max={limit} rec={limit + 1} ({self._rate.strikes})"
        self._events.violations[100] += 1
        self.send(error(-1, 100, text))
        if strikes is not None and self._rate.strikes >= strikes:
            self.close()

    def _count_down(self) -> None:
        if self._closes_after is not None:
            self._closes_after -= 1
            if self._closes_after <= 0:
                self.close()

    # bytes

    def _is_deaf(self) -> bool:
        return self.muted or self._transport is None or self._transport.is_closing()

    def _is_dropped(self) -> bool:
        faults = self._events.faults
        return faults.waits_for("drop") and faults.take("drop", self._events.now()) is not None

    def _write(self, chunk: bytes) -> None:
        if self._is_deaf():
            return
        slow = self._events.faults.on("slow")
        if slow is not None or self._free_at > self._loop.time():
            due = max(self._free_at, self._loop.time() + (0.0 if slow is None else slow.number()))
            self._free_at = due  # nothing overtakes what is late
            self._loop.call_at(due, self._queue, chunk)
            return
        self._queue(chunk)

    def _queue(self, chunk: bytes) -> None:
        self._pending.append(chunk)
        if self._flush_at is None:
            self._flush_at = self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_at = None
        chunk, self._pending = b"".join(self._pending), []
        transport = self._transport
        if not chunk or transport is None or transport.is_closing() or self.muted:
            return
        chunk = self._events.tampered(self, chunk)
        self._events.spoken(self, chunk, True)
        if self._events.faults.take("reset", self._events.now()) is not None:
            transport.write(chunk[: len(chunk) // 2])
            self._loop.call_later(_BYTE_S, transport.abort)
        elif self._events.faults.on("split") is not None:
            for number in range(len(chunk)):
                self._loop.call_later(number * _BYTE_S, transport.write, chunk[number : number + 1])
            self._free_at = max(self._free_at, self._loop.time() + len(chunk) * _BYTE_S)
        else:
            transport.write(chunk)
            if transport.get_write_buffer_size() > MAX_BUFFER_BYTES:
                transport.abort()
