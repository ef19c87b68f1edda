"""The database under the scans: what it must never do with tables that change under it."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from engine.compile.entry import compile_entry
from engine.compile.funnel import compile_funnel
from engine.compile.pairs import Meeting
from engine.compile.scanner import Scanner, SchemaChanged
from engine.compile.sql import Query, literal
from engine.decide.entry.find import Finder
from engine.decide.rows import SCAN_SCHEMA, chain_rows, searched
from tests.core.compile import given
from tests.core.compile.test_oracle import KINDS, assert_same, options_of, scan, search

OF_MORE_LEGS: dict[str, dict[str, object]] = {
    "iron_condor": {"width": "$2-$3", "short_delta": "0.05-0.45"},
    "iron_butterfly": {"width": {"put": "$2-$3", "call": "$3-$4"}},
    "butterfly": {"right": "put", "width": "$2-$6"},
    "broken_wing": {"right": "call", "width": {"near": "$2-$3", "far": "$3-$6"}},
}
LADDER = [given.option(strike, side) for strike in range(93, 108) for side in ("C", "P")]


def doubled(prices: list[dict[str, object]]) -> list[dict[str, object]]:
    return [option | {"bid": option["bid"] * 2, "ask": option["ask"] * 2} for option in prices]


@pytest.mark.parametrize("several", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["one", "several"])
@pytest.mark.parametrize("meeting", ["bucket", pytest.param("group", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", [*KINDS, *OF_MORE_LEGS])
def test_every_shape_follows_changing_rows_when_executed_again(kind: str, meeting: Meeting, several: bool) -> None:
    keys = OF_MORE_LEGS.get(kind, {"width": "$2-$6"})
    strategy = given.strategy(kind, rules=["pop >= 10%", "p_touch <= 99%"], rank="pop", filters=["volume >= 1"], **keys)
    scanner = Scanner()
    scanner.relation("chain", SCAN_SCHEMA)
    prepared = scanner.prepare(compile_entry(strategy, several=several, meeting=meeting).query, "chain")
    worlds = [LADDER, doubled(LADDER), LADDER[:9], [], LADDER]

    for world in worlds:
        table = chain_rows(given.chain(world), {}, given.NOW).table
        found = scanner.rows(prepared, table)

        legs = len(strategy.spread.shape.legs)
        assert_same([row[: legs + 1] for row in found], search(strategy, options_of(table))[:5])


def test_funnel_queries_follow_changing_rows_when_executed_again() -> None:
    compiled = compile_funnel(given.strategy(rules=["credit >= 15% of width"]))
    scanner = Scanner()
    scanner.relation("chain", SCAN_SCHEMA)
    counts, nearest = (scanner.prepare(query, "chain") for query in (compiled.counts, compiled.nearest))

    answers = []
    for world in (LADDER, LADDER[:9], [], LADDER):
        table = chain_rows(given.chain(world), {}, given.NOW).table
        answers.append((scanner.rows(counts, table), scanner.rows(nearest, table)))

    assert answers[0] == answers[3] != answers[1]
    assert answers[2][0][0][0] == 0
    assert answers[2][1] == []


def test_scan_sees_a_quote_when_its_buffer_changes_in_place() -> None:
    bids = np.array([1.0, 2.0, 3.0])
    table = pa.table({"bid": pa.Array.from_buffers(pa.float64(), 3, [None, pa.py_buffer(bids)])})
    scanner = Scanner()
    scanner.relation("quotes", table.schema)
    prepared = scanner.prepare(Query("SELECT count(*) FROM quotes WHERE bid > $low", {"low": 1.5}), "quotes")

    before = scanner.rows(prepared, table)
    bids[:] = 0.0
    zeroed = scanner.rows(prepared, table)
    bids[:] = 9.0

    assert (before, zeroed, scanner.rows(prepared, table)) == ([(2,)], [(0,)], [(3,)])


@pytest.mark.parametrize("meeting", ["bucket", "group"])
def test_scan_reads_the_chain_once_when_both_legs_come_from_it(meeting: Meeting) -> None:
    table = chain_rows(given.chain(LADDER), {}, given.NOW).table
    source = CountingSource(table)
    connection = duckdb.connect(":memory:")
    connection.register("chain", source)
    connection.execute(f"PREPARE scan AS {compile_entry(given.strategy(), meeting=meeting).query.bound()}")
    opened_before = source.opened

    connection.execute("EXECUTE scan").fetchall()

    assert source.opened - opened_before == 1


class CountingSource:
    def __init__(self, table: pa.Table) -> None:
        self.t = table
        self.opened = 0

    def __arrow_c_schema__(self) -> object:
        return self.t.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        self.opened += 1
        return self.t.__arrow_c_stream__(requested_schema)


def test_scanner_refuses_a_table_when_its_columns_changed() -> None:
    scanner = Scanner()
    scanner.relation("quotes", pa.schema([("bid", pa.float64())]))
    prepared = scanner.prepare(Query("SELECT bid FROM quotes", {}), "quotes")

    with pytest.raises(SchemaChanged):
        scanner.rows(prepared, pa.table({"bid": pa.array([1], pa.int64())}))
    with pytest.raises(SchemaChanged):
        scanner.relation("quotes", pa.schema([("ask", pa.float64())]))


def test_scanner_finds_the_same_when_its_database_was_rebuilt() -> None:
    finder_scanner = Scanner()
    finder = Finder(finder_scanner)
    strategy = given.strategy(when=["vix < 30"], rules=["pop >= 10%"])
    markets = {"SPX": given.market()}
    rows = finder.rows(given.chain(LADDER), markets, given.NOW)
    before = finder.find(strategy, rows, markets, given.NOW, None)

    finder_scanner.rebuild()

    assert before.candidates
    assert finder.find(strategy, rows, markets, given.NOW, None) == before


def test_scanner_answers_again_when_the_database_failed_for_good() -> None:
    # A prepared ASOF join over Arrow takes the whole database down at its second run: the trap itself, used as the failure.
    table = pa.table({"k": pa.array([1, 2], pa.int64()), "v": pa.array([1.0, 2.0])})
    scanner = Scanner()
    scanner.relation("quotes", table.schema)
    good = scanner.prepare(Query("SELECT sum(v) FROM quotes", {}), "quotes")
    asof = scanner.prepare(Query("SELECT a.k FROM quotes a ASOF JOIN quotes b ON a.k >= b.k", {}), "quotes")
    for _ in range(2):
        scanner.rows(asof, table)

    assert scanner.rows(good, table) == [(3.0,)]


def test_forgotten_query_stays_away_when_the_database_is_rebuilt() -> None:
    scanner = Scanner()
    scanner.relation("quotes", pa.schema([("bid", pa.float64())]))
    old = scanner.prepare(Query("SELECT bid FROM quotes", {}), "quotes")
    scanner.forget(old)
    new = scanner.prepare(Query("SELECT 2 * bid FROM quotes", {}), "quotes")

    scanner.rebuild()

    assert scanner.rows(new, pa.table({"bid": [1.5]})) == [(3.0,)]
    with pytest.raises(KeyError):
        scanner.rows(old, pa.table({"bid": [1.5]}))


def test_scanner_reads_no_file_when_a_query_asks_for_one() -> None:
    scanner = Scanner()
    scanner.relation("quotes", pa.schema([("bid", pa.float64())]))

    with pytest.raises(duckdb.PermissionException):
        scanner.prepare(Query("SELECT * FROM read_csv('/etc/hostname')", {}), "quotes")


@pytest.mark.parametrize("kind", [*KINDS, *OF_MORE_LEGS])
def test_emitted_sql_joins_by_equality_and_never_asof(kind: str) -> None:
    for meeting in ("bucket", "group"):
        sql = compile_entry(given.strategy(kind, **OF_MORE_LEGS.get(kind, {})), meeting=meeting).query.sql

        assert "ASOF" not in sql.upper()
        assert sql.count("FROM chain") == 1
        assert "AS MATERIALIZED" in sql


def test_absent_number_passes_no_bound_when_it_is_nan() -> None:
    # DuckDB takes NaN for the greatest number: NaN > 0.3 is TRUE there.
    lines = (
        "iv > 10%",
        "iv >= 10%",
        "not (iv < 10%)",
        "iv != 10%",
        "10% < iv",
        "least(iv, 200%) > 10%",
        "iv / 2 > 1%",
        "abs(iv) > 1%",
    )
    options = [option | {"iv": None} for option in LADDER]
    table = chain_rows(given.chain(options), {}, given.NOW).table

    for line in lines:
        assert scan(given.strategy(filters=[line]), table) == []


@pytest.mark.parametrize("number", [0.1, 1e-7, 1 / 3, 0.1 + 0.2, -2.5, 1e22, 5e-324, 12345.678901234567])
def test_number_in_sql_reads_back_exactly(number: float) -> None:
    (row,) = duckdb.execute(f"SELECT {literal(number)}::DOUBLE").fetchall()

    assert row == (number,)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_number_is_refused_when_it_is_not_finite(number: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        literal(number)


def test_no_number_of_the_trader_stands_in_the_sql_text() -> None:
    strategy = given.strategy(
        rules=["credit >= 17.3% of width"], filters=["volume >= 4711"], short_delta="0.123-0.456", width="$7-$13", keep=9
    )

    query = compile_entry(strategy).query

    assert not {"0.173", "4711", "0.123", "0.456", " 13", " 9"} & set(query.sql.split())
    assert {0.173, 4711.0, 0.123, 0.456, 9} <= set(query.parameters.values())


def test_searched_rows_share_memory_with_the_chain() -> None:
    rows = chain_rows(given.chain(LADDER), {}, given.NOW)
    cut = searched(rows, ["SPX"], given.strategy().spread.expiries, given.NOW)

    address = rows.chain.table.column("bid").chunk(0).buffers()[1].address

    assert cut.column("bid").chunk(0).buffers()[1].address == address
