"""Whether the engine trades."""

from fastapi import APIRouter

from engine.api.models.status import Status
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """GET /status."""
    routes = APIRouter(tags=["status"])

    @routes.get("/status")
    async def status() -> Status:
        """Everything that decides whether the engine trades."""
        return Status.model_validate(control.status())

    _ = status
    return routes
