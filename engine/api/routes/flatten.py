"""Closing everything that the engine holds."""

from fastapi import APIRouter

from engine.api.models.flatten import Flatten, FlattenWord
from engine.api.models.words import Outcome, Word
from engine.api.routes.answers import REFUSED, done
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """GET and POST /flatten, POST /flatten/stop."""
    routes = APIRouter(tags=["halt"])

    @routes.get("/flatten")
    async def flattening() -> Flatten:
        """What flattening would close, and what it would leave."""
        return Flatten.model_validate(control.flattening.row())

    @routes.post("/flatten", responses=REFUSED)
    async def flatten(word: FlattenWord) -> Outcome:
        """Halt, cancel openings, then close every position of the engine, those with shorts first."""
        return done(*control.flattening.begin(word.by, word.reason, word.account, word.positions))

    @routes.post("/flatten/stop", responses=REFUSED)
    async def stop(word: Word) -> Outcome:
        """Stop flattening: what is left keeps the exits of its file, and openings stay halted."""
        return done(*control.flattening.stop(word.by, word.reason))

    _ = (flattening, flatten, stop)
    return routes
