"""Strategies in force, and why each trades or does not."""

from fastapi import APIRouter

from engine.api.models.base import Name
from engine.api.models.strategies import Strategies
from engine.api.models.why import Why
from engine.api.routes.answers import UNKNOWN, unknown
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """GET /strategies and /why/{strategy}."""
    routes = APIRouter(tags=["strategies"])

    @routes.get("/strategies")
    async def strategies() -> Strategies:
        """Every strategy with its funnel, its nearest miss and what is wrong with its file."""
        return Strategies.model_validate(control.strategies())

    @routes.get("/why/{strategy}", responses=UNKNOWN)
    async def why(strategy: Name) -> Why:
        """Why a strategy trades or does not: what stops it, its market, its funnel, its denials and its orders."""
        found = control.why(strategy)
        if found is None:
            known = ", ".join(sorted(control.ledger.strategies)) or "none is loaded"
            unknown(f"no strategy {strategy!r}; strategies: {known}")
        return Why.model_validate(found)

    _ = (strategies, why)
    return routes
