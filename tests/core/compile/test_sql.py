"""The SQL of every structure, as text: read the difference before it is accepted."""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from engine.compile.entry import compile_bounded, compile_entry
from engine.compile.exits import compile_exits
from engine.compile.funnel import compile_funnel
from engine.compile.market import compile_market
from engine.compile.scanner import Scanner
from engine.decide.rows import SCAN_SCHEMA, chain_rows
from engine.strategy.expressions.tree import Compare, Condition, Measure, Number, Relation
from engine.strategy.measures.index import declared_in
from tests.core.compile import given


class SqlFile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "sql"


@pytest.fixture
def sql_file(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(SqlFile)


CREDIT = ["credit >= 15% of width", "pop >= 70%", "expected_value > $0"]
DEBIT = ["debit <= 45% of width", "pop >= 35%", "expected_value > $0"]
FILTERS = ["open_interest >= 200", "quote_width <= 10% of mid or quote_width <= $0.10", "quote_age <= 5 s"]


@pytest.mark.parametrize(
    ("kind", "rules"), [("bull_put", CREDIT), ("bear_call", CREDIT), ("bull_call", DEBIT), ("bear_put", DEBIT)]
)
def test_entry_sql_of_structure(kind: str, rules: list[str], sql_file: SnapshotAssertion) -> None:
    strategy = given.strategy(
        kind,
        rules=rules,
        filters=FILTERS,
        expiry="30-60 days",
        short_delta="0.12-0.20",
        width="$25-$50",
        rank="expected_value / max_loss",
    )

    assert compile_entry(strategy).query.sql + "\n" == sql_file


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("iron_condor", {"width": "$5-$10", "short_delta": "0.10-0.16"}),
        ("iron_butterfly", {"width": {"put": "$5", "call": "$10"}, "long_delta": {"put": "0.05-0.20", "call": "0.05-0.15"}}),
        ("butterfly", {"right": "call", "width": "$5-$10", "body_delta": "0.30-0.50"}),
        ("broken_wing", {"right": "put", "width": {"near": "$5", "far": "$10-$15"}}),
    ],
)
def test_entry_sql_of_more_legs(kind: str, keys: dict[str, object], sql_file: SnapshotAssertion) -> None:
    rules = ["max_loss <= $800", "pop >= 50%", "short_delta <= 0.50"]
    strategy = given.strategy(
        kind, rules=rules, filters=FILTERS[:1], expiry="30-60 days", rank="expected_value / max_loss", **keys
    )

    assert compile_entry(strategy).query.sql + "\n" == sql_file


def test_sql_of_condors_by_bounds(sql_file: SnapshotAssertion) -> None:
    strategy = given.strategy(
        "iron_condor",
        rules=["credit >= 20% of width", "pop >= 50%"],
        rank="expected_value / max_loss",
        width="$5-$10",
        short_delta="0.10-0.16",
    )
    compiled = compile_bounded(strategy)

    assert compiled is not None
    assert f"{compiled.first.sql};\n\n{compiled.rest.sql};\n" == sql_file


def test_sql_of_diagonals_that_are_ranked_first(sql_file: SnapshotAssertion) -> None:
    strategy = given.strategy(
        "diagonal",
        right="put",
        far_strike="lower",
        expiry={"near": "20-40 days", "far": "45-90 days"},
        short_delta="0.20-0.35",
        width="$5-$50",
        rules=["quote_width <= $3"],
        rank="-theta",
    )
    compiled = compile_bounded(strategy)

    assert compiled is not None
    assert f"{compiled.first.sql};\n" == sql_file


def test_entry_sql_of_several_underlyings_by_group(sql_file: SnapshotAssertion) -> None:
    strategy = given.strategy(rules=["pop >= 70%"], rank="pop", width="$5", short_delta="16 delta")

    assert compile_entry(strategy, several=True, meeting="group").query.sql + "\n" == sql_file


def test_funnel_sql(sql_file: SnapshotAssertion) -> None:
    compiled = compile_funnel(given.strategy(rules=CREDIT[:2], filters=FILTERS[:1], short_delta="0.12-0.20", width="$25-$50"))

    assert f"{compiled.counts.sql};\n\n{compiled.nearest.sql};\n" == sql_file


def test_market_and_exit_sql(sql_file: SnapshotAssertion) -> None:
    strategy = given.strategy(
        when=["iv_rank >= 25%", "vix between 14 and 32", "no event within 2 days", "price > sma(50 days)"],
        exits=["profit >= 50% of credit", "dte <= 21", "short_strike_breached", "short_delta >= 0.35: roll"],
    )

    assert f"{compile_market(strategy).query.sql};\n\n{compile_exits(strategy).query.sql};\n" == sql_file


@pytest.mark.parametrize("relation", ["leg", "spread"])
def test_every_declared_measure_of_the_scan_runs(relation: Relation) -> None:
    options = chain_rows(given.chain([given.option(strike, "C") for strike in (95, 100, 105)]), {}, given.NOW).table
    scanner = Scanner()
    scanner.relation("chain", SCAN_SCHEMA)
    for name, declared in declared_in(relation).items():
        kind = "bull_call" if declared.structures == "debit" else "bear_call"
        measure = Measure(name, relation)
        line = Condition(name, Compare("!=", measure, Number(-12345.678, declared.unit)))
        strategy = given.strategy(kind)
        spread = strategy.spread.model_copy(update={"rules": (line,)} if relation == "spread" else {})
        changed = strategy.model_copy(update={"spread": spread, "filters": (line,) if relation == "leg" else ()})

        found = scanner.rows(scanner.prepare(compile_entry(changed).query, "chain"), options)

        assert bool(found) is (name != "days_to_ex_dividend"), name
