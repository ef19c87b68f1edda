"""Stopping and allowing openings: halt, resume, and lifting a breaker."""

from fastapi import APIRouter, Request

from engine.api.models.base import Name
from engine.api.models.words import LiftWord, Outcome, Word
from engine.api.routes.answers import REFUSED, done, speaker
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """POST /halt, /resume and /breakers/{name}/lift."""
    routes = APIRouter(tags=["halt"])

    @routes.post("/halt")
    async def halt(word: Word, request: Request) -> Outcome:
        """Stop opening and cancel working entries. Exits keep working."""
        return Outcome(done=True, text=control.halt(speaker(request, word.by), word.reason))

    @routes.post("/resume")
    async def resume(word: Word, request: Request) -> Outcome:
        """Allow openings again after a halt."""
        return Outcome(done=True, text=control.resume(speaker(request, word.by)))

    @routes.post("/breakers/{name}/lift", responses=REFUSED)
    async def lift(name: Name, word: LiftWord, request: Request) -> Outcome:
        """Allow openings again after a breaker has tripped; from then on the fall is measured from the value at that moment."""
        return done(*control.openings.lift(name, word.strategy, speaker(request, word.by), word.reason))

    _ = (halt, resume, lift)
    return routes
