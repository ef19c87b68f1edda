"""Edits that wait for a person, and a person's yes."""

from fastapi import APIRouter, Request

from engine.api.models.edits import AcceptWord, HeldEdit
from engine.api.models.words import Outcome
from engine.api.routes.answers import REFUSED, done, speaker
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """GET /edits, POST /edits/accept."""
    routes = APIRouter(prefix="/edits", tags=["strategies"])

    @routes.get("")
    async def edits() -> list[HeldEdit]:
        """Edits of files that loosen what trades without asking, and wait."""
        return [HeldEdit.model_validate(row) for row in control.edits.rows()]

    @routes.post("/accept", responses=REFUSED)
    async def accept(word: AcceptWord, request: Request) -> Outcome:
        """Let an edit take effect. If the file was edited again since, nothing is accepted."""
        return done(*control.edits.accept(word.file, word.digest, speaker(request, word.by), word.reason))

    _ = (edits, accept)
    return routes
