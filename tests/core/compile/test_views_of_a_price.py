"""The expected value at a view of a price: what is found is held against sums over the prices that the view expects."""

import numpy as np
import pytest

from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.candidate import Candidate
from engine.domain.chain import ChainSnapshot
from engine.pricing.payoff import PayoffLeg, profit_at
from engine.strategy.model import Strategy
from tests.core.compile import given

FINDER = Finder(Scanner())
HIGHER = {"higher": "SPX between $104 and $108 by 20 Dec 2026, 80% sure"}
"""By the day on which the options of `given` expire."""
RANK = "expected_value at higher / max_loss"


def chain(**more: float | str | None) -> ChainSnapshot:
    return given.chain([given.option(strike, side, **more) for strike in range(90, 111, 5) for side in ("C", "P")])


def found(strategy: Strategy, of: ChainSnapshot | None = None) -> tuple[Candidate, ...]:
    rows = FINDER.rows(of or chain(), {}, given.NOW)
    return FINDER.scan(strategy, rows, ["SPX"], given.NOW)


@pytest.mark.parametrize("kind", ["bull_call", "bear_put"])
def test_value_is_the_mean_of_what_is_made_at_the_prices_expected(kind: str) -> None:
    best, *_ = found(given.strategy(kind, rank=RANK, views=HIGHER))

    half = np.log(108 / 104) / 2 / 1.2815515655446004
    mean, deviation = np.log(104 * 108) / 2, half
    rng = np.random.default_rng(7)
    ends = np.exp(mean + deviation * rng.standard_normal(400_000))
    legs = [PayoffLeg(leg.sign, leg.ratio, leg.contract.put_call, float(leg.contract.strike)) for leg in best.spread.legs]
    made = np.mean([profit_at(legs, 0.0, end) for end in ends[:4000]])
    (view,) = best.views
    assert view.at == "higher"
    assert view.expected_value == pytest.approx(100 * (best.net + 0.996 * made) - best.fees, abs=8)
    assert view.expected_value == pytest.approx(best.score * best.max_loss)


def test_same_spread_is_worth_more_to_whom_expects_what_it_gains_by() -> None:
    views = {**HIGHER, "lower": "SPX between $92 and $96 by 20 Dec 2026, 80% sure"}

    better = found(
        given.strategy("bull_call", rules=["expected_value at higher > expected_value at lower"], rank="pop", views=views)
    )
    worse = found(
        given.strategy("bull_call", rules=["expected_value at higher <= expected_value at lower"], rank="pop", views=views)
    )

    assert better
    assert not worse


@pytest.mark.parametrize(
    "view",
    [
        "SPX between $104 and $108 by 19 Nov 2026",
        "QQQ between $104 and $108 by 20 Dec 2026",
    ],
)
def test_view_whose_day_has_passed_or_of_another_underlying_is_unknown_and_no_pass(view: str) -> None:
    strategy = given.strategy("bull_call", rules=["expected_value at higher > -$100,000"], views={"higher": view})

    assert not found(strategy)
    funnel = FINDER.funnel(strategy, FINDER.rows(chain(), {}, given.NOW), ["SPX"], given.NOW)
    (step,) = [one for one in funnel.steps if "expected_value" in one.condition]
    assert (step.passed, step.unknown > 0) == (0, True)


def test_view_is_unknown_where_the_market_has_none_of_its_own() -> None:
    assert not found(given.strategy("bull_call", rank=RANK, views=HIGHER), chain(atm_iv=None))


def test_share_is_one_of_the_price_at_each_look_and_days_go_on() -> None:
    strategy = given.strategy("bull_call", rank="expected_value at up", views={"up": "4% to 8% higher in 30 days, 80% sure"})

    low, high = found(strategy, chain(spot=100.0)), found(strategy, chain(spot=105.0))

    assert low[0].score < high[0].score
