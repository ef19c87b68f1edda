"""The local API: what `spreads status`, approvals and halts speak, over HTTP on a unix socket.

    GET  /health  /metrics
    GET  /v1/status  /v1/approvals  /v1/positions  /v1/positions/{position}/close  /v1/orders  /v1/why/{strategy}
    POST /v1/approvals/{order_ref}/approve   /v1/approvals/{order_ref}/decline   /v1/halt   /v1/resume
         /v1/positions/{position}/close   /v1/orders/{order_ref}/cancel   /v1/breakers/{name}/lift

Whoever may open the socket may do everything: its file mode (0600) is the permission. Nothing here decides.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated

from fastapi import FastAPI, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel, ConfigDict, StringConstraints

from engine.api.names import ENGINE_HEADER, VERSION_HEADER
from engine.domain.parts import Portion, Side
from engine.runtime.control import Control
from engine.runtime.rows import Row

Who = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[\w .@:-]+$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
OrderRef = Annotated[str, StringConstraints(max_length=60)]


class Word(BaseModel):
    """Who says something, and why."""

    model_config = ConfigDict(extra="forbid")
    by: Who = "api"
    reason: Reason = ""


class PricedWord(Word):
    """Who trades something, why, and at which price it was looked at."""

    shown_net: Decimal | None = None
    """Net at mid that the person was shown, USD per share, + received. Where it moved since, nothing is sent."""


class CloseWord(PricedWord):
    """Who closes a position, or which portion of it."""

    side: Side | None = None
    """Its puts or its calls only."""
    half: bool = False
    """Half of the combinations, rounded up."""
    short: bool = False
    """What is owed only: the longs stay."""

    @property
    def portion(self) -> Portion:
        return Portion(self.side, self.half, self.short)


class LiftWord(BaseModel):
    """Who lifts a breaker, of which strategy, and why: lifting is not done without a reason."""

    model_config = ConfigDict(extra="forbid")
    by: Who = "api"
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    strategy: Annotated[str, StringConstraints(max_length=60)] = ""
    """Empty for the account's."""


class Outcome(BaseModel):
    done: bool
    text: str


def build(control: Control, registry: CollectorRegistry) -> FastAPI:
    """The API over one engine, for the socket that only its owner can open."""
    api = watch(control, registry)

    @api.middleware("http")
    async def name_the_engine(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        """Whoever halts or approves is told whose engine it was, also where it refuses."""
        response = await answer(request)
        response.headers[ENGINE_HEADER] = f"{control.identity.mode}, account {control.identity.account}"
        response.headers[VERSION_HEADER] = control.identity.version
        return response

    @api.get("/v1/status")
    async def status() -> Row:
        return control.status()

    @api.get("/v1/approvals")
    async def approvals() -> list[Row]:
        return control.approvals()

    @api.get("/v1/positions")
    async def positions(open: bool = False) -> list[Row]:  # noqa: A002 - the trade's own word
        return control.positions(only_open=open)

    @api.get("/v1/positions/{position}/close")
    async def closing(position: OrderRef, side: Side | None = None, half: bool = False, short: bool = False) -> Row:
        found = control.close_row(position, Portion(side, half, short))
        if found is None:
            raise HTTPException(404, f"no position {position!r}; `spreads positions` lists them")
        return found

    @api.post("/v1/positions/{position}/close")
    async def close(position: OrderRef, word: CloseWord) -> Outcome:
        return _done(*await control.close(position, word.by, word.reason, word.shown_net, word.portion))

    @api.post("/v1/orders/{order_ref}/cancel")
    async def cancel(order_ref: OrderRef, word: Word) -> Outcome:
        return _done(*await control.cancel(order_ref, word.by, word.reason))

    @api.get("/v1/orders")
    async def orders(working: bool = False) -> list[Row]:
        return control.orders(only_working=working)

    @api.get("/v1/why/{strategy}")
    async def why(strategy: str) -> Row:
        found = control.why(strategy)
        if found is None:
            known = ", ".join(sorted(control.ledger.strategies)) or "none is loaded"
            raise HTTPException(404, f"no strategy {strategy!r}; strategies: {known}")
        return found

    @api.post("/v1/approvals/{order_ref}/approve")
    async def approve(order_ref: OrderRef, word: PricedWord) -> Outcome:
        return _done(*await control.answer(order_ref, approve=True, by=word.by, reason=word.reason, shown_net=word.shown_net))

    @api.post("/v1/approvals/{order_ref}/decline")
    async def decline(order_ref: OrderRef, word: Word) -> Outcome:
        return _done(*await control.answer(order_ref, approve=False, by=word.by, reason=word.reason))

    @api.post("/v1/halt")
    async def halt(word: Word) -> Outcome:
        return Outcome(done=True, text=control.halt(word.by, word.reason))

    @api.post("/v1/resume")
    async def resume(word: Word) -> Outcome:
        return Outcome(done=True, text=control.resume(word.by))

    @api.post("/v1/breakers/{name}/lift")
    async def lift(name: OrderRef, word: LiftWord) -> Outcome:
        return _done(*control.lift(name, word.strategy, word.by, word.reason))

    # FastAPI holds the handlers; naming them keeps the reader's checker content that they are used.
    _ = (name_the_engine, status, approvals, positions, closing, close, cancel, orders, why)
    _ = (approve, decline, halt, resume, lift)
    return api


def watch(control: Control, registry: CollectorRegistry) -> FastAPI:
    """Health and metrics alone: what a port may serve that anybody on the machine can reach."""
    api = FastAPI(title="spreads", version=control.identity.version, docs_url=None, redoc_url=None, openapi_url=None)

    @api.get("/health")
    def health(response: Response) -> Row:
        sick = control.sick_because()
        response.status_code = 503 if sick else 200
        return {"healthy": not sick, "because": sick}

    @api.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    _ = (health, metrics)
    return api


def _done(done: bool, text: str) -> Outcome:
    if not done:
        # 409: somebody else decided, the price moved, or the time is over; the text says which.
        raise HTTPException(409, text)
    return Outcome(done=True, text=text)
