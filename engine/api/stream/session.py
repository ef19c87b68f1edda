"""One client of the stream: what it has asked for, what it was sent last, and the two halves of its connection.

Nothing is queued. For each topic a client holds the rows that it was sent last; a frame says how the board differs from them now.
A client that does not read holds up its own sending only, and comes back to one delta, however much has happened.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from engine.api.access.door import CALLER, NO_TOKEN, Caller
from engine.api.models.stream import Delta, Error, Resync, Said, ShowToken, Snapshot, Subscribe, Told, Topic, Unsubscribe
from engine.api.stream.boards import AGES_EVERY_S, Board, Values
from engine.api.stream.hub import CLIENTS_MAX, HEARTBEAT_S, Hub
from engine.broker.asking import machine_s
from engine.log import logger

log = logger(__name__)

BUSY = 1013
"""Close code: try again later."""
STALLED_S = 60.0
"""A client that has not read for so long is let go; it is restored when it comes again."""
SPACING_S = 0.005
"""Between two frames of a topic at the least, also where states change."""

_said: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Wanted:
    """One topic of one client."""

    topic: Topic
    every_s: float
    strategy: str | None
    sent: dict[str, Values] | None = None
    """By key, what was sent last; None before the snapshot."""
    seq: int = 0
    sent_at_s: float = float("-inf")
    happened: int = -1
    """How much of what has happened it was told."""
    facts: int = 0
    """How many facts it was told."""

    def frame(self, board: Board, at: str) -> Snapshot | Delta | None:
        """What to send so that the client has the board as it stands; None where it has."""
        rows = self._own(board)
        if self.sent is None:
            self.seq += 1
            self.sent = rows
            return Snapshot(self.topic, self.seq, at, board.source.key, board.fields, [list(row) for row in rows.values()])
        known, self.sent = self.sent, rows
        new = [list(row) for key, row in rows.items() if key not in known]
        changed = [(key, row, known[key]) for key, row in rows.items() if key in known and known[key] is not row]
        update = [(key, _changes(board.fields, before, row)) for key, row, before in changed]
        remove = [key for key in known if key not in rows]
        if not (new or update or remove):
            return None
        self.seq += 1
        return Delta(self.topic, self.seq, at, new, update, remove)

    def _own(self, board: Board) -> dict[str, Values]:
        if self.strategy is None or not {"strategy", "name"} & set(board.fields):
            return board.rows
        place = board.fields.index("strategy" if "strategy" in board.fields else "name")
        return {key: row for key, row in board.rows.items() if row[place] == self.strategy}


@dataclass(slots=True)
class Session:
    """One connection. `run` returns when it is over."""

    hub: Hub
    socket: WebSocket
    wanted: dict[Topic, _Wanted] = field(default_factory=dict[Topic, _Wanted])
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _errors: list[Error] = field(default_factory=list[Error])

    async def run(self) -> None:
        """Serve it until it leaves, stalls, or the server ends."""
        if len(self.hub.clients) >= CLIENTS_MAX:
            await self.socket.close(BUSY, f"{CLIENTS_MAX} clients are connected already")
            return
        await self.socket.accept()
        self.hub.clients[self.wake] = self.wanted
        try:
            async with asyncio.TaskGroup() as halves:
                telling = halves.create_task(self._tell())
                await self._hear()
                telling.cancel()
        finally:
            self.hub.clients.pop(self.wake, None)

    async def _hear(self) -> None:
        """Take what the client says until it has left."""
        while True:
            message = await self.socket.receive()
            if message["type"] != "websocket.receive":
                return
            self._take(message.get("text") or message.get("bytes") or b"")

    def _take(self, text: str | bytes) -> None:
        try:
            said: Said = _said.decode(text)
        except msgspec.MsgspecError as error:
            self._errors = [*self._errors[-4:], Error(f"not a frame: {error}")]
            self.wake.set()
            return
        match said:
            case Subscribe(topic=topic) if topic not in self.hub.boards:
                self._errors = [*self._errors[-4:], Error(f"no topic {topic} here", topic)]
            case Subscribe(topic=topic, max_hz=max_hz, strategy=strategy):
                self.wanted[topic] = _Wanted(topic, 1 / max_hz, strategy)
            case Resync(topic=topic):
                if topic in self.wanted:
                    self.wanted[topic].sent = None
                    self.wanted[topic].sent_at_s = float("-inf")
            case Unsubscribe(topic=topic):
                self.wanted.pop(topic, None)
            case ShowToken():
                self._errors = [
                    *self._errors[-4:],
                    Error("a token is the first frame, where no header shows one"),
                ]
        self.wake.set()

    async def _tell(self) -> None:
        """Tell the client what changes, as fast as it reads and no faster than it wants."""
        time = asyncio.get_running_loop().time
        try:
            await self._send(self.hub.hello())
            beats_at_s = time()
            while True:
                await self._rest(min([beats_at_s, *(self._due_s(one) for one in self.wanted.values())]) - time())
                while self._errors:
                    await self._send(self._errors.pop(0))
                for one in list(self.wanted.values()):
                    if self._due_s(one) <= time():
                        await self._tell_topic(one, time)
                if not self._caller().holds():
                    await self.socket.close(NO_TOKEN, "the token is over, or its key was revoked")
                    return
                if beats_at_s <= time():
                    await self._send(self.hub.heartbeat({topic: one.seq for topic, one in self.wanted.items()}))
                    beats_at_s = time() + HEARTBEAT_S
        except TimeoutError:
            log.warning("let go", where=self._caller().where, path=self.socket.scope["path"], because="it does not read")
            await self._close()
        except (WebSocketDisconnect, RuntimeError, OSError):
            # It has left: the other half ends with the connection.
            await self._close()

    def _caller(self) -> Caller:
        """Who follows; the door has let nobody pass of whom it does not know that."""
        caller = self.socket.scope[CALLER]
        assert isinstance(caller, Caller)
        return caller

    def _due_s(self, one: _Wanted) -> float:
        """When a topic is told next: at once after a change of state, else at its own pace, and for its ages alone seldom."""
        hub, board = self.hub, self.hub.boards[one.topic]
        if one.happened == hub.happened:
            return one.sent_at_s + AGES_EVERY_S
        pause_s = SPACING_S if one.facts != hub.facts else one.every_s
        return max(one.sent_at_s + pause_s, board.ready_s(hub.happened, hub.facts))

    async def _rest(self, pause_s: float) -> None:
        """Until something happens, at most so long."""
        if pause_s > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self.wake.wait()
        self.wake.clear()

    async def _tell_topic(self, one: _Wanted, time: Callable[[], float]) -> None:
        hub, board = self.hub, self.hub.boards[one.topic]
        facts = hub.facts
        try:
            board.refresh(time, hub.happened, facts)
        except Exception as error:  # noqa: BLE001 - a topic that cannot be read must not end the others
            one.sent_at_s, one.facts = time(), facts
            await self._send(Error(f"{one.topic} cannot be read now: {error}", one.topic))
            return
        frame = one.frame(board, hub.now())
        one.sent_at_s, one.facts, one.happened = time(), board.facts, board.happened
        if frame is not None:
            await self._send(frame)

    async def _send(self, frame: Told) -> None:
        async with asyncio.timeout(machine_s(STALLED_S)):
            await self.socket.send_text(_encode(frame).decode())

    async def _close(self) -> None:
        with suppress(WebSocketDisconnect, TimeoutError, RuntimeError, OSError):
            async with asyncio.timeout(1):
                await self.socket.close()


def _changes(fields: tuple[str, ...], before: Values, after: Values) -> dict[str, Any]:
    """The fields that differ, with their new values."""
    return {name: now for name, was, now in zip(fields, before, after, strict=True) if was != now}
