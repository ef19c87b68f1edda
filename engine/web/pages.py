"""The pages, and what a person says on them: login, overview, the card of an approval, HALT and resume.

Nothing here decides: every word goes to the engine in the name of the key that logged in, and the engine holds it to its role.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from engine.api.access.limits import TOKENS, Pace, Paces
from engine.api.models.status import Status
from engine.client.errors import NoEngine, NotAllowed, Refused, Unknown, Unreadable
from engine.domain.errors import EngineError, UserError
from engine.log import logger
from engine.store import halt_file
from engine.store.folder import HALT_FILE
from engine.web.guard import where
from engine.web.looks import page
from engine.web.sessions import Session, Sessions
from engine.web.site import Site

log = logger(__name__)

Words = dict[str, str]
Shown = Callable[[Request, Session], Awaitable[Response]]
Heard = Callable[[Request, Session, Words], Awaitable[Response]]
ALL_LOGINS = Pace(0.1, 10)
"""Tries of a key from all addresses together: fewer than the engine takes, which needs some for those who are logged in."""
LOOK_WITHIN_S, HALT_WITHIN_S = 2.0, 5.0
"""An engine that hangs holds up neither the page that halts it nor its file; a beat comes within a second."""
FIELDS_MAX = 10
REASON_MAX = 400
REASONS = ("price", "an event ahead", "too much of it", "another reason")
HALT, RESUME, SEND = "HALT", "RESUME", "SEND"
HALT_PATH, RESUME_PATH, APPROVE_PATH = "/v1/halt", "/v1/resume", "/v1/approvals/x/approve"
"""Endpoints of the engine, whose table of roles says who is shown a button."""


class Pages:
    """The endpoints of one site."""

    def __init__(self, site: Site) -> None:
        self._site, self.sessions, self._paces = site, Sessions(), Paces()

    def shows(self, shown: Shown) -> Callable[[Request], Awaitable[Response]]:
        """A page for whoever is logged in; others are led to the login."""

        async def endpoint(request: Request) -> Response:
            session = await self.session_of(request, is_use="auto" not in request.query_params)
            if session is None:
                return RedirectResponse("/login", 303)
            return await self._answered(request, session, shown(request, session))

        return endpoint

    def hears(self, path: str | None, heard: Heard) -> Callable[[Request], Awaitable[Response]]:
        """What a form of ours says, from whoever is logged in and may use the engine's endpoint at `path`."""

        async def endpoint(request: Request) -> Response:
            session = await self.session_of(request, is_use=True)
            if session is None:
                return self._login(401, "you are not logged in any more, and nothing was done")
            said = await words_of(request)
            if not session.is_form_of(said.get("csrf", "")):
                log.warning("refused", name=session.name, where=where(request.scope), because="no token of a form")
                return self.trouble(session, 403, "this form is not of your session, and nothing was done; open the page again")
            if path is not None and not session.may(path):
                log.warning("refused", name=session.name, where=where(request.scope), because="role", path=request.url.path)
                return self.trouble(session, 403, f"{session.name} is a {session.role} and may not do this; nothing was done")
            return await self._answered(request, session, heard(request, session, said))

        return endpoint

    async def login_page(self, request: Request) -> Response:
        """Where a key is asked for."""
        if await self.session_of(request, is_use=True) is not None:
            return RedirectResponse("/", 303)
        return self._login()

    async def login(self, request: Request) -> Response:
        """A key for a session."""
        key, address = (await words_of(request)).get("key", "").strip(), where(request.scope)
        now_s = self._site.now_s()
        wait_s = self._paces.wait_s(address, "login", TOKENS, now_s) or self._paces.wait_s("", "all", ALL_LOGINS, now_s)
        if wait_s:
            return self._login(429, f"too many tries; wait {wait_s:.0f} s")
        if not key:
            return self._login(401, "name a key; `spreads keys add NAME --role ROLE` makes one")
        engine = self._site.client(key)
        try:
            await engine.status()
            known = engine.known_as
        except (EngineError, UserError, ValidationError) as error:
            await engine.close_connection()
            log.warning("login refused", where=address, because=type(error).__name__)
            if isinstance(error, NoEngine | Unreadable):
                return self._login(503, str(error))
            return self._login(401, "no such key, or it was revoked; `spreads keys list` shows those in force")
        if known is None:
            raise AssertionError("an engine answers with a key only after it has given a token for it")
        name, role = known
        cookie = await self.sessions.begin(Session(engine, name, role, now_s, now_s))
        log.info("logged in", name=name, role=role, where=address)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._site.cookie, cookie, httponly=True, samesite="strict", secure=self._site.is_secure)
        return answer

    async def logout(self, request: Request, session: Session, _: Words) -> Response:
        """End the session."""
        log.info("logged out", name=session.name, where=where(request.scope))
        return await self._over(request)

    async def overview(self, _: Request, session: Session) -> Response:
        """What decides whether the engine trades, what waits for a yes, and what is held."""
        status = await session.engine.status()
        waiting, held = await session.engine.approvals(), await session.engine.positions(only_open=True)
        return page("overview", self.values(session, status, approvals=waiting, positions=held))

    async def card(self, request: Request, session: Session) -> Response:
        """One opening that waits, at its price of now."""
        return await self._card(request.path_params["ref"], session)

    async def approve(self, request: Request, session: Session, said: Words) -> Response:
        """Say yes at the price that was shown. The engine prices it again; where it moved, the new price is shown."""
        ref, net = request.path_params["ref"], net_of(said.get("shown_net", ""))
        if net is None:
            return self.trouble(session, 400, "the form has no price, and nothing was sent; open the card again")
        if (await session.engine.status()).mode == "live" and said.get("word", "").strip() != SEND:
            return await self._card(ref, session, 422, f"nothing was sent: this is real money; type {SEND}, in capitals")
        once = said.get("once", "")[:64] or None
        try:
            session.said = (await session.engine.approve(ref, net, reason=reason_of(request, ""), once=once)).text
        except Refused as error:
            return await self._card(ref, session, 409, str(error))
        return RedirectResponse("/", 303)

    async def decline(self, request: Request, session: Session, said: Words) -> Response:
        """Say no."""
        reason = said.get("reason", "")
        try:
            session.said = (await session.engine.decline(request.path_params["ref"], reason_of(request, reason))).text
        except Refused as error:
            return await self._card(request.path_params["ref"], session, 409, str(error))
        return RedirectResponse("/", 303)

    async def halt_page(self, _: Request, session: Session) -> Response:
        """What a halt does, and where its word is typed; also where the engine does not answer."""
        return await self._halt_page(session)

    async def halt(self, request: Request, session: Session, said: Words) -> Response:
        """Stop opening. Where the engine does not answer, by the file that it looks for."""
        if said.get("word", "").strip().upper() != HALT:
            return await self._halt_page(session, 422, f"nothing was done: type {HALT}")
        reason = reason_of(request, said.get("reason", ""))
        try:
            async with asyncio.timeout(HALT_WITHIN_S):
                session.said = (await session.engine.halt(reason)).text
        except (NoEngine, Unreadable, TimeoutError) as error:
            if self._site.state is None:
                raise EngineError(f"{_why(error)}; halt on the engine's machine: it may not have heard it") from error
            try:
                halt_file.leave(self._site.state, f"{session.name}: {reason}")
            except UserError as problem:
                raise EngineError(str(problem)) from problem
            log.warning("left the HALT file", name=session.name, where=where(request.scope))
            told = f"{_why(error)}. A file {HALT_FILE} was left for it: it halts within seconds, or starts halted"
            return self.trouble(session, 202, told)
        return RedirectResponse("/", 303)

    async def resume_page(self, _: Request, session: Session) -> Response:
        """What happens when openings are allowed again, and where its word is typed."""
        return page("resume", self.values(session, await session.engine.status()))

    async def resume(self, request: Request, session: Session, said: Words) -> Response:
        """Allow openings again."""
        if said.get("word", "").strip() != RESUME:
            told = f"nothing was done: type {RESUME}, in capitals"
            return page("resume", self.values(session, await session.engine.status(), problem=told), 422)
        with halt_file.taken_away(self._site.state) if self._site.state is not None else nullcontext():
            session.said = (await session.engine.resume(reason_of(request, said.get("reason", "")))).text
        return RedirectResponse("/", 303)

    async def _answered(self, request: Request, session: Session, answer: Awaitable[Response]) -> Response:
        """The answer, or what stands in its way, as a page."""
        try:
            return await answer
        except NotAllowed:
            # Its role was looked at before: so the key itself is not good any more.
            log.info("session over", name=session.name, where=where(request.scope))
            return await self._over(request, 401, "your key is not in force any more")
        except Unknown as error:
            return self.trouble(session, 404, str(error))
        except (UserError, ValidationError):
            return self.trouble(session, 400, "the engine does not take this, and nothing was done; open the page again")
        except EngineError as error:
            return self.trouble(session, 503, str(error))

    async def session_of(self, request: Request, *, is_use: bool) -> Session | None:
        """Who is logged in with this browser; None where nobody is."""
        cookie = request.cookies.get(self._site.cookie, "")
        return await self.sessions.find(cookie, self._site.now_s(), is_use=is_use) if cookie else None

    async def _over(self, request: Request, status: int = 200, problem: str = "") -> Response:
        await self.sessions.end(request.cookies.get(self._site.cookie, ""))
        answer = self._login(status, problem)
        answer.delete_cookie(self._site.cookie, httponly=True, samesite="strict", secure=self._site.is_secure)
        return answer

    async def _card(self, ref: str, session: Session, status: int = 200, problem: str = "") -> Response:
        engine = session.engine
        told, waiting = await engine.status(), await engine.approvals()
        one = next((one for one in waiting if one.order_ref == ref), None)
        order = await engine.order(ref) if one is None else None
        values = self.values(session, told, one=one, order=order, problem=problem, reasons=REASONS, once=secrets.token_hex(16))
        return page("card", values, status)

    async def _halt_page(self, session: Session, status: int = 200, problem: str = "") -> Response:
        told = None
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                told = await session.engine.status()
        except (NoEngine, Unreadable, TimeoutError) as error:
            problem = problem or _why(error)
        return page("halt", self.values(session, told, problem=problem), status)

    def _login(self, status: int = 200, problem: str = "") -> Response:
        return page("login", {"problem": problem, "session": None, "is_auto": False}, status)

    def trouble(self, session: Session, status: int, problem: str) -> Response:
        """A page that says what stands in the way."""
        return page("trouble", self.values(session, None, problem=problem), status)

    def values(self, session: Session, status: Status | None, *, problem: str = "", **more: object) -> dict[str, object]:
        """What every page shows: whose session it is, what it may do, and what became of the last word."""
        return {
            "session": session,
            "status": status,
            "problem": problem,
            "said": session.told(),
            "may_answer": session.may(APPROVE_PATH),
            "may_halt": session.may(HALT_PATH),
            "may_resume": session.may(RESUME_PATH),
            "state": self._site.state,
            "has_console": bool(self._site.console),
            "is_auto": False,
            **more,
        }


def _why(error: Exception) -> str:
    return str(error) or "the engine has not answered in time"


async def words_of(request: Request) -> Words:
    """What a form says; of a field that is there twice, the last."""
    try:
        return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        return {}


def net_of(text: str) -> Decimal | None:
    """The price that a card showed, USD per share, + received; None where there is none."""
    try:
        net = Decimal(text)
    except InvalidOperation:
        return None
    return net if net.is_finite() else None


def reason_of(request: Request, said: str) -> str:
    """Why, and from where, as the journal keeps it."""
    place = f"in the browser at {where(request.scope)}"
    return f"{said.strip()[:REASON_MAX]} ({place})" if said.strip() else place
