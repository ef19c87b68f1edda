from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pricing.exact import exact
from engine.pricing.ticks import (
    Side,
    close_price,
    flips_sign,
    net_from_price,
    open_price,
    price_class,
    realised,
    round_aggressive,
    round_passive,
    tick_for,
)

prices = st.decimals(-500, 500, places=4)
ticks = st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal("0.10"), Decimal("0.25")])
sides = st.sampled_from(["BUY", "SELL"])


@given(prices, ticks, sides)
def test_rounding_always_lands_on_the_tick_within_one_step(price: Decimal, tick: Decimal, side: Side) -> None:
    for found in (round_passive(price, tick, side), round_aggressive(price, tick, side)):
        assert found % tick == 0
        assert abs(found - price) < tick


@given(prices, ticks)
def test_passive_is_never_worse_and_aggressive_never_better_than_the_price(price: Decimal, tick: Decimal) -> None:
    assert round_passive(price, tick, "BUY") <= price <= round_aggressive(price, tick, "BUY")
    assert round_aggressive(price, tick, "SELL") <= price <= round_passive(price, tick, "SELL")


@given(prices, ticks, sides)
def test_rounding_never_flips_the_sign(price: Decimal, tick: Decimal, side: Side) -> None:
    assert not flips_sign(round_passive(price, tick, side), price)
    assert not flips_sign(round_aggressive(price, tick, side), price)


@given(prices, ticks, sides)
def test_price_on_the_tick_stays(price: Decimal, tick: Decimal, side: Side) -> None:
    on_tick = round_passive(price, tick, side)

    assert round_passive(float(on_tick), float(tick), side) == on_tick
    assert round_aggressive(float(on_tick), float(tick), side) == on_tick


def test_credit_rounds_in_signed_space() -> None:
    assert round_passive(-1.237, 0.05, "BUY") == Decimal("-1.25")
    assert round_aggressive(-1.237, 0.05, "BUY") == Decimal("-1.20")


def test_small_credit_rounds_to_a_zero_without_sign() -> None:
    found = round_aggressive(-0.02, 0.05, "BUY")

    assert str(found) == "0.00"


@given(prices, prices)
def test_profit_is_what_came_in_less_what_went_out(opened: Decimal, closed: Decimal) -> None:
    cash = net_from_price(opened, "BUY") + net_from_price(closed, "SELL")

    assert realised(opened, closed, quantity=3, multiplier=100) == cash * 300


@given(prices)
def test_net_survives_the_way_to_the_order_and_back(net: Decimal) -> None:
    assert net_from_price(open_price(net), "BUY") == net
    assert net_from_price(close_price(net), "SELL") == net


@pytest.mark.parametrize(
    ("root", "legs", "penny", "expected"),
    [
        ("SPY", 1, True, "spy_qqq_iwm"),
        ("AAPL", 1, True, "penny"),
        ("XYZ", 1, False, "non_penny"),
        ("SPXW", 1, False, "spx_single"),
        ("SPXW", 2, False, "spx_complex"),
        ("SPY", 4, True, "equity_complex"),
    ],
)
def test_class_follows_root_and_number_of_legs(root: str, legs: int, penny: bool, expected: str) -> None:
    assert price_class(root, legs=legs, penny=penny) == expected


def test_increment_follows_the_size_of_a_credit_not_its_sign() -> None:
    assert tick_for("penny", -3.00) == Decimal("0.05")
    assert tick_for("spx_complex", -12) == Decimal("0.05")
    assert tick_for("equity_complex", -12) == Decimal("0.01")


@pytest.mark.parametrize("tick", [0, -0.05])
def test_tick_of_zero_or_less_raises(tick: float) -> None:
    with pytest.raises(ValueError):
        round_passive(1, tick, "BUY")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN")])
def test_price_that_is_no_number_raises(value: float | Decimal) -> None:
    with pytest.raises(ValueError):
        exact(value)
