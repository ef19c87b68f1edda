"""The account: cash, costs, profit, margin, and the end of an option's life."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.exchange.account import Account
from engine.sim.exchange.margin import requirement
from tests.core.sim_exchange import venue
from tests.core.sim_exchange.venue import EXPIRY, NOW, STOCK, WrittenTape, bull_put, single


def test_trade_books_cost_with_commission_and_profit_when_closed():
    tape, account = WrittenTape(), Account("DU1", Decimal(1000))
    put = tape.instruments[11]

    opened = account.trade(put, 2, Decimal("2.00"), Decimal("1.30"))
    closed = account.trade(put, -1, Decimal("2.50"), Decimal("0.65"))

    assert opened is None
    assert closed == Decimal("250") - Decimal("0.65") - Decimal("200.65")
    assert account.positions[11].average_cost == Decimal("200.65")
    assert account.cash == 1000 - Decimal("401.30") + Decimal("249.35")


def test_trade_through_zero_splits_into_closing_and_opening():
    tape, account = WrittenTape(), Account("DU1", Decimal(0))
    put = tape.instruments[11]
    account.trade(put, 1, Decimal("2.00"))

    profit = account.trade(put, -3, Decimal("3.00"))

    position = account.positions[11]
    assert profit == 100
    assert (position.quantity, position.cost, position.average_cost) == (-2, Decimal(-600), Decimal(300))


@given(st.lists(st.tuples(st.integers(-5, 5).filter(bool), st.decimals("0", "20", places=2)), max_size=12))
def test_profit_and_cost_always_explain_the_cash(trades: list[tuple[int, Decimal]]):
    tape, account = WrittenTape(), Account("DU1", Decimal(0))

    for quantity, price in trades:
        account.trade(tape.instruments[11], quantity, price, Decimal("0.65"))

    cost = sum((position.cost for position in account.positions.values()), Decimal(0))
    assert (account.cash - (account.realized - cost)).quantize(Decimal("1e-12")) == 0


def test_daily_profit_starts_again_each_day():
    tape, account = WrittenTape(), Account("DU1", Decimal(10_000))
    account.trade(tape.instruments[11], 1, Decimal("2.00"))
    account.begin_day(tape)

    tape.quotes[11] = venue.quoted("2.50", "2.55")

    assert account.daily(tape) == Decimal(50)
    assert account.unrealized(tape) == Decimal("52.5")


@pytest.mark.parametrize(
    ("held", "initial"),
    [
        ({12: -1, 11: 1}, 1000),
        ({12: -1, 11: 1, 13: -1, 14: 1}, 1000),
        ({11: 1}, 0),
        ({12: 1, 11: -1}, 0),
        ({STOCK: 100}, 22_500),
    ],
)
def test_requirement_is_the_most_that_can_be_lost(held: dict[int, int], initial: int):
    tape = WrittenTape()

    need, _ = requirement([(tape.instruments[con_id], quantity) for con_id, quantity in held.items()], tape)

    assert need == initial


def test_naked_put_needs_far_more_than_a_spread():
    tape = WrittenTape()

    naked, _ = requirement([(tape.instruments[12], -1)], tape)

    assert naked > 5_000


def test_equity_with_loan_does_not_count_options():
    exchange = venue.exchange(WrittenTape(), cash=10_000)
    exchange.place(1, 5, single(11, "2.05"), NOW)
    exchange.fill(exchange.working()[0], NOW)

    tape = WrittenTape()
    assert exchange.account.funds(tape).equity_with_loan == exchange.account.cash
    assert exchange.account.net_liquidation(tape) == exchange.account.cash + Decimal("202.5")


def test_physical_option_in_the_money_is_assigned_and_the_long_leg_lapses():
    tape = WrittenTape()
    exchange = venue.exchange(tape)
    exchange.place(1, 5, bull_put("-1.95"), NOW)
    exchange.fill(exchange.working()[0], NOW)

    tape.levels[EXPIRY] = Decimal(435)
    tape.expired = {11, 12, 13, 14}
    notices = exchange.settle(NOW)

    assert {position.instrument.con_id: position.quantity for position in exchange.account.held()} == {STOCK: 100}
    assert exchange.account.cash == 100_000 + 195 - Decimal("1.30") - 44_000
    assert {notice.con_id for notice in notices} == {11, 12, STOCK}


def test_cash_settled_option_pays_its_intrinsic_value():
    tape = WrittenTape("SPX", "index")
    exchange = venue.exchange(tape)
    exchange.place(1, 5, bull_put("-1.95", symbol="SPX"), NOW)
    exchange.fill(exchange.working()[0], NOW)

    tape.levels[EXPIRY] = Decimal(435)
    exchange.settle(NOW)

    assert exchange.account.held() == []
    fees = Decimal("1.30") + 2 * Decimal("0.45")  # of the broker, and of the exchange for each leg
    assert exchange.account.cash == 100_000 + 195 - fees - 500


def test_option_at_the_strike_lapses():
    tape = WrittenTape()
    exchange = venue.exchange(tape)
    exchange.place(1, 5, single(12, "4.00", action="SELL"), NOW)
    exchange.fill(exchange.working()[0], NOW)

    tape.levels[EXPIRY] = Decimal(440)
    exchange.settle(NOW)

    assert exchange.account.held() == []
    assert exchange.account.realized == 399


def test_settlement_waits_for_its_value():
    tape = WrittenTape()
    exchange = venue.exchange(tape)
    exchange.place(1, 5, single(11, "2.05"), NOW)
    exchange.fill(exchange.working()[0], NOW)

    notices = exchange.settle(NOW)

    assert notices == []
    assert [position.quantity for position in exchange.account.held()] == [1]


def test_early_assignment_turns_the_short_leg_into_shares():
    tape = WrittenTape()
    exchange = venue.exchange(tape)
    exchange.place(1, 5, bull_put("-1.95"), NOW)
    exchange.fill(exchange.working()[0], NOW)

    exchange.assign(12)

    assert {p.instrument.con_id: p.quantity for p in exchange.account.held()} == {STOCK: 100, 11: 1}
