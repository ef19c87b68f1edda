"""Keeps what was seen at the instant at which an order was proposed: its numbers can be computed, and decided on, again."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from engine.domain.chain import ChainSnapshot
from engine.domain.errors import UserError
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.union import Fact
from engine.ports import Broker
from engine.runtime.feed import Feed
from engine.runtime.library import Library
from engine.runtime.sources import code_digest
from engine.store import chains, scenes
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore
from engine.store.scenes import Scene


class Evidence:
    """An observer of facts: copies at once, and writes when the beat is over."""

    def __init__(
        self,
        quotes: QuoteStore,
        feed: Feed,
        state: Callable[[], Path],
        account: str,
        kept: Callable[[UserError | None], None],
        library: Library,
        broker: Broker,
    ) -> None:
        """`state` tells the folder, another one once it was gone; `kept` is told after each try: None, or why it was not kept."""
        self._quotes, self._feed, self._kept = quotes, feed, kept
        self._state, self._account = state, account
        self._library, self._broker, self._code = library, broker, code_digest()

    def saw(self, fact: Fact, at: datetime) -> None:
        if not isinstance(fact, OrderProposed):
            return
        chain = self._quotes.kept(at, fact.spread.underlying, fact.snapshot)
        market = self._feed.market(self._library.in_force, at)
        scene = Scene(at, fact.snapshot, self._code, market, self._broker.account, self._broker.data)
        asyncio.get_running_loop().call_soon(self._save, chain, dict(self._feed.carries), scene)

    def _save(self, chain: ChainSnapshot, carries: Mapping[str, Carry], scene: Scene) -> None:
        try:
            chains.save(self._state(), chain, self._account, carries)
            scenes.save(self._state(), scene)
            self._kept(None)
        except UserError as problem:
            self._kept(problem)
