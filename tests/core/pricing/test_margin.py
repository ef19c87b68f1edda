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
