"""Lets messages leave class by class, so that an order never waits behind market data or a question.

ib_async's own queue is one line for everything: an order behind 328 data requests left after 7 seconds. Here each class of
`engine/broker/classes.py` has a line of its own, and leaves while its share of the tokens lasts. What explores the chain is
handed over little by little: the more messages wait, the more slowly, and not at all where they are many.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from engine.broker.classes import (
    ALL,
    BY_MESSAGE,
    BY_NAME,
    CLASSES,
    GOES_ON_BELOW,
    SLOW_BUDGET,
    SLOW_S,
    ClassName,
    Tokens,
    pause_s,
)
from engine.broker.gauges import BrokerGauges

SLACK_S = 0.001
"""A timer may fire a clock tick early; a millisecond later the window has surely moved."""

ASKS, GIVES_BACK = "1\0", "2\0"
"""A market data line; the third field of both is its number."""
ORDER_ID_AT = {"3": 1, "4": 2}
"""Where messages about one order have its number."""

Waiting = tuple[str, float]
"""A message, and since when it waits."""


class Pacing:
    """The queue before the socket. `write` takes one framed message."""

    def __init__(self, write: Callable[[bytes], None], gauges: BrokerGauges) -> None:
        self._write = write
        self._gauges = gauges
        self._lanes: dict[ClassName, deque[Waiting]] = {one.name: deque() for one in CLASSES}
        """The first one first."""
        self._staged: deque[Waiting] = deque()
        """What explores and was not handed over yet."""
        self._handed_at = float("-inf")
        self._is_paused = False
        self._all = Tokens(ALL)
        self._own = {one.name: [Tokens(rate) for rate in one.rates] for one in CLASSES if one.deadline_s is None}
        """Of classes without questions; those take their tokens before they ask."""
        self._chosen: ClassName | None = None
        """The class of what is sent now, where somebody has said so."""
        self._timer: asyncio.TimerHandle | None = None
        self._hands_over: asyncio.TimerHandle | None = None
        self._slow_until = float("-inf")

    @property
    def holds_orders(self) -> bool:
        """True while orders, changes or cancels wait."""
        return bool(self._lanes["exits"] or self._lanes["orders"])

    @property
    def explores(self) -> bool:
        """True while something that explores has not left."""
        return bool(self._staged or self._lanes["scans"])

    def send(self, message: str) -> None:
        """Let the message leave now if its class may, else as soon as it may.

        A line that is given back before it was asked for is neither asked for nor given back: the two could leave the other way
        round, in classes of their own, and TWS would keep it open.
        """
        if message.startswith(GIVES_BACK) and self._forget_line(message.split("\0", 3)[2]):
            return
        name, now = self._class_of(message), asyncio.get_running_loop().time()
        if name == "scans":
            self._staged.append((message, now))
            self._hand_over()
            return
        self._lanes[name].append((message, now))
        waited = self._timer is not None
        self._pump()
        if self._timer is not None and not waited:
            self._gauges.throttles += 1

    @contextmanager
    def at(self, name: ClassName) -> Generator[None]:
        """What is sent meanwhile is of this class."""
        before, self._chosen = self._chosen, name
        try:
            yield
        finally:
            self._chosen = before

    def slow_down(self) -> None:
        """TWS complained of too many messages."""
        self._slow_until = asyncio.get_running_loop().time() + SLOW_S

    def drop(self) -> tuple[str, ...]:
        """Give up everything that still waits, because the link is gone, and return it, orders first."""
        waiting = tuple(message for lane in self._all_lanes() for message, _ in lane)
        for lane in self._all_lanes():
            lane.clear()
        self._all.clear()
        for tokens in (one for some in self._own.values() for one in some):
            tokens.clear()
        for timer in (self._timer, self._hands_over):
            if timer is not None:
                timer.cancel()
        self._timer = self._hands_over = None
        self._is_paused = False
        self._gauges.unsent += len(waiting)
        self._count()
        return waiting

    # Inside.

    def _all_lanes(self) -> Iterator[deque[Waiting]]:
        yield from self._lanes.values()
        yield self._staged

    def _forget_line(self, request: str) -> bool:
        """Take the question for a line out of where it waits; False where it has left."""
        for lane in self._all_lanes():
            waits = next((one for one in lane if one[0].startswith(ASKS) and one[0].split("\0", 3)[2] == request), None)
            if waits is not None:
                lane.remove(waits)
                self._pump()
                return True
        return False

    def _class_of(self, message: str) -> ClassName:
        """A message about an order of which another one waits goes behind that: a cancel must not leave before its order."""
        number = message.split("\0", 1)[0]
        if number in ORDER_ID_AT:
            order = message.split("\0")[ORDER_ID_AT[number]]
            if any(_order_of(waits) == order for waits, _ in self._lanes["orders"]):
                return "orders"
        own = BY_MESSAGE.get(number, "entries")
        if self._chosen is None or own in {"exits", "positions"}:
            return own
        return self._chosen

    def _pump(self) -> None:
        """Let leave what may, the first class first, and come back when the next one may."""
        loop = asyncio.get_running_loop()
        now, soonest = loop.time(), float("inf")
        less = ALL.tokens - SLOW_BUDGET if now < self._slow_until else 0
        for name, lane in self._lanes.items():
            share = max(1, BY_NAME[name].share - less)
            while lane:
                wait_s = max([self._all.free_in(now, share), *(own.free_in(now) for own in self._own.get(name, ()))])
                if wait_s > 0:
                    soonest = min(soonest, wait_s)
                    break
                self._leave(name, *lane.popleft(), now)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if soonest < float("inf"):
            self._timer = loop.call_at(now + soonest + SLACK_S, self._pump)
        self._count()
        if self._is_paused and self._gauges.queue_length < GOES_ON_BELOW:
            self._is_paused = False
            self._hand_over()

    def _leave(self, name: ClassName, message: str, since: float, now: float) -> None:
        body = message.encode()
        self._all.take(now)
        for own in self._own.get(name, ()):
            own.take(now)
        self._write(struct.pack(">I", len(body)) + body)
        self._gauges.left(name, now - since)

    def _hand_over(self) -> None:
        """Put what explores into its line, one message after the other, as fast as what waits allows."""
        loop = asyncio.get_running_loop()
        while self._staged and self._hands_over is None and not self._is_paused:
            rest_s = pause_s(self._gauges.queue_length)
            if rest_s is None:
                self._is_paused = True
                self._gauges.scan_pauses += 1
                break
            due = self._handed_at + rest_s
            if loop.time() < due:
                self._hands_over = loop.call_at(due + SLACK_S, self._handed_over)
                break
            self._handed_at = loop.time()
            self._lanes["scans"].append(self._staged.popleft())
            self._pump()
        self._count()

    def _handed_over(self) -> None:
        self._hands_over = None
        self._hand_over()

    def _count(self) -> None:
        gauges = self._gauges
        for name, lane in self._lanes.items():
            gauges.waiting_by_class[name] = len(lane)
        gauges.queue_length = sum(gauges.waiting_by_class.values())
        gauges.queue_length_max = max(gauges.queue_length_max, gauges.queue_length)
        gauges.waiting_by_class["scans"] += len(self._staged)


def _order_of(message: str) -> str | None:
    at = ORDER_ID_AT.get(message.split("\0", 1)[0])
    return None if at is None else message.split("\0")[at]
