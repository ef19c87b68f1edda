"""The card of one opening behind a link of a notification: opened it changes nothing, its button says yes to this one question.

The link is what lets somebody in: it is signed with a secret of the state folder. The engine on that folder decides, by its own
clock and books, whether the question still waits. Who is logged in as well says yes in the name of their key.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from engine.api.access.limits import Pace, Paces
from engine.api.models.approvals import Approval
from engine.api.models.orders import OrderDetail
from engine.api.models.status import Status
from engine.client.asynchronous import AsyncClient
from engine.client.errors import Refused, Unknown
from engine.domain.errors import EngineError, UserError
from engine.log import logger
from engine.notify.links import PATH, Links, Question, known_links
from engine.web.guard import where
from engine.web.looks import page
from engine.web.pages import APPROVE_PATH, SEND, Pages, net_of, reason_of, words_of
from engine.web.site import Site

log = logger(__name__)

BY = "approval link"
"""In whose name a yes is said of whom nothing is known but that they had the link."""
OPENED = Pace(1.0, 30)
"""Of all links from one address: a person who prices a card again and again, and nobody who tries."""
NO_LINK = "this is no link of this engine: it may be cut off, or made for another state folder. Log in to see what waits"
ELSEWHERE = "links are answered by pages on the engine's own machine; these show an engine on another one"


class _NoLink(Exception):
    """Why nothing is shown for a link."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Link:
    """A link that was signed here."""

    text: str = field(repr=False)
    question: Question
    links: Links
    state: Path
    """The folder of the engine that is asked."""

    @property
    def path(self) -> str:
        return f"{PATH}{self.text}"


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is of a question."""

    status: Status
    one: Approval | None
    """None where it does not wait any more."""
    order: OrderDetail | None = None
    over: str = ""
    """Why it does not wait, in plain words; empty where it does."""


class LinkedPages:
    """The endpoints of links."""

    def __init__(self, site: Site, pages: Pages) -> None:
        self._site, self._pages, self._paces = site, pages, Paces()

    async def card(self, request: Request) -> Response:
        """The opening at its price of now. Whoever opens it, also a program that looks through mail, changes nothing."""
        return await self._answered(request, self._card)

    async def approve(self, request: Request) -> Response:
        """Say yes at the price that the card showed. The engine prices it again; where it moved, the new price is shown."""
        return await self._answered(request, self._approve)

    async def _card(self, _: Request, link: _Link) -> Response:
        async with AsyncClient(link.state, by=BY) as engine:
            return _page(link, await _found(engine, link.question))

    async def _approve(self, request: Request, link: _Link) -> Response:
        said = await words_of(request)
        if not secrets.compare_digest(link.links.form_of(link.text).encode(), said.get("csrf", "").encode("utf-8", "replace")):
            raise _NoLink(403, "this form is not of this link, and nothing was sent; open the link again")
        net = net_of(said.get("shown_net", ""))
        if net is None:
            raise _NoLink(400, "the form has no price, and nothing was sent; open the link again")
        async with AsyncClient(link.state, by=BY) as own:
            found = await _found(own, link.question)
            if found.one is None:
                return _page(link, found, 409)
            if found.status.mode == "live" and said.get("word", "").strip() != SEND:
                return _page(link, found, 422, f"nothing was sent: this is real money; type {SEND}, in capitals")
            session = await self._pages.session_of(request, is_use=True)
            engine = session.engine if session is not None and session.may(APPROVE_PATH) else own
            reason, once = f"by link, {reason_of(request, '')}", said.get("once", "")[:64] or None
            try:
                await engine.approve(link.question.order_ref, net, reason=reason, once=once)
            except Refused as error:
                return _page(link, await _found(own, link.question), 409, str(error))
        log.info("approved by link", order_ref=link.question.order_ref, where=where(request.scope))
        return RedirectResponse(link.path, 303)

    async def _answered(self, request: Request, answer: Callable[[Request, _Link], Awaitable[Response]]) -> Response:
        """The answer, or what stands in its way, as a page."""
        try:
            return await answer(request, self._link(request))
        except _NoLink as no:
            log.warning("refused", where=where(request.scope), path=f"{PATH}…", status=no.status, because=str(no))
            return _trouble(no.status, str(no))
        except ValidationError:
            return _trouble(400, "the engine does not take this, and nothing was sent; open the link again")
        except UserError as error:
            return _trouble(404, str(error))
        except EngineError as error:
            return _trouble(503, f"{error}. Nothing was sent by this link; what waits for a yes ends by itself")

    def _link(self, request: Request) -> _Link:
        """The link that was opened. Raises _NoLink where it is none."""
        wait_s = self._paces.wait_s(where(request.scope), "links", OPENED, self._site.now_s())
        if wait_s:
            raise _NoLink(429, f"too many tries; wait {wait_s:.0f} s")
        text, state = str(request.path_params["link"]), self._site.state
        if state is None:
            raise _NoLink(404, ELSEWHERE)
        try:
            links = known_links(state)
        except UserError as error:
            log.warning("no link can be read", because=str(error))
            raise _NoLink(404, NO_LINK) from error
        question = links.question_of(text)
        if question is None:
            raise _NoLink(404, NO_LINK)
        return _Link(text, question, links, state)


async def _found(engine: AsyncClient, question: Question) -> _Found:
    """What there is of a question now. Raises Unknown where the engine never heard of it, NoEngine where none answers."""
    try:
        status, waiting = await engine.status(), await engine.approvals()
        one = next((one for one in waiting if one.order_ref == question.order_ref), None)
        if one is not None and question.is_that_of(one.expires_at):
            return _Found(status, one)
        order = await engine.order(question.order_ref)
    except Unknown as error:
        raise Unknown("the engine has no such opening in its journal: the link was made for another one") from error
    if one is not None:
        return _Found(status, None, order, "it was asked anew since: the link of the newer message answers that")
    return _Found(status, None, order, _over(order))


def _over(order: OrderDetail) -> str:
    """Why an order waits for nobody any more."""
    if order.approved_by:
        return f"this link is used up: {order.approved_by} said yes to it. The order: {order.state}"
    why = f" ({order.why})" if order.why else ""
    return f"this link is over, and nothing was sent by it. The order: {order.state}{why}"


def _page(link: _Link, found: _Found, status: int = 200, problem: str = "") -> Response:
    values: dict[str, object] = {
        "session": None,
        "is_auto": False,
        "problem": problem,
        "status": found.status,
        "one": found.one,
        "order": found.order,
        "over": found.over,
        "path": link.path,
        "csrf": link.links.form_of(link.text),
        "once": secrets.token_hex(16),
    }
    return page("linked", values, status)


def _trouble(status: int, problem: str) -> Response:
    return page("trouble", {"problem": problem, "session": None, "is_auto": False}, status)
