"""What serves the API of one engine: on its own socket, over TCP, and in another state folder where its own is gone."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from engine.api.access.tokens import Tokens, own_tokens
from engine.api.app import build, watch
from engine.api.server import Doors, server, unix_socket
from engine.api.timed import Timed
from engine.runtime.clock import elapsed_s
from engine.runtime.control import Control

Work = tuple[str, Callable[[], Awaitable[object]]]
"""What goes on beside the beat, with its name for people."""


class Serving:
    """The API of one engine."""

    def __init__(
        self,
        control: Control,
        numbers: CollectorRegistry,
        answered: Callable[[int, float], None],
        state: Callable[[], Path],
        on_answering: Callable[[], None],
    ) -> None:
        """`answered` is told the status and the seconds of each answer, `state` names the state folder as it is now.

        `on_answering` is told once the socket in the state folder answers.
        """
        self._control, self._numbers, self._answered, self._state = control, numbers, answered, state
        self._on_answering = on_answering

    def through(self, entry: Doors, moves: asyncio.Event) -> list[Work]:
        """What is to run so that the engine can be asked at its doors; `moves` is set where the state folder is gone."""
        state, remote, loopback = self._state(), entry.remote, entry.loopback
        serving: list[Work] = [
            ("the API", lambda: server(self._own(state), None, self._on_answering).serve(sockets=[entry.unix])),
            ("the API in another state folder", partial(self._beside, moves)),
        ]
        if remote is not None:
            api = self._api(remote.tokens)
            serving.append(("the API over TCP", lambda: server(api, remote).serve(sockets=[remote.socket])))
        if loopback is not None:
            watched = partial(watch, self._control, self._numbers)
            serving.append(("the metrics", lambda: server(self._timed(watched())).serve(sockets=[loopback])))
        return serving

    async def _beside(self, moves: asyncio.Event) -> None:
        """Be asked in the new state folder once the old one, and the socket in it, are gone."""
        await moves.wait()
        state = self._state()
        with unix_socket(state) as listening:
            await server(self._own(state)).serve(sockets=[listening])

    def _own(self, state: Path) -> FastAPI:
        return self._timed(build(self._control, self._numbers, own_tokens(state), is_own_socket=True))

    def _api(self, tokens: Tokens) -> FastAPI:
        return self._timed(build(self._control, self._numbers, tokens))

    def _timed(self, api: FastAPI) -> FastAPI:
        api.add_middleware(Timed, elapsed_s=elapsed_s, answered=self._answered)
        return api
