"""What both clients ask and say about the rolls of positions, and of views of a price."""

from abc import ABC, abstractmethod
from typing import TypeVar

from engine.api.models.ideas import Ideas
from engine.api.models.rolls import RollPreview
from engine.api.models.words import Outcome
from engine.client import calls
from engine.client.calls import Call, Shown
from engine.domain.deeds import RollDeed

T = TypeVar("T")


class AsyncRolls(ABC):
    """For programs with a loop."""

    _by: str

    @abstractmethod
    async def _ask(self, call: Call[T], once: str | None = None) -> T: ...

    async def ideas(self, view: str, *, each: int = 1, top: int = 12) -> Ideas:
        """What pays most for each dollar at risk where a view is right: `SPX 3% to 5% higher by 18 Dec, 70% sure`."""
        return await self._ask(calls.ideas(view, each, top))

    async def roll_preview(self, position: str, *, what: RollDeed = "roll") -> RollPreview:
        """What rolling a position, or a part of it, would close, open and bring now."""
        return await self._ask(calls.roll_preview(position, what))

    async def roll(
        self,
        position: str,
        shown_net: Shown = None,
        *,
        what: RollDeed = "roll",
        by: str | None = None,
        reason: str = "",
        once: str | None = None,
    ) -> Outcome:
        """Roll a position, or a part of it, at the net that was shown. Raises Refused where it moved or nothing could follow."""
        return await self._ask(calls.roll(position, what, by or self._by, reason, shown_net), once)


class Rolls(ABC):
    """For programs without one."""

    _by: str

    @abstractmethod
    def _ask(self, call: Call[T], once: str | None = None) -> T: ...

    def ideas(self, view: str, *, each: int = 1, top: int = 12) -> Ideas:
        """What pays most for each dollar at risk where a view is right: `SPX 3% to 5% higher by 18 Dec, 70% sure`."""
        return self._ask(calls.ideas(view, each, top))

    def roll_preview(self, position: str, *, what: RollDeed = "roll") -> RollPreview:
        """What rolling a position, or a part of it, would close, open and bring now."""
        return self._ask(calls.roll_preview(position, what))

    def roll(
        self,
        position: str,
        shown_net: Shown = None,
        *,
        what: RollDeed = "roll",
        by: str | None = None,
        reason: str = "",
        once: str | None = None,
    ) -> Outcome:
        """Roll a position, or a part of it, at the net that was shown. Raises Refused where it moved or nothing could follow."""
        return self._ask(calls.roll(position, what, by or self._by, reason, shown_net), once)
