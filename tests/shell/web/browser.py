"""A browser without a screen before the pages of an engine on the bench: it keeps cookies, and says whose page sent a form."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import httpx

from engine.api.access.roles import Role
from engine.web.app import build
from engine.web.site import LOOPBACK, Site
from tests.shell.runtime.serving import Api, asked, serve

HOST = "localhost:8480"
ORIGIN = f"http://{HOST}"


class Pages:
    """The pages over one engine, and a clock that is moved by hand."""

    def __init__(self, api: Api) -> None:
        self.api, self.seconds = api, 1_000.0
        self.site = Site(api.folder, LOOPBACK, False, lambda: self.seconds)
        self.app = build(self.site)

    def key(self, role: Role, name: str | None = None) -> str:
        return self.api.tokens.keys.add(name or role, role, self.api.bench.clock.at)

    async def browser(self, role: Role | None = None, address: str = "10.0.0.5") -> "Browser":
        """A browser, logged in where a role is named."""
        opened = Browser(self, address)
        if role is not None:
            answer = await opened.post("/login", key=self.key(role))
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
        return opened


class Browser:
    """One of them."""

    def __init__(self, pages: Pages, address: str) -> None:
        transport = httpx.ASGITransport(pages.app, client=(address, 50_000))
        self.http = httpx.AsyncClient(transport=transport, base_url=ORIGIN)
        self.pages = pages

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers=headers)

    async def post(self, path: str, origin: str | None = ORIGIN, **fields: str) -> httpx.Response:
        return await self.http.post(path, data=fields, headers={"Origin": origin} if origin is not None else {})

    async def press(self, page: str, path: str, **typed: str) -> httpx.Response:
        """Open a page and send the form that goes to `path`, with what a person typed, while the engine beats."""
        return await self.send(await self.get(page), path, **typed)

    async def send(self, page: httpx.Response, path: str, **typed: str) -> httpx.Response:
        """Send the form of a page that is open."""
        form = re.search(rf'<form method="post" action="{path}".*?</form>', page.text, re.DOTALL)
        assert form is not None, f"{path} is not on the page"
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[0]))
        return await self.pages.api.while_beating(self.post(path, **{**hidden, **typed}))


def show(story: Callable[[Pages], Awaitable[None]], *, mode: Literal["sim", "paper", "live"] = "sim", **options: Any) -> None:
    """Plays a story before the pages of an engine of which one opening waits for a yes."""

    async def run(api: Api) -> None:
        await asked(api)
        pages = Pages(api)
        async with pages.app.router.lifespan_context(pages.app):
            await story(pages)

    serve(run, mode=mode, **options)
