"""Everything that is asked passes here first: who asks, whether they may, how much and how often, and that it is kept who did.

Pure ASGI around the whole application, so that the stream passes as well. The socket in the state folder needs no token: its file
mode is the permission; who shows one there all the same is held to its role, as a program does that asks for somebody else. Over
TCP every request carries `Authorization: Bearer TOKEN`. Words are said in the name of the key.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import msgspec
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.api.access.begun import accepted, connected
from engine.api.access.body import BodyRefused, again, whole_body
from engine.api.access.limits import READS, TOKENS, WORDS, Done, Paces
from engine.api.access.roles import ROLES, Role, Rule, may, rule_of
from engine.api.access.tokens import Tokens
from engine.api.models.stream import ShowToken
from engine.domain.facts.running import RequestHandled
from engine.log import logger

log = logger(__name__)

BODY_BYTES_MAX = 256 * 1024
"""A strategy file to check is the longest that anybody has to say."""
WHAT_MAX = 300
"""Characters of a word's body that the journal keeps."""
BY_MAX = 60
KEY_HEADER = "idempotency-key"
KEY_MAX = 100
CALLER = "spreads.caller"
"""In the scope of a request: who asks."""
TOKEN_WITHIN_S = 5.0
"""A stream without a header shows its token within it."""
NO_TOKEN, MAY_NOT = 4401, 4403
"""Close codes of the stream."""
_first: msgspec.json.Decoder[ShowToken] = msgspec.json.Decoder(ShowToken)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    """Of the key; empty over the socket in the state folder, where the word itself says who."""
    role: Role
    where: str
    """The address that it came from."""
    holds: Callable[[], bool] = field(default=lambda: True, compare=False)
    """Whether the token still is good: a stream outlives no token."""


@dataclass(slots=True)
class Access:
    """What a door needs to know. `tokens` is None where nobody is given any: every token that is shown is refused then."""

    now: Callable[[], datetime]
    keep: Callable[[RequestHandled], None]
    looked: Callable[[str, Role, Rule | None, int], None] = lambda *_: None
    """Told of every call that was answered: by whom, which, and how."""
    tokens: Tokens | None = None
    is_own: bool = True
    """Whether it is the socket in the state folder, which needs no token."""
    paces: Paces = field(default_factory=Paces)
    done: Done = field(default_factory=Done)


class Door:
    """The middleware."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        rule = rule_of("GET" if scope["type"] == "websocket" else scope["method"], scope["path"])
        found = self._caller(scope, headers, rule)
        if found is None:
            await self._stream_of_the_first_frame(scope, receive, send, rule)
        elif isinstance(found, _No):
            if scope["type"] == "websocket":
                await receive()
            await _say_no(found, scope, receive, send)
        else:
            scope[CALLER] = found
            if scope["type"] == "websocket":
                self._access.looked(found.name, found.role, rule, 101)
                await self._app(scope, receive, send)
            else:
                await self._http(scope, receive, send, headers, rule, found)

    async def _stream_of_the_first_frame(self, scope: Scope, receive: Receive, send: Send, rule: Rule | None) -> None:
        """A stream of somebody who cannot set a header: its first frame shows the token, and soon."""
        await receive()
        await send({"type": "websocket.accept"})
        try:
            async with asyncio.timeout(TOKEN_WITHIN_S):
                message = await receive()
        except TimeoutError:
            await _say_no(_No(401, f"no token has come within {TOKEN_WITHIN_S:g} s"), scope, receive, send)
            return
        if message["type"] != "websocket.receive":
            return
        found = self._holder(_shown(message), rule, _where(scope))
        if isinstance(found, _No):
            await _say_no(found, scope, receive, send)
            return
        scope[CALLER] = found
        self._access.looked(found.name, found.role, rule, 101)
        await self._app(scope, connected(receive), accepted(send))

    def _caller(self, scope: Scope, headers: Headers, rule: Rule | None) -> "Caller | _No | None":
        """Who asks, or why nobody is let in; None for a stream on which it is said in the first frame."""
        access, where = self._access, _where(scope)
        if access.is_own and "authorization" not in headers:
            return Caller("", ROLES[-1], where)
        origin = headers.get("origin")
        if origin is not None and origin != f"https://{headers.get('host', '')}":
            return _No(403, "a page of another origin may ask nothing here")
        if rule is not None and rule.role is None:
            wait_s = access.paces.wait_s(where, "open", TOKENS if rule.method == "POST" else READS, _now_s())
            return _No(429, "too many tries; wait", wait_s) if wait_s else Caller("", "viewer", where)
        if scope["type"] == "websocket" and "authorization" not in headers:
            return None
        kind, _, token = headers.get("authorization", "").partition(" ")
        return self._holder(token.strip() if kind.lower() == "bearer" else "", rule, where)

    def _holder(self, token: str, rule: Rule | None, where: str) -> "Caller | _No":
        """Who shows this token, or why nobody is let in with it."""
        access, tokens = self._access, self._access.tokens
        key = tokens.key_of(token, access.now()) if tokens is not None else None
        if tokens is None or key is None:
            return _No(401, "a token is needed, and good for a quarter of an hour: POST /v1/token gives one for a key")
        if rule is None:
            return _No(404, "nothing is here")
        if not may(key.role, rule):
            return _No(403, f"{key.name} is a {key.role}; this needs the role {rule.role}")
        pace, name = (READS, "reads") if not rule.is_kept else (WORDS, "words")
        wait_s = access.paces.wait_s(key.id, name, pace, _now_s())
        if wait_s:
            return _No(429, f"more than {pace.per_s:g} a second; wait", wait_s)
        return Caller(key.name, key.role, where, lambda: tokens.key_of(token, access.now()) is not None)

    async def _http(
        self, scope: Scope, receive: Receive, send: Send, headers: Headers, rule: Rule | None, caller: Caller
    ) -> None:
        try:
            body = await whole_body(receive, headers, BODY_BYTES_MAX)
        except BodyRefused as refused:
            await _say_no(_No(refused.status, str(refused)), scope, receive, send)
            return
        key = headers.get(KEY_HEADER, "") if rule is not None and rule.sends else ""
        problem = self._not_once(rule, key, caller, scope["path"].encode() + b"\n" + body)
        if problem is not None:
            await _say_no(problem, scope, receive, send)
            return
        answer = _Answer(send)
        await self._app(scope, again(body, receive), answer.send)
        self._access.looked(caller.name, caller.role, rule, answer.status)
        if key:
            self._access.done.end(caller.name, key, answer.text)
        if rule is not None and rule.is_kept:
            self._keep(rule, scope, body, caller, answer)

    def _not_once(self, rule: Rule | None, key: str, caller: Caller, what: bytes) -> "_No | None":
        """Why it must not be done, because it was, or because nobody could tell whether it was; None where it may."""
        if rule is None or not rule.sends:
            return None
        if not key:
            if self._access.is_own:
                return None  # over the own socket nothing is lost on the way and sent again
            return _No(400, f"what may send an order needs the header {KEY_HEADER.title()}, another one for each")
        if len(key) > KEY_MAX:
            return _No(400, f"{KEY_HEADER.title()} is longer than {KEY_MAX} characters")
        told = self._access.done.begin(caller.name, key, what)
        return _No(409, told) if told is not None else None

    def _keep(self, rule: Rule, scope: Scope, body: bytes, caller: Caller, answer: "_Answer") -> None:
        said = _json(body)
        by = _kept(caller.name or str(said.get("by", "api")), BY_MAX)
        what = _kept(f"{rule.method} {scope['path']} {json.dumps(said, ensure_ascii=False)}", WHAT_MAX)
        self._access.keep(RequestHandled(by, caller.role, caller.where, what, answer.status, _kept(answer.text, WHAT_MAX)))


@dataclass(frozen=True, slots=True)
class _No:
    status: int
    text: str
    wait_s: float = 0.0


@dataclass(slots=True)
class _Answer:
    """Hands an answer on and remembers what it said."""

    _send: Send
    status: int = 0
    _body: bytes = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body" and len(self._body) < BODY_BYTES_MAX:
            self._body += message.get("body", b"")
        await self._send(message)

    @property
    def text(self) -> str:
        """What became of a word."""
        found = _json(self._body)
        return str(found.get("text") or found.get("detail") or "")


def _shown(message: Message) -> str:
    """The token of a first frame; empty where it shows none."""
    try:
        said = _first.decode(message.get("text") or message.get("bytes") or b"")
    except msgspec.MsgspecError:
        return ""
    return said.token


async def _say_no(no: _No, scope: Scope, receive: Receive, send: Send) -> None:
    log.warning("refused", where=_where(scope), path=scope["path"], status=no.status, because=no.text)
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": MAY_NOT if no.status == 403 else NO_TOKEN, "reason": no.text[:120]})
        return
    response: Response = JSONResponse({"detail": no.text}, no.status)
    if no.wait_s:
        response.headers["Retry-After"] = str(int(no.wait_s) + 1)
    if no.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    await response(scope, receive, send)


def _kept(text: str, most: int) -> str:
    """A text as the journal can keep it: what is no character is marked, or the journal itself would fail for it."""
    return text[:most].encode("utf-8", "replace").decode()


def _where(scope: Scope) -> str:
    client = cast("tuple[str, int] | None", scope.get("client"))
    return client[0] if client and client[0] else "the socket in the state folder"


def _json(body: bytes) -> Mapping[str, object]:
    try:
        found: object = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        return {}
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else {}


def _now_s() -> float:
    return asyncio.get_running_loop().time()
