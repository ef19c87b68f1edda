"""Numbers of the market in rules and rank: a spread is held against them, underlying by underlying."""

import pytest
from hypothesis import given as each
from hypothesis import settings
from hypothesis import strategies as st

from engine.compile.market import others_in
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.candidate import Candidate
from engine.domain.chain import MarketState
from engine.runtime.feed import lines_of
from engine.strategy.explain import sentences
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_strategy
from tests import given

CHAIN = given.chain(
    [
        *given.options(range(560, 605, 5)),
        *given.options(range(560, 605, 5), root="QQQ", underlying="QQQ", iv=0.3),
    ]
)
SPREAD = """\
universe: [SPY, QQQ]
spread:
  type: {kind}
  expiry: 20-30 days
  width: $5-$10
  keep: 40
  rank: {rank}
  rules:
    - credit >= $0.01
{rules}"""
CONDOR_CHAIN = given.chain(given.options(range(560, 645, 5)))


def strategy(*rules: str, rank: str = "credit", kind: str = "bull_put") -> Strategy:
    return given.strategy(SPREAD.format(kind=kind, rank=rank, rules="".join(f"    - {rule}\n" for rule in rules)))


def found(asked: Strategy, finder: Finder | None = None, chain=CHAIN, **market: MarketState) -> tuple[Candidate, ...]:
    finder = finder or Finder(Scanner())
    return finder.scan(asked, finder.rows(chain, market, given.NOW), asked.universe, given.NOW)


def keys(candidates: tuple[Candidate, ...]) -> list[str]:
    return [f"{one.spread.key}" for one in candidates]


FINDER = Finder(Scanner())
ALL = found(strategy(), FINDER)


@settings(deadline=None, max_examples=25)
@each(
    vix=st.none() | st.floats(10, 40),
    ranks=st.tuples(st.none() | st.floats(0, 1), st.none() | st.floats(0, 1)),
    bound=st.integers(10, 40),
)
def test_rules_equal_plain_loops(vix: float | None, ranks: tuple[float | None, float | None], bound: int) -> None:
    asked = strategy(f"pop >= 85% or vix >= {bound}", "pop >= iv30")
    market = {name: given.market(name, vix=vix, iv30=iv30) for name, iv30 in zip(("SPY", "QQQ"), ranks, strict=True)}
    iv30 = dict(zip(("SPY", "QQQ"), ranks, strict=True))
    wanted = [
        one
        for one in ALL
        if one.pop is not None
        and (one.pop >= 0.85 or (vix is not None and vix >= bound))
        and (known := iv30[one.spread.underlying]) is not None
        and one.pop >= known - 1e-9
    ]

    assert sorted(keys(found(asked, FINDER, **market))) == sorted(keys(tuple(wanted)))


def test_rank_orders_by_what_the_market_of_each_underlying_says() -> None:
    asked = strategy(rank="pop * iv30")
    market = {"SPY": given.market("SPY", iv30=0.1), "QQQ": given.market("QQQ", iv30=0.9)}

    scores = [one.score for one in found(asked, **market)]

    by_hand = sorted(((one.pop or 0) * (0.1 if one.spread.underlying == "SPY" else 0.9) for one in ALL), reverse=True)
    assert scores == pytest.approx(by_hand[: len(scores)])


def test_number_that_is_not_known_lets_nothing_through() -> None:
    asked = strategy("pop >= iv30")

    assert found(asked, SPY=given.market("SPY", iv30=None)) == ()


@pytest.mark.parametrize("vix", [20.0, 30.0])
def test_condors_are_held_against_the_market_too(vix: float) -> None:
    asked = strategy("pop >= 60% or vix >= 25", kind="iron_condor", rank="pop")
    everything = found(strategy(kind="iron_condor", rank="pop"), chain=CONDOR_CHAIN)
    wanted = [one for one in everything if (one.pop or 0) >= 0.6 or vix >= 25]

    assert keys(found(asked, chain=CONDOR_CHAIN, SPY=given.market(vix=vix)))[:10] == keys(tuple(wanted))[:10]


def test_market_that_has_changed_is_searched_anew() -> None:
    finder, asked = Finder(Scanner()), strategy("pop >= 99% or vix >= 20")

    calm = found(asked, finder, SPY=given.market(vix=15.0))
    wild = found(asked, finder, SPY=given.market(vix=25.0))

    assert len(calm) < len(wild)


def test_funnel_counts_the_line_and_names_the_nearest_miss() -> None:
    finder, asked = Finder(Scanner()), strategy("pop >= iv_rank + 99%")
    rows = finder.rows(CHAIN, {name: given.market(name) for name in ("SPY", "QQQ")}, given.NOW)

    told = finder.funnel(asked, rows, asked.universe, given.NOW)

    assert told.steps[-1].passed == 0
    assert told.nearest_miss is not None


def test_indices_of_rules_are_listened_to() -> None:
    assert others_in(lines_of([strategy("pop >= 90% or vix / vix3m >= 1")])) == {"VIX", "VIX3M"}


def test_line_about_the_market_alone_is_still_led_to_when() -> None:
    (problem, *_) = parse_strategy(
        given.strategy_text(SPREAD.format(kind="bull_put", rank="credit", rules="    - vix >= 20\n")), "x.yaml"
    ).errors

    assert problem.hint.endswith("in when")


def test_more_numbers_than_a_scan_takes_are_refused() -> None:
    rules = "    - pop >= 90% or vix >= 20 or iv_rank >= 50% or rsi(14 days) >= 70 or trend(5 days) >= 1%\n"

    (problem,) = parse_strategy(given.strategy_text(SPREAD.format(kind="bull_put", rank="credit", rules=rules)), "x.yaml").errors

    assert problem.message.startswith("more than 3 numbers of the market")


def test_explain_says_the_line_as_it_stands() -> None:
    assert "pop >= 85% or vix >= 25" in "\n".join(sentences(strategy("pop >= 85% or vix >= 25")))
