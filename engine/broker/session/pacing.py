"""Lets messages leave in three lanes, so that an order never waits behind market data or a question.

TWS allows 50 messages a second of all kinds and answers more with error 100, later with a closed socket. ib_async's own
queue is one line for everything: an order behind 328 data requests left after 7 seconds. Here orders go first, then what they
depend on (the broker's books, quotes that exits ask for anew), then everything else, then the lines that explore the chain and
history; a few places in every second are kept from the lanes behind.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Literal

from engine.broker.gauges import BrokerGauges

WINDOW_S = 1.0
BUDGET = 45
"""Messages in any window: five below IBKR's 50, since TWS's clock and ours cut the seconds differently."""
RESERVED = 5
"""Of these, kept free by each lane for the one before it: an order, its change and its cancel, with two to spare; and the four
questions for the broker's books, with the heartbeat."""
SLOW_BUDGET = 20
SLOW_S = 30.0
"""After error 100 TWS closes the socket of a client that goes on; half a minute at less than half pace is well clear of it."""
SLACK_S = 0.001
"""A timer may fire a clock tick early; a millisecond later the window has surely moved."""

ORDERS = frozenset(
    {
        "3",  # place, change, what-if
        "4",  # cancel
        "58",  # cancel all
    }
)
"""Message numbers that wait for nothing but the budget."""
QUESTIONS = frozenset(
    {
        "71",  # start of the session
        "49",  # time of day, the heartbeat
        "5", "16", "99", "7", "61",  # the broker's books: open and completed orders, executions, positions
        "6", "76", "92", "8", "59",  # account values, result of the day, next order id, kind of data
    }
)  # fmt: skip
"""Message numbers that wait behind orders only."""


LATER = frozenset(
    {
        "20",  # history
    }
)
"""Message numbers that wait behind everything else."""
ASKS, GIVES_BACK = "1\0", "2\0"
"""A market data line; the third field of both is its number."""
Lane = Literal["orders", "questions", "rest", "turns"]


class Pacing:
    """The queue before the socket. `write` takes one framed message."""

    def __init__(self, write: Callable[[bytes], None], gauges: BrokerGauges) -> None:
        self._write = write
        self._gauges = gauges
        self._orders: deque[str] = deque()
        self._questions: deque[str] = deque()
        self._rest: deque[str] = deque()
        self._turns: deque[str] = deque()
        self._chosen: Lane | None = None
        """The lane of what is sent now, where somebody has said so."""
        self._left_at: deque[float] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._slow_until = 0.0

    @property
    def holds_orders(self) -> bool:
        """True while orders, changes or cancels wait."""
        return bool(self._orders)

    def send(self, message: str) -> None:
        """Let the message leave now if its lane has room, else as soon as it has.

        A line that is given back before it was asked for is neither asked for nor given back: the two could leave the other way
        round, in lanes of their own, and TWS would keep it open.
        """
        if message.startswith(GIVES_BACK) and self._forget_line(message.split("\0")[2]):
            return
        self._lane(message.split("\0", 1)[0]).append(message)
        waited = self._timer is not None
        self._pump()
        if self._timer is not None and not waited:
            self._gauges.throttles += 1

    @contextmanager
    def at(self, lane: Lane) -> Generator[None]:
        """What is sent meanwhile goes into this lane; orders go first all the same."""
        before, self._chosen = self._chosen, lane
        try:
            yield
        finally:
            self._chosen = before

    def slow_down(self) -> None:
        """TWS complained of too many messages."""
        self._slow_until = asyncio.get_running_loop().time() + SLOW_S

    def drop(self) -> tuple[str, ...]:
        """Give up everything that still waits, because the link is gone, and return it, orders first."""
        waiting = tuple(message for lane in self._lanes for message in lane)
        for lane in self._lanes:
            lane.clear()
        self._left_at.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._gauges.unsent += len(waiting)
        self._gauges.queue_length = 0
        return waiting

    def _forget_line(self, request: str) -> bool:
        """Take the question for a line out of where it waits; False where it has left."""
        for lane in self._lanes:
            waits = next((one for one in lane if one.startswith(ASKS) and one.split("\0", 3)[2] == request), None)
            if waits is not None:
                lane.remove(waits)
                self._pump()
                return True
        return False

    @property
    def _lanes(self) -> tuple[deque[str], ...]:
        """The first one first."""
        return self._orders, self._questions, self._rest, self._turns

    def _lane(self, number: str) -> deque[str]:
        if number in ORDERS:
            return self._orders
        match self._chosen:
            case "questions":
                return self._questions
            case "turns":
                return self._turns
            case _:
                pass
        if number in QUESTIONS:
            return self._questions
        return self._turns if number in LATER else self._rest

    def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._left_at and now - self._left_at[0] >= WINDOW_S:
            self._left_at.popleft()
        budget = SLOW_BUDGET if now < self._slow_until else BUDGET
        for before, lane in enumerate(self._lanes):
            self._drain(lane, budget - before * RESERVED, now)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting = sum(len(lane) for lane in self._lanes)
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
