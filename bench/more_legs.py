"""Scans of structures with more than two legs in 20,000 contracts: the product against other tools, equal rows everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from bench import condor_peers
from bench.chains import AS_OF, spx_like
from bench.peers import KEEP
from bench.timing import Taken, interleaved
from engine.compile.entry import compile_bounded, compile_entry
from engine.compile.lists import lists_of
from engine.compile.scanner import Scanner
from engine.compile.sql import Query
from engine.compile.wings import BoundedRows, bounded_rows, relations
from engine.decide.entry.find import Finder
from engine.decide.rows import SCAN_SCHEMA
from engine.strategy.model import Strategy

FILTERS = ("volume >= 10", "open_interest >= 100", "quote_width <= 15% of mid")
BOUNDED, JOINED = "best wings, then a bound (the product)", "every condor joined"
REST = "where the bound proves too little"
POLARS, LOOPS = "polars, wings joined on expiry and width", "numba loops, exact"
KEYED, PLAIN = "by keys (the product)", "by inequalities"
RANKED = "by keys, what is dear of the best alone (the product)"
TRIED = 40
"""Strategies of which it is counted how often the bound proves enough."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What each contender took, and whose rows differ."""

    taken: dict[str, Taken]
    differing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condors:
    """One strategy whose best condors are proven, one for which the rest is searched too, and how often that happens."""

    proven: Compared
    unproven: Compared
    tried: int
    searched_on: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """One strategy that is ranked first, and how often of some the best were too few."""

    compared: Compared
    tried: int
    searched_on: int


def written(spread: Mapping[str, object], filters: Sequence[str] = FILTERS) -> Strategy:
    """A strategy of one structure for the index of the bench."""
    whole = {"schema": 1, "name": "bench", "universe": ["SPX"], "filters": list(filters), "spread": spread}
    return Strategy.model_validate(whole | {"sizing": {"risk": "$500"}, "digest": "0" * 64, "file": "bench.yaml"})


def condors(seconds: float) -> Condors:
    """Condors with equal wings, two strategies; the second ranks by a chance, of which single wings say least."""
    sure, unsure = condor_peers.Bounds(), condor_peers.Bounds(rank="pop", credit=0.30, pop=0.0)
    proven, searched_on = _condors(sure, seconds)
    unproven, more = _condors(unsure, seconds)
    if searched_on or not more:
        raise AssertionError("the bound proves enough for the first strategy and too little for the second")
    return Condors(proven, unproven, TRIED, _counted(_condor))


def _condors(b: condor_peers.Bounds, seconds: float) -> tuple[Compared, bool]:
    chain = spx_like()
    rows, scanner = Finder(Scanner()).rows(chain, {}, AS_OF), _scanner()
    declared = written(b.spread)
    joined, search = scanner.prepare(compile_entry(declared).query, "chain"), _bounded(scanner, declared)
    polars, columns = condor_peers.polars_frame(chain.table), condor_peers.numba_columns(chain.table)
    runs: dict[str, Callable[[], Sequence[tuple[int, ...]]]] = {
        BOUNDED: lambda: [row[:4] for row in search(rows.table).rows],
        JOINED: lambda: [row[:4] for row in scanner.rows(joined, rows.table)],
        POLARS: lambda: condor_peers.polars_condors(polars, b),
        LOOPS: lambda: condor_peers.numba_condors(columns, b),
    }
    return _compared(runs, LOOPS, seconds), not search(rows.table).is_proven


def _bounded(scanner: Scanner, declared: Strategy) -> Callable[..., BoundedRows]:
    compiled = compile_bounded(declared)
    assert compiled is not None
    first, rest = (scanner.prepare(query, "chain") for query in (compiled.first, compiled.rest))
    return lambda table: bounded_rows(scanner, first, rest, table, lists_of(table), KEEP)


def _counted(drawn: Callable[[Random], Mapping[str, object]]) -> int:
    """Of some spreads with numbers from a seed, for how many the first step is not enough."""
    rows, scanner, chance = Finder(Scanner()).rows(spx_like(), {}, AS_OF), _scanner(), Random(3)
    return sum(not _bounded(scanner, written(drawn(chance)))(rows.table).is_proven for _ in range(TRIED))


def _condor(chance: Random) -> Mapping[str, object]:
    low, days = chance.choice((0.05, 0.10, 0.16)), chance.choice((7, 20, 30))
    return {
        "type": "iron_condor",
        "expiry": f"{days}-{days + chance.choice((15, 30))} days",
        "short_delta": f"{low:.2f}-{low + chance.choice((0.06, 0.15, 0.25)):.2f}",
        "width": f"${chance.choice((5, 10, 25))}-${chance.choice((25, 50))}",
        "rules": [f"credit >= {chance.choice((5, 10, 20, 30))}% of width", f"pop >= {chance.choice((40, 55, 70))}%"],
        "rank": chance.choice(("return_on_risk * pop", "return_on_risk * pop", "expected_value / max_loss", "pop", "credit")),
        "keep": KEEP,
    }


def butterflies(seconds: float) -> Compared:
    """Put butterflies: the third leg by one whole number, against the two inequalities that say the same."""
    spread = {
        "type": "butterfly", "right": "put", "expiry": "20-60 days", "body_delta": "0.10-0.50", "width": "$5-$50",
        "rules": ["natural_debit > $0", "debit <= 30% of width"], "rank": "expected_value / max_loss", "keep": KEEP,
    }  # fmt: skip
    declared = written(spread)
    plain = compile_entry(declared, meeting="group").query
    of_body = ("2 * body.place - lower.place AS third", "body.group_id AS of_body")
    far = "upper.strike - body_strike"
    of_third = (
        "halves.third = upper.place",
        f"halves.of_body = upper.group_id AND {far} > 0 AND abs({far} - (body_strike - lower_strike)) < 1e-4",
    )
    sql = plain.sql.replace(*of_body).replace(*of_third)
    if of_body[0] in sql or of_third[0] in sql:
        raise AssertionError("the scan of butterflies has changed: its plain form must be written anew")
    return _against_plain(declared, Query(sql, plain.parameters), 3, seconds)


def diagonals(seconds: float) -> Ranked:
    """Put diagonals by buckets of strikes, ranked first and only the best revalued, against class and inequality with all of them
    revalued; and how often the best were too few, of some calendars and diagonals with numbers from a seed."""
    spread = {
        "type": "diagonal", "right": "put", "far_strike": "lower", "expiry": {"near": "20-40 days", "far": "45-90 days"},
        "short_delta": "0.20-0.35", "width": "$5-$50", "rules": ["quote_width <= $3"], "rank": "-theta", "keep": KEEP,
    }  # fmt: skip
    declared = written(spread)
    compared = _against_plain(declared, compile_entry(declared, meeting="group").query, 2, seconds)
    return Ranked(compared, TRIED, _counted(_of_two_expiries))


def _of_two_expiries(chance: Random) -> Mapping[str, object]:
    low, near = chance.choice((0.15, 0.20, 0.35)), chance.choice((14, 20, 30))
    rules = [[f"quote_width <= ${chance.choice((2, 3, 5))}"], [f"debit <= ${chance.choice((10, 20, 40))}"], ["pop >= 40%"]]
    spread = {
        "type": chance.choice(("calendar", "diagonal")),
        "right": chance.choice(("put", "call")),
        "expiry": {"near": f"{near}-{near + 20} days", "far": "45-100 days"},
        "short_delta": f"{low:.2f}-{low + 0.15:.2f}",
        "rules": [rule for some in rules if chance.random() < 0.5 for rule in some],
        "rank": chance.choice(("-theta", "vega", "-theta / vega", "-quote_width")),
        "keep": KEEP,
    }
    of_strikes = {"far_strike": chance.choice(("lower", "higher")), "width": "$5-$50"}
    return spread | (of_strikes if spread["type"] == "diagonal" else {})


def _against_plain(declared: Strategy, plain: Query, legs: int, seconds: float) -> Compared:
    rows, scanner = Finder(Scanner()).rows(spx_like(), {}, AS_OF), _scanner()
    by_inequality = scanner.prepare(plain, "chain")
    if compile_bounded(declared):
        search = _bounded(scanner, declared)
        name, keyed = RANKED, lambda: search(rows.table).rows
    else:
        prepared = scanner.prepare(compile_entry(declared).query, "chain")
        name, keyed = KEYED, lambda: scanner.rows(prepared, rows.table)
    runs: dict[str, Callable[[], Sequence[tuple[int, ...]]]] = {
        name: lambda: [row[:legs] for row in keyed()],
        PLAIN: lambda: [row[:legs] for row in scanner.rows(by_inequality, rows.table)],
    }
    return _compared(runs, name, seconds)


def _compared(runs: Mapping[str, Callable[[], Sequence[tuple[int, ...]]]], reference: str, seconds: float) -> Compared:
    found = {name: [tuple(row) for row in run()] for name, run in runs.items()}
    if not found[reference]:
        raise AssertionError("the bench found nothing: it would time nothing")
    differing = tuple(name for name, rows in found.items() if rows != found[reference])
    return Compared(interleaved(runs, 60, seconds), differing)


def _scanner() -> Scanner:
    scanner = Scanner()
    relations(scanner, SCAN_SCHEMA)
    return scanner
