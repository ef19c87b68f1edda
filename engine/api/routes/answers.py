"""How every resource answers: what was done, what was not, and what is not known."""

from typing import Any, NoReturn

from fastapi import HTTPException, Request

from engine.api.access.door import CALLER, Caller
from engine.api.models.words import Outcome, Problem

REFUSED: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "description": "Not done; the text says why."}}
UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "Nothing is called so."}}
WRONG: dict[int | str, dict[str, Any]] = {422: {"model": Problem, "description": "What was asked for cannot be read."}}


def done(is_done: bool, text: str) -> Outcome:
    """What became of a word. Answers 409 where it was not done: somebody else decided, the price moved, or the time is over."""
    if not is_done:
        raise HTTPException(409, text)
    return Outcome(done=True, text=text)


def speaker(request: Request, by: str) -> str:
    """In whose name a word is said: over TCP that of the key, over the own socket the one that the word names."""
    caller = request.scope.get(CALLER)
    return caller.name if isinstance(caller, Caller) and caller.name else by


def unknown(text: str) -> NoReturn:
    """Answers 404."""
    raise HTTPException(404, text)
