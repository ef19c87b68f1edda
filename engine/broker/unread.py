"""What TWS said and nobody can read: left out, counted by kind, and said once. Nothing else stops for it.

Every row of an answer is converted behind `row`: the row that cannot be read is missing from the answer, the others are there.
"""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager

from engine.broker.gauges import BrokerGauges
from engine.domain.facts.running import ErrorHeard
from engine.ports import Publish

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, OSError)
"""What reading a value that is not as it should be raises, ib_async's decoder and the database of time zones included."""
SAY_AGAIN_S = 3600.0
"""A chain of thousands of contracts is unreadable in one sentence, and a day of them in as many as it has hours."""
SAID_MAX = 500
WHY_MAX = 200
"""Characters of a reason: TWS may have sent a book."""


class Unreadable(ValueError):
    """A value that cannot be meant: which one, and what it says."""

    def __init__(self, field: str, value: object) -> None:
        super().__init__(f"{field} {value!r}")
        self.field = field


class Unread:
    """Counts and says; `publish` takes the sentence into the engine's queue."""

    def __init__(self, publish: Publish, gauges: BrokerGauges) -> None:
        self._publish = publish
        self._gauges = gauges
        self._said: dict[tuple[str, str], float] = {}
        """Loop seconds at which a kind and a field were last said."""

    @contextmanager
    def row(self, kind: str, name: Callable[[], str] | str) -> Generator[None]:
        """Convert one row in it: what it raises leaves this row out. `name` says to people which row it is."""
        try:
            yield
        except UNREADABLE as problem:
            self.left_out(kind, problem, name if isinstance(name, str) else _named(name))

    def left_out(self, kind: str, problem: Exception, name: str, then: str = "it is left out") -> None:
        """One row of this kind could not be read; `then` says what that means."""
        self._gauges.count_unreadable(kind)
        if self._is_news(kind, problem.field if isinstance(problem, Unreadable) else type(problem).__name__):
            why = (str(problem) or type(problem).__name__)[:WHY_MAX]
            self._publish(ErrorHeard(0, f"{name[:WHY_MAX]}: TWS tells {why}, which cannot be read; {then}"))

    def say(self, kind: str, text: str) -> None:
        """Say once what is wrong with an answer that reads well."""
        self._gauges.count_unreadable(kind)
        if self._is_news(kind, text):
            self._publish(ErrorHeard(0, text))

    def _is_news(self, kind: str, what: str) -> bool:
        now, key = asyncio.get_running_loop().time(), (kind, what)
        is_news = now - self._said.get(key, -SAY_AGAIN_S) >= SAY_AGAIN_S
        if is_news:
            self._said.pop(key, None)
            self._said[key] = now
            if len(self._said) > SAID_MAX:
                del self._said[next(iter(self._said))]
        return is_news


def _named(name: Callable[[], str]) -> str:
    try:
        return name()
    except UNREADABLE:
        return "a row without a name"
