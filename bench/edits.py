"""An edit that is saved while fifty strategies run over 20,000 contracts: `python -m bench.edits`, and in `make bench`.

Beats follow each other as in a running engine; the files are read and parsed in a thread of its own meanwhile, and swapped
between two beats. Printed: how long a beat takes as a rule, the longest while files are parsed, the swap, and the first beat
with the new version in it, which compiles it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, process_time

from bench.chains import AS_OF, spx_like
from bench.many import FIFTY
from bench.pipeline import filled_store
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.ledger import Ledger
from engine.runtime.library import Library

EDITS = 10
BEATS = 6
"""Beats before each edit, and after it."""
HEARD = 65
BEAT_MOST_MS = 1_000
"""The engine beats once a second at least: a beat that takes longer misses the next."""
_STRUCTURES = (
    *(("bull_put", "short_delta: 0.10-0.25\n  width: $10-$50"),) * 4,
    *(("bear_call", "short_delta: 0.10-0.30\n  width: $10-$50"),) * 2,
    *(("iron_condor", "short_delta: 0.10-0.25\n  width: $5-$25"),) * 2,
    *(("butterfly", "right: put\n  body_delta: 0.25-0.50\n  width: $5-$25"),) * 2,
)


@dataclass(frozen=True, slots=True)
class Edited:
    """Milliseconds of processor."""

    beat: float
    """A beat as a rule: the median."""
    while_parsed: float
    """The longest of those during which files were read and parsed beside them."""
    parsed: float
    """From the save until everything is parsed, by the clock, beside the beats: the median."""
    swap: float
    """The longest pause between two beats that a swap made."""
    first: float
    """The longest of the beats that had the new version for the first time."""
    refused: int
    """Edits that were invalid and changed nothing."""

    @property
    def missed(self) -> int:
        """How many of the longest pauses are beyond a beat."""
        return sum(one > BEAT_MOST_MS for one in (self.while_parsed, self.swap, self.first))


def text(number: int, credit: int) -> str:
    """A strategy of the bench as a file."""
    kind, keys = _STRUCTURES[number % len(_STRUCTURES)]
    rule = f"credit >= {credit}% of width" if kind != "butterfly" else f"debit <= {credit + 10}% of width"
    return (
        f"schema: 1\nname: number_{number}\nuniverse: [SPX]\nfilters:\n  - open_interest >= {100 + number}\n  - volume >= 10\n"
        f"spread:\n  type: {kind}\n  expiry: {20 + number % 10}-45 days\n  {keys}\n  rules:\n    - {rule}\n    - pop >= 20%\n"
        "sizing: {risk: $5,000}\nexits:\n  - loss >= 50% of max_loss\n  - dte <= 7\n"
    )


async def measured(edits: int) -> Edited:
    """Edits of one file after another, each while beats go on."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "strategies"
        files.mkdir()
        for number in range(FIFTY):
            (files / f"number_{number}.yaml").write_text(text(number, 10), encoding="utf-8")
        library = Library(files, Path(folder) / "archive")
        library.open(Ledger())
        return await _edited(library, files, edits)


async def _edited(library: Library, files: Path, edits: int) -> Edited:
    beat, usual, busy, parsed, swaps, firsts, refused = _beats(library), list[float](), list[float](), [], [], [], 0
    for number in range(edits):
        usual += [_timed(beat) for _ in range(BEATS)]
        wrong = number % 5 == 4
        (files / f"number_{number}.yaml").write_text(text(number, 11 + number) + ("exits: [" if wrong else ""), encoding="utf-8")
        began = perf_counter()
        reading = asyncio.create_task(asyncio.to_thread(library.read))
        while not reading.done():
            busy.append(_timed(beat))
            await asyncio.sleep(0)
        parsed.append((perf_counter() - began) * 1000)
        read, before = await reading, library.in_force.strategies
        swaps.append(_timed(lambda read=read: library.reload(read)))
        refused += library.in_force.strategies == before and wrong
        firsts.append(_timed(beat))
    return Edited(median(usual), max(busy, default=0.0), median(parsed), max(swaps), max(firsts), refused)


def _beats(library: Library) -> Callable[[], object]:
    """A beat of the search: some options have moved, and every strategy in force is looked for."""
    chain = spx_like()
    store, finder, turn = filled_store(chain), Finder(Scanner()), count(1)
    moving = Random(2).sample(range(len(chain.contracts)), HEARD)
    bids, asks = (chain.table.column(name).to_pylist() for name in ("bid", "ask"))

    def beat() -> int:
        number = next(turn)
        now = AS_OF + timedelta(milliseconds=number)
        for row in moving:
            more = 0.01 * (number % 2)
            store.option(chain.contracts[row].con_id, now.timestamp(), bid=bids[row] + more, ask=asks[row] + more)
        strategies = tuple(library.in_force.strategies.values())
        finder.keep_only(strategies)
        finder.together(strategies)
        rows = finder.rows(store.snapshot(now), {}, now)
        return sum(bool(finder.scan(one, rows, ["SPX"], now)) for one in strategies)

    beat()
    return beat


def _timed(run: Callable[[], object]) -> float:
    """Milliseconds of processor, of all threads: what else runs on the machine does not count."""
    began = process_time()
    run()
    return (process_time() - began) * 1000


def lines(found: Edited, edits: int) -> str:
    """The numbers as they are printed."""
    return (
        f"Edits of one of {FIFTY} files while all of them run over 20,000 contracts, {edits} times; milliseconds of processor\n"
        f"  a beat {found.beat:.0f}; the longest while a file is parsed beside it {found.while_parsed:.0f}, which takes"
        f" {found.parsed:.0f} by the clock; the swap {found.swap:.1f}; the first beat with the new version {found.first:.0f};"
        f" {found.refused} invalid edits changed nothing\n  beats missed: {found.missed}"
    )


def main() -> int:
    """Print it; 1 where a beat was missed."""
    found = asyncio.run(measured(EDITS))
    print(lines(found, EDITS))
    return int(found.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
