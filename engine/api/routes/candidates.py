"""The ranked spreads that the strategies found."""

from fastapi import APIRouter

from engine.api.models.base import Name
from engine.api.models.candidates import Candidate
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """GET /candidates."""
    routes = APIRouter(tags=["candidates"])

    @routes.get("/candidates")
    async def candidates(strategy: Name | None = None) -> list[Candidate]:
        """What the last look of each strategy, or of one, found, best first, with what each quotes now."""
        return [Candidate.model_validate(row) for row in control.candidates(strategy)]

    _ = candidates
    return routes
