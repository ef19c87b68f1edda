"""What is sent to TWS, by class: one table of who goes first, how many may leave, how long an answer is waited for, and when a
class rests.

TWS grants 50 messages a second to all of them together and answers more with error 100, later with a closed socket. Some kinds
have limits of their own beside it. The classes stand in the order in which they leave: nothing of one leaves while something of
an earlier one waits and may leave.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from engine.domain.facts.orders import Purpose

ClassName = Literal["exits", "orders", "positions", "entries", "contracts", "scans", "history"]
NAMES: tuple[ClassName, ...] = get_args(ClassName)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many tokens, each of which comes back so long after it was taken: no span of that length sees more of them."""

    tokens: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.tokens} in {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class RequestClass:
    """One class of messages to TWS."""

    name: ClassName
    says: str
    """What it is, for people."""
    share: int
    """Of `ALL`, how many tokens may be out for one of its messages to leave: what is left is kept for the classes before it."""
    messages: frozenset[str] = frozenset()
    """Numbers of TWS's protocol that are of this class where nobody says otherwise."""
    rates: tuple[Rate, ...] = ()
    """Limits of its own. A question waits for them before its time begins to count."""
    deadline_s: float | None = None
    """So long an answer is waited for; None where nothing is answered, or by messages that come at any time."""
    at_once: int = 1
    """Questions under way."""
    rests_after: int | None = None
    """So many different questions that fail one after the other, and the class rests; None: it never does."""
    identical_after_s: float = 0.0
    """The same question again has to wait so long."""


ALL = Rate(45, 1.0)
"""Messages of every class: five below IBKR's 50, since TWS's clock and ours cut the seconds differently."""
SLOW_BUDGET = 20
SLOW_S = 30.0
"""After error 100 TWS closes the socket of a client that goes on; half a minute at less than half pace is well clear of it."""

DETAILS_S = 30.0
"""For the contracts of one trading class, expiry and right: TWS throttles such requests, some take many seconds."""
HISTORY_S = 60.0
"""TWS queues historical requests and answers the last of many late; then ib_async takes the request back."""

CLASSES: tuple[RequestClass, ...] = (
    RequestClass("exits", "orders that close, their changes and previews, and every cancel", ALL.tokens, frozenset({"4", "58"})),
    RequestClass("orders", "orders that open, their changes and previews", ALL.tokens - 3, frozenset({"3"})),
    RequestClass(
        "positions",
        "the broker's books, account values, the heartbeat, and quotes that an exit asks for anew",
        ALL.tokens - 5,
        frozenset({"71", "49", "5", "16", "99", "7", "61", "6", "76", "92", "93", "8", "59"}),
        deadline_s=10.0,
    ),
    RequestClass("entries", "market data lines of what may be opened", ALL.tokens - 10, frozenset({"1", "2"})),
    RequestClass(
        "contracts",
        "what an underlying is, and its lists of options",
        ALL.tokens - 10,
        frozenset({"9", "78", "81", "91"}),
        rates=(Rate(30, 1.0),),
        deadline_s=DETAILS_S,
        at_once=4,
        rests_after=6,
    ),
    RequestClass("scans", "market data lines that explore the chain", ALL.tokens - 15, rates=(Rate(24, 1.0),)),
    RequestClass(
        "history",
        "daily bars",
        ALL.tokens - 15,
        frozenset({"20", "25"}),
        rates=(Rate(55, 600.0),),
        deadline_s=HISTORY_S,
        at_once=10,
        rests_after=4,
        identical_after_s=16.0,
    ),
)
"""The first one first. What is not named by any number is of `entries`.

history: for bars of seconds IBKR counts 60 in ten minutes, 6 of one contract in two seconds (the engine asks two), and the same
one again within 15 s; longer bars it slows down. contracts: TWS answers half-open requests slowly, one after the other. What
trades never rests: an exit that may not be sent because others failed would be the worst of failures. The books do not either: a
session that goes on owing them is ended and made anew.
"""
BY_NAME: Mapping[ClassName, RequestClass] = {one.name: one for one in CLASSES}
BY_MESSAGE: Mapping[str, ClassName] = {number: one.name for one in CLASSES for number in one.messages}


def class_of(purpose: Purpose) -> ClassName:
    """Of what an order, its changes and its previews are."""
    return "orders" if purpose == "open" else "exits"


REST_S, REST_MAX_S = 30.0, 300.0
"""A class that failed rests so long, then one of its questions is tried; each failure doubles it."""


@dataclass(frozen=True, slots=True)
class Pressure:
    """What explores the chain gives way to what waits before the socket."""

    up_to: int
    """Messages that wait."""
    pause_s: float
    """Between two messages that explore."""


PRESSURE: tuple[Pressure, ...] = (Pressure(25, 0.010), Pressure(50, 0.025), Pressure(75, 0.050), Pressure(100, 0.100))
"""Above the last one nothing explores until fewer than `GOES_ON_BELOW` wait."""
GOES_ON_BELOW = 50


def pause_s(waiting: int) -> float | None:
    """Seconds between two messages that explore while so many wait; None where nothing explores."""
    return next((one.pause_s for one in PRESSURE if waiting <= one.up_to), None)


class Tokens:
    """The tokens of one rate, by the loop's clock."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._taken: deque[float] = deque()

    def free_in(self, now: float, of: int | None = None) -> float:
        """Seconds until one is free where only so many may be out at a time, all of them by default; 0 where one is."""
        while self._taken and now - self._taken[0] >= self.rate.seconds:
            self._taken.popleft()
        over = len(self._taken) - (self.rate.tokens if of is None else of)
        return 0.0 if over < 0 else self._taken[over] + self.rate.seconds - now

    def take(self, now: float) -> None:
        self._taken.append(now)

    def clear(self) -> None:
        """All are there again."""
        self._taken.clear()
