"""Fills: when a combination trades, at which net price, and what is booked."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.exchange.combos import NaturalPrice, combo_quote, leg_prices, natural_price
from engine.sim.exchange.fills import FillModel, match
from engine.sim.exchange.orders import Charged, Executed, OrderShown, PositionMoved, StatusShown
from tests.core.sim_exchange import venue
from tests.core.sim_exchange.venue import NOW, WrittenTape, bull_put, combo, single

LATER = NOW + timedelta(seconds=1)


def test_natural_price_buys_at_the_ask_and_sells_at_the_bid():
    natural = natural_price([(12, -1), (11, 1)], WrittenTape())

    assert natural == NaturalPrice(price=Decimal("-1.95"), mid=Decimal("-2.00"), size=50)


def test_natural_price_is_absent_when_nobody_bids_for_a_leg_to_be_sold():
    tape = WrittenTape()
    tape.quotes[12] = venue.quoted("0", "0.05")

    assert natural_price([(12, -1), (11, 1)], tape) is None
    assert natural_price([(12, 1), (11, -1)], tape) is not None


def test_combo_quote_has_the_bid_of_the_reversed_legs():
    quote = combo_quote([(12, -1), (11, 1)], WrittenTape(), inside=0.5)

    assert (quote.bid, quote.ask) == (Decimal("-2.05"), Decimal("-1.95"))


@pytest.mark.parametrize(
    ("action", "limit", "price"), [("BUY", "-1.90", "-1.95"), ("BUY", "-1.95", "-1.95"), ("SELL", "-2.05", "-2.05")]
)
def test_order_through_natural_fills_at_natural(action: str, limit: str, price: str):
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, bull_put(limit, action=action), NOW)

    exchange.step(LATER)

    [order] = exchange.orders.values()
    assert (order.status, order.average_price) == ("Filled", Decimal(price))


def arrived(limit: str, **how: object) -> list[str]:
    """The states in which an order is shown when it arrives, after its acknowledgement."""
    exchange = venue.exchange(WrittenTape(), **how)
    exchange.place(1, 5, bull_put(limit), NOW)
    (order,) = exchange.orders.values()
    return [notice.status for notice in exchange.arrive(order, NOW) if isinstance(notice, StatusShown)]


def test_order_that_takes_what_is_quoted_trades_as_it_arrives_and_another_waits_for_the_market():
    assert arrived("-1.95") == ["Filled"]
    assert arrived("-1.96") == []
    assert arrived("-1.95", opened=False) == []


def test_order_that_is_changed_to_what_is_quoted_trades_with_the_change():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, bull_put("-2.50"), NOW)
    exchange.place(1, 5, bull_put("-1.90"), LATER)

    (order,) = exchange.orders.values()
    notices = exchange.arrive(order, LATER)

    assert (order.status, order.average_price) == ("Filled", Decimal("-1.95"))
    assert [type(notice) for notice in notices][:3] == [Executed] * 3


def test_order_between_mid_and_natural_fills_by_chance_and_never_beyond_mid():
    natural = NaturalPrice(Decimal("-1.95"), Decimal("-2.00"), 50)
    model, chance = FillModel(partial=0), np.random.default_rng(1)

    inside = [match(Decimal("-1.97"), 1, natural, seconds=1, model=model, chance=chance) for _ in range(500)]
    beyond = [match(Decimal("-2.01"), 1, natural, seconds=1, model=model, chance=chance) for _ in range(500)]

    filled = [trade for trade in inside if trade is not None]
    assert 10 < len(filled) < 250
    assert {trade.price for trade in filled} == {Decimal("-1.97")}
    assert beyond == [None] * 500


def test_fill_tells_executions_then_order_then_commissions_for_legs():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, bull_put("-1.95"), NOW)

    notices = exchange.step(LATER)

    kinds = [type(notice) for notice in notices]
    assert kinds == [Executed] * 3 + [OrderShown, StatusShown, OrderShown] + [Charged] * 2 + [PositionMoved] * 2
    rows = [notice.execution for notice in notices if isinstance(notice, Executed)]
    assert sorted(row.sec_type for row in rows) == ["BAG", "OPT", "OPT"]
    assert len({row.exec_id.rsplit(".", 2)[0] for row in rows}) == 1
    assert len({row.exec_id for row in rows}) == 3


def test_fill_legs_make_the_net_price_exactly():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, combo([(12, 1, "SELL"), (11, 1, "BUY"), (13, 1, "SELL"), (14, 1, "BUY")], "-3.97", quantity=3), NOW)

    exchange.fill(exchange.working()[0], NOW)

    rows = list(exchange.booking.executions.values())
    legs = [row for row in rows if row.sec_type == "OPT"]
    net = sum(row.price * (1 if row.side == "BOT" else -1) for row in legs)
    assert net == Decimal("-3.97")
    assert all(row.shares == 3 for row in legs)
    assert exchange.account.cash == 100_000 + 3 * 397 - Decimal("0.65") * 12


@given(
    net=st.decimals("-9", "9", places=2),
    ratios=st.lists(st.integers(-3, 3).filter(bool), min_size=2, max_size=4).filter(lambda found: min(found) < 0 < max(found)),
)
def test_leg_prices_always_make_the_net_and_are_never_negative(net: Decimal, ratios: list[int]):
    legs = list(zip((12, 11, 13, 14), ratios, strict=False))

    prices = leg_prices(legs, net, WrittenTape())

    made = sum((ratio * price for (_, ratio), price in zip(legs, prices, strict=True)), Decimal(0))
    assert made.quantize(Decimal("1e-9")) == net
    assert min(prices) >= 0


def test_fill_in_parts_keeps_the_order_working_until_the_last():
    tape = WrittenTape()
    tape.quotes[12] = venue.quoted("4.00", "4.05", size=2)
    exchange = venue.exchange(tape)
    exchange.place(1, 5, bull_put("-1.95", quantity=5), NOW)

    seen = []
    for second in range(1, 4):
        notices = exchange.step(NOW + timedelta(seconds=second))
        seen += [(notice.status, notice.filled, notice.remaining) for notice in notices if isinstance(notice, StatusShown)]

    assert seen == [("Submitted", 2, 3), ("Submitted", 4, 1), ("Filled", 5, 0)]
    assert exchange.account.positions[11].quantity == 5


def test_minimum_commission_is_charged_once_for_the_order():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, single(11, "2.05", quantity=2), NOW)
    order = exchange.working()[0]

    exchange.fill(order, NOW, 1)
    exchange.fill(order, NOW, 1)

    assert order.commission == Decimal("1.65")


def test_same_seed_gives_the_same_executions():
    def day() -> list[object]:
        exchange = venue.exchange(WrittenTape(), fills=FillModel(partial=0.5))
        exchange.place(1, 5, bull_put("-1.97", quantity=9), NOW)
        for second in range(1, 300):
            exchange.step(NOW + timedelta(seconds=second))
        return list(exchange.booking.executions.items())

    first, second = day(), day()

    assert first == second
    assert first


def test_one_cancels_all_cancels_the_others_after_a_fill():
    exchange = venue.exchange(WrittenTape())
    for order_id in (5, 6):
        exchange.place(1, order_id, single(11, "2.05", oca_group="pair", oca_type=1), NOW)

    exchange.fill(exchange.find(1, 5), NOW)

    assert [order.status for order in exchange.orders.values()] == ["Filled", "Cancelled"]


def test_correction_keeps_the_id_but_for_its_revision_and_moves_cash():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, single(11, "2.05"), NOW)
    exchange.fill(exchange.working()[0], NOW)
    [row] = exchange.booking.executions.values()
    before = exchange.account.cash

    corrected = exchange.booking.correct(row, Decimal("2.00"))

    assert corrected.exec_id == row.exec_id[:-2] + "02"
    assert exchange.account.cash - before == 5
    assert list(exchange.booking.commissions) == [corrected.exec_id]
