"""Positions, and what closing them would do."""

from typing import Literal, NoReturn

from fastapi import APIRouter, Request

from engine.api.models.base import OrderRef
from engine.api.models.positions import ClosePreview, Position
from engine.api.models.rolls import RollPreview, RollWord
from engine.api.models.words import CloseWord, Outcome, ReleaseWord
from engine.api.routes.answers import REFUSED, UNKNOWN, done, speaker, unknown
from engine.domain.deeds import RollDeed
from engine.domain.parts import Portion
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """GET /positions, /positions/{position}, its /close and /roll, POST /positions/{position}/close, /roll and /release."""
    routes = APIRouter(prefix="/positions", tags=["positions"])

    @routes.get("")
    async def positions(open: bool = False) -> list[Position]:  # noqa: A002 - the trade's own word
        """Positions, those that are open with legs, sides, marks and exits. `open` leaves out what is closed."""
        return [Position.model_validate(row) for row in control.positions(only_open=open)]

    @routes.get("/{position}", responses=UNKNOWN)
    async def position(position: OrderRef) -> Position:
        """One position."""
        found = control.position(position)
        return Position.model_validate(found) if found is not None else _nothing(position)

    @routes.get("/{position}/close", responses=UNKNOWN)
    async def preview(
        position: OrderRef, side: Literal["put", "call"] | None = None, half: bool = False, short: bool = False
    ) -> ClosePreview:
        """What closing it, or a portion of it, would do now. Nothing is sent by asking."""
        found = control.close_row(position, Portion(side, half, short))
        return ClosePreview.model_validate(found) if found is not None else _nothing(position)

    @routes.post("/{position}/close", responses=REFUSED)
    async def close(position: OrderRef, word: CloseWord, request: Request) -> Outcome:
        """Close it, or a portion of it. If the price moved from the one shown, nothing is sent."""
        return done(*await control.close(position, speaker(request, word.by), word.reason, word.shown_net, word.portion))

    @routes.get("/{position}/roll", responses=UNKNOWN)
    async def roll_preview(position: OrderRef, what: RollDeed = "roll") -> RollPreview:
        """What rolling it, or a part, would close, open and bring now, by the roll of its file. Nothing is sent by asking."""
        found = control.rolling.row(position, what)
        return RollPreview.model_validate(found) if found is not None else _nothing(position)

    @routes.post("/{position}/roll", responses=REFUSED)
    async def roll(position: OrderRef, word: RollWord, request: Request) -> Outcome:
        """Roll it, or a part of it: the close is sent, and once it has filled the strategy opens what takes its place, by its own
        approval. If the price moved from the one shown, or nothing could follow, nothing is sent."""
        return done(*await control.rolling.roll(position, speaker(request, word.by), word.reason, word.shown_net, word.what))

    @routes.post("/{position}/release", responses=REFUSED)
    async def release(position: OrderRef, word: ReleaseWord, request: Request) -> Outcome:
        """Take it out of the engine's hands for good: what is open of it is never traded here again."""
        return done(*control.adoption.release(position, speaker(request, word.by), word.reason))

    _ = (positions, position, preview, close, roll_preview, roll, release)
    return routes


def _nothing(position: str) -> NoReturn:
    unknown(f"no position {position!r}; `spreads positions` lists them")
