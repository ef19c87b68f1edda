from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.margin import (
    MarginLeg,
    account_requirement,
    broker_gross_per_share,
    gross_per_share,
    initial_margin,
)
from engine.pricing.payoff import PayoffLeg, PutCall, profile

FRONT = date(2026, 12, 18)
strikes = st.integers(16, 26).map(lambda n: n * 5)


def leg(sign: int, put_call: PutCall, strike: float, *, days: int = 0, ratio: int = 1) -> MarginLeg:
    return MarginLeg(sign, ratio, put_call, Decimal(str(strike)), FRONT + timedelta(days=days))


@given(st.lists(st.tuples(st.sampled_from(["C", "P"]), strikes, strikes), min_size=1, max_size=3))
def test_covered_position_needs_what_it_can_lose_apart_from_premium(
    verticals: list[tuple[PutCall, int, int]],
) -> None:
    legs = [part for right, sold, bought in verticals for part in (leg(-1, right, sold), leg(1, right, bought))]

    found = gross_per_share(legs, 100)

    at_expiry = profile([PayoffLeg(one.sign, one.ratio, one.put_call, float(one.strike)) for one in legs], 0.0)
    assert float(found) == at_expiry.max_loss


def test_condor_with_equal_wings_is_margined_once_by_the_broker() -> None:
    condor = [leg(1, "P", 85), leg(-1, "P", 90), leg(-1, "C", 110), leg(1, "C", 115)]

    assert broker_gross_per_share(condor, 100) == gross_per_share(condor, 100) == 5


def test_condor_with_unequal_wings_is_margined_twice_by_the_broker() -> None:
    condor = [leg(1, "P", 155), leg(-1, "P", 170), leg(-1, "C", 180), leg(1, "C", 190)]

    assert gross_per_share(condor, 175) == 15
    assert broker_gross_per_share(condor, 175) == 25


@given(
    st.permutations([leg(1, "P", 85), leg(-1, "P", 90), leg(-1, "C", 110), leg(1, "C", 115), leg(-1, "P", 80), leg(1, "P", 70)])
)
def test_condor_is_found_among_other_spreads_in_whatever_order_they_are_held(held: list[MarginLeg]) -> None:
    assert broker_gross_per_share(held, 100) == 5 + 10


def test_every_condor_of_its_own_width_is_margined_once() -> None:
    narrow = [leg(1, "P", 85), leg(-1, "P", 90), leg(-1, "C", 110), leg(1, "C", 115)]
    wide = [leg(1, "P", 70, ratio=2), leg(-1, "P", 80, ratio=2), leg(-1, "C", 120, ratio=2), leg(1, "C", 130, ratio=2)]

    assert broker_gross_per_share([*narrow, *wide], 100) == 5 + 2 * 10


def test_broker_does_not_set_off_the_sides_of_a_double_diagonal() -> None:
    legs = [leg(-1, "P", 90), leg(1, "P", 85, days=30), leg(-1, "C", 110), leg(1, "C", 115, days=30)]

    assert gross_per_share(legs, 100) == 5
    assert broker_gross_per_share(legs, 100) == 10


def test_broker_margins_butterflies_and_calendars_by_their_payoff() -> None:
    butterfly = [leg(1, "P", 85), leg(-1, "P", 90, ratio=2), leg(1, "P", 95)]
    broken_wing = [leg(1, "P", 80), leg(-1, "P", 90, ratio=2), leg(1, "P", 95)]
    calendar = [leg(-1, "P", 90), leg(1, "P", 90, days=30)]

    found = [broker_gross_per_share(legs, 100) for legs in (butterfly, broken_wing, calendar)]

    assert found == [0, 5, 0]


def test_condor_deep_in_the_money_needs_what_the_house_asks_for_its_close() -> None:
    prices = {("P", 85): "0.05", ("P", 90): "0.10", ("C", 110): "30.00", ("C", 115): "25.10"}
    condor = [
        replace(leg(sign, right, strike), price=Decimal(prices[right, strike]))
        for sign, right, strike in ((1, "P", 85), (-1, "P", 90), (-1, "C", 110), (1, "C", 115))
    ]
    vertical = condor[2:]

    assert broker_gross_per_share(condor, 140) == Decimal("4.95") * Decimal("1.02")
    assert broker_gross_per_share(vertical, 140) == 5


def test_what_the_broker_adds_is_added_once_for_each_spread_that_it_counts() -> None:
    condor = [leg(1, "P", 85), leg(-1, "P", 90), leg(-1, "C", 110), leg(1, "C", 115)]
    unequal = [leg(1, "P", 80), leg(-1, "P", 90), leg(-1, "C", 110), leg(1, "C", 115)]

    assert broker_gross_per_share(condor, 100, extra=Decimal("1.50")) == 5 + Decimal("1.50")
    assert broker_gross_per_share(unequal, 100, extra=Decimal("1.50")) == 15 + 2 * Decimal("1.50")


def test_short_leg_that_outlives_its_long_leg_is_naked() -> None:
    covered = [leg(1, "C", 300, days=30), leg(-1, "C", 300)]
    outlived = [leg(1, "C", 300), leg(-1, "C", 300, days=30)]

    assert gross_per_share(covered, 410) == 0
    assert gross_per_share(outlived, 410) == 110 + Decimal("0.2") * 410


def test_long_leg_that_expires_first_covers_nothing_of_a_later_spread() -> None:
    legs = [leg(-1, "P", 100, days=30), leg(1, "P", 95, days=30), leg(1, "P", 100)]

    assert gross_per_share(legs, 100) == 5


def test_spreads_of_different_expiries_are_not_set_off() -> None:
    legs = [leg(-1, "P", 95), leg(1, "P", 90), leg(-1, "C", 105, days=30), leg(1, "C", 110, days=30)]

    assert gross_per_share(legs, 100) == 10


def test_only_the_uncovered_part_of_a_ratio_spread_is_naked() -> None:
    ratio_spread = [leg(1, "C", 100), leg(-1, "C", 105, ratio=2)]

    found = gross_per_share(ratio_spread, 100)

    assert found == Decimal("0.2") * 100 - 5


def test_credit_lowers_and_debit_raises_the_buying_power_needed() -> None:
    bull_put = [leg(-1, "P", 100), leg(1, "P", 95)]
    bull_call = [leg(1, "C", 100), leg(-1, "C", 105)]

    credit = initial_margin(bull_put, Decimal("1.25"), 100, quantity=2, multiplier=100)
    debit = initial_margin(bull_call, Decimal("-2.10"), 100, quantity=2, multiplier=100)

    assert (credit.gross, credit.buying_power) == (1000, 750)
    assert (debit.gross, debit.buying_power) == (0, 420)


def test_cash_account_holds_what_fulfils_a_naked_put() -> None:
    put = MarginLeg(-1, 1, "P", Decimal(20), FRONT, Decimal("1.50"))

    found = account_requirement([put], Decimal("19.5"), quantity=1, multiplier=100)

    assert (found.margin, found.cash) == (540, 1850)


@pytest.mark.parametrize("legs", [[], [leg(1, "C", 100, ratio=0)], [leg(0, "C", 100)]])
def test_margin_raises_on_what_is_no_position(legs: list[MarginLeg]) -> None:
    with pytest.raises(ValueError):
        gross_per_share(legs, 100)
