"""Who is logged in from a browser: a random cookie on their side, a client of the engine with their key on ours.

Kept in memory only: whoever starts the program again logs in again. What is kept of a cookie is its hash.
"""

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256

from engine.api.access.roles import Role, may, rule_of
from engine.client.asynchronous import AsyncClient

IDLE_S, WHOLE_S = 30 * 60.0, 12 * 60 * 60.0
"""A session ends when nothing was pressed for so long, and after so long whatever was pressed: a trading day."""
SESSIONS_MAX = 20
"""Beyond it the one ends that was used longest ago: whoever logs in to halt is never turned away."""


@dataclass(slots=True)
class Session:
    """One browser."""

    engine: AsyncClient = field(repr=False)
    name: str
    """Of the key; the engine writes it beside whatever is said."""
    role: Role
    began_s: float
    used_s: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """Stands in every form, and is asked for with it: no page of somebody else knows it."""
    said: str = ""
    """What became of the last word, for the next page."""
    over: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set once it has ended: what belongs to it ends as well."""

    async def end(self) -> None:
        """Let go of the engine, and say so to what belongs to it."""
        self.over.set()
        await self.engine.close_connection()

    def may(self, path: str) -> bool:
        """Whether the engine would hear this word from the session's role."""
        rule = rule_of("POST", path)
        return rule is not None and may(self.role, rule)

    def is_form_of(self, csrf: str) -> bool:
        return secrets.compare_digest(self.csrf.encode(), csrf.encode())

    def told(self) -> str:
        """What became of the last word, once."""
        said, self.said = self.said, ""
        return said


class Sessions:
    """All of them, by the hash of their cookie; the one that was used last is the last."""

    def __init__(self) -> None:
        self._all: OrderedDict[bytes, Session] = OrderedDict()

    async def begin(self, session: Session) -> str:
        """The cookie of a new session."""
        cookie = secrets.token_urlsafe(32)
        self._all[_hash(cookie)] = session
        while len(self._all) > SESSIONS_MAX:
            _, oldest = self._all.popitem(last=False)
            await oldest.end()
        return cookie

    async def find(self, cookie: str, now_s: float, *, is_use: bool) -> Session | None:
        """The session of a cookie; None where there is none or it is over. What a page asks by itself is no use of it."""
        found = self._all.get(_hash(cookie))
        if found is None:
            return None
        if now_s - found.used_s > IDLE_S or now_s - found.began_s > WHOLE_S:
            await self.end(cookie)
            return None
        if is_use:
            found.used_s = now_s
            self._all.move_to_end(_hash(cookie))
        return found

    async def end(self, cookie: str) -> None:
        """Forget it."""
        found = self._all.pop(_hash(cookie), None)
        if found is not None:
            await found.end()

    async def end_all(self) -> None:
        """Forget all of them."""
        while self._all:
            _, session = self._all.popitem()
            await session.end()


def _hash(cookie: str) -> bytes:
    return sha256(cookie.encode("utf-8", "replace")).digest()
