"""Strategies that share their pairs find what each finds alone, which is what plain loops find."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.compile.pairs import Meeting
from engine.compile.scanner import Scanner
from engine.compile.shared import can_share, compile_shared
from engine.decide.entry.find import Finder
from engine.decide.entry.together import FROM
from engine.decide.rows import SCAN_SCHEMA, chain_rows
from engine.strategy.model import Strategy
from tests.core.compile import given as make
from tests.core.compile.plain_loops import search
from tests.core.compile.test_oracle import KINDS, assert_same, chain_of, declared, options_of


@st.composite
def alike(draw: st.DrawFn) -> list[Strategy]:
    """Strategies of one vertical."""
    kind = draw(st.sampled_from(KINDS))
    return draw(st.lists(declared([kind]).filter(can_share), min_size=1, max_size=4))


@pytest.mark.slow
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(seed=st.integers(0, 10**9), strategies=alike(), meeting=st.sampled_from(["bucket", "group"]))
def test_each_finds_among_shared_pairs_what_plain_loops_find(seed: int, strategies: list[Strategy], meeting: Meeting) -> None:
    table = chain_rows(chain_of(seed), {}, make.NOW).table
    scanner = Scanner()
    scanner.relation("chain", SCAN_SCHEMA)
    plan = compile_shared(strategies, "shared", meeting=meeting)
    pairs = scanner.prepare(plan.pairs, "chain")
    scanner.relation("shared", scanner.table(pairs, SCAN_SCHEMA.empty_table()).schema)

    found = scanner.rows(scanner.prepare(plan.searches, "shared"), scanner.table(pairs, table))

    for number, strategy in enumerate(strategies):
        mine = [row[1:] for row in found if row[0] == number]
        assert_same(mine, search(strategy, options_of(table))[: strategy.spread.keep])
    scanner.close()


LADDER = [
    make.option(strike, side, underlying=underlying)
    for underlying in ("QQQ", "SPX")
    for strike in range(90, 111)
    for side in ("C", "P")
]


def of_two_names(number: int) -> Strategy:
    rules = [f"credit >= {5 + number}% of width", "pop >= 30%"]
    filters = [f"volume >= {number}"]
    made = make.strategy(rules=rules, filters=filters, width="$2-$6", universe=["QQQ", "SPX"], keep=3, name=f"number_{number}")
    return made.model_copy(update={"digest": f"{number:064d}"})


def test_finder_gives_the_same_alone_and_together_while_quotes_change() -> None:
    strategies = tuple(of_two_names(number) for number in range(FROM))
    alone, together = Finder(Scanner()), Finder(Scanner())
    together.together(strategies)
    dearer = [option | {"bid": 1.3 * option["bid"], "ask": 1.3 * option["ask"]} for option in LADDER]

    for n, options in enumerate([LADDER, LADDER, dearer, [], dearer]):
        now = make.NOW + timedelta(milliseconds=n)
        chain = make.chain(options)
        by_one, by_all = (finder.rows(chain, {}, now) for finder in (alone, together))
        for strategy in strategies:
            for names in (["QQQ", "SPX"], ["SPX"]) if options else ([],):
                assert together.scan(strategy, by_all, names, now) == alone.scan(strategy, by_one, names, now)


def test_pairs_are_made_once_an_instant_where_enough_strategies_looked_before(monkeypatch: pytest.MonkeyPatch) -> None:
    strategies = tuple(of_two_names(number) for number in range(FROM))
    scanner = Scanner()
    finder = Finder(scanner)
    finder.together(strategies)
    tables: list[int] = []
    table = scanner.table
    monkeypatch.setattr(scanner, "table", lambda prepared, of: tables.append(of.num_rows) or table(prepared, of))

    for _ in range(3):
        rows = finder.rows(make.chain(LADDER), {}, make.NOW)
        for strategy in strategies:
            assert finder.scan(strategy, rows, ["QQQ", "SPX"], make.NOW)

    assert [count for count in tables if count] == [len(LADDER)] * 2
    assert finder.scans == 3 * FROM


@pytest.mark.parametrize(
    ("strategy", "shared"),
    [
        (make.strategy("bear_call"), True),
        (make.strategy("iron_condor", width="$5"), False),
        (make.strategy(rules=["expected_value at 18% > $0"]), False),
        (make.strategy(expiry="next monthly"), False),
    ],
    ids=["vertical", "condor", "view", "next monthly"],
)
def test_only_verticals_without_views_of_a_range_of_days_share(strategy: Strategy, shared: bool) -> None:
    assert can_share(strategy) is shared
