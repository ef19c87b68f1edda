"""Counts how long TWS takes to answer what ib_async asks, and what it never answers."""
# ruff: noqa: N802 - the overridden name is ib_async's

import asyncio
from functools import partial
from typing import Any

from ib_async import Wrapper

from engine.broker.gauges import BrokerGauges


class TimedWrapper(Wrapper):
    """ib_async's wrapper; `gauges` is set before the first connect."""

    gauges: BrokerGauges

    def startReq(self, key: Any, contract: Any = None, container: Any = None) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = super().startReq(key, contract, container)
        future.add_done_callback(partial(self._ended, asyncio.get_running_loop().time()))
        return future

    def _ended(self, began: float, future: asyncio.Future[Any]) -> None:
        if future.cancelled():
            self.gauges.unanswered += 1
        else:
            self.gauges.request_seconds["question"].add(asyncio.get_running_loop().time() - began)
