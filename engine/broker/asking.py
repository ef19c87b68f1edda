"""Asks TWS something and waits no longer than said: every request has a deadline and an outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from ib_async import RequestError

from engine.broker.errors import meaning
from engine.domain.errors import BrokerRefused, Transient

P = ParamSpec("P")
T = TypeVar("T")


async def answer(what: str, within_s: float, ask: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """What TWS answers to `ask(*args, **kwargs)`; `what` names the request for people.

    Raises Transient where no answer came in time, the link went away or the code says that it may be asked again, and
    BrokerRefused where TWS said no.
    """
    try:
        return await asyncio.wait_for(ask(*args, **kwargs), within_s)
    except TimeoutError:
        raise Transient(f"{what}: TWS did not answer within {within_s:g} s; it may be asked again") from None
    except ConnectionError as problem:
        raise Transient(f"{what}: {problem}; it may be asked again when the link is up") from problem
    except RequestError as problem:
        row = meaning(problem.code)
        if row.may_retry:
            raise Transient(f"{what}: {problem.code}: {row.sentence(problem.message)}") from problem
        raise BrokerRefused(problem.code, f"{what}: {row.sentence(problem.message)}") from problem
