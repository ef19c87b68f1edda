"""From a tick to the what-if and to the order, over TCP: the engine in this process, the simulated TWS in one of its own.

The TWS drums quotes over all lines; now and then one lets an opening through that nothing let through before. Measured at the
TWS's end of the socket: from the quote it writes to the what-if, and to the order, that it reads. So the wire, ib_async's
decoding, the store, the beat, the journal on disk and the answer to the what-if are all in it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.drummed import CADENCE_S
from engine.app import App
from engine.cli.simclock import simulated_now
from engine.metrics import Reading
from engine.options import Options
from engine.settings import Settings
from engine.sim.loop import LoopClock

LINES = 150
"""So that a hundred options are streamed: some lines are left to TWS's own windows and to the underlyings."""
TRIALS = 24
MESSAGES_OF_A_BID, MESSAGES_OF_A_QUOTE = 2, 5
"""What TWS sends when a bid moves: a price and a computation; when bid, ask and model move: two prices, three computations."""
STRATEGY = """
schema: 1
name: drummed
universe: [SPY]
filters:
  - volume >= 500
spread:
  type: bull_put
  expiry: 5-60 days
  short_delta: 0.01-0.99
  width: $1-$5
  rank: return_on_risk
sizing:
  risk: $10,000
  contracts: 1
limits:
  open: 1000
  per_day: 1000
  per_expiry: 1000
  stop_for_day: -$1,000,000
entry:
  window: 09:45-15:30 New York
  approval: auto
  auto_up_to: $5,000,000 risk, 1000 orders per day
  price: from mid, $0.05 every 15 s, no worse than 50% of mid, give up after 3 min
exits:
  - dte <= 1
"""
ACCOUNT = """
schema: 1
counts: {contracts_per_order: 5, entries_per_day: 1000, working_orders: 100, messages_per_minute: 1000, messages_per_fill: 1000}
"""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds over all trials."""

    lines: int
    messages_per_second: int
    trials: int
    preview_median: float
    preview_p95: float
    order_median: float
    order_p95: float
    between_beats: float
    """Mean time from one beat of the engine to the next."""


FULL = "1,300 messages a second"


def loads() -> dict[str, Latency]:
    """A hundred lines that are told four times a second, and 1,300 messages a second."""
    return {"100 lines, 4 a second": measure(100, full=False), FULL: measure(65, full=True)}


def measure(per_step: int, *, full: bool) -> Latency:
    """The latencies while `per_step` options move four times a second, bid alone or `full` with ask and greeks."""
    logging.disable(logging.ERROR)
    with TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), per_step, full))


async def _measure(folder: Path, per_step: int, full: bool) -> Latency:
    strategies = folder / "strategies"
    strategies.mkdir()
    (strategies / "drummed.yaml").write_text(STRATEGY)
    (strategies / "account.yaml").write_text(ACCOUNT)
    command = (sys.executable, "-m", "bench.drummed", str(per_step), "full" if full else "bid", str(TRIALS))
    tws = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    assert tws.stdout is not None, "asked for"
    try:
        port = int(await tws.stdout.readline())
        now = await asyncio.to_thread(simulated_now, "127.0.0.1", port)
        settings = Settings(mode="sim", port=port, state=folder / "state", strategies=strategies, lines=LINES)
        (folder / "state").mkdir()
        readings: list[Callable[[], Reading]] = []
        options = Options(serves_api=False, watches_files=False, on_reading=readings.append)
        app = App(settings, LoopClock(asyncio.get_running_loop(), now), options)
        engine = asyncio.create_task(app.run())
        counted = asyncio.create_task(_beats(readings))
        answer = asyncio.create_task(tws.stdout.readline())
        await asyncio.wait({engine, answer}, return_when=asyncio.FIRST_COMPLETED)
        counted.cancel()
        if engine.done():
            await engine
        told, between_beats = json.loads(await answer), _between(await counted)
        options.stop.set()
        app.nudge()
        await engine
    finally:
        if tws.returncode is None:
            tws.terminate()
        await tws.wait()
    per_step = min(per_step, int(told["lines"]))
    return _latency(told, round(per_step * (MESSAGES_OF_A_QUOTE if full else MESSAGES_OF_A_BID) / CADENCE_S), between_beats)


async def _beats(readings: Sequence[Callable[[], Reading]]) -> list[tuple[float, int]]:
    """Now and then, until it is canceled: the time, and how many beats there were."""
    seen: list[tuple[float, int]] = []
    with suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(0.5)
            seen += [(asyncio.get_running_loop().time(), read().beats) for read in readings]
    return seen


def _between(seen: Sequence[tuple[float, int]]) -> float:
    """Milliseconds between two beats in the later half, when everything was streamed."""
    (start, before), (end, after) = seen[len(seen) // 2], seen[-1]
    return 1e3 * (end - start) / (after - before)


def _latency(told: dict[str, object], messages_per_second: int, between_beats: float) -> Latency:
    trials = told["trials"]
    assert isinstance(trials, list), "as bench.drummed prints it"
    assert trials, "no opening came through: there is nothing to measure"
    previews = sorted(1e3 * (previewed - triggered) for triggered, previewed, _ in trials)
    orders = sorted(1e3 * (sent - triggered) for triggered, _, sent in trials)
    lines = told["lines"]
    assert isinstance(lines, int), "as bench.drummed prints it"
    late = (*_middle_and_late(previews), *_middle_and_late(orders))
    return Latency(lines, messages_per_second, len(trials), *late, between_beats)


def _middle_and_late(taken: list[float]) -> tuple[float, float]:
    """Median and 95th percentile, of at least one."""
    return taken[len(taken) // 2], taken[min(len(taken) - 1, round(0.95 * (len(taken) - 1)))]
