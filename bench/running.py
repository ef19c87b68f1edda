"""An engine that trades on a simulated TWS, each in a process of its own, and what can be read of a process from outside."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.latency import ACCOUNT, LINES, STRATEGY
from engine.cli.client import runs

PER_STEP, TRIALS = 100, 16
ASKED = STRATEGY.replace("approval: auto\n  auto_up_to: $5,000,000 risk, 1000 orders per day", "approval: manual")


@dataclass(slots=True)
class Tws:
    """What the simulated TWS has told."""

    port: int = 0
    held: int | None = None
    orders: dict[str, float] = field(default_factory=dict[str, float])
    fills: dict[str, float] = field(default_factory=dict[str, float])
    bids: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """When, and which."""

    def take(self, said: dict[str, Any]) -> None:
        match said:
            case {"port": port}:
                self.port = port
            case {"order": ref, "at": at}:
                self.orders.setdefault(ref, at)
            case {"filled": ref, "at": at}:
                self.fills.setdefault(ref, at)
            case {"held": con_id}:
                self.held = con_id
            case {"bid": bid, "at": at}:
                self.bids.append((at, bid))
            case _:
                pass


@asynccontextmanager
async def engine_at(folder: Path) -> AsyncGenerator[tuple[Path, Tws, int]]:
    """An engine that trades, as `spreads run --sim` starts it, and its TWS."""
    strategies, state = folder / "strategies", folder / "state"
    strategies.mkdir()
    (strategies / "drummed.yaml").write_text(ASKED)
    (strategies / "account.yaml").write_text(ACCOUNT)
    told = Tws()
    tws = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.approved", str(PER_STEP), str(TRIALS), stdout=PIPE)
    assert tws.stdout is not None, "asked for"
    told.take(json.loads(await tws.stdout.readline()))
    words = ("run", "--sim", "--port", str(told.port), "--state", str(state), "--strategies", str(strategies))
    more = ("--lines", str(LINES))
    log = (folder / "engine.out").open("w")
    run = await asyncio.create_subprocess_exec(sys.executable, "-m", "engine", *words, *more, stdout=log, stderr=log)
    reading = asyncio.create_task(_read(tws.stdout, told))
    try:
        await until(lambda: runs(state) or run.returncode is not None, 60)
        assert run.returncode is None, (folder / "engine.out").read_text()
        yield state, told, run.pid
    finally:
        reading.cancel()
        for process in (run, tws):
            if process.returncode is None:
                process.terminate()
            await process.wait()
        log.close()


async def _read(lines: asyncio.StreamReader, told: Tws) -> None:
    async for line in lines:
        told.take(json.loads(line))


async def until(holds: Callable[[], bool], patience_s: float) -> None:
    """Look fifty times a second. Raises TimeoutError."""
    async with asyncio.timeout(patience_s):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.02)


def cpu_s(pid: int) -> float:
    """Seconds of the processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """Megabytes that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
