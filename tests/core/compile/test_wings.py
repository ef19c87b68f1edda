"""Condors in two steps: what single wings allow, then the rest where that proves too little. Always what plain loops find."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from engine.compile.entry import BoundedPlan, compile_bounded
from engine.compile.lists import lists_of
from engine.compile.scanner import Scanner
from engine.compile.wings import BoundedRows, bounded_rows, relations
from engine.decide.entry.find import Finder
from engine.decide.rows import SCAN_SCHEMA, chain_rows
from engine.strategy.model import Strategy
from tests.core.compile import given as make
from tests.core.compile.plain_loops import search
from tests.core.compile.test_oracle import assert_same, chain_of, declared, options_of

FEW = (3, 4)
"""So few wings and condors that they do not hold everything that is worth a look."""


def scanner() -> Scanner:
    made = Scanner()
    relations(made, SCAN_SCHEMA)
    return made


_SCANNER = scanner()


def bounded(strategy: Strategy, table: pa.Table, best: tuple[int, int] = FEW) -> BoundedRows:
    compiled = plan(strategy, best)
    first, rest = (_SCANNER.prepare(query, "chain") for query in (compiled.first, compiled.rest))
    found = bounded_rows(_SCANNER, first, rest, table, lists_of(table), strategy.spread.keep)
    _SCANNER.forget(first)
    _SCANNER.forget(rest)
    return found


def plan(strategy: Strategy, best: tuple[int, int] = FEW) -> BoundedPlan:
    compiled = compile_bounded(strategy, best=best)
    assert compiled is not None
    return compiled


@pytest.mark.slow
def test_bounded_search_finds_what_plain_loops_find() -> None:
    proven: list[bool] = []

    @settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(
        seed=st.integers(0, 10**9),
        strategy=declared(["iron_condor"]).filter(lambda one: compile_bounded(one) is not None),
        best=st.sampled_from([FEW, (1, 1), (8, 12), (500, 500)]),
    )
    def finds(seed: int, strategy: Strategy, best: tuple[int, int]) -> None:
        table = chain_rows(chain_of(seed), {}, make.NOW).table

        found = bounded(strategy, table, best)

        proven.append(found.is_proven)
        assert_same(found.rows, search(strategy, options_of(table))[: strategy.spread.keep])

    finds()
    assert {True, False} <= set(proven), "both ways were taken"


CALM = [make.option(strike, side) for strike in range(88, 113) for side in ("C", "P")]
VARIED = [option | {"worth": option["worth"] + strike % 7 / 10} for strike, option in enumerate(CALM)]


@pytest.mark.parametrize(
    ("keys", "best", "is_proven"),
    [
        ({"rank": "credit / width"}, (500, 500), True),
        ({"rank": "expected_value", "rules": ["pop >= 20%"], "keep": 2}, (40, 60), True),
        ({"rank": "width"}, FEW, False),
        ({"rank": "pop", "rules": ["delta between -0.01 and 0.01"]}, FEW, False),
    ],
    ids=["everything is looked at", "the best stand out", "all are equal", "rules leave none of the first"],
)
def test_search_goes_on_where_the_bound_proves_too_little(
    keys: dict[str, object], best: tuple[int, int], *, is_proven: bool
) -> None:
    strategy = make.strategy("iron_condor", width="$3", **keys)
    table = chain_rows(make.chain(VARIED), {}, make.NOW).table

    found = bounded(strategy, table, best)

    wanted = search(strategy, options_of(table))
    assert found.is_proven is is_proven
    assert len(wanted) > strategy.spread.keep
    assert_same(found.rows, wanted[: strategy.spread.keep])


@pytest.mark.slow
def test_both_steps_follow_changing_rows_when_executed_again() -> None:
    strategy = make.strategy("iron_condor", width="$2-$3", rules=["pop >= 10%"], rank="expected_value / max_loss")
    compiled, engine = plan(strategy), scanner()
    first, rest = (engine.prepare(query, "chain") for query in (compiled.first, compiled.rest))
    dearer = [option | {"bid": 1.5 * option["bid"], "ask": 1.5 * option["ask"]} for option in CALM]

    for world in (CALM, dearer, CALM[:9], [], CALM):
        table = chain_rows(make.chain(world), {}, make.NOW).table
        found = bounded_rows(engine, first, rest, table, lists_of(table), 5).rows

        assert_same(found, search(strategy, options_of(table))[:5])


@pytest.mark.parametrize("rank", ["breakeven_distance", "expected_value at 18%", "pop / delta", "credit / quote_width"])
def test_rank_that_wings_do_not_bound_is_searched_plainly(rank: str) -> None:
    assert compile_bounded(make.strategy("iron_condor", width="$5", rank=rank)) is None


def test_other_structures_are_searched_plainly() -> None:
    assert compile_bounded(make.strategy("iron_butterfly", width="$5")) is None
    assert compile_bounded(make.strategy("bull_put")) is None


def test_bounded_sql_reads_the_chain_once_and_joins_by_equality() -> None:
    compiled = plan(make.strategy("iron_condor", width="$5", rules=["pop >= 50%"]))

    for query in (compiled.first, compiled.rest):
        assert query.sql.count("FROM chain") == 1
        assert "ASOF" not in query.sql.upper()
        assert "pop" not in query.parameters


def test_stand_in_for_the_normal_distribution_is_as_near_as_said() -> None:
    z = np.linspace(-8, 8, 200_001)

    stand_in = 1 / (1 + np.exp(-1.5976 * z - 0.070565992 * z**3)) - 2e-4

    assert np.all(stand_in <= ndtr(z))
    assert np.all(ndtr(z) - stand_in < 4e-4)


@pytest.mark.slow
def test_finder_bounds_each_underlying_of_long_chains_and_orders_all() -> None:
    # A hundred strikes a group: from here on the finder takes the two steps.
    options = [
        make.option(strike / 2, side, underlying=underlying, bid=bid, ask=bid + 0.1)
        for underlying, dearer in (("QQQ", 1.0), ("SPX", 1.1))
        for strike in range(150, 251)
        for side in ("C", "P")
        for bid in [round(dearer * max(0.1, 6 - abs(strike / 2 - (95 if side == "P" else 105)) * 0.3), 2)]
    ]
    strategy = make.strategy(
        "iron_condor", universe=["QQQ", "SPX"], width="$1-$2", short_delta="0.10-0.45", rank="expected_value / max_loss", keep=3
    )
    chain = make.chain(options)
    finder = Finder(Scanner())
    rows = finder.rows(chain, {}, make.NOW)

    found = finder.scan(strategy, rows, ["QQQ", "SPX"], make.NOW)

    hits = search(strategy, options_of(rows.table))
    of = {row["row_id"]: row["underlying_id"] for row in options_of(rows.table)}
    best = [hit for number in (0, 1) for hit in [hit for hit in hits if of[hit.rows[0]] == number][:3]]
    best.sort(key=lambda hit: (-round(hit.score, 10), hit.rows))
    numbers = [tuple(chain.rows_by_con_id[leg.contract.con_id] for leg in one.spread.legs) for one in found]
    assert numbers == [hit.rows for hit in best]
    assert {one.spread.legs[0].contract.underlying for one in found} == {"QQQ", "SPX"}
