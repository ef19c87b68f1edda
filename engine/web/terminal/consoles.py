"""The console in a browser: its page, the WebSocket between a process and a terminal in the page, and the files that it exports.

A console belongs to one session: it ends when the browser leaves, and when the session ends for whatever reason, such as that
nothing was pressed for half an hour. HALT and the approvals do not need it: they are plain pages above and beside it.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from engine.client.errors import NoEngine, Unreadable
from engine.client.handover import Handover
from engine.domain.errors import EngineError
from engine.log import logger
from engine.web.guard import where
from engine.web.looks import page
from engine.web.pages import Pages
from engine.web.sessions import Session
from engine.web.site import Site
from engine.web.terminal.process import ConsoleProcess

log = logger(__name__)

OVER, FULL, WRONG, BROKEN = 4401, 4429, 1003, 1011
"""Close codes: the session is over · too many consoles · no message of the page · the console cannot be started."""
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; "
    # The terminal makes style elements of its own while it draws.
    "style-src 'self' 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
)
LOOK_EVERY_S = 1.0
"""How soon a session in which nothing was pressed ends its consoles; one that is ended does so at once."""
LOOK_WITHIN_S = 2.0
_HOVER = re.compile(r"(\x1b\[<35;\d+;\d+M)+")
"""A mouse that moves with no button down presses nothing."""


@dataclass(slots=True)
class _Open:
    """One console that somebody looks at."""

    session: Session
    process: ConsoleProcess


class Consoles:
    """The endpoints, and what is open."""

    def __init__(self, site: Site, pages: Pages) -> None:
        self._site, self._pages = site, pages
        self._open: list[_Open] = []

    async def page(self, request: Request, session: Session) -> Response:
        """The page with the terminal in it; why there is none, where too many are open."""
        if len(self._open) >= self._site.consoles_max:
            return self._pages.trouble(session, 409, self._full())
        told = None
        with suppress(NoEngine, Unreadable, TimeoutError):
            async with asyncio.timeout(LOOK_WITHIN_S):
                told = await session.engine.status()
        scheme = "wss" if self._site.is_secure else "ws"
        address = f"{scheme}://{request.headers['host']}/console/socket"
        answer = page("console", self._pages.values(session, told, address=address))
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    async def socket(self, browser: WebSocket) -> None:
        """One console, from a browser's coming to its leaving."""
        cookie = browser.cookies.get(self._site.cookie, "")
        session = await self._pages.sessions.find(cookie, self._site.now_s(), is_use=True)
        if session is None:
            await browser.close(OVER, "you are not logged in any more")
            return
        if len(self._open) >= self._site.consoles_max:
            log.warning("refused", name=session.name, where=where(browser.scope), because="consoles")
            await browser.close(FULL, self._full())
            return
        await browser.accept()
        screen = _Screen(browser)
        one = _Open(session, ConsoleProcess(self._site.console, screen.write, screen.tell, screen.close))
        self._open.append(one)
        log.info("console opened", name=session.name, role=session.role, where=where(browser.scope))
        try:
            await self._run(one, screen, cookie)
        except OSError as error:
            log.error("console not started", because=str(error))
            await screen.close(BROKEN, "the console cannot be started here")
        finally:
            await screen.close()
            await one.process.end()
            self._open.remove(one)
            log.info("console ended", name=session.name, where=where(browser.scope))

    async def file(self, request: Request, session: Session) -> Response:
        """What a console of this session exports, once."""
        key = request.path_params["key"]
        for one in self._open:
            if one.session is session:
                with suppress(KeyError):
                    found = await one.process.files.get_download_metadata(key)
                    headers = {"Content-Disposition": f'attachment; filename="{_plain(found.file_name)}"'}
                    return StreamingResponse(one.process.files.download(key), headers=headers, media_type=found.mime_type)
        return self._pages.trouble(session, 404, "this file is not there any more; export it again")

    async def _run(self, one: _Open, screen: "_Screen", cookie: str) -> None:
        query = screen.browser.query_params
        await one.process.start(_number(query.get("width"), 80), _number(query.get("height"), 24))
        async with asyncio.TaskGroup() as all_of_it:
            works = (self._hear(one, screen, cookie), self._hand_over(one), self._watch(cookie, screen))
            tasks = [all_of_it.create_task(work) for work in works]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()

    async def _hand_over(self, one: _Open) -> None:
        """Give the process what it needs, until it has ended."""
        session, site = one.session, self._site
        engine = str(site.state.resolve()) if site.state is not None else str(site.engine)
        try:
            token = await session.engine.token()
        except EngineError:
            token = ""  # it says by itself that the engine does not answer
        first = Handover(engine, str(site.ca.resolve()) if site.ca else None, session.name, session.role, token)
        if crashed := await one.process.hand_over(first, session.engine.token):
            log.error("console crashed", name=session.name, because=crashed)

    async def _watch(self, cookie: str, screen: "_Screen") -> None:
        """Close it as soon as its session is over."""
        while (session := await self._pages.sessions.find(cookie, self._site.now_s(), is_use=False)) is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await session.over.wait()
        await screen.close(OVER, "your session is over")

    async def _hear(self, one: _Open, screen: "_Screen", cookie: str) -> None:
        """What the page says, until it leaves."""
        async for kind, value in screen.said():
            match kind, value:
                case "stdin", str(keys):
                    if not _HOVER.fullmatch(keys):
                        await self._pages.sessions.find(cookie, self._site.now_s(), is_use=True)
                    await one.process.takes.send_bytes(keys.encode("utf-8", "replace"))
                case "resize", {"width": int(width), "height": int(height)}:
                    await one.process.resize(width, height)
                case "focus", _:
                    await one.process.takes.focus()
                case "blur", _:
                    await one.process.takes.blur()
                case "ping", value:
                    await screen.tell(json.dumps(["pong", value]))
                case _:
                    await screen.close(WRONG, "the page says nothing that a console knows")

    def _full(self) -> str:
        return (
            f"{self._site.consoles_max} consoles are open already, as many as this program runs at once; close one, or start "
            "`spreads web` with a larger --consoles"
        )


class _Screen:
    """The browser's end: what is sent to one that has left is nothing."""

    def __init__(self, browser: WebSocket) -> None:
        self.browser = browser

    async def write(self, data: bytes) -> None:
        with suppress(WebSocketDisconnect, RuntimeError, OSError):
            await self.browser.send_bytes(data)

    async def tell(self, text: str) -> None:
        with suppress(WebSocketDisconnect, RuntimeError, OSError):
            await self.browser.send_text(text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        with suppress(WebSocketDisconnect, RuntimeError, OSError):
            await self.browser.close(code, reason)

    async def said(self) -> AsyncIterator[tuple[object, object]]:
        """Kind and value of each message; ends when the browser leaves."""
        while True:
            message = await self.browser.receive()
            if message["type"] != "websocket.receive":
                return
            yield _envelope(message.get("text") or "")


def _envelope(text: str) -> tuple[object, object]:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(found, list) or not found:
        return None, None
    parts = cast("list[object]", found)
    return parts[0], parts[1] if len(parts) > 1 else None


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 6 else otherwise


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)
