"""Orders, what happened to each, and their executions."""

from typing import Annotated

from fastapi import APIRouter, Query

from engine.api.models.base import OrderRef
from engine.api.models.orders import Execution, Order, OrderDetail
from engine.api.models.words import Outcome, Word
from engine.api.routes.answers import REFUSED, UNKNOWN, done, unknown
from engine.runtime.control import Control

EXECUTIONS_MAX = 5_000


def router(control: Control) -> APIRouter:
    """GET /orders, /orders/{order_ref} and /executions, POST /orders/{order_ref}/cancel."""
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
    async def cancel(order_ref: OrderRef, word: Word) -> Outcome:
        """End an opening that is on its way, or a close that a person asked for. What a rule closes goes on."""
        return done(*await control.cancel(order_ref, word.by, word.reason))

    @routes.get("/executions", tags=["executions"])
    async def executions(limit: Annotated[int, Query(ge=1, le=EXECUTIONS_MAX)] = 500) -> list[Execution]:
        """The last executions, those of the newest order first."""
        return [Execution.model_validate(row) for row in control.executions(limit)]

    _ = (orders, order, cancel, executions)
    return routes
