"""Everything that a browser sends passes here first: where it thinks it is, whose page made it send, and how much it sends.

Pure ASGI around all pages, so that a websocket passes as well. A page of somebody else can make a browser send something here; it
cannot change `Origin` or `Host`. Every answer carries the headers that keep a page from loading or being loaded by anything else.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.api.access.body import BodyRefused, again, whole_body
from engine.log import logger
from engine.notify.links import PATH
from engine.web.site import Site

log = logger(__name__)

BODY_BYTES_MAX = 8 * 1024
"""A key, or a reason of some hundred characters."""
FOREIGN = 4403
"""Close code of a websocket that a page of another origin opened."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With `no-referrer` a browser would send `Origin: null` with every form.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """The middleware."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        foreign = self._foreign(scope, headers)
        if scope["type"] == "websocket":
            await self._websocket(foreign, scope, receive, send)
            return
        send = _with_headers(send)
        if foreign is not None:
            await _say_no(403, foreign, scope, receive, send)
            return
        try:
            body = await whole_body(receive, headers, BODY_BYTES_MAX)
        except BodyRefused as refused:
            await _say_no(refused.status, str(refused), scope, receive, send)
            return
        await self._app(scope, again(body, receive), send)

    async def _websocket(self, foreign: str | None, scope: Scope, receive: Receive, send: Send) -> None:
        if foreign is None:
            await self._app(scope, receive, send)
            return
        log.warning("refused", where=where(scope), path=told_path(scope), because=foreign)
        await receive()
        await send({"type": "websocket.close", "code": FOREIGN, "reason": foreign})

    def _foreign(self, scope: Scope, headers: Headers) -> str | None:
        """Why this does not come from a page of ours; None where it does, or only asks for one."""
        host = headers.get("host", "")
        if _name(host) not in self._site.names:
            return "this name is not one of this site's: say --name with the name that is in the browser"
        origin = headers.get("origin")
        if origin is None and scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            return None
        return None if origin == f"{self._site.scheme}://{host}" else "a page of another origin may say nothing here"


def where(scope: Scope) -> str:
    """The address that something came from."""
    client = scope.get("client")
    return str(client[0]) if client else "?"


def told_path(scope: Scope) -> str:
    """The path as the log may have it: a link is a secret."""
    path = str(scope["path"])
    return f"{PATH}…" if path.startswith(PATH) else path


def _name(host: str) -> str:
    """The name without its port: trading.example, [::1]."""
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent


async def _say_no(status: int, text: str, scope: Scope, receive: Receive, send: Send) -> None:
    log.warning("refused", where=where(scope), path=told_path(scope), status=status, because=text)
    await PlainTextResponse(f"{text}\n", status)(scope, receive, send)
