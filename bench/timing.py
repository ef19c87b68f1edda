"""Timing: all contenders in turn, round after round, so that a noisy second hits every one of them; medians, and only ratios compared."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median

Run = Callable[[], object]


def interleaved(runs: Mapping[str, Run], rounds: int, seconds: float) -> dict[str, float]:
    """Median milliseconds of each run, over at most `rounds` rounds or `seconds` of them all, at least five rounds."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        for n in range(rounds):
            for name, run in runs.items():
                before = time.perf_counter()
                run()
                taken[name].append(time.perf_counter() - before)
            if n >= 4 and time.perf_counter() - started > seconds:
                break
    finally:
        gc.enable()
    return {name: 1e3 * median(times) for name, times in taken.items()}
