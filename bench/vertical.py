"""The vertical scan at three sizes: the product against other tools over the same data, with the same result."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from bench import peers
from bench.chains import AS_OF, equity_like, spx_like
from bench.timing import Taken, interleaved
from engine.compile.entry import compile_entry
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.decide.rows import SCAN_SCHEMA, searched
from engine.domain.chain import ChainSnapshot
from engine.strategy.model import Strategy

PRODUCT, TEXT, CON_SQL = "DuckDB prepared (the product)", "DuckDB, text each time", "DuckDB, con.sql"
POLARS, POLARS_PLAIN, PANDAS, LOOPS = (
    "polars, best of 3 shapes",
    "polars, plain join and filter",
    "pandas merge and filter",
    "numba loops",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What each contender took, and how many rows it found."""

    contracts: int
    taken: dict[str, Taken]
    rows: int
    differing: tuple[str, ...]
    """Contenders that found other rows, or the same in another order."""


Size = tuple[ChainSnapshot, peers.Bounds]
"""A chain and the numbers of the strategy that is run over it."""


def sizes(count: int = 3) -> list[Size]:
    """The first so many of 2,000, 20,000 and 200,000 contracts."""
    made = (
        lambda: (equity_like(1), peers.Bounds(1.0, 10.0)),
        lambda: (spx_like(), peers.Bounds(5.0, 50.0)),
        lambda: (equity_like(100), peers.Bounds(1.0, 10.0)),
    )
    return [make() for make in made[:count]]


def strategy(chain: ChainSnapshot, bounds: peers.Bounds) -> Strategy:
    """The bull put that every contender runs, as the trader would write it."""
    spread = {
        "type": "bull_put",
        "expiry": "20-60 days",
        "short_delta": "0.10-0.35",
        "width": f"${bounds.width_low:g}-${bounds.width_high:g}",
        "rules": ["natural_credit > $0", "credit >= 10% of width", "pop >= 50%"],
        "rank": "expected_value / max_loss",
        "keep": peers.KEEP,
    }
    filters = ["volume >= 10", "open_interest >= 100", "quote_width <= 15% of mid"]
    whole = {"schema": 1, "name": "bench", "universe": list(chain.underlyings), "filters": filters, "spread": spread}
    return Strategy.model_validate(whole | {"sizing": {"risk": "$500"}, "digest": "0" * 64, "file": "bench.yaml"})


def measure(chain: ChainSnapshot, bounds: peers.Bounds, seconds: float) -> Measured:
    """All contenders over one chain, in turn."""
    declared, names = strategy(chain, bounds), list(chain.underlyings)
    finder = Finder(Scanner())
    rows = finder.rows(chain, {}, AS_OF)
    scanner = Scanner()
    scanner.relation("chain", SCAN_SCHEMA)
    meeting = finder.meeting(chain)
    query = compile_entry(declared, several=len(names) > 1, meeting=meeting).query
    prepared, text = scanner.prepare(query, "chain"), query.bound()
    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.register("chain", rows.table)
    polars, pandas, columns = peers.polars_frame(chain.table), peers.pandas_frame(chain.table), peers.numba_columns(chain.table)

    def prepared_scan() -> object:
        return scanner.rows(prepared, searched(rows, names, declared.spread.expiries, AS_OF))

    runs = {
        PRODUCT: prepared_scan,
        TEXT: lambda: connection.execute(text).fetchall(),
        CON_SQL: lambda: connection.sql(text).fetchall(),
        "polars bucket": lambda: peers.polars_bucket(polars, bounds),
        "polars where": lambda: peers.polars_where(polars, bounds),
        POLARS_PLAIN: lambda: peers.polars_plain(polars, bounds),
        PANDAS: lambda: peers.pandas_merge(pandas, bounds),
        LOOPS: lambda: peers.numba_loops(columns, len(names), bounds),
    }
    found = {name: [tuple(row[:2]) for row in run()] for name, run in runs.items()}
    times = interleaved(runs, 200, seconds)
    shapes = (times.pop("polars bucket"), times.pop("polars where"), times[POLARS_PLAIN])
    times[POLARS] = min(shapes, key=lambda one: one.wall)
    differing = tuple(name for name, pairs in found.items() if pairs != found[LOOPS])
    return Measured(chain.table.num_rows, times, len(found[PRODUCT]), differing)
