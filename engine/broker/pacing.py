"""Lets messages leave in two lanes, so that an order never waits behind market data.

TWS allows 50 messages a second of all kinds and answers more with error 100, later with a closed socket. ib_async's own
queue is one line for everything: an order behind 328 data requests left after 7 seconds. Here orders, and what they depend
on, go first, and a few places in every second are theirs alone.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable

from engine.broker.gauges import BrokerGauges

WINDOW_S = 1.0
BUDGET = 45
"""Messages in any window: five below IBKR's 50, since TWS's clock and ours cut the seconds differently."""
RESERVED = 5
"""Of these, kept free for the first lane: an order, its cancel and a heartbeat, with two to spare."""
SLOW_BUDGET = 20
SLOW_S = 30.0
"""After error 100 TWS closes the socket of a client that goes on; half a minute at less than half pace is well clear of it."""
SLACK_S = 0.001
"""A timer may fire a clock tick early; a millisecond later the window has surely moved."""

FIRST_LANE = frozenset(
    {
        "3",  # place, change, what-if
        "4",  # cancel
        "58",  # cancel all
        "71",  # start of the session
        "49",  # time of day, the heartbeat
        "5", "16", "99", "7", "61",  # the broker's books: open and completed orders, executions, positions
        "6", "76", "92", "8", "59",  # account values, result of the day, next order id, kind of data
    }
)  # fmt: skip
"""Message numbers that never wait behind the rest."""


class Pacing:
    """The queue before the socket. `write` takes one framed message."""

    def __init__(self, write: Callable[[bytes], None], gauges: BrokerGauges) -> None:
        self._write = write
        self._gauges = gauges
        self._first: deque[str] = deque()
        self._rest: deque[str] = deque()
        self._left_at: deque[float] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._slow_until = 0.0

    @property
    def holds_orders(self) -> bool:
        """True while messages of the first lane wait."""
        return bool(self._first)

    def send(self, message: str) -> None:
        """Let the message leave now if its lane has room, else as soon as it has."""
        lane = self._first if message.split("\0", 1)[0] in FIRST_LANE else self._rest
        lane.append(message)
        waited = self._timer is not None
        self._pump()
        if self._timer is not None and not waited:
            self._gauges.throttles += 1

    def slow_down(self) -> None:
        """TWS complained of too many messages."""
        self._slow_until = asyncio.get_running_loop().time() + SLOW_S

    def drop(self) -> tuple[str, ...]:
        """Give up everything that still waits, because the link is gone, and return it, orders first."""
        waiting = (*self._first, *self._rest)
        self._first.clear()
        self._rest.clear()
        self._left_at.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._gauges.unsent += len(waiting)
        self._gauges.queue_length = 0
        return waiting

    def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._left_at and now - self._left_at[0] >= WINDOW_S:
            self._left_at.popleft()
        budget = SLOW_BUDGET if now < self._slow_until else BUDGET
        self._drain(self._first, budget, now)
        self._drain(self._rest, budget - RESERVED, now)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting = len(self._first) + len(self._rest)
        if waiting:
            self._timer = loop.call_at(self._left_at[0] + WINDOW_S + SLACK_S, self._pump)
        self._gauges.queue_length = waiting
        self._gauges.queue_length_max = max(self._gauges.queue_length_max, waiting)

    def _drain(self, lane: deque[str], budget: int, now: float) -> None:
        while lane and len(self._left_at) < budget:
            body = lane.popleft().encode()
            self._left_at.append(now)
            self._write(struct.pack(">I", len(body)) + body)
            self._gauges.messages_sent += 1
