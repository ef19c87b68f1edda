"""The pages as one ASGI application: what is where, and what a role must be for it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from engine.notify.links import PATH
from engine.web.guard import Guard
from engine.web.linked import LinkedPages
from engine.web.pages import APPROVE_PATH, HALT_PATH, RESUME_PATH, Pages
from engine.web.site import Site

STATIC = Path(__file__).parent / "static"


def build(site: Site) -> Starlette:
    """The pages of one site."""
    pages = Pages(site)
    linked = LinkedPages(site, pages)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await pages.sessions.end_all()

    card = "/approvals/{ref}"
    routes: list[BaseRoute] = [
        Route("/login", pages.login_page),
        Route("/login", pages.login, methods=["POST"]),
        Route("/logout", pages.hears(None, pages.logout), methods=["POST"]),
        Route("/", pages.shows(pages.overview)),
        Route(card, pages.shows(pages.card)),
        Route(f"{card}/approve", pages.hears(APPROVE_PATH, pages.approve), methods=["POST"]),
        Route(f"{card}/decline", pages.hears(APPROVE_PATH, pages.decline), methods=["POST"]),
        Route(f"{PATH}{{link}}", linked.card),
        Route(f"{PATH}{{link}}", linked.approve, methods=["POST"]),
        Route("/halt", pages.shows(pages.halt_page)),
        Route("/halt", pages.hears(HALT_PATH, pages.halt), methods=["POST"]),
        Route("/resume", pages.shows(pages.resume_page)),
        Route("/resume", pages.hears(RESUME_PATH, pages.resume), methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
        *(_console(site, pages) if site.console else ()),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard, site=site)], lifespan=lifespan)


def _console(site: Site, pages: Pages) -> list[BaseRoute]:
    """The console in a browser; what its page loads is served from here and from nowhere else."""
    from engine.web.terminal.consoles import Consoles  # noqa: PLC0415 - textual-serve is an extra

    consoles = Consoles(site, pages)
    return [
        Route("/console", pages.shows(consoles.page)),
        WebSocketRoute("/console/socket", consoles.socket),
        Route("/download/{key}", pages.shows(consoles.file)),
        Mount("/terminal", StaticFiles(packages=[("textual_serve", "static")])),
    ]
