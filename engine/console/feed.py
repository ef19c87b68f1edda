"""What the engine said last, and how long ago: the console's only source.

The engine is asked for its status and its approvals each time, and for what the screen in front shows. What was heard stays where
it does not answer, with its age; it is asked again after longer and longer waits.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Literal

from engine.api.models.approvals import Approval
from engine.api.models.candidates import Candidate
from engine.api.models.orders import Execution, Order
from engine.api.models.positions import Position
from engine.api.models.status import Status
from engine.api.models.strategies import Strategies
from engine.client.asynchronous import AsyncClient
from engine.domain.errors import EngineError, UserError

Topic = Literal["candidates", "positions", "orders", "executions", "strategies", "trades"]
"""What a screen may want beside status and approvals."""
PERIOD_S = 1.0
"""The engine decides once a second at the least; asking more often shows nothing new."""
WAITS_S = (0.5, 1.0, 2.0, 3.0, 5.0)
"""Seconds between two tries to reach an engine that does not answer; the last one again and again."""
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
        self.trouble: str | None = None
        """Why the engine does not answer; None while it does."""
        self.looks = 0
        self._elapsed, self._heard_at, self._failed = elapsed, 0.0, 0
        self._heard: set[Topic] = set()

    @property
    def age_s(self) -> float:
        """Seconds since the engine answered last."""
        return self._elapsed() - self._heard_at

    @property
    def is_lost(self) -> bool:
        """Whether the engine does not answer."""
        return self.trouble is not None

    @property
    def wait_s(self) -> float:
        """Seconds until it is asked again."""
        return WAITS_S[min(self._failed, len(WAITS_S)) - 1] if self._failed else PERIOD_S

    def has(self, topic: Topic) -> bool:
        """Whether this was ever heard of."""
        return topic in self._heard

    def now(self) -> datetime | None:
        """The engine's time of day: what it said last, and what has passed since; None before the first answer."""
        return None if self.status is None else self.status.at + timedelta(seconds=self.age_s)

    async def look(self, wanted: Collection[Topic]) -> bool:
        """Ask once for everything that is wanted; whether the engine answered."""
        self.looks += 1
        try:
            status = await self.engine.status()
            self.approvals = await self.engine.approvals()
            for topic in wanted:
                await self._ask(topic)
        except (EngineError, UserError) as error:
            self.trouble, self._failed = str(error), self._failed + 1
            return False
        self.status, self.trouble, self._failed, self._heard_at = status, None, 0, self._elapsed()
        return True

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
