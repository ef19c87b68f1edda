"""What an engine answered, as a model; what it refused, as the error that says who can mend it."""

import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeVar, cast

import httpx
from pydantic import ValidationError

from engine.api.names import ENGINE_HEADER, VERSION_HEADER
from engine.client.address import Address
from engine.client.calls import Call
from engine.client.errors import NoEngine, NotAllowed, Refused, Unknown, Unreadable, Wrong

T = TypeVar("T")
VERSION = version("ibkr-spreads")
PATIENCE_S = 15.0
"""A beat comes within a second and the engine promises nothing after ten: beyond that nobody answers."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Which engine has answered."""

    name: str
    """Mode and account, as the engine says: paper, account DU1234567."""
    version: str
    """Of its program."""


def engine_of(response: httpx.Response) -> Engine:
    return Engine(response.headers.get(ENGINE_HEADER, ""), response.headers.get(VERSION_HEADER, ""))


def answered(call: Call[T], response: httpx.Response, address: Address) -> T:
    """The answer as its model. Raises the error that the status stands for, Unreadable where it is no answer of an engine."""
    if response.status_code == 200 or response.status_code in call.also:
        try:
            return call.answer.validate_json(response.content)
        except ValidationError as error:
            raise Unreadable(f"{address}: {_whose_fault(response, error)}") from error
    detail = _detail(response)
    match response.status_code:
        case 401 | 403:
            raise NotAllowed(detail)
        case 404:
            raise Unknown(detail)
        case 400 | 413 | 422:
            raise Wrong(detail)
        case _:
            raise Refused(detail)


def lost(error: httpx.HTTPError, address: Address) -> Exception:
    """What a failed connection means."""
    if isinstance(error, httpx.ConnectError):
        return NoEngine(f"no engine answers at {address} ({error})")
    if isinstance(error, httpx.TimeoutException):
        return Unreadable(f"the engine at {address} has not answered in time; it may be busy: ask again, or see its log")
    return Unreadable(
        f"the engine at {address} does not answer ({str(error) or type(error).__name__}); see its output or its log"
    )


def _whose_fault(response: httpx.Response, error: ValidationError) -> str:
    told = engine_of(response).version
    if told != VERSION:
        return f"it is {f'version {told}' if told else 'another version'} and this client is {VERSION}; use those of one version"
    place = ".".join(str(part) for part in error.errors()[0]["loc"])
    return f"it answers what is not understood ({place}: {error.errors()[0]['msg']}); see its output or its log"


def _detail(response: httpx.Response) -> str:
    """What was refused, in words."""
    try:
        found: object = json.loads(response.content)
    except ValueError:
        return f"it answers {response.status_code} and no words"
    detail = cast("dict[str, object]", found).get("detail", found) if isinstance(found, dict) else found
    if not isinstance(detail, list):
        return str(detail)
    problems = cast("list[dict[str, object]]", detail)
    return "; ".join(f"{_last(problem.get('loc'))}: {problem.get('msg')}" for problem in problems)


def _last(place: object) -> str:
    return str(cast("list[object]", place)[-1]) if isinstance(place, list) and place else "?"
