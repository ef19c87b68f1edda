from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.fees import FeeLeg, commission

premiums = st.integers(0, 2000).map(lambda c: Decimal(c) / 100)
orders = st.lists(st.builds(FeeLeg, st.integers(1, 3), premiums), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("premium", "contracts", "done", "expected"),
    [
        ("0.10", 10, 0, "6.50"),
        ("0.05", 10, 0, "5.00"),
        ("0.0499", 10, 0, "2.50"),
        ("2", 10, 10_000, "5.00"),
        ("0.01", 10, 20_000, "2.50"),
        ("2", 100, 50_000, "25.00"),
        ("2", 100, 100_000, "15.00"),
        ("2", 10, 9_995, "5.75"),
        ("0", 1, 0, "1.00"),
    ],
)
def test_fee_follows_premium_and_monthly_volume(premium: str, contracts: int, done: int, expected: str) -> None:
    found = commission([FeeLeg(1, Decimal(premium))], contracts, contracts_this_month=done)

    assert found == Decimal(expected)


@given(orders, st.integers(1, 50), st.integers(0, 200_000))
def test_fee_is_never_below_the_minimum_nor_above_the_dearest_step(legs: list[FeeLeg], quantity: int, done: int) -> None:
    found = commission(legs, quantity, contracts_this_month=done)

    contracts = quantity * sum(leg.ratio for leg in legs)
    assert Decimal(1) <= found <= max(Decimal(1), contracts * Decimal("0.65"))


@given(orders, st.integers(1, 50))
def test_more_combinations_never_cost_less(legs: list[FeeLeg], quantity: int) -> None:
    assert commission(legs, quantity + 1) >= commission(legs, quantity)


def test_direct_routing_costs_a_dollar_a_contract() -> None:
    assert commission([FeeLeg(1, 2), FeeLeg(1, 1)], 3, smart_routed=False) == 6


@pytest.mark.parametrize(("legs", "quantity"), [([], 1), ([FeeLeg(1, 1)], 0), ([FeeLeg(0, 1)], 1)])
def test_order_without_contracts_raises(legs: list[FeeLeg], quantity: int) -> None:
    with pytest.raises(ValueError):
        commission(legs, quantity)
