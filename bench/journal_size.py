"""python -m bench.journal_size [STRATEGIES...]: what a simulated day writes, in bytes, for so many strategies.

The market, the simulated TWS and the client are those of the demonstration, in virtual time; the strategies are the shipped ones
under several names. Sizes are exact and the same on every machine but for the length of the paths in the lines.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.app import App
from engine.cli.demo.demo import ACCOUNT, BREADTH, CASH, FIRST_DAY, LINES, PORT, SIM_OPTIONS
from engine.cli.markets import PAST
from engine.cli.shipped import shipped
from engine.options import Options
from engine.runtime.schedule import sessions_between
from engine.settings import Settings
from engine.sim.loop import VirtualLoop, run
from engine.sim.market.generated import GeneratedMarket
from engine.sim.simulator import Simulator
from engine.store import explanations, journal

SIZES = (6, 50)
SHARED = frozenset({"account.yaml", "common.yaml", "events.yaml"})
SEED = 10


@dataclass(frozen=True, slots=True)
class Written:
    """Of one day, in bytes."""

    journal: int
    journal_lines: int
    explanations: int
    looks: int
    """Recorded looks of all strategies."""
    unpacked: int
    """Of the explanations, before they were packed."""


def main(sizes: Sequence[int]) -> None:
    print(f"{'strategies':>10} {'journal':>12} {'lines':>7} {'explanations':>13} {'looks':>8} {'a look':>8} {'unpacked':>12}")
    for size in sizes:
        with TemporaryDirectory() as folder:
            day = written(Path(folder), size)
        a_look = day.explanations / max(1, day.looks)
        print(
            f"{size:>10} {day.journal:>12,} {day.journal_lines:>7,} {day.explanations:>13,} {day.looks:>8,} {a_look:>8,.0f}"
            f" {day.unpacked:>12,}",
            flush=True,
        )


def written(folder: Path, size: int) -> Written:
    """Run a day and count what stands in its state folder."""
    state = folder / "state"
    run(_day(_strategies(folder / "strategies", size), state), VirtualLoop())
    lines = b"".join(path.read_bytes() for path in (state / journal.FOLDER).glob("*.jsonl"))
    kept = sorted((state / explanations.FOLDER).iterdir())
    texts = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in kept]
    kinds = Counter(re.findall(rb'"kind":"(\w+)"', b"".join(texts)))
    return Written(
        journal=len(lines),
        journal_lines=lines.count(b"\n"),
        explanations=sum(path.stat().st_size for path in kept),
        looks=kinds[b"FunnelRecorded"],
        unpacked=sum(map(len, texts)),
    )


def _strategies(folder: Path, size: int) -> Path:
    """The shipped strategies again and again, each time under another name."""
    folder.mkdir(parents=True)
    files = sorted(shipped("strategies").glob("*.yaml"))
    for path in files:
        if path.name in SHARED:
            (folder / path.name).write_bytes(path.read_bytes())
    own = [path for path in files if path.name not in SHARED]
    for number in range(size):
        path = own[number % len(own)]
        text = re.sub(r"(?m)^name: (\w+)", rf"name: \1_{number}", path.read_text(encoding="utf-8"))
        (folder / f"{path.stem}_{number}.yaml").write_text(text, encoding="utf-8")
    return folder


async def _day(strategies: Path, state: Path) -> None:
    session = sessions_between(FIRST_DAY, FIRST_DAY + timedelta(days=3))[0]
    begins, ends = session.open - timedelta(minutes=5), session.close + timedelta(minutes=5)
    longest = sessions_between(begins.date() - PAST, begins.date() + timedelta(days=400))
    market = GeneratedMarket(SEED, begins, longest, ("SPX", "SPY", "VIX"), BREADTH, cadence_s=SIM_OPTIONS.cadence_s)
    simulator = Simulator(market, seed=SEED, begins=begins, account=ACCOUNT, cash=CASH, options=SIM_OPTIONS)
    await simulator.start("127.0.0.1", PORT)
    options = Options(serves_api=False, watches_files=False)
    app = App(
        Settings(mode="sim", port=PORT, account=ACCOUNT, state=state, strategies=strategies, lines=LINES), simulator, options
    )

    def leave() -> None:
        options.stop.set()
        app.nudge()

    asyncio.get_running_loop().call_later((ends - begins).total_seconds(), leave)
    try:
        await app.run()
    finally:
        await simulator.stop()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
