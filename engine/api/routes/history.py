"""Questions to the history in SQL."""

import asyncio
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from time import perf_counter

from fastapi import APIRouter, HTTPException

from engine.api.models.history import Question, Table
from engine.domain.errors import UserError
from engine.runtime.control import Control
from engine.store.history import query

AT_ONCE = 2
"""Questions that run at the same time; each may take a processor for seconds, which the engine needs too."""
AGAIN_S = 5
"""Seconds after which somebody who found no place may ask again."""


def router(control: Control) -> APIRouter:
    """POST /sql."""
    routes = APIRouter(tags=["history"])
    free = asyncio.Semaphore(AT_ONCE)

    @routes.post("/sql")
    async def sql(question: Question) -> Table:
        """The answer to one SELECT over the views. It runs beside the engine, and is interrupted when its time is over."""
        if free.locked():
            raise HTTPException(
                429, f"{AT_ONCE} questions are being answered already; ask again in some seconds", {"Retry-After": "5"}
            )
        async with free:
            began = perf_counter()
            try:
                found = await asyncio.to_thread(
                    query, Path(control.identity.state), question.sql, max_rows=question.limit, timeout_s=question.within_s
                )
            except UserError as error:
                raise HTTPException(422, str(error)) from error
        rows = tuple(tuple(_plain(value) for value in row) for row in found.rows)
        took_ms = round((perf_counter() - began) * 1000, 3)
        return Table(columns=found.columns, types=found.types, rows=rows, is_cut=found.is_cut, took_ms=took_ms)

    _ = sql
    return routes


def _plain(value: object) -> object:
    """The value in what JSON has."""
    match value:
        case None | bool() | int() | str():
            return value
        case float() | Decimal():
            return float(value) if Decimal(value).is_finite() else None
        case datetime() | date() | time():
            return value.isoformat()
        case dict():
            return {str(key): _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case _:
            return str(value)
