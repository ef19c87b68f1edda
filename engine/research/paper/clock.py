"""Time that stands still until it is moved, and coroutines that are run where none of them ever waits."""

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualClock:
    """The engine's clock over a recording."""

    def __init__(self, begins: datetime) -> None:
        self._now = begins.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def move(self, to: datetime) -> None:
        """Let it be `to`. Raises ValueError where that is in the past: what was decided cannot be taken back."""
        if to < self._now:
            raise ValueError(f"time runs backwards: it is {self._now}, asked for {to}")
        self._now = to.astimezone(UTC)


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that answers without waiting, as every question to the paper broker does."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError(f"{coroutine.__qualname__} waits: nothing in virtual time may")
