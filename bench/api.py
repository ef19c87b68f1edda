"""The API of an engine that trades on the simulated TWS, each a process of its own: answers, streams, changes, approvals.

Times are of the machine's clock that only goes on: from the moment at which a question was due to its whole answer; from the
quote that TWS writes, from the pause that is asked and from the fill that TWS tells to the frame that each of ten clients reads;
from the yes to the order that arrives at TWS.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import terminal
from bench.running import TRIALS, Tws, cpu_s, engine_at, until
from engine.api.names import SOCKET_NAME
from engine.client.asynchronous import AsyncClient
from engine.client.errors import Refused
from engine.client.mirror import Rows

CLIENTS = 10
REQUESTS_PER_S, LOAD_S, LANES = 200, 15, 20
PAUSES, SWINGS_S = 20, 15.0
HZ = 50.0
TOPICS = ("status", "approvals", "positions", "orders", "strategies")
PATHS = (
    "/v1/status", "/v1/positions?open=true", "/v1/approvals", "/v1/orders", "/v1/candidates", "/v1/status", "/v1/strategies",
    "/v1/executions?limit=50", "/v1/positions?open=true", "/health", "/v1/why/drummed", "/v1/approvals",
)  # fmt: skip
"""What the questions are about, in turn: as programs, pages and consoles ask."""


@dataclass(slots=True)
class Measured:
    """Milliseconds, every one that was measured."""

    answers: list[float] = field(default_factory=list[float])
    by_path: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    ticks: list[float] = field(default_factory=list[float])
    changes: list[float] = field(default_factory=list[float])
    fills: list[float] = field(default_factory=list[float])
    approvals: list[float] = field(default_factory=list[float])
    syncs: list[float] = field(default_factory=list[float])
    """What this disk takes to keep a line: each change of state is on it before anybody is told."""
    engine_cpu: float = 0.0
    """Share of a core that the engine used under the load of questions."""
    console: terminal.Console | None = None


def at_share(values: Sequence[float], share: float) -> float:
    """The value that so large a share of all does not exceed; of at least one."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def measure() -> Measured:
    """Everything, in about two minutes."""
    with TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> Measured:
    found = Measured()
    async with engine_at(folder) as (state, tws, pid), AsyncClient(state, by="bench") as engine:
        await _approve(engine, tws, found)
        await _change(state, engine, found)
        await _ticks(state, tws, found)
        await _ask(state, pid, found)
        found.console = await terminal.measure(state)
        found.syncs = _syncs(state)
    return found


async def _approve(engine: AsyncClient, tws: Tws, found: Measured) -> None:
    """Say yes to every opening that waits, as soon as it may be said, while ten clients follow; until TWS has moved on."""
    said: dict[str, float] = {}
    filled_at: dict[str, float] = {}
    following = asyncio.create_task(_filled(engine, filled_at))
    async with asyncio.timeout(60 + TRIALS * 20):
        while tws.held is None:
            for one in await engine.approvals():
                if one.preview is None or one.order_ref in said or one.gates_not_passed_now:
                    continue
                at = time.monotonic()
                with suppress(Refused):
                    await engine.approve(one.order_ref, one.net_now)
                    said[one.order_ref] = at
            await asyncio.sleep(0.01)
    following.cancel()
    found.approvals = [1e3 * (tws.orders[ref] - at) for ref, at in said.items() if ref in tws.orders]
    found.fills = [1e3 * (at - tws.fills[ref]) for ref, at in filled_at.items() if ref in tws.fills]


async def _filled(engine: AsyncClient, at: dict[str, float]) -> None:
    async for update in engine.stream("orders", max_hz=HZ):
        if isinstance(update, Rows):
            now = time.monotonic()
            for ref, row in update.rows.items():
                if row["state"] == "filled":
                    at.setdefault(ref, now)


async def _change(state: Path, engine: AsyncClient, found: Measured) -> None:
    """Pause and resume the strategy, and see when each of ten clients is told."""
    heard: list[dict[bool, float]] = [{} for _ in range(CLIENTS)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_paused(state, one)) for one in heard]
        await asyncio.sleep(1)
        for number in range(2 * PAUSES):
            is_paused = number % 2 == 0
            for one in heard:
                one.clear()
            at = time.monotonic()
            await (engine.pause("drummed", "bench") if is_paused else engine.unpause("drummed"))
            await until(lambda is_paused=is_paused: all(is_paused in one for one in heard), 10)
            found.changes += [1e3 * (one[is_paused] - at) for one in heard]
            await asyncio.sleep(0.3)
        for task in tasks:
            task.cancel()


async def _paused(state: Path, heard: dict[bool, float]) -> None:
    async with AsyncClient(state) as engine:
        async for update in engine.stream("strategies", max_hz=HZ):
            if isinstance(update, Rows):
                for row in update.rows.values():
                    heard.setdefault("paused" in (row["stopped"] or ""), time.monotonic())


async def _ticks(state: Path, tws: Tws, found: Measured) -> None:
    """When each of ten clients, which follow everything that a console may show, is told the bid that TWS writes."""
    heard: list[list[tuple[float, float]]] = [[] for _ in range(CLIENTS)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_bids(state, tws, one)) for one in heard]
        await asyncio.sleep(SWINGS_S)
        for task in tasks:
            task.cancel()
    for one in heard:
        for at, bid in one[5:]:
            written = [when for when, what in tws.bids if when <= at and what == bid]
            if written:
                found.ticks.append(1e3 * (at - written[-1]))


async def _bids(state: Path, tws: Tws, heard: list[tuple[float, float]]) -> None:
    async with AsyncClient(state) as engine:
        async for update in engine.stream(*TOPICS, max_hz=HZ):
            if not isinstance(update, Rows) or update.topic != "positions":
                continue
            now = time.monotonic()
            bids = [leg["bid"] for row in update.rows.values() for leg in row["legs"] if leg["con_id"] == tws.held]
            if bids and (not heard or heard[-1][1] != bids[0]):
                heard.append((now, bids[0]))


async def _ask(state: Path, pid: int, found: Measured) -> None:
    """Two hundred questions a second, each sent when it is due whether or not those before it were answered."""
    questions: asyncio.Queue[tuple[float, str]] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        lanes = [group.create_task(_lane(state, questions, found)) for _ in range(LANES)]
        begun, cpu = time.monotonic(), cpu_s(pid)
        for number, path in zip(range(REQUESTS_PER_S * LOAD_S), itertools.cycle(PATHS)):
            due = begun + number / REQUESTS_PER_S
            if (pause := due - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            questions.put_nowait((due, path))
        await questions.join()
        found.engine_cpu = (cpu_s(pid) - cpu) / (time.monotonic() - begun)
        for lane in lanes:
            lane.cancel()


def _syncs(folder: Path) -> list[float]:
    """Milliseconds in which a line is brought to the disk of this folder, fifty times."""
    taken: list[float] = []
    with (folder / "synced").open("wb", buffering=0) as file:
        for _ in range(50):
            at = time.monotonic()
            file.write(b"x" * 400)
            os.fsync(file.fileno())
            taken.append(1e3 * (time.monotonic() - at))
    return taken


async def _lane(state: Path, questions: asyncio.Queue[tuple[float, str]], found: Measured) -> None:
    """One connection that asks one thing after the other."""
    reader, writer = await asyncio.open_unix_connection(str(state / SOCKET_NAME))
    while True:
        due, path = await questions.get()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: engine\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200"), head
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
        taken = 1e3 * (time.monotonic() - due)
        found.answers.append(taken)
        found.by_path.setdefault(path, []).append(taken)
        questions.task_done()
