"""How a client shows who asks: its key is exchanged for a token, again whenever that is over, or who has the key lends one."""

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from pydantic import ValidationError

from engine.api.models.keys import Token, TokenWord

NO_TOKEN = "none"  # noqa: S105 - what an engine refuses in its own words
TOKEN_PATH = "/v1/token"  # noqa: S105 - an address


@dataclass(slots=True)
class KeyAuth(httpx.Auth):
    """Puts a token on every request; asks for one where there is none or it is not taken any more."""

    requires_response_body = True

    key: str = field(repr=False)
    token: str = field(default="", repr=False)
    given: Token | None = field(default=None, repr=False)
    """The last token, with the name and the role of the key."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The requests that have to be sent for one."""
        if not self.token:
            self._take((yield self._asks(request)))
        request.headers["Authorization"] = f"Bearer {self.token or NO_TOKEN}"
        response = yield request
        if response.status_code == 401:
            self._take((yield self._asks(request)))
            request.headers["Authorization"] = f"Bearer {self.token or NO_TOKEN}"
            yield request

    def _asks(self, request: httpx.Request) -> httpx.Request:
        body = TokenWord(key=self.key).model_dump_json()
        return httpx.Request("POST", request.url.join(TOKEN_PATH), content=body, headers={"Content-Type": "application/json"})

    def _take(self, response: httpx.Response) -> None:
        try:
            self.given = Token.model_validate_json(response.content)
            self.token = self.given.token
        except ValidationError:
            self.token = ""  # the request goes out without one, and its answer says why


@dataclass(slots=True)
class LentAuth(httpx.Auth):
    """Puts a token on every request that somebody else has got; asks them for another where it is not taken any more."""

    token: str = field(repr=False)
    renewed: Callable[[], Awaitable[str]]
    given: None = None
    """Whose key it is, is not known here."""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The requests that have to be sent for one."""
        request.headers["Authorization"] = f"Bearer {self.token or NO_TOKEN}"
        response = yield request
        if response.status_code == 401:
            self.token = await self.renewed()
            request.headers["Authorization"] = f"Bearer {self.token or NO_TOKEN}"
            yield request


def trusts(ca: Path | None) -> ssl.SSLContext:
    """What certificates are taken: those that the machine trusts, or those that this file vouches for."""
    return ssl.create_default_context(cafile=ca)
