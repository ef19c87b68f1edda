"""The simulated TWS of the latency benchmark, a process of its own: it drums quotes, triggers openings and keeps the times.

    python -m bench.drummed QUOTES_PER_STEP FULL TRIALS

It prints its port, then one line of JSON when all openings have been measured. Time is taken at this end of the wire, by this
process's clock: from the step of the market that writes the quote which lets an opening through, to the arrival of the what-if
and of the order that follow from it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np

from engine.runtime.schedule import sessions_between
from engine.sim.exchange.fills import FillModel
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.quotes import Change
from engine.sim.market.series import Breadth
from engine.sim.options import SimOptions
from engine.sim.server import ConnectionEvents, Received
from engine.sim.simulator import Simulator

BEGINS = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
"""A Monday, 10:00 in New York."""
CADENCE_S = 0.25
"""TWS sends aggregates four times a second."""
LET_THROUGH = 900
"""Volume that the strategy asks for; nothing else of an option is looked at that the drum changes."""
READY_S, TRIAL_S, REST_S = 6.0, 10.0, 0.6
SIM_OPTIONS = SimOptions(
    cadence_s=CADENCE_S,
    match_every_s=CADENCE_S,
    pnl_every_s=60,
    max_lines=160,
    fills=FillModel(per_second_at_mid=0.0, per_second_near_natural=0.0, partial=0.0),
)


@dataclass(slots=True)
class Trial:
    """One opening: when it was let through, and when its what-if and its order arrived, seconds of the loop."""

    triggered: float
    previewed: float | None = None
    sent: float | None = None


class DrummedMarket(GeneratedMarket):
    """A market whose spot stands still while the quotes of its streamed options go up and down by a cent.

    `per_step` options move at a step; `full` moves bid, ask and volatility, else the bid alone.
    """

    def __init__(self, per_step: int, full: bool) -> None:
        sessions = sessions_between(date(2026, 11, 9), date(2027, 2, 26))
        self.rows: list[int] = []
        self._per_step, self._full = per_step, full
        self._turn = 0
        self._is_drumming = False
        self.lets_through: tuple[int, int] | None = None
        self.wrote_at: float | None = None
        super().__init__(7, BEGINS, sessions, ("SPY",), Breadth(0, 0, 2, 2.0), CADENCE_S)
        self._quotes.volume[:] = 1.0
        self._is_drumming = True

    def step(self, now: datetime) -> Change:
        if not self._is_drumming:
            return super().step(now)
        quotes, up = self._quotes, 1 if self._turn % 2 else -1
        self._turn += 1
        moved = self.rows[: self._per_step]
        rows = np.array(sorted(moved), dtype=np.int64)
        quotes.bid[rows] = np.round(quotes.bid[rows] + 0.01 * up, 2)
        if self._full:
            quotes.ask[rows] = np.round(quotes.ask[rows] + 0.01 * up, 2)
            quotes.iv[rows] += 1e-6 * up
        quotes.volume[:] = 1.0
        if self.lets_through is not None:
            pair = list(self.lets_through)
            quotes.volume[pair] = LET_THROUGH
            quotes.bid_size[pair] += up
            if self.wrote_at is None:
                self.wrote_at = asyncio.get_running_loop().time()
            rows = np.union1d(rows, pair)
        return Change(rows, ())

    def next_event(self, now: datetime) -> datetime | None:
        return now


class TimedSimulator(Simulator):
    """Tells of each request when it has arrived."""

    def __init__(self, market: GeneratedMarket, heard: Callable[[Received], None]) -> None:
        self._told = heard
        super().__init__(market, seed=1, begins=BEGINS, cash=500_000_000, options=SIM_OPTIONS)

    def _connection_events(self) -> ConnectionEvents:
        events = super()._connection_events()

        def received(request: Received) -> None:
            events.received(request)
            self._told(request)

        return replace(events, received=received)


async def until_streaming(sim: Simulator, market: DrummedMarket) -> None:
    """Wait until the lines of the client have not changed for some seconds; they are the ones that are drummed then."""
    before: list[int] = []
    while True:
        await asyncio.sleep(READY_S)
        now = _streamed(sim, market)
        if now and now == before:
            market.rows = now
            return
        before = now


def _streamed(sim: Simulator, market: DrummedMarket) -> list[int]:
    lines: dict[int, int] = {}
    for request in sim.received:
        if request.name == "req_mkt_data":
            lines[request.message.whole("req_id")] = request.message.whole("con_id")
        elif request.name == "cancel_mkt_data":
            lines.pop(request.message.whole("req_id"), None)
    rows = (market.row(con_id) for con_id in lines.values())
    return sorted(row for row in rows if row is not None)


def pairs(market: DrummedMarket) -> list[tuple[int, int]]:
    """Puts of one expiry beside each other, each option in one pair only: sold above, bought below."""
    listing, found, rest = market.listing, [], list(market.rows)
    while len(rest) > 1:
        low, high = rest[0], rest[1]
        is_pair = (
            listing.sign[low] < 0
            and listing.sign[high] < 0
            and listing.expiry[low] == listing.expiry[high]
            and 0 < listing.strike[high] - listing.strike[low] <= 5
        )
        rest = rest[2:] if is_pair else rest[1:]
        if is_pair:
            found.append((low, high))
    return found


class _Bench:
    def __init__(self, per_step: int, full: bool, trials: int) -> None:
        self._market = DrummedMarket(per_step, full)
        self._sim = TimedSimulator(self._market, self._heard)
        self._wanted = trials
        self._trial: Trial | None = None
        self._sent = asyncio.Event()
        self._trials: list[Trial] = []

    async def play(self) -> None:
        print(await self._sim.start(port=0), flush=True)
        await until_streaming(self._sim, self._market)
        for pair in pairs(self._market):
            await self._one(pair)
            if len(self._trials) == self._wanted:
                break
        told = [[trial.triggered, trial.previewed, trial.sent] for trial in self._trials]
        print(json.dumps({"lines": len(self._market.rows), "trials": told}), flush=True)
        await self._sim.stop()

    async def _one(self, pair: tuple[int, int]) -> None:
        market = self._market
        market.wrote_at, market.lets_through = None, pair
        self._trial, self._sent = Trial(0.0), asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(TRIAL_S):
                await self._sent.wait()
        market.lets_through = None
        if self._trial.sent is not None and market.wrote_at is not None:
            self._trial.triggered = market.wrote_at
            self._trials.append(self._trial)
        self._trial = None
        await asyncio.sleep(REST_S / 2)
        for order in self._sim.exchange.working():
            self._sim.tell(self._sim.exchange.fill(order, self._sim.now()))
        await asyncio.sleep(REST_S / 2)

    def _heard(self, request: Received) -> None:
        trial = self._trial
        if trial is None or request.name != "place_order":
            return
        now = asyncio.get_running_loop().time()
        if request.message.flag("what_if"):
            trial.previewed = trial.previewed or now
        elif trial.previewed is not None:
            trial.sent = trial.sent or now
            self._sent.set()


if __name__ == "__main__":
    asyncio.run(_Bench(int(sys.argv[1]), sys.argv[2] == "full", int(sys.argv[3])).play())
