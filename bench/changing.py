"""A stream of 2,000 rows that all change with each of ten beats a second, as the API serves one; a process of its own.

    python -m bench.changing FOLDER SECONDS

The rows are the benchmark's; hub, boards, sessions, server and socket are the product's. It prints one line of JSON: how late the
beats were, and how much this process held and worked.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from fastapi import FastAPI, WebSocket
from pydantic import create_model

from engine.api.access.door import Access, Door
from engine.api.server import server, unix_socket
from engine.api.stream.boards import Source
from engine.api.stream.hub import Hub
from engine.api.stream.session import Session
from engine.cli.run import settle_memory
from engine.runtime.control import Control
from engine.runtime.plain import Row
from engine.runtime.standing import Identity, Pulse

ROWS, COLUMNS, BEATS_PER_S = 2_000, 16, 10
NAMES = tuple(f"c{at}" for at in range(1, COLUMNS))
Changing = create_model("Changing", id=(str, ...), **dict.fromkeys(NAMES, (float, ...)))  # type: ignore[call-overload]


class _Changing:
    """What a hub asks of an engine, over rows that change all the time."""

    identity = Identity("0", "sim", "DU1", "")

    def __init__(self) -> None:
        self.turn = 0

    def rows(self) -> Iterable[Row]:
        turn = self.turn
        for at in range(ROWS):
            value = 1.0 * turn + at
            yield {"id": f"r{at:04}", **dict.fromkeys(NAMES, value)}

    def now(self) -> datetime:
        return datetime.now(UTC)

    def pulse(self) -> Pulse:
        return Pulse(self.now(), "on", is_connected=True, data="live", last_beat_age_s=0.0, account_age_s=0.0, quotes_age_s=0.0)

    def keep(self, _: object) -> None:
        """Nobody asks for anything that is kept."""


async def main(folder: Path, seconds: float) -> None:
    """Serve, and beat."""
    changing = _Changing()
    control = cast("Control", changing)
    hub = Hub(control, {"candidates": Source(Changing, "id", lambda _: changing.rows())}, follows=False)
    api = FastAPI()

    @api.websocket("/v1/stream")
    async def stream(socket: WebSocket) -> None:
        await Session(hub, socket).run()

    _ = stream
    api.add_middleware(Door, access=Access(changing.now, changing.keep))
    web = server(api)
    serving = asyncio.create_task(web.serve(sockets=[unix_socket(folder)]))
    settle_memory()  # as `spreads run` does
    late: list[float] = []
    begun = time.monotonic()
    for turn in range(1, int(seconds * BEATS_PER_S)):
        due = begun + turn / BEATS_PER_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        late.append(1e3 * (time.monotonic() - due))
        changing.turn = turn
        hub.beat()
    used = resource.getrusage(resource.RUSAGE_SELF)
    late.sort()
    print(
        json.dumps(
            {
                "begun": begun,
                "late_p99": late[int(0.99 * len(late))],
                "late_most": late[-1],
                "rss_mb": used.ru_maxrss / 1024,
                "cpu": (used.ru_utime + used.ru_stime) / seconds,
            }
        )
    )
    web.should_exit = True
    await serving
    gc.unfreeze()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
