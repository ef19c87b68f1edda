"""What the account's greek limits measure: losses revalued within the life that each option has left."""

import math
from datetime import timedelta
from itertools import pairwise

import pytest

from engine.decide.risk.exposure import Holding
from engine.decide.risk.greeks import Line, lines, loss_of_move, loss_of_volatility, worst_move
from engine.domain.chain import ChainSnapshot
from engine.domain.spread import Spread
from tests import given

HOUR = 1 / (365 * 24)


def line(strike: float, contracts: float, *, put_call: str = "P", years: float = 25 / 365, iv: float = 0.20) -> Line:
    return Line(contracts, 600.0, strike, years, 1 if put_call == "C" else -1, iv, years * 365)


def spread(years: float, short: float = 595, long: float = 590, iv: float = 0.20) -> list[Line]:
    """Ten bull put spreads, sold."""
    return [line(short, -1000, years=years, iv=iv), line(long, 1000, years=years, iv=iv)]


def black(forward: float, strike: float, years: float, iv: float, sign: int) -> float:
    """Black's formula without discount, by the error function alone."""
    if years <= 0 or iv <= 0:
        return max(0.0, sign * (forward - strike))
    deviation = iv * math.sqrt(years)
    d1 = math.log(forward / strike) / deviation + deviation / 2
    return sign * (forward * _normal(sign * d1) - strike * _normal(sign * (d1 - deviation)))


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def worth(legs: list[Line], move: float = 0.0, points: float = 0.0) -> float:
    return sum(
        leg.contracts * black(leg.forward * (1 + move), leg.strike, leg.years, max(0.0, leg.iv + points), leg.sign)
        for leg in legs
    )


BOOKS = {
    "25 days": spread(25 / 365),
    "two hours": spread(2 * HOUR),
    "in the money": spread(2 * HOUR, 610, 605),
    "debit": [line(600, 1000, put_call="C"), line(605, -1000, put_call="C")],
    "mixed lives": [*spread(2 * HOUR), *spread(90 / 365)],
    "low volatility": spread(25 / 365, iv=0.06),
}


@pytest.mark.parametrize("name", BOOKS)
def test_losses_are_those_of_plain_revaluation(name: str) -> None:
    legs = BOOKS[name]
    now = worth(legs)

    of_one, of_three = (max(0.0, *(now - worth(legs, move=sign * move) for sign in (1, -1))) for move in (0.01, 0.03))
    of_volatility = max(0.0, *(now - worth(legs, points=points) for points in (0.10, -0.10)))

    assert loss_of_move(legs, 0.01, 0.0) == pytest.approx(of_one, abs=0.01)
    assert loss_of_move(legs, 0.03, 0.0) == pytest.approx(of_three, abs=0.01)
    assert loss_of_volatility(legs, 0.10, 0.0) == pytest.approx(of_volatility, abs=0.01)


def test_volatility_takes_less_the_less_life_is_left_and_nothing_at_the_end() -> None:
    lives = [30 / 365, 7 / 365, 1 / 365, 6 * HOUR, 2 * HOUR, HOUR / 6, 0.0]
    losses = [loss_of_volatility(spread(years, 570, 565), 0.10, 0.0) for years in lives]

    assert losses == sorted(losses, reverse=True)
    assert losses[0] > 450
    assert losses[-1] == 0


def test_option_with_two_hours_left_cannot_lose_what_thirty_days_could() -> None:
    month, hours = (loss_of_volatility(spread(years, 600, 595), 0.10, 0.0) for years in (30 / 365, 2 * HOUR))
    vega = worth(spread(2 * HOUR, 600, 595)) - worth(spread(2 * HOUR, 600, 595), points=0.01)
    scaled = 10 * vega * math.sqrt(30)

    assert hours < month + 400, "no more than its own life allows"
    assert hours < scaled / 2, "what was counted before"


@pytest.mark.parametrize("years", [25 / 365, 2 * HOUR, 0.0])
def test_no_move_takes_more_than_the_spread_can_lose(years: float) -> None:
    legs = spread(years)
    most = worth(legs) + 5 * 1000

    assert all(loss_of_move(legs, move, 0.0) <= most + 0.01 for move in (0.01, 0.03, 0.20))


def test_loss_of_a_move_grows_with_the_move() -> None:
    losses = [loss_of_move(spread(2 * HOUR), move, 0.0) for move in (0.0, 0.005, 0.01, 0.02, 0.03)]

    assert all(less <= more for less, more in pairwise(losses))
    assert losses[0] == 0


def test_what_is_far_from_the_money_at_the_end_takes_nothing_of_the_limit() -> None:
    legs = spread(HOUR / 60, 560, 555)

    assert loss_of_move(legs, 0.01, 0.0) == pytest.approx(0, abs=0.01)


def test_stress_of_nothing_is_nothing() -> None:
    assert worst_move([], [0.05], [0.3], 0.04) == 0
    assert (loss_of_move([], 0.01, 0.04), loss_of_volatility([], 0.10, 0.04)) == (0, 0)


def found(quotes: ChainSnapshot, of: Spread | None = None) -> tuple[Line, ...] | None:
    holding = Holding("puts", of or given.spread(), 2, given.Decimal(500), given.NOW - timedelta(days=1), is_working=False)
    return lines([holding], given.rows(quotes))


WORTHLESS = {"iv": None, "delta": None, "gamma": None, "vega": None}


def test_bought_leg_that_nobody_bids_for_can_lose_nothing() -> None:
    known = found(given.chain(p575={**WORTHLESS, "bid": None, "ask": 0.05}))

    assert known is not None
    assert [(one.strike, one.contracts) for one in known] == [(580, -200)]


def test_sold_leg_that_nobody_bids_for_is_taken_at_the_volatility_of_its_ask() -> None:
    known = found(given.chain(p580={**WORTHLESS, "bid": 0.0, "ask": 0.05}))

    assert known is not None
    short = next(one for one in known if one.strike == 580)
    assert black(short.forward, 580, short.years, short.iv, -1) * math.exp(-0.04 * short.years) == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize(
    "quote",
    [
        {**WORTHLESS},  # quoted on both sides, and yet without a volatility
        {**WORTHLESS, "bid": None, "ask": 3.00},  # a quote that lost a side
        {**WORTHLESS, "bid": None, "ask": None},
        {"forward": None},
    ],
)
def test_leg_without_a_volatility_that_may_be_worth_something_is_unknown(quote: dict[str, float | None]) -> None:
    assert found(given.chain(p580=quote)) is None
    assert found(given.chain(p575=quote)) is None
