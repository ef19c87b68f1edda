"""python -m tests.simulation.chaos: trading days on a TWS that lies, many seeds, until enough was lied and enough was filled.

Prints each seed as it ends, then how often every field of every kind of message was changed, and what did not hold. Exits with 1
where something did not.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.chaos.days import Outcome, trade
from tests.simulation.chaos.mutations import Mutator

DAYS_MAX = 8
"""Simulated days of one seed at the most: by then half of what the truth fills in one must be filled."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--seeds", type=int, default=10, help="seeds 1 to this number")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--days", type=int, default=1, help="simulated days of the comparison, and at least of the lies")
    wanted = parser.parse_args()
    changed: Counter[tuple[str, int]] = Counter()
    fields: dict[str, int] = {}
    faults: list[str] = []
    for seed in range(wanted.first, wanted.first + wanted.seeds):
        truth = _traded(seed, wanted.days, None)
        days, lies = wanted.days, None
        while lies is None or (2 * lies.filled < truth.filled and days < DAYS_MAX):
            days = wanted.days if lies is None else days + 1
            mutator = Mutator(seed)
            lies = _traded(seed, days, mutator)
        if 2 * lies.filled < truth.filled:
            lies.faults.append(
                f"seed {seed}: {lies.filled} orders filled in {days} days of lies, {truth.filled} without in {wanted.days}"
            )
        print(
            f"seed {seed}: {lies.messages:,} messages changed in {lies.bursts} bursts over {days} days, {lies.kills} kills,"
            f" {lies.filled} orders filled; without lies {truth.filled} in {wanted.days}; {len(lies.faults) or 'no'} faults",
            flush=True,
        )
        for fault in (*truth.faults, *lies.faults):
            print(f"  {fault}", flush=True)
        changed += mutator.changed
        fields |= {kind: max(length, fields.get(kind, 0)) for kind, length in mutator.fields.items()}
        faults += [*truth.faults, *lies.faults]
    places = [(kind, place) for kind, length in fields.items() for place in range(length)]
    counts = [changed[place] for place in places]
    print(f"{changed.total():,} messages changed")
    print(f"{len(fields)} kinds with {len(places):,} fields, each changed at least {min(counts)} times")
    print("everything held" if not faults else f"{len(faults)} faults")
    return 1 if faults else 0


def _traded(seed: int, days: int, mutator: Mutator | None) -> Outcome:
    with TemporaryDirectory() as folder:
        return trade(seed, days, Path(folder), mutator)


if __name__ == "__main__":
    sys.exit(main())
