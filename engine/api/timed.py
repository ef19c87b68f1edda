"""Counts what is asked of the API and how long each answer takes, around whatever application answers."""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Timed:
    """An ASGI application around another one. What is no HTTP request, as a stream, passes uncounted."""

    def __init__(self, api: ASGIApp, elapsed_s: Callable[[], float], answered: Callable[[int, float], None]) -> None:
        """`answered` is told the status and the seconds of each answer; 500 where there was none."""
        self._api, self._elapsed_s, self._answered = api, elapsed_s, answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._api(scope, receive, send)
            return
        began, status = self._elapsed_s(), 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._api(scope, receive, seen)
        finally:
            self._answered(status, self._elapsed_s() - began)
