"""Foreign options, and their adoption as a position."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from engine.api.models.adoption import Adoption
from engine.api.models.base import Name
from engine.api.models.words import AdoptWord, Outcome
from engine.api.routes.answers import REFUSED, done, speaker
from engine.runtime.adoption import LEGS_MAX, AdoptAsked
from engine.runtime.control import Control

Legs = Annotated[tuple[int, ...], Query(max_length=2 * LEGS_MAX)]


def router(control: Control) -> APIRouter:
    """GET and POST /adoption."""
    routes = APIRouter(prefix="/adoption", tags=["positions"])

    @routes.get("")
    async def preview(legs: Legs = (), strategy: Name = "") -> Adoption:
        """What is foreign; with `legs`, by contract number, what they would be as a position of the strategy, or of none."""
        return Adoption.model_validate(control.adoption.row(AdoptAsked(strategy, legs)))

    @routes.post("", responses=REFUSED)
    async def adopt(word: AdoptWord, request: Request) -> Outcome:
        """Take all that the broker holds of these options into the engine's hands. What is not as it was shown is refused."""
        seen = tuple(leg.quantity for leg in word.legs)
        asked = AdoptAsked(word.strategy, tuple(leg.con_id for leg in word.legs), seen)
        return done(*control.adoption.adopt(asked, speaker(request, word.by), word.reason))

    _ = (preview, adopt)
    return routes
