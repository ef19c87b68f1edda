"""Asks TWS something and waits no longer than said: every request has a deadline and an outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from ib_async import RequestError

from engine.broker.errors import meaning
from engine.broker.unread import UNREADABLE
from engine.domain.errors import BrokerRefused, Transient

P = ParamSpec("P")
T = TypeVar("T")


class NoAnswer(Transient):
    """The deadline passed: the answer may still come."""


def machine_s(seconds: float) -> float:
    """So many seconds of the machine, in seconds of the running loop.

    A simulator's loop may run at a multiple of real time, but TWS, the network and this process answer at the machine's speed:
    patience is counted in its seconds. A loop that says no speed runs at 1.
    """
    return seconds * machine_pace()


def machine_pace() -> float:
    """Seconds of the running loop in one second of the machine, at least 1; 1 where none runs."""
    try:
        return max(1.0, float(getattr(asyncio.get_running_loop(), "speed", 1.0)))
    except RuntimeError:
        return 1.0


async def answer(what: str, within_s: float, ask: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """What TWS answers to `ask(*args, **kwargs)`; `what` names the request for people.

    Raises Transient where no answer came in time, the link went away or the code says that it may be asked again, and
    BrokerRefused where TWS said no.
    """
    try:
        # `wait_for` of Python 3.11 loses a cancellation that comes in the same moment as the answer.
        async with asyncio.timeout(machine_s(within_s)):
            return await ask(*args, **kwargs)
    except TimeoutError:
        raise NoAnswer(f"{what}: TWS did not answer within {within_s:g} s; it may be asked again") from None
    except ConnectionError as problem:
        raise Transient(f"{what}: {problem}; it may be asked again when the link is up") from problem
    except RequestError as problem:
        row = meaning(problem.code)
        if row.may_retry:
            raise Transient(f"{what}: {problem.code}: {row.sentence(problem.message)}") from problem
        raise BrokerRefused(problem.code, f"{what}: {row.sentence(problem.message)}") from problem
    except UNREADABLE as problem:
        raise Transient(f"{what}: TWS's answer cannot be read ({problem}); it may be asked again") from problem
