"""Spreads of every structure under a view of a price."""

from fastapi import APIRouter, HTTPException

from engine.api.models.ideas import Ideas, ViewWord
from engine.api.routes.answers import WRONG
from engine.domain.errors import UserError
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """POST /ideas."""
    routes = APIRouter(tags=["candidates"])

    @routes.post("/ideas", responses=WRONG)
    async def ideas(word: ViewWord) -> Ideas:
        """What pays most for each dollar that can be lost where a view of a price is right, in the newest snapshot.

        It looks among the options that are quoted now. Nothing is sent, and no strategy, data line or order is changed.
        """
        try:
            return Ideas.model_validate(await control.ideas.row(word.view, word.each, word.top))
        except UserError as error:
            raise HTTPException(422, str(error)) from error

    _ = ideas
    return routes
