"""The API as documents."""

from typing import Any

from fastapi import APIRouter, Request

from engine.api.documents import asyncapi, openapi
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """GET /openapi.json and /asyncapi.json."""
    routes = APIRouter(tags=["documents"])

    @routes.get("/openapi.json", response_model=dict[str, Any])
    async def paths(request: Request) -> dict[str, Any]:
        """What is asked and answered, as OpenAPI."""
        return openapi(request.app)

    @routes.get("/asyncapi.json", response_model=dict[str, Any])
    async def streams() -> dict[str, Any]:
        """The streams, as AsyncAPI."""
        return asyncapi(control.identity.version)

    _ = (paths, streams)
    return routes
