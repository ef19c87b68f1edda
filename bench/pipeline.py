"""From the tick to the candidate: the store, the hand-over, the scan, the rows."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pyarrow as pa
from ib_async.contract import Option
from ib_async.decoder import Decoder
from ib_async.ib import IB

from bench.chains import AS_OF, spx_like
from bench.peers import Bounds
from bench.timing import Taken, interleaved
from bench.vertical import strategy
from engine.compile.entry import compile_entry
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.chain import CHAIN_SCHEMA, ChainSnapshot
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore

HAND_OVER, OBJECT_LOOP, COLUMN_LOOP = "capsule over the live buffers", "list of dicts", "one comprehension a column"
STORE, DECODE = "quote into the store", "ib_async decodes and keeps it"
PRODUCT, NAIVE = "store, snapshot, scan, candidates", "objects, table, register, con.sql"
MESSAGES = 1_000
TICKS = 100


def filled_store(chain: ChainSnapshot) -> QuoteStore:
    """A store whose rows are this chain."""
    store = QuoteStore()
    store.layout(chain.contracts, {name: Carry(rate=0.03, dividend=0.0) for name in chain.underlyings})
    columns = chain.table.to_pydict()
    store.underlying("SPX", AS_OF.timestamp(), columns["spot"][0])
    for row_id, contract in enumerate(chain.contracts):
        store.option(
            contract.con_id, AS_OF.timestamp(), bid=columns["bid"][row_id], ask=columns["ask"][row_id],
            bid_size=10.0, ask_size=10.0, volume=columns["volume"][row_id], open_interest=columns["open_interest"][row_id],
        )  # fmt: skip
        store.greeks(contract.con_id, *(columns[name][row_id] for name in ("iv", "delta", "gamma", "theta", "vega")))
    store.snapshot(AS_OF)
    return store


def hand_over(seconds: float) -> dict[str, Taken]:
    """Giving 20,000 quotes to the scan: nothing copied, against a snapshot made of objects."""
    chain = spx_like()
    live = {name: chain.table.column(name).to_pylist() for name in CHAIN_SCHEMA.names}
    tickers = [dict(zip(live, row, strict=True)) for row in zip(*live.values(), strict=True)]
    table = chain.table
    return interleaved(
        {
            HAND_OVER: table.__arrow_c_stream__,
            OBJECT_LOOP: lambda: pa.Table.from_pylist([dict(ticker) for ticker in tickers], schema=CHAIN_SCHEMA),
            COLUMN_LOOP: lambda: pa.table({name: [ticker[name] for ticker in tickers] for name in CHAIN_SCHEMA.names}),
        },
        50,
        seconds,
    )


def one_tick(seconds: float) -> dict[str, Taken]:
    """A thousand quotes into the store, against a thousand of the messages that bring them through ib_async."""
    chain = spx_like()
    store, at = filled_store(chain), AS_OF.timestamp()
    con_ids = [contract.con_id for contract in chain.contracts[:MESSAGES]]

    def into_store() -> None:
        option = store.option
        for con_id in con_ids:
            option(con_id, at, bid=4.1, ask=4.3)

    ib = IB()
    decoder = Decoder(ib.wrapper, 178)
    fields = ["1", "6", "1", "1", "4.1", "10", "1"]
    ib.wrapper.startTicker(1, _contract(), "mktData")

    def through_decoder() -> None:
        for _ in range(MESSAGES):
            decoder.interpret(list(fields))

    return interleaved({STORE: into_store, DECODE: through_decoder}, 100, seconds)


def tick_to_candidate(seconds: float) -> dict[str, Taken]:
    """A hundred fresh quotes in 20,000, then the best candidates: the whole way, against the usual one."""
    chain, bounds = spx_like(), Bounds(5.0, 50.0)
    store, declared = filled_store(chain), strategy(chain, bounds)
    finder = Finder(Scanner())
    ticked = [contract.con_id for contract in chain.contracts[4000:14000:TICKS]]
    bids = chain.table.column("bid").to_pylist()
    connection = duckdb.connect(":memory:", config={"threads": 1})
    query = compile_entry(declared).query.bound()
    seen = finder.rows(store.snapshot(AS_OF), {}, AS_OF).table
    objects = seen.to_pylist()
    clock = {"now": AS_OF}
    turns = {PRODUCT: 0, NAIVE: 0}

    def fresh(contender: str) -> list[float]:
        """The bids that tick: each a cent higher and lower in turn, so that something has changed at every look."""
        turns[contender] += 1
        return [bids[4000 + n * TICKS] + 0.01 * (turns[contender] % 2) for n in range(TICKS)]

    def product() -> object:
        clock["now"] += timedelta(milliseconds=100)
        at = clock["now"].timestamp()
        for con_id, bid in zip(ticked, fresh(PRODUCT), strict=True):
            store.option(con_id, at, bid=bid)
        rows = finder.rows(store.snapshot(clock["now"]), {}, clock["now"])
        return finder.scan(declared, rows, ["SPX"], clock["now"])

    def naive() -> object:
        for n, bid in enumerate(fresh(NAIVE)):
            objects[4000 + n * TICKS]["bid"] = bid
        table = seen
        for name in ("bid", "ask", "volume", "delta"):
            at = table.schema.get_field_index(name)
            table = table.set_column(at, name, pa.array([row[name] for row in objects], pa.float64()))
        connection.register("chain", table)
        found = connection.sql(query).fetchall()
        connection.unregister("chain")
        return found

    assert product(), "the bench found no candidate: it would time nothing"
    return interleaved({PRODUCT: product, NAIVE: naive}, 100, seconds)


def _contract() -> object:
    return Option("SPX", "20261218", 6000, "C", "SMART", conId=1)
