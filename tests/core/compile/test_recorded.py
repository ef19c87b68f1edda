"""SQL against plain loops on real chains: their gaps, crossed quotes and two roots of one day are nobody's invention."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.compile.entry import compile_bounded, compile_entry
from engine.compile.lists import lists_of
from engine.compile.scanner import Scanner
from engine.compile.wings import bounded_rows, relations
from engine.decide.rows import SCAN_SCHEMA, chain_rows, searched
from engine.domain.chain import ChainSnapshot
from engine.store.recorded import load_chain
from tests.core.compile import given
from tests.core.compile.plain_loops import search
from tests.core.compile.test_oracle import assert_same, options_of

DATA = Path(__file__).parents[3].parent / "shared" / "data"
SPX, SPXW = DATA / "spx_daily_2019-04-25_2019-06-28.parquet", DATA / "spxw_15min_2016-04-28_2016-04-29.parquet"

pytestmark = pytest.mark.skipif(not (SPX.exists() and SPXW.exists()), reason="the recorded chains lie outside the repository")

SOLD = given.strategy(
    "bull_put",
    filters=["quote_width <= 10% of mid or quote_width <= $0.10", "iv > 5%"],
    rules=["credit >= 10% of width", "pop between 70% and 95%"],
    rank="expected_value / max_loss",
    expiry="20-45 days",
    short_delta="0.12-0.20",
    width="$20-$50",
    keep=50,
    name="sold_puts",
)
CALLS = given.strategy(
    "bear_call",
    filters=["bid >= $0.20", "p_itm < 40%"],
    rules=["natural_credit > $0", "p_touch <= 45%", "breakeven_distance > 0.5%"],
    rank="pop",
    expiry="5-20 days",
    short_delta="0.10-0.25",
    width="$10-$25",
    keep=50,
    name="sold_calls",
)
BOUGHT = given.strategy(
    "bear_put",
    filters=["quote_width <= 20% of mid"],
    rules=["debit <= 45% of width", "expected_value / max_loss > -50%", "not (pop < 20%)"],
    rank="return_on_risk",
    expiry="10-30 days",
    short_delta="0.20-0.35",
    width="$10-$30",
    keep=50,
    name="bought_puts",
)


WINGS = given.strategy(
    "iron_condor",
    filters=["quote_width <= 30% of mid or quote_width <= $0.20"],
    rules=["credit >= 5% of width", "pop >= 30%", "p_touch <= 90%"],
    rank="expected_value / max_loss",
    expiry="5-16 days",
    short_delta="0.10-0.16",
    width="$25",
    keep=50,
    name="wings",
)
PINNED = given.strategy(
    "iron_butterfly",
    rules=["expected_value > -$200"],
    rank="pop",
    expiry="5-16 days",
    short_delta={"put": "0.45-0.55", "call": "0.40-0.60"},
    width={"put": "$25-$50", "call": "$50"},
    keep=50,
    name="pinned",
)
BODY = given.strategy(
    "butterfly",
    rules=["debit <= 20% of width"],
    rank="pop * max_profit",
    expiry="5-16 days",
    right="put",
    body_delta="0.20-0.30",
    width="$25-$50",
    keep=50,
    name="body",
)
BROKEN = given.strategy(
    "broken_wing",
    rules=["breakeven_distance > 1%"],
    rank="expected_value / max_loss",
    expiry="5-16 days",
    right="put",
    body_delta="0.15-0.20",
    width={"near": "$20-$25", "far": "$50"},
    keep=50,
    name="broken",
)

NEAR_AND_FAR = {"near": "1-9 days", "far": "10-30 days"}
SAME_STRIKE = given.strategy(
    "calendar",
    rules=["pop >= 20%"],
    rank="return_on_risk * pop",
    expiry=NEAR_AND_FAR,
    right="put",
    short_delta="0.40-0.50",
    width=None,
    keep=50,
    name="same_strike",
)
BELOW = given.strategy(
    "diagonal",
    rules=["breakeven_distance > -5%"],
    rank="expected_value / max_loss",
    expiry=NEAR_AND_FAR,
    right="call",
    far_strike="lower",
    short_delta="0.30-0.34",
    width="$20-$25",
    keep=50,
    name="below",
)
BOTH_SIDES = given.strategy(
    "double_calendar",
    rank="pop * max_profit",
    expiry=NEAR_AND_FAR,
    short_delta={"put": "0.30-0.33", "call": "0.30-0.33"},
    width=None,
    keep=50,
    name="both_sides",
)


SEARCHED = {one.name: one for one in (SOLD, CALLS, BOUGHT, WINGS, PINNED, BODY, BROKEN, SAME_STRIKE, BELOW, BOTH_SIDES)}
RECORDED = {
    "SPX, last day": (SPX, None),
    "SPXW, morning": (SPXW, datetime(2016, 4, 28, 15, 0, tzinfo=UTC)),
    "SPXW, afternoon": (SPXW, datetime(2016, 4, 29, 19, 30, tzinfo=UTC)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("recorded", "name"), given.checkered(RECORDED, SEARCHED))
def test_sql_finds_what_plain_loops_find_in_a_recorded_chain(recorded: str, name: str) -> None:
    (path, at), strategy = RECORDED[recorded], SEARCHED[name]
    chain: ChainSnapshot = load_chain(path, at)
    rows = chain_rows(chain, {}, chain.as_of)
    table = searched(rows, ["SPX"], strategy.spread.expiries, chain.as_of)
    scanner = Scanner()
    relations(scanner, SCAN_SCHEMA)

    found = scanner.rows(scanner.prepare(compile_entry(strategy).query, "chain"), table)

    wanted = search(strategy, options_of(table))
    assert found
    assert_same(found, wanted[: strategy.spread.keep])
    if compiled := compile_bounded(strategy):
        cells = lists_of(rows.table)
        first, rest = (scanner.prepare(query, "chain") for query in (compiled.first, compiled.rest))
        assert_same(bounded_rows(scanner, first, rest, table, cells, strategy.spread.keep).rows, wanted[: strategy.spread.keep])
