"""What the engine said last, and how long ago: the console's only source.

It hears the engine's stream: the status, the approvals and what the screen in front shows, each as it changes and no faster than
it reads. What no stream tells is asked for; and while no stream can be had, everything is, once a second. What was heard stays
where the engine does not answer, with its age; it is asked again after longer and longer waits.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from engine.api.models.approvals import Approval
from engine.api.models.candidates import Candidate
from engine.api.models.orders import Execution, Order
from engine.api.models.positions import Position
from engine.api.models.status import Status
from engine.api.models.strategies import Strategies, Strategy
from engine.api.models.stream import Error, Heartbeat, Hello
from engine.api.models.stream import Topic as Streamed
from engine.client.asynchronous import AsyncClient
from engine.client.mirror import Lost, Rows, Update
from engine.console.topics import Shelf, Topic
from engine.domain.errors import EngineError, UserError

PERIOD_S = 1.0
"""The engine decides once a second at the least; asking more often shows nothing new."""
PERIOD_BESIDE_S = 5.0
"""While a stream tells what changes: for what it does not tell."""
WAITS_S = (0.5, 1.0, 2.0, 3.0, 5.0)
"""Seconds between two tries to reach an engine that does not answer; the last one again and again."""
SILENT_S = 8.0
"""A stream says something every five seconds."""
EXECUTIONS_MAX = 200


class Feed:
    """The last answers."""

    def __init__(self, engine: AsyncClient, elapsed: Callable[[], float]) -> None:
        """`elapsed` is a clock that only goes on, in seconds; the time of day is the engine's."""
        self.engine = engine
        self.status: Status | None = None
        self.approvals: tuple[Approval, ...] = ()
        self.candidates: tuple[Candidate, ...] = ()
        self.positions: tuple[Position, ...] = ()
        self.trades: tuple[Position, ...] = ()
        """Positions that were ever opened."""
        self.orders: tuple[Order, ...] = ()
        self.executions: tuple[Execution, ...] = ()
        self.strategies: Strategies | None = None
        self._elapsed, self._heard_at, self._failed = elapsed, 0.0, 0
        self._clock: tuple[datetime, float] | None = None
        """The engine's time of day, and when it was told."""
        self._trouble: str | None = None
        self._heard: set[Topic] = set()
        self._shelf, self._is_streaming = Shelf(), False
        self._untold: set[str] = set()
        """Topics that the engine cannot read for the stream now."""

    @property
    def age_s(self) -> float:
        """Seconds since the engine said anything."""
        return self._elapsed() - self._heard_at

    @property
    def trouble(self) -> str | None:
        """Why the engine does not answer; None while it does."""
        if self._trouble is None and self._is_streaming and self.age_s > SILENT_S:
            return f"the engine has said nothing for {self.age_s:.0f} s"
        return self._trouble

    @property
    def is_lost(self) -> bool:
        """Whether the engine does not answer."""
        return self.trouble is not None

    @property
    def is_streaming(self) -> bool:
        """Whether it tells by itself what changes."""
        return self._is_streaming

    @property
    def wait_s(self) -> float:
        """Seconds until it is asked again."""
        if self._failed:
            return WAITS_S[min(self._failed, len(WAITS_S)) - 1]
        return PERIOD_BESIDE_S if self._is_streaming else PERIOD_S

    def has(self, topic: Topic) -> bool:
        """Whether this was ever heard of."""
        return topic in self._heard

    def now(self) -> datetime | None:
        """The engine's time of day: what it said last, and what has passed since; None before the first answer."""
        if self._clock is None:
            return None
        at, told_at = self._clock
        return at + timedelta(seconds=self._elapsed() - told_at)

    # What the stream tells.

    def take(self, update: Update) -> bool:
        """Take what the stream tells; whether anything is to be shown. Raises ValidationError for rows of another version."""
        match update:
            case Rows():
                self._take_rows(update)
            case Heartbeat():
                self._hear(update.at)
                self._take_ages(update)
            case Lost():
                self.stream_is_over()
            case Error(topic=topic):
                self._untold |= {topic} if topic is not None else set()
                return False
            case Hello():
                return False
        return True

    def stream_is_over(self) -> None:
        """Nothing more is told by itself: everything is asked for again."""
        self._is_streaming = False
        self._untold.clear()
        self._shelf.forget()

    def _take_rows(self, told: Rows) -> None:
        rows = self._shelf.take(told)
        self._hear(told.at)
        self._untold.discard(told.topic)
        match told.topic:
            case "status":
                self.status, self._is_streaming = rows[-1], True
            case "approvals":
                self.approvals = rows
            case "scan":
                raise AssertionError("only a search of one's own tells this topic")
            case topic:
                self._put(topic, rows)

    def _put(self, topic: Topic, rows: tuple[Any, ...]) -> None:
        match topic:
            case "candidates":
                self.candidates = rows
            case "positions":
                self.positions = rows
            case "trades":
                self.trades = rows
            case "orders":
                self.orders = rows
            case "executions":
                self.executions = tuple(sorted(rows, key=lambda one: one.executed_at, reverse=True))
            case "strategies":
                named: tuple[Strategy, ...] = tuple(sorted(rows, key=lambda one: one.name))
                self.strategies = Strategies(strategies=named, refused=self.status.refused if self.status is not None else ())
        self._heard.add(topic)

    def _take_ages(self, told: Heartbeat) -> None:
        """What runs while nothing happens."""
        if self.status is not None:
            ages = {"last_beat_age_s": told.last_beat_age_s, "account_age_s": told.account_age_s}
            state = {"at": datetime.fromisoformat(told.at), "trading": told.trading, "connected": told.connected}
            self.status = self.status.model_copy(update={**state, **ages, "data": told.data})

    def _hear(self, at: str) -> None:
        self._heard_at, self._failed, self._trouble = self._elapsed(), 0, None
        self._clock = (datetime.fromisoformat(at), self._heard_at)

    # What is asked for.

    async def look(self, wanted: Collection[Topic]) -> bool:
        """Ask once for what is wanted and not told by itself; whether the engine answered."""
        try:
            status = await self._frame()
            for topic in wanted:
                if not self._is_told(topic):
                    await self._ask(topic)
        except (EngineError, UserError) as error:
            self._trouble, self._failed = str(error), self._failed + 1
            return False
        self._trouble, self._failed = None, 0
        if status is not None and not self._is_streaming:
            self.status, self._heard_at = status, self._elapsed()
            self._clock = (status.at, self._heard_at)
        return True

    async def _frame(self) -> Status | None:
        """The status and the approvals; None where they are told by themselves."""
        if self._is_streaming:
            return None
        status, approvals = await self.engine.status(), await self.engine.approvals()
        if not self._is_streaming:
            self.approvals = approvals
        return status

    def _is_told(self, topic: Streamed | Topic) -> bool:
        return self._is_streaming and topic != "trades" and topic not in self._untold

    async def _ask(self, topic: Topic) -> None:
        match topic:
            case "candidates":
                self.candidates = await self.engine.candidates()
            case "positions":
                self.positions = await self.engine.positions(only_open=True)
            case "orders":
                self.orders = await self.engine.orders()
            case "executions":
                self.executions = await self.engine.executions(EXECUTIONS_MAX)
            case "trades":
                self.trades = await self.engine.positions()
            case "strategies":
                self.strategies = await self.engine.strategies()
        self._heard.add(topic)
