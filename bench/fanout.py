"""python -m bench.fanout [SHARDS …]: what it costs to hand shards of research out and to keep their results.

Each shard does nothing, so that all of the time is the way there and back: digests asked for, jobs sent, results written. By two
processes of this machine, and by a scheduler with two workers on loopback where the packages of a cluster are installed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.research.fanout import Folder, done, executor_of

CURVE = (100, 1_000, 10_000)
WORKERS = 2
SHARD_S = 1.0
"""A shard is at least a second of work."""
MOST = 5.0
"""Percent of the work that may be added to it."""
_WITHIN_S = 120


@dataclass(frozen=True, slots=True)
class Cluster:
    """A scheduler and its workers, processes of their own."""

    address: str
    workers: list[subprocess.Popen[str]]


@contextmanager
def cluster(folder: Path, count: int) -> Generator[Cluster]:
    """A scheduler with so many workers on loopback, which end with it."""
    told = folder / "scheduler.json"
    begun: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        made = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        begun.append(made)
        return made

    own = ("--no-dashboard", "--scheduler-file", str(told))
    try:
        start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *own)
        worker = ("distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", *own, "--host", "127.0.0.1")
        workers = [start(*worker, "--local-directory", str(folder)) for _ in range(count)]
        distributed = import_module("distributed")
        with distributed.Client(scheduler_file=str(told), timeout=_WITHIN_S, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=_WITHIN_S)
            yield Cluster(client.scheduler.address, workers)
    finally:
        for one in reversed(begun):
            one.kill()
            one.wait()


def nothing(number: int) -> bytes:
    """A shard without work."""
    return str(number).encode()


def named(number: int) -> str:
    return f"{number}.parquet"


def milliseconds(count: int, address: str | None) -> tuple[float, float]:
    """(by the clock, of this process's processor time) a shard, with workers that have begun."""
    with TemporaryDirectory() as scratch, executor_of(address, WORKERS) as executor:
        done(range(-8, 0), nothing, named, Folder(Path(scratch) / "warm"), executor)
        began, busy = time.perf_counter(), time.process_time()
        done(range(count), nothing, named, Folder(Path(scratch) / "kept"), executor)
        return 1e3 * (time.perf_counter() - began) / count, 1e3 * (time.process_time() - busy) / count


def main(counts: Sequence[int] = CURVE) -> None:
    """A row for each way and number of shards."""
    print(f"{'shards of no work':<34} {'shards':>8} {'ms each':>10} {'of them here':>13} {'added to a second, %':>22}")
    _rows("two processes", counts, None)
    if find_spec("distributed") is None:
        print("  the packages of a cluster are not installed, so none was asked")
        return
    with TemporaryDirectory() as scratch, cluster(Path(scratch), WORKERS) as many:
        _rows("scheduler, two workers, loopback", counts, many.address)


def _rows(name: str, counts: Sequence[int], address: str | None) -> None:
    for count in counts:
        wall, cpu = milliseconds(count, address)
        # Two workers end a shard of a second every half second.
        added = 100 * wall / (1e3 * SHARD_S / WORKERS)
        word = "pass" if added <= MOST else "miss"
        print(f"{name:<34} {count:>8,} {wall:>10,.2f} {cpu:>13,.2f} {added:>14,.2f} <= {MOST:g} {word}", flush=True)


if __name__ == "__main__":
    if wrong := [word for word in sys.argv[1:] if not word.isdecimal() or not int(word)]:
        sys.exit(f"{wrong[0]!r} is no number of shards; write  python -m bench.fanout 100 1000")
    main([int(word) for word in sys.argv[1:]] or CURVE)
