"""What pays most under a view: held against sums over its prices, and against somebody who expects what the market does."""

import math
from datetime import date
from decimal import Decimal
from functools import cache

import numpy as np
import pytest

from engine.compile.scanner import Scanner
from engine.decide.entry.expected import market_at, view_of
from engine.decide.entry.find import Finder
from engine.decide.ideas import Searched, best, columns_of, fitting, searches, seen
from engine.domain.chain import ChainSnapshot
from engine.pricing import black_scholes
from engine.pricing.payoff import PayoffLeg, profit_at
from engine.pricing.view import View
from engine.strategy.values.view import SaidView
from tests.core.compile import given
from tests.core.compile.given import NOW

VOLATILITY, RATE, SPOT = 0.2, 0.03, 1000.0
DAYS = (28, 30, 40, 60)
BY = date(2026, 12, 17)
FINDER = Finder(Scanner())
STRIKES = [float(strike) for strike in range(850, 1155, 5)]


@cache
def market(half: float = 0.05) -> ChainSnapshot:
    """An index at 1,000 whose options are quoted around their worth at 20% volatility."""
    options: list[dict[str, float | str | None]] = []
    for days in DAYS:
        years = (days + 0.1) / 365
        forward, discount = SPOT * math.exp(RATE * years), math.exp(-RATE * years)
        for put_call in ("P", "C"):
            sign = 1 if put_call == "C" else -1
            made = black_scholes.greeks(forward, np.array(STRIKES), years, 0.0, 0.0, VOLATILITY, sign)
            for strike, value, delta in zip(STRIKES, (made.price * discount).tolist(), made.delta.tolist(), strict=True):
                options.append(
                    given.option(strike, put_call, dte=days, spot=SPOT, forward=forward, discount=discount, atm_iv=VOLATILITY,
                                 iv=VOLATILITY, worth=value, delta=delta, bid=max(0.01, value - half), ask=value + half)
                )  # fmt: skip
    return given.chain(options)


def said(low: str | None, high: str | None, sure: str = "0.68", *, is_share: bool = True) -> SaidView:
    return SaidView("SPX", *(None if end is None else Decimal(end) for end in (low, high)), is_share, BY, Decimal(sure))


def found(view: SaidView, chain: ChainSnapshot, title: str) -> tuple[View, Searched]:
    meant = view_of(view, columns_of(chain, view.underlying), NOW)
    rows = FINDER.rows(seen(chain, "SPX", meant), {}, NOW)
    strategy = next(strategy for name, strategy in searches(view, chain, NOW) if name == title)
    return meant, best(FINDER, strategy, title, rows, meant, NOW)


def test_market_s_own_forward_and_volatility_are_found() -> None:
    years = 35 / 365

    expected = market_at("SPX", columns_of(market(), "SPX"), years)

    assert expected.forward == pytest.approx(SPOT * math.exp(RATE * years), rel=1e-9)
    assert expected.deviation == pytest.approx(VOLATILITY * math.sqrt(years), rel=1e-9)


def test_one_price_is_as_wide_as_the_market_and_a_level_is_passed_as_often_as_is_said() -> None:
    chain = market()

    at, above = (
        view_of(view, columns_of(chain, view.underlying), NOW)
        for view in (said("1050", "1050", is_share=False), said("1030", None, "0.8", is_share=False))
    )

    assert at.expected.deviation == pytest.approx(market_at("SPX", columns_of(chain, "SPX"), at.years).deviation)
    assert at.expected.chance(0.0, 1050.0) == pytest.approx(0.5)
    assert above.expected.chance(1030.0, math.inf) == pytest.approx(0.8)


@pytest.mark.parametrize("title", ["bull call", "iron condor", "call butterfly", "put broken wing"])
def test_value_is_the_mean_of_what_is_made_at_the_expiry_after_fees(title: str) -> None:
    chain = market()

    view, searched = found(said("0.01", "0.03"), chain, title)

    assert searched.ideas, "the market does not expect that: something pays"
    for idea in searched.ideas[:3]:
        one = idea.candidate
        contract = one.spread.legs[0].contract
        years = ((contract.expiry - given.TODAY).days + 0.1) / 365
        levels = view.at(years, SPOT * math.exp(RATE * years), VOLATILITY).levels(20_001)
        legs = [PayoffLeg(leg.sign, leg.ratio, leg.contract.put_call, float(leg.contract.strike)) for leg in one.spread.legs]
        made = np.array([profit_at(legs, 0.0, level) for level in levels.tolist()])
        multiplier = one.spread.multiplier
        value = (one.natural + math.exp(-RATE * years) * float(made.mean())) * multiplier - one.fees
        assert idea.value == pytest.approx(value, abs=0.5)
        assert idea.loss == pytest.approx(one.max_loss + (one.net - one.natural) * multiplier + one.fees)
        wins = float(np.mean(made + one.net - one.fees / multiplier > 0))
        assert idea.pop == pytest.approx(wins, abs=0.005)


def test_best_of_a_vertical_is_the_best_of_all_that_meet() -> None:
    chain = market()

    view, searched = found(said("0.01", "0.03"), chain, "bull call")

    worth = {
        (contract.strike, (contract.expiry - given.TODAY).days): row
        for row, contract in enumerate(chain.contracts)
        if contract.put_call == "C"
    }
    column = {name: chain.table.column(name).to_pylist() for name in ("bid", "ask", "fee", "discount", "forward", "years")}
    best_score = -math.inf
    for (low, days), bought in worth.items():
        for high in (low + 5 * n for n in range(1, 7)):
            sold = worth.get((high, days))
            if sold is None or days not in (28, 30):
                continue
            debit = column["ask"][bought] - column["bid"][sold]
            paid = [
                float(
                    view.worth(
                        column["forward"][row], float(strike), column["years"][row], column["discount"][row], VOLATILITY, 1
                    )
                )
                for row, strike in ((bought, low), (sold, high))
            ]
            fees = 2 * max(column["fee"][bought] + column["fee"][sold], 1.0)
            value, loss = 100 * (paid[0] - paid[1] - debit) - fees, 100 * debit + fees
            best_score = max(best_score, value / loss) if loss > 30 else best_score
    assert searched.ideas[0].score == pytest.approx(best_score, rel=1e-9)
    assert [idea.score for idea in searched.ideas] == sorted((idea.score for idea in searched.ideas), reverse=True)


@pytest.mark.slow
def test_who_expects_what_the_market_does_gets_no_idea() -> None:
    chain = market()
    view = view_of(said("1000", "1000", is_share=False), columns_of(chain, "SPX"), NOW)
    forward = view.forward * math.exp(-0.5 * view.expected.deviation**2)
    same = said(str(forward), str(forward), is_share=False)

    for title, _ in searches(same, chain, NOW):
        assert found(same, chain, title)[1].ideas == (), title


def test_every_structure_is_searched_and_those_that_buy_for_later_only_where_something_is_later() -> None:
    chain, soon, late = (
        market(),
        said("0.01", "0.03"),
        SaidView("SPX", Decimal(1000), None, False, date(2027, 1, 18), Decimal("0.6")),
    )

    assert len({strategy.spread.type for _, strategy in searches(soon, chain, NOW)}) == 12
    assert {strategy.spread.type for _, strategy in searches(late, chain, NOW)} == {
        *("bull_put", "bear_call", "bull_call", "bear_put", "iron_condor", "iron_butterfly", "butterfly", "broken_wing")
    }


@pytest.mark.parametrize(
    ("view", "tells"),
    [
        (SaidView("RUT", Decimal(2000), None, False, BY, Decimal("0.6")), "this chain has no RUT; it has SPX"),
        (SaidView("SPX", Decimal(1000), None, False, date(2027, 6, 18), Decimal("0.6")), "say an earlier day"),
    ],
)
def test_what_the_chain_cannot_tell_leads_out(view: SaidView, tells: str) -> None:
    chain = market()

    with pytest.raises(ValueError, match=tells):
        view_of(view, columns_of(chain, view.underlying), NOW)
        list(searches(view, chain, NOW))


def test_as_many_fit_as_the_least_of_the_limits_lets_through() -> None:
    _, searched = found(said("0.01", "0.03"), market(), "bull call")
    one = searched.ideas[0].candidate
    loss, width = Decimal(repr(round(one.max_loss + one.fees, 2))), Decimal(repr(one.width)) * 100

    assert fitting(one, [loss * 3, loss * 2], None, 10) == 2
    assert fitting(one, [loss * 3], width, 10) == 1
    assert fitting(one, [loss * 30], None, 5) == 5
    assert fitting(one, [loss - 1], None, 5) == 0
