"""Orders: what is accepted, what is refused with which code, and what is told when."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.sim.exchange.checks import HouseRules
from engine.sim.exchange.exchange import Exchange
from engine.sim.exchange.orders import ErrorShown, Notice, OrderShown, Previewed, StatusShown
from tests.core.sim_exchange import venue
from tests.core.sim_exchange.venue import NOW, WrittenTape, bull_put, combo, single


def codes(notices: list[object]) -> list[int]:
    return [notice.code for notice in notices if isinstance(notice, ErrorShown)]


def statuses(notices: list[object]) -> list[str]:
    return [notice.status for notice in notices if isinstance(notice, StatusShown)]


def test_place_acknowledges_with_open_order_then_status():
    exchange = venue.exchange(WrittenTape())

    notices = exchange.place(1, 5, bull_put("-1.95"), NOW)

    assert [type(notice) for notice in notices] == [OrderShown, StatusShown]
    assert statuses(notices) == ["Submitted"]
    assert exchange.working()[0].order_id == 5


def test_place_holds_the_order_when_the_market_is_closed():
    exchange = venue.exchange(WrittenTape(), opened=False)

    held = exchange.place(1, 5, bull_put("-1.95"), NOW)
    opened = exchange.open_session(NOW + timedelta(hours=1))

    assert statuses(held) == ["PreSubmitted"]
    assert statuses(opened) == ["Submitted"]


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (combo([], "-1.95"), 314),
        (combo([(11, 1, "BUY")], "-1.95"), 312),
        (combo([(11, 0, "BUY"), (12, 1, "SELL")], "-1.95"), 313),
        (combo([(11, 1, "BUY"), (99, 1, "SELL")], "-1.95"), 200),
        (single(99, "1.00"), 200),
        (bull_put("-1.955"), 110),
        (single(11, "3.02", quantity=1), None),
        (single(11, "2.015"), 110),
        (single(11, "-1"), 201),
        (bull_put("-1.95", quantity=0), 434),
        (bull_put("-1.95", account=""), 435),
        (bull_put("-1.95", order_type="STP"), 387),
        (combo([(12, 1, "SELL"), (11, 1, "BUY")], None), 387),
        (bull_put("-1.95", parent_id=3), 10006),
        (bull_put("-1.95", oca_group="x"), 356),
        (bull_put("-1.95", leg_prices=(Decimal(1), None)), 10058),
        (bull_put("0.05"), 201),
        (bull_put("-10.05"), 201),
        (bull_put("-1.95", quantity=200), 201),
    ],
    ids=lambda value: "" if not isinstance(value, int) else str(value),
)
def test_place_refuses_with_the_code_of_tws(terms: object, code: int | None):
    exchange = venue.exchange(WrittenTape())

    notices = exchange.place(1, 5, terms, NOW)

    assert codes(notices) == ([] if code is None else [code])
    assert len(exchange.orders) == (1 if code is None else 0)


def test_place_refuses_a_nickel_rule_violation_on_an_index_combination():
    exchange = venue.exchange(WrittenTape("SPX", "index"))

    refused = exchange.place(1, 5, bull_put("-1.93", symbol="SPX"), NOW)
    accepted = exchange.place(1, 6, bull_put("-1.95", symbol="SPX"), NOW)

    assert codes(refused) == [110]
    assert statuses(accepted) == ["Submitted"]


def test_place_refuses_the_other_side_of_a_working_leg():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, bull_put("-2.50"), NOW)

    opposite = exchange.place(1, 6, single(12, "4.00", action="BUY"), NOW)
    same = exchange.place(1, 7, single(12, "4.20", action="SELL"), NOW)

    assert codes(opposite) == [201]
    assert "both sides" in opposite[0].text
    assert codes(same) == []


def test_place_counts_what_working_orders_already_need():
    exchange = venue.exchange(WrittenTape(), cash=1_600)
    exchange.place(1, 5, bull_put("-2.50"), NOW)

    second = exchange.place(1, 6, bull_put("-2.50"), NOW)
    third = exchange.place(1, 7, bull_put("-2.50", quantity=2), NOW)

    assert codes(second) == []
    assert codes(third) == [201]
    assert "insufficient" in third[0].text


def test_place_refuses_an_id_at_or_below_one_that_this_client_used():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, bull_put("-2.50"), NOW)
    exchange.cancel(1, 5, NOW)

    again, lower, other_client = (
        exchange.place(client, order, bull_put("-2.50"), NOW) for client, order in ((1, 5), (1, 4), (2, 5))
    )

    assert [codes(answer) for answer in (again, lower, other_client)] == [[103], [103], []]
    assert exchange.ids.next_order_id == 6


def test_modify_changes_price_and_quantity_and_nothing_else():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, bull_put("-2.50"), NOW)

    modified = exchange.place(1, 5, bull_put("-2.40", quantity=2, order_ref="other"), NOW)

    order = exchange.working()[0]
    assert statuses(modified) == ["Submitted"]
    assert (order.terms.limit, order.quantity, order.terms.order_ref) == (Decimal("-2.40"), 2, "ref-1")


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (combo([(12, 1, "SELL"), (13, 1, "BUY")], "-2.40"), 105),
        (bull_put("-2.40", action="SELL"), 105),
        (bull_put("-2.405"), 110),
        (bull_put("-2.40", order_type="MKT"), 329),
    ],
)
def test_modify_is_refused_and_the_order_stays_as_it_was(terms: object, code: int):
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, bull_put("-2.50"), NOW)

    notices = exchange.place(1, 5, terms, NOW)

    assert codes(notices) == [code]
    assert exchange.working()[0].terms.limit == Decimal("-2.50")


def test_modify_accepts_the_legs_in_another_sequence():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, bull_put("-2.50"), NOW)

    notices = exchange.place(1, 5, combo([(11, 1, "BUY"), (12, 1, "SELL")], "-2.40"), NOW)

    assert statuses(notices) == ["Submitted"]


def test_cancel_tells_status_and_202_in_either_order():
    exchange = venue.exchange(WrittenTape())
    for order_id in range(5, 15):
        exchange.place(1, order_id, bull_put("-2.50"), NOW)

    answers = [exchange.cancel(1, order_id, NOW) for order_id in range(5, 15)]

    assert all(codes(answer) == [202] and statuses(answer) == ["Cancelled"] for answer in answers)
    assert {type(answer[0]) for answer in answers} == {StatusShown, ErrorShown}
    assert exchange.working() == []


def test_cancel_of_an_unknown_or_done_order_says_so():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, bull_put("-2.50"), NOW)
    exchange.cancel(1, 5, NOW)

    unknown, again, foreign = exchange.cancel(1, 9, NOW), exchange.cancel(1, 5, NOW), exchange.cancel(2, 5, NOW)

    assert [codes(answer) for answer in (unknown, again, foreign)] == [[10147], [10148], [10147]]


def test_close_of_the_session_ends_orders_for_the_day_only():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, bull_put("-2.50"), NOW)
    exchange.place(1, 6, bull_put("-2.50", tif="GTC"), NOW)

    exchange.close_session(NOW)

    assert [order.order_id for order in exchange.working()] == [6]


def test_cancel_of_a_parent_cancels_its_child():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, single(11, "1.00"), NOW)
    child = exchange.place(1, 6, single(11, "3.00", action="SELL", parent_id=5), NOW)

    both_sides = codes(child)
    exchange.rules = HouseRules(both_sides=True)
    held = exchange.place(1, 7, single(11, "3.00", action="SELL", parent_id=5), NOW)
    exchange.cancel(1, 5, NOW)

    assert both_sides == [201]
    assert statuses(held) == ["PreSubmitted"]
    assert exchange.working() == []


def test_what_if_shows_margin_as_width_and_equity_as_credit():
    exchange = venue.exchange(WrittenTape())

    [previewed] = exchange.place(1, 5, bull_put("-1.95", what_if=True), NOW)

    assert isinstance(previewed, Previewed)
    before, after = previewed.preview.before, previewed.preview.after
    assert after.initial - before.initial == 1000
    assert after.equity_with_loan - before.equity_with_loan == Decimal("195") - Decimal("1.30")
    assert previewed.preview.commission == Decimal("1.30")
    assert exchange.orders == {}


def test_what_if_of_closing_frees_the_margin():
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, bull_put("-1.95"), NOW)
    exchange.fill(exchange.working()[0], NOW)

    [previewed] = exchange.place(1, 6, bull_put("-1.95", action="SELL", what_if=True), NOW)

    assert previewed.preview.before.initial == 1000
    assert previewed.preview.after.initial == 0


@pytest.mark.parametrize("ends", [lambda desk_: desk_.cancel_all(NOW), lambda desk_: desk_.close_session(NOW)])
def test_child_that_ends_with_its_parent_is_told_of_once(ends: Callable[[Exchange], list[Notice]]):
    exchange = venue.exchange(WrittenTape())
    exchange.place(1, 5, single(venue.STOCK, "400.00"), NOW)
    exchange.place(1, 6, single(venue.STOCK, "500.00", action="SELL", parent_id=5), NOW)

    ended = ends(exchange)

    assert codes(ended) == [202, 202]
    assert statuses(ended) == ["Cancelled", "Cancelled"]
