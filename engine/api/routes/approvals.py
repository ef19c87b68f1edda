"""Openings that wait for a person's yes or no."""

from fastapi import APIRouter, Request

from engine.api.models.approvals import Approval
from engine.api.models.base import OrderRef
from engine.api.models.words import EditWord, Outcome, PricedWord, Word
from engine.api.routes.answers import REFUSED, done, speaker
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """GET /approvals, POST /approvals/{order_ref}/approve, /decline and /edit."""
    routes = APIRouter(prefix="/approvals", tags=["approvals"])

    @routes.get("")
    async def approvals() -> list[Approval]:
        """Oldest first, each at its price of now, with the gates that would stop it now."""
        return [Approval.model_validate(row) for row in control.approvals()]

    @routes.post("/{order_ref}/approve", responses=REFUSED)
    async def approve(order_ref: OrderRef, word: PricedWord, request: Request) -> Outcome:
        """Say yes. The price and every gate are asked again in the beat that hears it; if it moved, nothing is sent."""
        return done(
            *await control.answer(
                order_ref, approve=True, by=speaker(request, word.by), reason=word.reason, shown_net=word.shown_net
            )
        )

    @routes.post("/{order_ref}/decline", responses=REFUSED)
    async def decline(order_ref: OrderRef, word: Word, request: Request) -> Outcome:
        """Say no."""
        return done(*await control.answer(order_ref, approve=False, by=speaker(request, word.by), reason=word.reason))

    @routes.post("/{order_ref}/edit", responses=REFUSED)
    async def edit(order_ref: OrderRef, word: EditWord, request: Request) -> Outcome:
        """Make it safer before saying yes: fewer spreads, a better worst price, or both."""
        return done(*await control.tighten(order_ref, speaker(request, word.by), word.reason, word.quantity, word.worst))

    _ = (approvals, approve, decline, edit)
    return routes
