"""Fifty strategies over 20,000 contracts: of one vertical, whose pairs are shared, and of mixed structures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from bench import peers
from bench.chains import AS_OF, spx_like
from bench.more_legs import written
from bench.timing import Taken, interleaved
from engine.compile.entry import compile_entry
from engine.compile.scanner import Scanner
from engine.compile.shared import compile_shared
from engine.decide.entry.find import Finder
from engine.decide.rows import SCAN_SCHEMA
from engine.strategy.model import Strategy

SHARED, APART, LOOPS = "pairs shared, each picks its own (the product)", "fifty prepared scans", "fifty passes of numba loops"
MIXED = "fifty strategies of mixed structures (the product)"
FIFTY = 50
Rows = list[list[tuple[int, ...]]]


@dataclass(frozen=True, slots=True)
class Many:
    """What each way took for all fifty, and the ways whose rows differ."""

    taken: dict[str, Taken]
    differing: tuple[str, ...]


def drawn() -> list[peers.Bounds]:
    """The numbers of fifty bull puts, from a seed."""
    chance = Random(5)
    return [
        peers.Bounds(
            width_low=chance.choice((5.0, 10.0)), width_high=chance.choice((25.0, 50.0)),
            days=(low := chance.choice((14, 20, 30)), low + chance.choice((15, 25, 30))), volume=chance.choice((5.0, 10.0, 50.0)),
            open_interest=chance.choice((50.0, 100.0, 300.0)), quote_width=chance.choice((0.08, 0.10, 0.15)),
            delta=(start := chance.choice((0.08, 0.10, 0.15)), start + chance.choice((0.10, 0.20))),
            credit=chance.choice((0.05, 0.10, 0.15)),
        )
        for _ in range(FIFTY)
    ]  # fmt: skip


def bull_put(b: peers.Bounds) -> Strategy:
    """The strategy with these numbers."""
    spread = {
        "type": "bull_put", "expiry": f"{b.days[0]}-{b.days[1]} days", "short_delta": f"{b.delta[0]:.2f}-{b.delta[1]:.2f}",
        "width": f"${b.width_low:g}-${b.width_high:g}", "keep": peers.KEEP, "rank": "expected_value / max_loss",
        "rules": ["natural_credit > $0", f"credit >= {b.credit:.0%} of width", "pop >= 50%"],
    }  # fmt: skip
    filters = [
        f"volume >= {b.volume:g}",
        f"open_interest >= {b.open_interest:g}",
        f"quote_width <= {b.quote_width:.0%} of mid",
    ]
    return written(spread, filters)


def verticals(seconds: float) -> Many:
    """Fifty bull puts: the shared pairs, a scan for each, and a pass of the loops for each."""
    chain, bounds = spx_like(), drawn()
    strategies = [bull_put(b) for b in bounds]
    rows, scanner = Finder(Scanner()).rows(chain, {}, AS_OF), Scanner()
    scanner.relation("chain", SCAN_SCHEMA)
    scans = [scanner.prepare(compile_entry(one).query, "chain") for one in strategies]
    plan = compile_shared(strategies, "pairs_1")
    pairs = scanner.prepare(plan.pairs, "chain")
    scanner.relation("pairs_1", scanner.table(pairs, SCAN_SCHEMA.empty_table()).schema)
    searches = scanner.prepare(plan.searches, "pairs_1")
    columns = peers.numba_columns(chain.table)

    def shared() -> Rows:
        found: Rows = [[] for _ in strategies]
        for number, *row, _ in scanner.rows(searches, scanner.table(pairs, rows.table)):
            found[number].append(tuple(row))
        return found

    runs: dict[str, Callable[[], Sequence[object]]] = {
        SHARED: shared,
        APART: lambda: [[row[:2] for row in scanner.rows(scan, rows.table)] for scan in scans],
        LOOPS: lambda: [[row[:2] for row in peers.numba_loops(columns, 1, b)] for b in bounds],
    }
    found = {name: run() for name, run in runs.items()}
    differing = tuple(name for name, rows in found.items() if rows != found[LOOPS])
    return Many(interleaved(runs, 30, seconds), differing)


def mixed() -> list[Strategy]:
    """Fifty strategies as a trader with many would have them: thirty verticals of two kinds, ten condors, ten butterflies."""
    chance = Random(9)
    found = [bull_put(b) for b in drawn()[:20]]
    for n in range(30):
        days, width = chance.choice((20, 30)), chance.choice(("$5-$25", "$10-$50"))
        spread: dict[str, object] = {"expiry": f"{days}-{days + 25} days", "width": width, "keep": peers.KEEP}
        if n < 10:
            credit = chance.choice((10, 15))
            spread |= {"type": "bear_call", "short_delta": "0.10-0.30", "rules": [f"credit >= {credit}% of width", "pop >= 60%"]}
        elif n < 20:
            credit = chance.choice((15, 20, 30))
            spread |= {
                "type": "iron_condor",
                "short_delta": "0.10-0.25",
                "rules": [f"credit >= {credit}% of width", "pop >= 40%"],
            }
        else:
            debit = chance.choice((15, 30))
            spread |= {"type": "butterfly", "right": chance.choice(("put", "call")), "body_delta": "0.25-0.50"}
            spread |= {"rules": [f"debit <= {debit}% of width", "pop >= 10%"], "rank": "expected_value / max_loss"}
        found.append(written(spread))
    return [one.model_copy(update={"digest": f"{n:064d}", "name": f"number_{n}"}) for n, one in enumerate(found)]


def one_look(seconds: float) -> tuple[Taken, int]:
    """What a look of fifty mixed strategies takes with all of its candidates, and how many found some."""
    chain, strategies, finder = spx_like(), tuple(mixed()), Finder(Scanner())
    finder.together(strategies)

    def look() -> int:
        rows = finder.rows(chain, {}, AS_OF)
        return sum(bool(finder.scan(one, rows, ["SPX"], AS_OF)) for one in strategies)

    look()
    return interleaved({MIXED: look}, 20, seconds)[MIXED], look()
