"""Orders, what happened to each, and their executions."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from engine.api.models.base import OrderRef
from engine.api.models.orders import Execution, Order, OrderDetail, OrderPreview
from engine.api.models.words import EditWord, Outcome, PickWord, Word
from engine.api.routes.answers import REFUSED, UNKNOWN, done, speaker, unknown
from engine.domain.snapshot import OpenAsked
from engine.runtime.control import Control

EXECUTIONS_MAX = 5_000


def router(control: Control) -> APIRouter:
    """Reading orders and executions, cancelling and changing them, and the order of a picked candidate."""
    routes = APIRouter()

    @routes.get("/orders", tags=["orders"])
    async def orders(working: bool = False) -> list[Order]:
        """Orders, oldest first. `working` leaves out what is over."""
        return [Order.model_validate(row) for row in control.orders(only_working=working)]

    @routes.get("/orders/{order_ref}", tags=["orders"], responses=UNKNOWN)
    async def order(order_ref: OrderRef) -> OrderDetail:
        """One order with what happened to it."""
        found = control.order(order_ref)
        if found is None:
            unknown(f"no order {order_ref!r}; `spreads orders --all` lists them")
        return OrderDetail.model_validate(found)

    @routes.post("/orders/{order_ref}/cancel", tags=["orders"], responses=REFUSED)
    async def cancel(order_ref: OrderRef, word: Word, request: Request) -> Outcome:
        """End an opening that is on its way, or a close that a person asked for. What a rule closes goes on."""
        return done(*await control.cancel(order_ref, speaker(request, word.by), word.reason))

    @routes.post("/orders/{order_ref}/modify", tags=["orders"], responses=REFUSED)
    async def modify(order_ref: OrderRef, word: EditWord, request: Request) -> Outcome:
        """Make an opening that works safer: it is never priced below `worst` any more, and repriced at once where it is lower."""
        return done(*await control.tighten(order_ref, speaker(request, word.by), word.reason, word.quantity, word.worst))

    @routes.post("/orders/preview", tags=["orders"])
    async def preview(word: PickWord, request: Request) -> OrderPreview:
        """What the order of a picked candidate would be now: prices, every gate, and the broker's what-if. Nothing is sent."""
        return OrderPreview.model_validate(await control.open_row(_pick(word, request)))

    @routes.post("/orders/execute", tags=["orders"], responses=REFUSED)
    async def execute(word: PickWord, request: Request) -> Outcome:
        """Have the order of a picked candidate proposed, previewed by the broker, held against every gate again, and sent.

        It asks a person once more where the price moved meanwhile. Limit orders for the day only: a market order of a combination
        fills at whatever the far side of every leg is at that moment.
        """
        return done(*await control.open(_pick(word, request)))

    @routes.get("/executions", tags=["executions"])
    async def executions(limit: Annotated[int, Query(ge=1, le=EXECUTIONS_MAX)] = 500) -> list[Execution]:
        """The last executions, those of the newest order first."""
        return [Execution.model_validate(row) for row in control.executions(limit)]

    _ = (orders, order, cancel, modify, preview, execute, executions)
    return routes


def _pick(word: PickWord, request: Request) -> OpenAsked:
    strategy, _, key = word.candidate.partition(":")
    return OpenAsked(strategy, key, speaker(request, word.by), word.reason, word.quantity, word.limit, word.shown_net)
