"""python -m tests.simulation.year: a year of sessions, one process of the engine after another, and a report of it.

Exits with 1 where something did not hold. The market steps and is told as in a demonstration.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.year.life import Year, lived


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.year")
    parser.add_argument("--first", type=date.fromisoformat, default=date(2026, 10, 26), help="the first day")
    parser.add_argument("--sessions", type=int, default=252)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args(words)
    with TemporaryDirectory() as folder:
        year = lived(
            Path(folder) / "year",
            wanted.first,
            wanted.sessions,
            wanted.seed,
            lambda line: print(line, flush=True),
        )
    print("\n".join(report(year)))
    return 1 if year.faults else 0


def report(year: Year) -> list[str]:
    """What it came to, a line a subject."""
    if not year.sessions:
        return [f"did not hold: {fault}" for fault in year.faults]
    few = max(1, year.sessions // 10)

    def between(values: Sequence[float], unit: str) -> str:
        return f"{_mean(values[:few]):.1f} {unit} in the first tenth, {_mean(values[-few:]):.1f} {unit} in the last"

    grown_kb = (year.files_mb[-1] - year.files_mb[0]) / year.sessions * 1000
    orders = f"{year.filled:,} of {year.sent:,} orders filled, {year.closed:,} of {year.positions:,} positions closed"
    ends = f"{year.exercised} exercised, {year.settled} settled, {year.beats:,} beats with invariants"
    agreed = "equal to the cent" if not year.faults else "see below"
    return [
        f"{year.sessions} sessions, {year.lives} processes; {', '.join(f'{n} {what}' for what, n in year.told.items())}",
        f"{orders}, {ends}",
        f"cash, books and what is held against the broker at the end of each session: {agreed}",
        f"memory at most {between(year.rss_mb, 'MB')}; files {year.files_mb[-1]:.1f} MB, {grown_kb:.0f} kB more a session",
        f"processor time of a start {between(year.starts_s, 's')}; of a session {between(year.cpu_s, 's')}",
        *(f"did not hold: {fault}" for fault in year.faults),
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    sys.exit(main())
