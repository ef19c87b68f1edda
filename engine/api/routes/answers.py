"""How every resource answers: what was done, what was not, and what is not known."""

from typing import Any, NoReturn

from fastapi import HTTPException

from engine.api.models.words import Outcome, Problem

REFUSED: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "description": "Not done; the text says why."}}
UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "Nothing is called so."}}


def done(is_done: bool, text: str) -> Outcome:
    """What became of a word. Answers 409 where it was not done: somebody else decided, the price moved, or the time is over."""
    if not is_done:
        raise HTTPException(409, text)
    return Outcome(done=True, text=text)


def unknown(text: str) -> NoReturn:
    """Answers 404."""
    raise HTTPException(404, text)
