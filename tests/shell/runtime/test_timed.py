"""Answers of the API are counted by their class and timed, whatever answers."""

import asyncio

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from engine.api.timed import Timed
from engine.readings import api_gauges


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the status that its path names; /bad fails."""
    await send({"type": "http.response.start", "status": int(scope["path"][1:]), "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_each_answer_is_counted_by_its_class_and_one_without_a_status_as_failed() -> None:
    gauges, ticks = api_gauges(), iter(range(100))
    timed = Timed(answers, lambda: float(next(ticks)), gauges.answered)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(timed), base_url="http://engine") as client:
            for path in ("/200", "/204", "/404", "/503", "/500"):
                await client.get(path)
            with pytest.raises(ValueError, match="bad"):
                await client.get("/bad")

    asyncio.run(ask())

    assert gauges.requests == {"2xx": 2, "3xx": 0, "4xx": 1, "503": 1, "5xx": 2}
    assert (gauges.seconds.count, gauges.seconds.total) == (6, 6.0)
