"""Timing: all contenders in turn, round after round, so that a noisy second hits every one of them. Medians.

Each round has an order of its own, from a seed: who runs after a large merge finds cold caches, and that must not always be
the same one.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from statistics import median

Run = Callable[[], object]
LEAST = 5
"""Rounds that are made however long they take."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Median milliseconds of one contender: `wall` by the clock, `cpu` of all its threads together."""

    wall: float
    cpu: float


def interleaved(runs: Mapping[str, Run], rounds: int, seconds: float) -> dict[str, Taken]:
    """What each run takes, over at most `rounds` rounds or `seconds` of them all, but at least `LEAST`."""
    wall: dict[str, list[float]] = {name: [] for name in runs}
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    gc.collect()
    gc.disable()
    try:
        started, order, chance = time.perf_counter(), list(runs.items()), Random(1)
        for n in range(rounds):
            chance.shuffle(order)
            for name, run in order:
                clock, work = time.perf_counter(), time.process_time()
                run()
                wall[name].append(time.perf_counter() - clock)
                cpu[name].append(time.process_time() - work)
            if n + 1 >= LEAST and time.perf_counter() - started > seconds:
                break
    finally:
        gc.enable()
    return {name: Taken(1e3 * median(wall[name]), 1e3 * median(cpu[name])) for name in runs}
