"""Fifty strategies over 20,000 contracts: of one vertical, whose pairs are shared, and of mixed structures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from random import Random

from bench import peers
from bench.chains import AS_OF, spx_like
from bench.more_legs import written
from bench.pipeline import filled_store
from bench.timing import Taken, interleaved
from engine.compile.entry import compile_entry
from engine.compile.scanner import Scanner
from engine.compile.shared import compile_shared
from engine.decide.entry.find import Finder
from engine.decide.rows import SCAN_SCHEMA
from engine.domain.chain import ChainSnapshot
from engine.store.analytics import FEED_GREEKS
from engine.strategy.model import Strategy

SHARED, APART, LOOPS = "pairs shared, each picks its own (the product)", "fifty prepared scans", "fifty passes of numba loops"
HEARD_LOOK, EVERY_LOOK = "65 options have moved", "every option has moved"
HEARD = 65
"""Options that 1,300 messages a second are about: each is told four times a second, in five messages."""
MOMENT_MS = 1
"""Between two looks, so short that nothing grows too old while it is measured."""
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


def one_look(seconds: float) -> tuple[dict[str, Taken], int]:
    """What a look of fifty mixed strategies takes with all of its candidates, its snapshot and the quotes that it follows on, and
    how many found some: where the options have moved that an engine hears between two beats, and where every option has."""
    chain, strategies = spx_like(), tuple(mixed())
    heard = Random(2).sample(_quoted(chain), HEARD)
    runs = {HEARD_LOOK: _looks(chain, strategies, heard), EVERY_LOOK: _looks(chain, strategies, _quoted(chain, cheapest=0.0))}
    counts = {name: run() for name, run in runs.items()}
    return interleaved(runs, 20, seconds), min(counts.values())


def _looks(chain: ChainSnapshot, strategies: tuple[Strategy, ...], moving: Sequence[int]) -> Callable[[], int]:
    """A look in which each of these rows is quoted a cent higher and lower in turn; how many strategies found some."""
    store, finder, turn = filled_store(chain), Finder(Scanner()), count(1)
    finder.together(strategies)
    columns = {name: chain.table.column(name).to_pylist() for name in ("bid", "ask", *FEED_GREEKS)}

    def look() -> int:
        number = next(turn)
        now = AS_OF + timedelta(milliseconds=MOMENT_MS * number)
        for row in moving:
            con_id, bid, ask = chain.contracts[row].con_id, columns["bid"][row], columns["ask"][row]
            more = 0.01 * (number % 2)
            store.option(con_id, now.timestamp(), bid=bid + more, ask=ask + more)
            store.greeks(con_id, *(columns[name][row] for name in FEED_GREEKS))
        rows = finder.rows(store.snapshot(now), {}, now)
        return sum(bool(finder.scan(one, rows, ["SPX"], now)) for one in strategies)

    look()
    return look


def _quoted(chain: ChainSnapshot, cheapest: float = 1.0) -> list[int]:
    """Rows of expiries that one of the strategies looks at, quoted at this bid or above."""
    bids, days = (chain.table.column(name).to_pylist() for name in ("bid", "dte"))
    return [row for row, (bid, dte) in enumerate(zip(bids, days, strict=True)) if bid >= cheapest and 14 <= dte <= 60]
