"""Strategies in force, and why each trades or does not."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request

from engine.api.models.base import Name
from engine.api.models.files import Checked, CheckWord
from engine.api.models.strategies import Strategies
from engine.api.models.why import Why
from engine.api.models.words import Outcome, Word
from engine.api.routes.answers import REFUSED, UNKNOWN, done, speaker, unknown
from engine.domain.errors import UserError
from engine.runtime.checked import checked_row
from engine.runtime.control import Control
from engine.runtime.past import why_then
from engine.runtime.plain import Row


def router(control: Control) -> APIRouter:
    """GET /strategies and /why/{strategy}, POST /strategies/{strategy}/pause and /resume, /strategies/check."""
    routes = APIRouter(tags=["strategies"])

    @routes.get("/strategies")
    async def strategies() -> Strategies:
        """Every strategy with its funnel, its nearest miss and what is wrong with its file."""
        return Strategies.model_validate(control.strategies())

    @routes.post("/strategies/{strategy}/pause", responses=REFUSED)
    async def pause(strategy: Name, word: Word, request: Request) -> Outcome:
        """Stop its openings and cancel those that work. Its exits go on."""
        return done(*control.openings.pause(strategy, speaker(request, word.by), word.reason))

    @routes.post("/strategies/{strategy}/resume", responses=REFUSED)
    async def resume(strategy: Name, word: Word, request: Request) -> Outcome:
        """Allow its openings again."""
        return done(*control.openings.unpause(strategy, speaker(request, word.by), word.reason))

    @routes.post("/strategies/check")
    async def check(word: CheckWord) -> Checked:
        """What the language says of a file, without putting it in force."""
        return Checked.model_validate(await asyncio.to_thread(checked_row, word.text, word.file))

    @routes.get("/why/{strategy}", responses=UNKNOWN)
    async def why(strategy: Name, at: datetime | None = None) -> Why:
        """Why a strategy trades or does not: what stops it, its market, its funnel, its denials and its orders.

        `at` asks of a past minute, as far as the facts tell; it names its zone.
        """
        found = control.why(strategy) if at is None else await _then(control, strategy, at)
        if found is None:
            known = ", ".join(sorted(control.ledger.files.strategies)) or "none is loaded"
            unknown(f"no strategy {strategy!r}; strategies: {known}")
        return Why.model_validate(found)

    _ = (strategies, pause, resume, check, why)
    return routes


async def _then(control: Control, strategy: str, at: datetime) -> Row | None:
    """The answer of a past minute. Answers 422 for a moment without a zone or one of which nothing is written."""
    if at.tzinfo is None:
        raise HTTPException(422, "at: name the zone, as in 2026-11-23T11:30:00-05:00")
    try:
        return await asyncio.to_thread(why_then, Path(control.identity.state), strategy, at.astimezone(UTC))
    except UserError as error:
        raise HTTPException(422, str(error)) from error
