"""A client that does not read for fifteen seconds while 2,000 rows change ten times a second, and what it then has to read."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from asyncio.subprocess import PIPE
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from websockets.asyncio.client import unix_connect

from bench.changing import BEATS_PER_S, ROWS
from bench.running import until
from engine.api.models.stream import Delta, Hello, Snapshot, Told
from engine.api.names import SOCKET_NAME
from engine.cli.client import runs

STALL_S, AROUND_S, HZ = 15.0, 5.0, 10.0
CHANGES_PER_S = ROWS * BEATS_PER_S
_told: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)


@dataclass(frozen=True, slots=True)
class Stalled:
    """What became of both ends."""

    frames: int
    """Read from the end of the stall to the first that was made after it: what both sockets held, and one delta."""
    snapshots: int
    """Among them: none where it comes back by deltas."""
    gaps: int
    """Frames that were missed."""
    rows: int
    """That the last of them changed."""
    caught_up_ms: float
    """From the end of the stall until it was read."""
    late_p99: float
    late_most: float
    """Milliseconds by which beats came late, all the while."""
    late_most_alone: float
    """The same without any client."""
    rss_mb: float
    rss_mb_alone: float
    cpu: float
    """Share of a core of the serving process."""


def measure() -> Stalled:
    """Once without a client, and once with one that stalls and one that reads."""
    return asyncio.run(_measure())


async def _measure() -> Stalled:
    alone = await _served(AROUND_S, None)
    frames: list[tuple[float, Told]] = []
    served = await _served(STALL_S + 3 * AROUND_S, frames)
    ended, told = frames[0][0], [(at, one) for at, one in frames if isinstance(one, Delta | Snapshot)]
    seqs = [one.seq for _, one in told]
    newer = next(number for number, (_, one) in enumerate(told) if served["begun"] + _turn(one) / BEATS_PER_S > ended)
    at, last = told[newer]
    return Stalled(
        frames=newer + 1,
        snapshots=sum(isinstance(one, Snapshot) for _, one in told),
        gaps=sum(after - before - 1 for before, after in itertools.pairwise(seqs)),
        rows=len(last.update) if isinstance(last, Delta) else 0,
        caught_up_ms=1e3 * (at - ended),
        late_p99=served["late_p99"],
        late_most=served["late_most"],
        late_most_alone=alone["late_most"],
        rss_mb=served["rss_mb"],
        rss_mb_alone=alone["rss_mb"],
        cpu=served["cpu"],
    )


def _turn(frame: Delta | Snapshot) -> float:
    """The beat that its rows are of."""
    return float(frame.update[0][1]["c1"]) if isinstance(frame, Delta) else float(frame.rows[0][1])


async def _served(seconds: float, frames: list[tuple[float, Told]] | None) -> dict[str, float]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.changing", name, str(seconds), stdout=PIPE)
        assert process.stdout is not None, "asked for"
        await until(lambda: runs(folder), 60)
        if frames is not None:
            await _stall(folder, frames)
        found: dict[str, float] = json.loads(await process.stdout.readline())
        await process.wait()
        return found


async def _stall(folder: Path, frames: list[tuple[float, Told]]) -> None:
    socket = str(folder / SOCKET_NAME)
    uri = "ws://engine/v1/stream"
    async with unix_connect(socket, uri, max_queue=1, max_size=None, compression=None) as client:
        await client.send(f'{{"type": "subscribe", "topic": "candidates", "max_hz": {HZ}}}')
        while not isinstance(_told.decode(await client.recv()), Snapshot):
            pass
        client.transport.pause_reading()
        await asyncio.sleep(STALL_S)
        client.transport.resume_reading()
        frames.append((time.monotonic(), Hello("", "", (), 0)))
        with suppress(TimeoutError):
            async with asyncio.timeout(AROUND_S):
                while True:
                    frames.append((time.monotonic(), _told.decode(await client.recv())))


if __name__ == "__main__":
    print(measure())
