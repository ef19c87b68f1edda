"""Tokens for keys, and the keys themselves. They are made by `spreads keys add` only, beside the state folder."""

import asyncio

from fastapi import APIRouter, HTTPException

from engine.api.access.tokens import GOOD_FOR, Tokens
from engine.api.models.base import Name
from engine.api.models.keys import KeyRow, Token, TokenWord
from engine.api.models.words import Outcome, Problem
from engine.api.routes.answers import UNKNOWN, unknown
from engine.domain.errors import UserError
from engine.runtime.control import Control


def router(control: Control, tokens: Tokens) -> APIRouter:
    """POST /token, GET /keys, DELETE /keys/{key}."""
    routes = APIRouter(tags=["keys"])

    @routes.post("/token", responses={401: {"model": Problem, "description": "No such key, or it was revoked."}})
    async def token(word: TokenWord) -> Token:
        """A token for a key, good for a quarter of an hour."""
        key = await asyncio.to_thread(tokens.keys.verified, word.key)
        if key is None:
            raise HTTPException(401, "no such key, or it was revoked; `spreads keys list` shows those in force")
        now = control.now()
        return Token(token=tokens.give(key, now), expires_at=now + GOOD_FOR, name=key.name, role=key.role)

    @routes.get("/keys")
    async def keys() -> list[KeyRow]:
        """Every key that was ever made, without its secret."""
        return [
            KeyRow(id=key.id, name=key.name, role=key.role, created_at=key.created_at, revoked_at=key.revoked_at)
            for key in tokens.keys.all()
        ]

    @routes.delete("/keys/{key}", responses=UNKNOWN)
    async def revoke(key: Name) -> Outcome:
        """End a key by its name or id, and every token that was given for it."""
        try:
            found = tokens.keys.revoke(key, control.now())
        except UserError as error:
            unknown(str(error))
        return Outcome(done=True, text=f"revoked {found.name}; its tokens are good for nothing from now on")

    _ = (token, keys, revoke)
    return routes
