"""The simulated TWS of the API's benchmark, a process of its own: it lets openings through, fills them, and moves what is held.

    python -m bench.approved QUOTES_PER_STEP TRIALS

It prints lines of JSON: its port; how many lines are streamed; then each order that arrives and each fill that it tells, and,
once all trials are done, each bid of the held option that it writes. All times are seconds of this machine's clock that only goes
on, which every process reads alike.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from datetime import datetime

import numpy as np

from bench.drummed import DrummedMarket, TimedSimulator, pairs, until_streaming
from engine.sim.market.quotes import Change
from engine.sim.server import Received

TRIAL_S, REST_S = 15.0, 0.5
STEPS = 8
"""Bids that the held option goes through: which of them a client is told says which step it comes from, within two seconds."""


class SwungMarket(DrummedMarket):
    """A drummed market in which the bid of one option tells which step it is from."""

    swung: tuple[int, float] | None = None
    """Its row, and the bid that it began with."""
    swing = 0

    def step(self, now: datetime) -> Change:
        if self.swung is not None:
            row, bid = self.swung
            self.rows = [one for one in self.rows if one != row]
            change = super().step(now)
            self.swing = (self.swing + 1) % STEPS
            self._quotes.bid[row] = round(bid - 0.01 * self.swing, 2)
            told(bid=float(self._quotes.bid[row]), at=time.monotonic())
            return Change(np.union1d(change.rows, [row]), change.underlyings)
        return super().step(now)


def told(**what: object) -> None:
    """A line for who measures."""
    print(json.dumps(what), flush=True)


class _Bench:
    def __init__(self, per_step: int, trials: int) -> None:
        self._market = SwungMarket(per_step, full=False)
        self._sim = TimedSimulator(self._market, self._heard)
        self._trials, self._sent = trials, asyncio.Event()

    async def play(self) -> None:
        told(port=await self._sim.start(port=0))
        await until_streaming(self._sim, self._market)
        told(lines=len(self._market.rows))
        filled: list[tuple[int, int]] = []
        for pair in pairs(self._market):
            if await self._one(pair):
                filled.append(pair)
            if len(filled) == self._trials:
                break
        market = self._market
        held = filled[-1][1]  # the higher strike is sold
        market.swung = held, float(market.quotes.bid[held])
        told(held=int(market.listing.con_id[held]), trials=len(filled))
        await asyncio.Event().wait()

    async def _one(self, pair: tuple[int, int]) -> bool:
        """Let one opening through, and fill its order as soon as it is there; whether it came."""
        self._market.lets_through, self._sent = pair, asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(TRIAL_S):
                await self._sent.wait()
        self._market.lets_through = None
        await asyncio.sleep(REST_S / 2)
        for order in self._sim.exchange.working():
            told(filled=order.terms.order_ref, at=time.monotonic())
            self._sim.tell(self._sim.exchange.fill(order, self._sim.now()))
        await asyncio.sleep(REST_S / 2)
        return self._sent.is_set()

    def _heard(self, request: Received) -> None:
        if request.name == "place_order" and not request.message.flag("what_if"):
            told(order=request.message.text("order_ref"), at=time.monotonic())
            self._sent.set()


if __name__ == "__main__":
    asyncio.run(_Bench(int(sys.argv[1]), int(sys.argv[2])).play())
