"""The funnel counts every line after the one before it, unknown apart, and names what came nearest."""

import re

import pytest

from engine.compile.funnel import Miss
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.facts.searches import FunnelRecorded
from engine.strategy.model import Strategy
from tests.core.compile import given
from tests.core.compile.plain_loops import leg_measure, may_be_leg, truth
from tests.core.compile.test_oracle import options_of

LADDER = [given.option(strike, side) for strike in range(85, 116) for side in ("C", "P")]
FINDER = Finder(Scanner())


def funnel(strategy: Strategy, options: list[dict[str, object]]) -> FunnelRecorded:
    rows = FINDER.rows(given.chain(options), {}, given.NOW)
    return FINDER.funnel(strategy, rows, ["SPX"], given.NOW)


def test_funnel_ends_with_as_many_as_the_scan_finds() -> None:
    strategy = given.strategy(rules=["credit >= 20% of width", "pop >= 40%"], width="$2-$6", short_delta="0.10-0.40", keep=10_000)
    rows = FINDER.rows(given.chain(LADDER), {}, given.NOW)

    recorded = FINDER.funnel(strategy, rows, ["SPX"], given.NOW)

    assert recorded.candidates == len(FINDER.scan(strategy, rows, ["SPX"], given.NOW)) > 0
    assert recorded.steps[-1].passed == recorded.candidates
    assert recorded.nearest_miss is None


def test_funnel_counts_unknown_apart_when_a_filter_has_no_value() -> None:
    options = [option | ({"volume": None} if n % 5 == 0 else {"volume": 5.0 * n}) for n, option in enumerate(LADDER)]
    strategy = given.strategy(filters=["volume >= 50", "iv < 90%"])

    recorded = funnel(strategy, options)

    table = given.chain(options).table
    puts = [o for o in options_of(table) if o["put_call"] == -1]
    line = strategy.filters[0].expression
    answers = [truth(line, lambda measure, o=o: leg_measure(measure.name, o)) for o in puts]
    step = next(step for step in recorded.steps if step.condition == "volume >= 50")
    assert (step.passed, step.unknown) == (answers.count(True), answers.count(None))
    assert step.unknown > 0
    legs = sum(may_be_leg(strategy, o | {"quote_age": 0.0, "days_to_ex_dividend": None}) for o in options_of(table))
    assert next(step for step in recorded.steps if step.condition == "iv < 90%").passed == legs


def test_funnel_counts_missing_quotes_as_unknown_and_crossed_ones_as_not_passed() -> None:
    options = [
        given.option(95),
        given.option(96, bid=None),
        given.option(97, bid=5.0, ask=4.0, fee=None),
        given.option(98, bid=5.0, ask=5.0, fee=None),
        given.option(99, ask=None, fee=None),
    ]

    quoted = funnel(given.strategy(), options).steps[2]

    assert (quoted.passed, quoted.unknown) == (1, 2)


def test_funnel_counts_a_short_leg_without_a_bid_as_not_passed_whether_its_delta_is_known_or_not() -> None:
    options = [given.option(95), given.option(96, bid=0.0, ask=0.1, delta=None), given.option(97, delta=None)]

    step = funnel(given.strategy(short_delta="0.10-0.90"), options).steps[3]

    assert (step.condition, step.passed, step.unknown) == ("short leg has a bid and a delta of 0.10-0.90", 1, 1)


def test_funnel_counts_the_long_legs_apart_from_the_short_ones() -> None:
    deltas = [(95, -0.1), (96, -0.2), (97, -0.3), (98, -0.4), (99, None)]
    options = [given.option(strike, delta=delta) for strike, delta in deltas]

    recorded = funnel(given.strategy("bear_put", short_delta="0.10-0.20", long_delta="0.30-0.50"), options)

    assert [(step.condition, step.passed, step.unknown) for step in recorded.steps[3:6]] == [
        ("short leg has a bid and a delta of 0.10-0.20", 2, 1),
        ("long leg has a delta of 0.30-0.50", 2, 1),
        ("spreads $1-$1000 wide", 4, 0),
    ]


def test_nearest_miss_names_a_line_whose_bound_is_met_exactly_and_must_be_passed() -> None:
    strategy = given.strategy(rules=["credit > $1.50", "width != $5"], width="$5")

    recorded = funnel(strategy, [given.option(95), given.option(100)])

    assert recorded.nearest_miss is not None
    assert recorded.nearest_miss.endswith("bull_put: credit > $1.50 (1.5 against 1.5, 0% off); width != $5 (5 against 5, 0% off)")


def test_nearest_miss_names_the_spread_the_line_and_the_distance_when_nothing_passes() -> None:
    strategy = given.strategy(rules=["credit >= 60% of width", "pop >= 20%"], width="$5")

    recorded = funnel(strategy, [given.option(95), given.option(100)])

    # Mids 4.50 and 6.00: a credit of 1.50, wanted 3.00.
    assert recorded.candidates == 0
    assert recorded.nearest_miss is not None
    assert recorded.nearest_miss.startswith("SPXW 20 Dec 26 100/95P bull_put: ")
    assert "credit >= 60% of width (1.5 against 3, 50% off)" in recorded.nearest_miss
    assert "pop" not in recorded.nearest_miss


def test_nearest_miss_says_unknown_when_a_value_is_absent() -> None:
    strategy = given.strategy(rules=["pop >= 20%"], width="$5")

    recorded = funnel(strategy, [given.option(95, iv=None), given.option(100)])

    assert recorded.nearest_miss is not None
    assert recorded.nearest_miss.endswith("pop >= 20% (unknown)")


def test_nearest_miss_says_that_the_rank_is_unknown_when_only_that_keeps_a_spread_out() -> None:
    recorded = funnel(given.strategy(rank="p_touch", width="$5"), [given.option(95), given.option(100, iv=None)])

    assert (recorded.candidates, recorded.steps[-1].unknown) == (0, 1)
    assert recorded.nearest_miss is not None
    assert recorded.nearest_miss.endswith("bull_put: rank (unknown)")


def test_nearest_miss_prefers_one_near_line_to_two() -> None:
    strategy = given.strategy(rules=["credit >= 31% of width", "slippage <= $0.20"], width="$5")
    wide = given.option(105, bid=7.0, ask=8.0)

    recorded = funnel(strategy, [given.option(95), given.option(100), wide])

    assert recorded.nearest_miss is not None
    assert "100/95P" in recorded.nearest_miss


def test_nearest_miss_is_absent_when_there_is_no_spread_at_all() -> None:
    assert funnel(given.strategy(width="$50"), LADDER).nearest_miss is None


def test_nearest_condor_is_made_of_wings_that_pass_where_only_a_rule_keeps_it_out() -> None:
    strategy = given.strategy(
        "iron_condor", width="$2-$5", short_delta="0.20-0.40", rules=["credit >= 95% of width"], rank="credit"
    )
    every = strategy.spread.model_copy(update={"rules": (), "keep": 10_000})
    rows = FINDER.rows(given.chain(LADDER), {}, given.NOW)
    shares = [one.net / one.width for one in FINDER.scan(strategy.model_copy(update={"spread": every}), rows, ["SPX"], given.NOW)]

    recorded = FINDER.funnel(strategy, rows, ["SPX"], given.NOW)

    assert recorded.nearest_miss is not None
    best = re.search(r"credit >= 95% of width \(([0-9.]+) against ([0-9.]+),", recorded.nearest_miss)
    assert best is not None
    assert float(best[1]) / float(best[2]) * 0.95 == pytest.approx(max(shares), rel=1e-3)


def test_nearest_condor_is_told_where_no_wing_passes_and_the_nearest_wings_do_not_meet() -> None:
    # Only options deep in the money have such deltas: the puts that come nearest lie above the calls that do.
    strategy = given.strategy("iron_condor", width="$2-$5", short_delta="0.93-0.94", filters=["volume >= 1000000"], rank="credit")

    recorded = funnel(strategy, LADDER)

    assert recorded.nearest_miss is not None
    assert "short_put_delta: 0.93-0.94" in recorded.nearest_miss
    assert "volume >= 1000000" in recorded.nearest_miss


@pytest.mark.parametrize(
    ("miss", "told"),
    [
        (Miss("quote_age <= 5 s", 152.4, None, None), "quote_age <= 5 s (off by 152 times the bound)"),
        (Miss("credit >= $1", 0.5, 0.5, 1.0), "credit >= $1 (0.5 against 1, 50% off)"),
        (Miss("pop >= 70%", None, None, None), "pop >= 70% (unknown)"),
    ],
)
def test_miss_is_told_in_percent_and_a_far_one_in_times(miss: Miss, told: str) -> None:
    assert str(miss) == told


def test_nothing_is_searched_where_the_forward_is_unknown_and_the_funnel_says_so() -> None:
    options = [given.option(strike, forward=None, forward_from=0) for strike in (95, 100, 105)]
    strategy = given.strategy(rank="credit / width")
    rows = FINDER.rows(given.chain(options), {}, given.NOW)

    recorded = FINDER.funnel(strategy, rows, ["SPX"], given.NOW)

    assert [(step.condition, step.passed, step.unknown) for step in recorded.steps[:3]] == [
        ("puts, 0-400 days", 3, 0),
        ("forward known, from call-put parity or from spot", 0, 3),
        ("quoted within a minute, not locked or crossed", 0, 0),
    ]
    assert FINDER.scan(strategy, rows, ["SPX"], given.NOW) == ()


@pytest.mark.parametrize("asked", [{}, {"filters": ["iv < 90%"]}, {"short_delta": "0.10-0.90"}])
def test_what_was_told_too_long_ago_for_an_opening_is_unknown(asked: dict[str, object]) -> None:
    options = [given.option(95), given.option(100, quote_age=61.0), given.option(105)]

    recorded = funnel(given.strategy(**asked), options)

    quoted = next(step for step in recorded.steps if step.condition.startswith("quoted"))
    assert (quoted.passed, quoted.unknown) == (2, 1)
    assert recorded.candidates == 1


def test_a_number_of_an_old_quote_is_unknown_also_where_the_leg_itself_is_fresh() -> None:
    options = [given.option(95), given.option(100, priced_at=given.NOW.timestamp() - 61)]

    recorded = funnel(given.strategy(rules=["pop >= 1%"]), options)

    assert [(step.condition, step.passed, step.unknown) for step in recorded.steps[-2:-1]] == [("pop >= 1%", 0, 1)]
