"""Real money: arming and disarming a strategy."""

from fastapi import APIRouter, Request

from engine.api.models.arming import Arming, ArmWord
from engine.api.models.base import Name
from engine.api.models.words import Outcome, Word
from engine.api.routes.answers import REFUSED, UNKNOWN, done, speaker, unknown
from engine.decide.risk.arms import Wish
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """GET and POST /strategies/{strategy}/arm, POST /strategies/{strategy}/disarm."""
    routes = APIRouter(tags=["strategies"])

    @routes.get("/strategies/{strategy}/arm", responses=UNKNOWN)
    async def arming(strategy: Name) -> Arming:
        """What arming a strategy would mean, and the arm that it has."""
        found = control.arming.row(strategy)
        if found is None:
            unknown(f"no strategy {strategy!r} is in force")
        return Arming.model_validate(found)

    @routes.post("/strategies/{strategy}/arm", responses=REFUSED)
    async def arm(strategy: Name, word: ArmWord, request: Request) -> Outcome:
        """Let a strategy trade the real money of the account, until a time, for so much a day."""
        wish = Wish(speaker(request, word.by), word.account, word.risk_usd, word.days, word.rung, word.reason)
        return done(*control.arming.arm(strategy, wish))

    @routes.post("/strategies/{strategy}/disarm", responses=REFUSED)
    async def disarm(strategy: Name, word: Word, request: Request) -> Outcome:
        """End the arm of a strategy: it opens nothing more, and its exits go on."""
        return done(*control.arming.disarm(strategy, speaker(request, word.by), word.reason))

    _ = (arming, arm, disarm)
    return routes
