"""Every answer says whose engine gave it, also where it refuses: who halts or approves is to know."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.api.names import ENGINE_HEADER, VERSION_HEADER
from engine.runtime.standing import Identity


class Named:
    """The middleware."""

    def __init__(self, app: ASGIApp, identity: Identity) -> None:
        self._app = app
        self._told = {ENGINE_HEADER: f"{identity.mode}, account {identity.account}", VERSION_HEADER: identity.version}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._told)
            await send(message)

        await self._app(scope, receive, named if scope["type"] == "http" else send)
