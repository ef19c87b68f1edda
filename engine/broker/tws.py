"""ib_async with the engine's ear, reader and queue in the places of its own."""

import logging
from collections.abc import Sequence

from ib_async import IB, Client
from ib_async.decoder import Decoder

from engine.broker.ear import Ear
from engine.broker.gauges import BrokerGauges
from engine.broker.pacing import Pacing
from engine.broker.translate import execution_time
from engine.ports import Clock

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError)
"""What ib_async's decoder raises on a message that is not as it expects."""
EXECUTION, EXECUTION_TIME_AT = "11", 15
MODEL = "21"
PIECE_BYTES = 4096
"""Of what a socket delivers, taken up at a time: ib_async copies all that is left of it once for every message."""

log = logging.getLogger(__name__)


class Reader(Decoder):
    """ib_async's decoder, which says when it could not read a message instead of only logging it."""

    def __init__(self, ear: Ear, clock: Clock, zone: str) -> None:
        super().__init__(ear, 0)
        self._ear = ear
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
        """Decode one message and hand it to the ear.

        The time of an execution is rewritten first: ib_async takes a time without a zone for this machine's, and loses the
        execution where the zone is a display name. An unreadable time becomes the time of hearing it, the fill counts. A model
        with an empty value keeps its others.
        """
        try:
            if fields[0] == EXECUTION:
                instant = execution_time(fields[EXECUTION_TIME_AT], self._zone) or self._clock.now()
                fields[EXECUTION_TIME_AT] = f"{instant:%Y%m%d %H:%M:%S} UTC"
            elif fields[0] == MODEL and "" in fields:
                fields = [field or "nan" for field in fields]
            self.handlers[int(fields[0])](fields)
        except UNREADABLE as problem:
            log.exception("message %s could not be read", fields[:1])
            self._ear.unreadable(fields[0] if fields else "", problem)


def _flag(field: str = "0") -> bool:
    return bool(int(field))


class PacedClient(Client):
    """ib_async's client with two lanes before the socket."""

    def __init__(self, ear: Ear, gauges: BrokerGauges, reader: Reader) -> None:
        super().__init__(ear)
        self.decoder = reader
        self.pacing = Pacing(self.conn.sendMsg, gauges)

    def sendMsg(self, msg: str) -> None:  # noqa: N802 - ib_async's name
        self.pacing.send(msg)

    def _onSocketHasData(self, data: bytes) -> None:  # noqa: N802 - ib_async's name
        for begin in range(0, len(data), PIECE_BYTES):
            if begin and self.connState == Client.DISCONNECTED:
                return  # what was read made us leave; the rest belongs to no connection
            super()._onSocketHasData(data[begin : begin + PIECE_BYTES])


class Tws(IB):
    """ib_async's front, for the requests that have an answer."""

    wrapper: Ear
    client: PacedClient
    RaiseRequestErrors = True

    def __init__(self, clock: Clock, gauges: BrokerGauges, zone: str) -> None:
        super().__init__()
        self.wrapper = Ear(self)
        self.client = PacedClient(self.wrapper, gauges, Reader(self.wrapper, clock, zone))
        self.client.apiEnd += self.disconnectedEvent

    def _onError(self, reqId: int, errorCode: int, errorString: str, contract: object) -> None:  # noqa: N802
        """Nothing: ib_async would ask for one more account summary at every 1102, and TWS allows two."""

    def __del__(self) -> None:
        """Nothing: whoever connects also disconnects."""
