"""Scans that rank first and ask what is dear of the best alone: what plain loops find, whether those were enough or not."""

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.compile.entry import BEST_RANKED, compile_bounded
from engine.compile.lists import lists_of
from engine.compile.wings import BoundedRows, bounded_rows
from engine.decide.rows import chain_rows
from engine.domain.chain import ChainSnapshot
from engine.strategy.model import Strategy
from tests.core.compile import given as make
from tests.core.compile import test_later as later
from tests.core.compile import test_oracle as oracle
from tests.core.compile.plain_loops import search
from tests.core.compile.test_wings import scanner

FEW = (2, 2)
"""So few that they seldom hold all that is kept."""
_SCANNER = scanner()


def ranked(strategy: Strategy, table: pa.Table, most: tuple[int, int]) -> BoundedRows:
    compiled = compile_bounded(strategy, ranked=most)
    assert compiled is not None, "something dear is asked, and the rank is not"
    first, rest = (_SCANNER.prepare(query, "chain") for query in (compiled.first, compiled.rest))
    found = bounded_rows(_SCANNER, first, rest, table, lists_of(table), strategy.spread.keep)
    _SCANNER.forget(first)
    _SCANNER.forget(rest)
    return found


@st.composite
def of_two_expiries(draw: st.DrawFn) -> tuple[Strategy, ChainSnapshot]:
    kind = draw(st.sampled_from(list(later.KEYS)))
    strategy = make.strategy(
        kind,
        rules=draw(
            st.lists(st.sampled_from(["quote_width <= $1", "pop >= 30%", "max_loss <= $900", "delta >= -0.10"]), max_size=2)
        ),
        rank=draw(st.sampled_from(["-theta", "vega", "-quote_width", "dte"])),
        expiry=draw(later.EXPIRIES),
        keep=draw(st.sampled_from([1, 5, 500])),
        **draw(later.KEYS[kind]),  # type: ignore[arg-type]
    )
    return strategy, later.chain_of(draw(st.integers(0, 10**9)))


@st.composite
def of_one_expiry(draw: st.DrawFn) -> tuple[Strategy, ChainSnapshot]:
    dear = draw(st.sampled_from(["p_touch <= 60%", "pop between 20% and 90% and p_touch >= 5%"]))
    strategy = make.strategy(
        "broken_wing",
        rules=[
            dear,
            *draw(st.lists(st.sampled_from(["natural_credit > $0", "max_loss <= $600", "theta >= -$0.20"]), max_size=1)),
        ],
        rank=draw(st.sampled_from(["expected_value / max_loss", "return_on_risk", "width", "-quote_width"])),
        expiry="0-60 days",
        keep=draw(st.sampled_from([1, 5, 500])),
        **draw(oracle.KEYS["broken_wing"]),
    )
    return strategy, oracle.chain_of(draw(st.integers(0, 10**9)))


@pytest.mark.slow
@pytest.mark.parametrize("drawn", [of_two_expiries(), of_one_expiry()], ids=["two expiries", "one expiry"])
def test_ranked_search_finds_what_plain_loops_find(drawn: st.SearchStrategy[tuple[Strategy, ChainSnapshot]]) -> None:
    proven: list[bool] = []

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(drawn=drawn, most=st.sampled_from([FEW, (1, 1), (8, 8), BEST_RANKED]))
    def finds(drawn: tuple[Strategy, ChainSnapshot], most: tuple[int, int]) -> None:
        strategy, chain = drawn
        table = chain_rows(chain, {}, make.NOW).table

        found = ranked(strategy, table, most)

        proven.append(found.is_proven)
        oracle.assert_same(found.rows, search(strategy, oracle.options_of(table))[: strategy.spread.keep])

    finds()
    assert {True, False} <= set(proven), "both ways were taken"


CALM = [make.option(strike, "P") for strike in range(80, 101)]


@pytest.mark.parametrize(
    ("keys", "most", "is_proven"),
    [
        ({"rank": "width", "keep": 2, "rules": ["p_touch <= 99%"]}, FEW, True),
        ({"rank": "width", "keep": 500, "rules": ["p_touch <= 99%"]}, BEST_RANKED, True),
        ({"rank": "width", "keep": 3, "rules": ["p_touch <= 99%"]}, FEW, False),
        ({"rank": "short_delta", "keep": 2, "rules": ["p_touch <= 20%"]}, FEW, False),
    ],
    ids=["the best are enough, though all are equal", "there are no others", "too few are asked", "the best do not pass"],
)
def test_others_are_looked_at_only_where_the_best_are_too_few(
    keys: dict[str, object], most: tuple[int, int], *, is_proven: bool
) -> None:
    strategy = make.strategy("broken_wing", right="put", width={"near": "$2", "far": "$3"}, **keys)
    table = chain_rows(make.chain(CALM), {}, make.NOW).table

    found = ranked(strategy, table, most)

    wanted = search(strategy, oracle.options_of(table))
    assert found.is_proven is is_proven
    assert len(wanted) >= 2
    oracle.assert_same(found.rows, wanted[: strategy.spread.keep])


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("bull_put", {"rules": ["pop >= 70%"]}),
        ("butterfly", {"right": "put", "width": "$5", "rules": ["pop >= 20%"]}),
        ("broken_wing", {"right": "put", "width": {"near": "$2", "far": "$3"}, "rules": ["max_loss <= $200"]}),
        ("broken_wing", {"right": "put", "width": {"near": "$2", "far": "$3"}, "rank": "pop"}),
        ("calendar", {"right": "put", "expiry": {"near": "9 days", "far": "30 days"}, "width": None, "rank": "return_on_risk"}),
    ],
    ids=["a chance that is asked by its quantile", "few meet", "nothing dear", "a dear rank", "a dear rank of two expiries"],
)
def test_scan_that_would_save_nothing_has_no_two_steps(kind: str, keys: dict[str, object]) -> None:
    assert compile_bounded(make.strategy(kind, **keys)) is None
