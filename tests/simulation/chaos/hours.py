"""python -m tests.simulation.chaos.hours: trading hours in which much goes wrong, many seeds, in as many processes as wanted.

Prints what each seed that did not hold had drawn, and the sums. Exits with 1 where one did not hold. Any seed is played again
alone with `--seeds N`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.chaos.hour import Hour, trade

FILLED_LEAST = 10
"""Orders that a seed fills on average: an hour in which nothing trades shows nothing."""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.chaos.hours")
    parser.add_argument("--seeds", default="1-50", help="one seed, or the first and the last: 1-5000")
    parser.add_argument("--processes", type=int, default=1, help="how many seeds are played at a time")
    parser.add_argument("--verbose", action="store_true", help="say also of each seed that held what it had drawn")
    wanted = parser.parse_args(words)
    first, _, last = wanted.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    began_s = time.process_time()
    hours: list[tuple[Hour, float]] = []
    with ProcessPoolExecutor(wanted.processes, mp_context=get_context("spawn"), max_tasks_per_child=100) as pool:
        for hour, seconds in pool.map(_played, seeds):
            hours.append((hour, seconds))
            if hour.faults or wanted.verbose:
                print(_line(hour, seconds), flush=True)
            elif len(hours) % 100 == 0:
                print(f"{len(hours):,} of {len(seeds):,} played", flush=True)
    filled, beats = sum(hour.filled for hour, _ in hours), sum(hour.beats for hour, _ in hours)
    failed = [hour.seed for hour, _ in hours if hour.faults]
    cpu_s = sum(seconds for _, seconds in hours) + time.process_time() - began_s
    print(
        f"{len(hours):,} hours, {filled:,} orders filled, {filled / len(hours):.1f} a seed, invariants looked at after"
        f" {beats:,} beats, {cpu_s / len(hours):.1f} s of processor time a seed"
    )
    print("everything held" if not failed else f"{len(failed)} did not hold: {', '.join(map(str, failed))}")
    if filled < FILLED_LEAST * len(hours):
        print(f"fewer than {FILLED_LEAST} orders filled a seed: these hours show little")
        return 1
    return 1 if failed else 0


def _played(seed: int) -> tuple[Hour, float]:
    began_s = time.process_time()
    with TemporaryDirectory() as folder:
        hour = trade(seed, Path(folder))
    return hour, time.process_time() - began_s


def _line(hour: Hour, seconds: float) -> str:
    lines = [f"seed {hour.seed}: {hour.filled} of {hour.orders} orders filled, {hour.beats:,} beats, {seconds:.1f} s"]
    lines += [f"  drawn: {' '.join(hour.told)}"]
    return "\n".join([*lines, *(f"  did not hold: {fault}" for fault in hour.faults)])


if __name__ == "__main__":
    sys.exit(main())
