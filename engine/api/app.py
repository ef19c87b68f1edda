"""The local API: what `spreads status`, approvals, halts and the console speak, over HTTP on a unix socket.

One module a resource in `routes/`, and one of its answers and bodies in `models/`. Whoever may open the socket may do everything:
its file mode (0600) is the permission. Over TCP there are TLS, keys and roles: `access/`. Nothing here decides.
"""

import json

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry

from engine.api.access.door import Access, Door
from engine.api.access.looked import Looked
from engine.api.access.tokens import Tokens
from engine.api.named import Named
from engine.api.routes import (
    adoption,
    approvals,
    arming,
    candidates,
    documents,
    edits,
    flatten,
    halt,
    health,
    history,
    ideas,
    keys,
    migration,
    orders,
    plans,
    positions,
    scan,
    status,
    strategies,
)
from engine.api.stream.hub import Hub
from engine.api.stream.session import Session
from engine.runtime.control import Control

VERSIONED = "/v1"
RESOURCES = (
    adoption, arming, flatten, status, candidates, approvals, positions, orders, strategies, edits, plans, migration, scan, ideas,
    history, halt, documents,
)  # fmt: skip


def build(control: Control, registry: CollectorRegistry, tokens: Tokens | None = None, *, is_own_socket: bool = False) -> FastAPI:
    """The API over one engine: for the socket that only its owner can open, and with `tokens` for a port.

    `is_own_socket` with `tokens` is that socket, on which a key may be exchanged too: by who asks in the name of somebody else.
    """
    api = watch(control, registry)
    for resource in RESOURCES:
        api.include_router(resource.router(control), prefix=VERSIONED)
    if tokens is not None:
        api.include_router(keys.router(control, tokens), prefix=VERSIONED)
    hub = Hub(control)

    @api.websocket(f"{VERSIONED}/stream")
    async def stream(socket: WebSocket) -> None:
        """Snapshots, then what changes: `api/models/stream.py` has the frames."""
        await Session(hub, socket).run()

    @api.exception_handler(RequestValidationError)
    async def wrong(request: Request, problem: RequestValidationError) -> Response:
        """What is wrong with a question, field by field. What was sent is not sent back: it may be a key, or no text at all."""
        told = [{"type": one["type"], "loc": list(one["loc"]), "msg": one["msg"]} for one in problem.errors()]
        return Response(json.dumps({"detail": told}), 422, media_type="application/json")

    api.add_middleware(Named, identity=control.identity)
    # Added last, so that it is outside of everything: who may not ask is not told whose engine this is either.
    looked = Looked(control.now, lambda: control.ledger, control.keep).saw
    is_own = tokens is None or is_own_socket
    api.add_middleware(Door, access=Access(control.now, control.keep, looked, tokens, is_own=is_own))
    # FastAPI holds the handlers; naming them keeps the reader's checker content that they are used.
    _ = (stream, wrong)
    return api


def watch(control: Control, registry: CollectorRegistry) -> FastAPI:
    """Health and metrics alone: what a port may serve that anybody on the machine can reach."""
    api = FastAPI(title="spreads", version=control.identity.version, docs_url=None, redoc_url=None, openapi_url=None)
    api.include_router(health.router(control, registry))
    return api
