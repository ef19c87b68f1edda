"""ib_async with the engine's wrapper, reader and queue in the places of its own."""

import struct
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ib_async import IB, BarData, Client
from ib_async.decoder import Decoder

from engine.broker.gauges import BrokerGauges
from engine.broker.orders.times import execution_time
from engine.broker.session.pacing import Pacing
from engine.broker.session.wrapper import EngineWrapper
from engine.broker.translate import ID_MAX, UNREAD_TIME
from engine.broker.unread import UNREADABLE, Unreadable
from engine.log import logger
from engine.ports import Clock

EXECUTION, EXECUTION_TIME_AT, EXECUTION_ID_AT = "11", 15, 14
MODEL = "21"
BAR_FIELDS = 8
FRAME_MAX = 0xFFFFFF
"""Bytes of one message, as IBKR's own clients bound it; a longer one is no message of TWS."""
AHEAD_MAX, BEHIND_MAX = timedelta(minutes=10), timedelta(days=15)
"""An execution that is to come, or of weeks ago, has a time in another zone or none: TWS tells seven days at the most."""
NO_GREETING = "its greeting cannot be read"

log = logger(__name__)


class Reader(Decoder):
    """ib_async's decoder, which hands on what it could not read instead of only logging it, and reads lists row by row."""

    def __init__(self, wrapper: EngineWrapper, clock: Clock, zone: str) -> None:
        super().__init__(wrapper, 0)
        self._wrapper = wrapper
        self._clock = clock
        self._zone = zone

    def wrap(self, methodName: str, types: Sequence[type], skip: int = 2):
        """A handler for a message of plain fields, which lets `interpret` know when one does not read."""

        reads = [_flag if kind is bool else kind for kind in types]

        def handler(fields: list[str]) -> None:
            method = getattr(self.wrapper, methodName, None)
            if method is not None:
                method(*[read(field) if field else read() for read, field in zip(reads, fields[skip:], strict=False)])

        return handler

    def interpret(self, fields: list[str]) -> None:
        """Decode one message and hand it to the wrapper. The one guard of all that TWS can say: nothing in it ends anything.

        A model with an empty value keeps its others.
        """
        try:
            if fields[0] == EXECUTION:
                self._read_time(fields)
            elif fields[0] == MODEL and "" in fields:
                fields = [field or "nan" for field in fields]
            self.handlers[int(fields[0])](fields)
        except UNREADABLE as problem:
            log.warning("a message could not be read", message=fields[:1], problem=repr(problem))
            self._unreadable(fields, problem)
        except Exception as problem:
            log.exception("a message ended in a defect", message=fields[:1])
            self._unreadable(fields, problem)

    def historicalData(self, fields: list[str]) -> None:  # noqa: N802 - ib_async's name
        """Bar by bar: the count that goes before them is not needed, and one that cannot be read spoils no other."""
        request, first, last, rows = int(fields[1]), fields[2], fields[3], fields[5:]
        for at in range(0, len(rows), BAR_FIELDS):
            with self._wrapper.parts.unread.row("daily bar", f"bar dated {rows[at][:20]}"):
                date, *values = rows[at : at + BAR_FIELDS]
                prices = [float(value) for value in values[:6]]
                text: Any = date  # left as it stands: who asked reads it
                self._wrapper.historicalData(request, BarData(text, *prices, barCount=int(values[6])))
        self._wrapper.historicalDataEnd(request, first, last)

    def securityDefinitionOptionParameter(self, fields: list[str]) -> None:  # noqa: N802 - ib_async's name
        """Strike by strike."""
        _, request, exchange, underlying, root, multiplier, count, *rest = fields
        expiries, strikes = rest[: int(count)], list[float]()
        for text in rest[int(count) + 1 :]:
            with self._wrapper.parts.unread.row("strike", f"a strike of {root}"):
                strikes.append(float(text))
        self._wrapper.securityDefinitionOptionParameter(
            int(request), exchange, int(underlying), root, multiplier, expiries, strikes
        )

    def _read_time(self, fields: list[str]) -> None:
        """Rewrite the time of an execution: ib_async takes one without a zone for this machine's, and loses the execution where
        the zone is a display name. A time that cannot be read is unknown, the fill counts."""
        text, now = fields[EXECUTION_TIME_AT], self._clock.now()
        instant = execution_time(text, self._zone)
        if instant is None or not now - BEHIND_MAX <= instant <= now + AHEAD_MAX:
            instant = UNREAD_TIME
            self._wrapper.parts.unread.left_out(
                "execution time",
                Unreadable("time", text),
                f"execution {fields[EXECUTION_ID_AT]}",
                "when it took place is unknown; name the zone of TWS with --tws-zone, or set TWS to a zone with a name",
            )
        fields[EXECUTION_TIME_AT] = f"{instant:%Y%m%d %H:%M:%S} UTC"

    def _unreadable(self, fields: list[str], problem: Exception) -> None:
        try:
            self._wrapper.unreadable(fields, problem)
        except Exception:
            log.exception("what to do about a message ended in a defect", message=fields[:1])


def _flag(field: str = "0") -> bool:
    return bool(int(field))


class PacedClient(Client):
    """ib_async's client with lanes before the socket and a reader of its own behind it."""

    def __init__(self, wrapper: EngineWrapper, gauges: BrokerGauges, reader: Reader) -> None:
        super().__init__(wrapper)
        self.decoder = reader
        self.pacing = Pacing(self.conn.sendMsg, gauges)

    def sendMsg(self, msg: str) -> None:  # noqa: N802 - ib_async's name
        self.pacing.send(msg)

    def _onSocketHasData(self, data: bytes) -> None:  # noqa: N802 - ib_async's name
        """Cut what has come into messages. ib_async's own way copies the rest of it once for every message, and stops where one
        raises."""
        self.wrapper.tcpDataArrived()
        held, self._data = self._data + data if self._data else data, b""
        begin, end = 0, len(held)
        while end - begin >= 4:
            length = struct.unpack_from(">I", held, begin)[0]
            if length > FRAME_MAX:
                self._give_up(f"it sent a message of {length} bytes")
                return
            if end - begin < 4 + length:
                break
            body = held[begin + 4 : begin + 4 + length]
            begin += 4 + length
            self._numMsgRecv += 1
            self._take(body.decode(errors="backslashreplace").split("\0")[:-1])
            if self.connState == Client.DISCONNECTED:
                return  # what was read made us leave; the rest belongs to no connection
        self._data = held[begin:] + self._data
        self.wrapper.tcpDataProcessed()

    def _take(self, fields: list[str]) -> None:
        if not self._serverVersion:
            self._greeted(fields)
            return
        if not self._apiReady:
            self._begin(fields)
        self.decoder.interpret(fields)

    def _greeted(self, fields: list[str]) -> None:
        """The greeting: version and time."""
        try:
            version, _ = fields
            self._serverVersion = int(version)
        except ValueError:
            self._give_up(NO_GREETING)
            return
        if self._serverVersion < self.MinClientVersion:
            self._onSocketDisconnected("TWS/gateway version must be >= 972")
            return
        self.decoder.serverVersion = self._serverVersion
        self.connState = Client.CONNECTED
        self.startApi()
        self.wrapper.connectAck()

    def _begin(self, fields: list[str]) -> None:
        """The session stands once the accounts and the next order id are in; what of them cannot be read is not."""
        match fields:
            case ["9", _, number] if number.isascii() and number.isdigit() and int(number) <= ID_MAX:
                self.updateReqId(int(number))
                self._hasReqId = True
            case ["15", _, accounts]:
                self._accounts = [account for account in accounts.split(",") if account]
            case _:
                pass
        if self._hasReqId and self._accounts:
            self._apiReady = True
            self.apiStart.emit()

    def _give_up(self, why: str) -> None:
        """What listens there does not speak TWS's protocol, or no more."""
        self._onSocketDisconnected(f"not TWS: {why}")
        if self.conn.transport is not None:
            self.conn.transport.abort()


class Tws(IB):
    """ib_async's front, for the requests that have an answer."""

    wrapper: EngineWrapper
    client: PacedClient
    RaiseRequestErrors = True

    def __init__(self, clock: Clock, gauges: BrokerGauges, zone: str) -> None:
        super().__init__()
        self.wrapper = EngineWrapper(self)
        self.wrapper.gauges = gauges
        self.client = PacedClient(self.wrapper, gauges, Reader(self.wrapper, clock, zone))
        self.client.apiEnd += self.disconnectedEvent

    def _onError(self, reqId: int, errorCode: int, errorString: str, contract: object) -> None:  # noqa: N802
        """Nothing: ib_async would ask for one more account summary at every 1102, and TWS allows two."""

    def __del__(self) -> None:
        """Nothing: whoever connects also disconnects."""
