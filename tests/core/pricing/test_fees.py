from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.index_classes import INDEX_CLASSES
from engine.pricing.fees import EXCHANGE_FEES, FeeLeg, commission, exchange_fee

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


def test_every_index_class_has_a_fee_of_its_exchange_for_any_premium() -> None:
    assert set(EXCHANGE_FEES) == set(INDEX_CLASSES)
    assert all(exchange_fee(root, premium, 100) >= 0 for root in EXCHANGE_FEES for premium in (0, Decimal("0.05"), 500))


@pytest.mark.parametrize(
    ("root", "premium", "contracts", "expected"),
    [
        ("SPX", "0.99", 1, "0.36"),
        ("SPX", "1.00", 1, "0.45"),
        ("SPXW", "0.99", 1, "0.49"),
        ("SPXW", "1.00", 1, "0.58"),
        ("VIX", "0.10", 1, "0.05"),
        ("VIXW", "0.11", 1, "0.17"),
        ("VIX", "1.99", 1, "0.30"),
        ("VIX", "2.00", 1, "0.45"),
        ("XSP", "3.00", 9, "0"),
        ("XSP", "3.00", 10, "0.07"),
        ("RUT", "12.00", 1, "0.18"),
        ("NDXP", "25.00", 1, "0.75"),
        ("SPY", "3.00", 1, "0"),
    ],
)
def test_fee_of_the_exchange_follows_class_premium_and_size(root: str, premium: str, contracts: int, expected: str) -> None:
    assert exchange_fee(root, Decimal(premium), contracts) == Decimal(expected)


def test_order_in_index_options_costs_the_fee_of_the_exchange_on_top() -> None:
    spread = [FeeLeg(1, Decimal("6.70"), "SPXW"), FeeLeg(1, Decimal("0.80"), "SPXW")]

    assert commission(spread, 2) == 2 * (Decimal("1.30") + Decimal("0.58") + Decimal("0.49"))
    assert commission(spread, 2, smart_routed=False) == 2 * (Decimal("2.00") + Decimal("0.58") + Decimal("0.49"))


def test_minimum_of_an_order_is_the_brokers_alone() -> None:
    cheap = [FeeLeg(1, Decimal("0.04"), "VIX"), FeeLeg(1, Decimal("0.02"), "VIX")]

    assert commission(cheap, 1) == Decimal("1.00") + Decimal("0.10")
