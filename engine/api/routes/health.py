"""Health and metrics: what a port may serve that anybody on the machine can reach."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from engine.api.models.status import Health
from engine.runtime.control import Control


def router(control: Control, registry: CollectorRegistry) -> APIRouter:
    """GET /health and /metrics."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health", responses={503: {"model": Health, "description": "It cannot do its work; `because` says why."}})
    async def health(response: Response) -> Health:
        """Whether the engine can do its work."""
        sick = control.sick_because()
        response.status_code = 503 if sick else 200
        vitals = control.vitals()
        return Health(
            healthy=not sick,
            because=sick,
            uptime_s=vitals.uptime_s,
            throttles=vitals.throttles,
            is_throttled=vitals.is_throttled,
            next_order_id=vitals.next_order_id,
            resting=vitals.resting,
        )

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Every metric in the text format of Prometheus."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    _ = (health, metrics)
    return routes
