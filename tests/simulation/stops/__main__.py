"""python -m tests.simulation.stops: demonstrations of some days, many seeds, and what became of every stop.

Prints a line a demonstration, then every breach (judge.py says what one is). Exits with 1 where there was one, or where fewer
stops were reached than --least.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.stops.judge import FOLDERS, Judged, judged


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.stops")
    parser.add_argument("--seeds", default="1-10", help="as in 1-10 or 3,7")
    parser.add_argument("--days", type=int, default=5, help="trading days of each demonstration")
    parser.add_argument(
        "--strategies", choices=[*FOLDERS, "both"], default="both", help="the shipped ones, six of stops, or both"
    )
    parser.add_argument("--least", type=int, default=0, help="stops that must be reached in all")
    parser.add_argument("--keep", type=Path, help="folder for the state of each demonstration; removed at once where not given")
    wanted = parser.parse_args()
    folders = list(FOLDERS) if wanted.strategies == "both" else [wanted.strategies]
    all_of_them: list[tuple[str, Judged]] = []
    for seed in _seeds(wanted.seeds):
        for name in folders:
            found = _judged(seed, wanted.days, name, wanted.keep)
            all_of_them.append((f"seed {seed}, {name}", found))
            print(f"seed {seed:>2}, {name:<7}: {_line(found)}", flush=True)
            for breach in found.breaches:
                print(f"    {breach}", flush=True)
    stops = [stop for _, found in all_of_them for stop in found.stops]
    breaches = [(where, breach) for where, found in all_of_them for breach in found.breaches]
    print(f"{len(stops)} stops, {sum(stop.is_jumped for stop in stops)} that the market jumped over; {len(breaches)} breaches")
    for where, breach in breaches:
        print(f"  {where}: {breach}")
    if len(stops) < wanted.least:
        print(f"fewer than {wanted.least} stops were reached")
    return 1 if breaches or len(stops) < wanted.least else 0


def _judged(seed: int, days: int, name: str, keep: Path | None) -> Judged:
    if keep is not None:
        return judged(seed, days, FOLDERS[name], keep / f"{name}-{seed}")
    with TemporaryDirectory() as folder:
        return judged(seed, days, FOLDERS[name], Path(folder) / "demo")


def _line(found: Judged) -> str:
    jumped = sum(stop.is_jumped for stop in found.stops)
    return (
        f"{len(found.stops):>2} stops, {jumped} jumped over, the dearest other {found.dearest:.2f} x its bound;"
        f" {found.openings} openings, {found.tripped} daily stops, {found.most_messages} messages at most;"
        f" {len(found.breaches) or 'no'} breaches; {found.cpu_s:.0f} s of processor"
    )


def _seeds(text: str) -> list[int]:
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


if __name__ == "__main__":
    sys.exit(main())
