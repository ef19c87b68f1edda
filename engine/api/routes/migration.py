"""Positions that are moved to the rules in force."""

from fastapi import APIRouter, Request

from engine.api.models.base import OrderRef
from engine.api.models.migration import MigrateWord, Migration
from engine.api.models.words import Outcome
from engine.api.routes.answers import REFUSED, UNKNOWN, done, speaker, unknown
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """GET /migration, POST /migration."""
    routes = APIRouter(prefix="/migration", tags=["positions"])

    @routes.get("", responses=UNKNOWN)
    async def migration(name: OrderRef) -> list[Migration]:
        """What moving a position, or the open ones of a strategy, to the rules in force would change. Those that keep them are
        left out.
        """
        found = control.migrating.rows(name)
        if found is None:
            unknown(f"no open position {name!r}, and none of a strategy of that name; `spreads positions` lists them")
        return [Migration.model_validate(row) for row in found]

    @routes.post("", responses=REFUSED)
    async def migrate(word: MigrateWord, request: Request) -> Outcome:
        """Move positions: their exits are those of the version in force from now on."""
        return done(*control.migrating.move(word.positions, word.digest, speaker(request, word.by), word.reason))

    _ = (migration, migrate)
    return routes
