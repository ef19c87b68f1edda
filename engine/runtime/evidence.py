"""Keeps the chain of the instant at which an opening was proposed: whoever doubts its numbers can compute them again."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from engine.domain.chain import ChainSnapshot
from engine.domain.errors import UserError
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.union import Fact
from engine.runtime.feed import Feed
from engine.store import chains
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore


class Evidence:
    """An observer of facts: copies at once, and writes when the beat is over."""

    def __init__(
        self, quotes: QuoteStore, feed: Feed, state: Path, account: str, kept: Callable[[UserError | None], None]
    ) -> None:
        """`kept` is told after each try: None, or why the chain could not be kept."""
        self._quotes, self._feed, self._kept = quotes, feed, kept
        self._state, self._account = state, account

    def saw(self, fact: Fact, at: datetime) -> None:
        if not isinstance(fact, OrderProposed) or fact.purpose != "open":
            return
        chain = self._quotes.kept(at, fact.spread.underlying, fact.snapshot)
        asyncio.get_running_loop().call_soon(self._save, chain, dict(self._feed.carries))

    def _save(self, chain: ChainSnapshot, carries: Mapping[str, Carry]) -> None:
        try:
            chains.save(self._state, chain, self._account, carries)
            self._kept(None)
        except UserError as problem:
            self._kept(problem)
