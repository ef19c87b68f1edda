"""What filled orders make of a position: money by plain arithmetic, whatever the parts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from engine.domain.facts.orders import LegFilled, OrderCanceled
from engine.domain.facts.positions import PositionSettled
from tests import given

nets = st.integers(10, 450).map(lambda cents: Decimal(cents) / 100)
parts = st.lists(st.tuples(st.integers(1, 4), nets), min_size=1, max_size=4)


@property_of(parts, parts, st.sampled_from(["bull_put", "bear_call", "bull_call", "bear_put"]))
def test_result_is_what_came_in_less_what_went_out(
    opening: list[tuple[int, Decimal]], closing: list[tuple[int, Decimal]], kind: str
):
    spread = given.spread(kind, *((580, 575) if kind in {"bull_put", "bull_call"} else (575, 580)))  # type: ignore[arg-type]
    sign = 1 if spread.cap == 0 else -1
    opened = sum(count for count, _ in opening)
    order = given.proposal(of=spread, quantity=opened, limit=str(sign * opening[0][1]))
    known = given.ledger(*given.working(order))
    for count, net in opening:
        given.told(known, *given.fills(order, count, str(sign * net)))
    cash, left = sum(count * sign * net for count, net in opening), opened
    for number, (most, net) in enumerate(closing):
        if count := min(most, left):
            close = given.proposal(f"c{number}", of=spread, position="o1", quantity=count, limit=str(-sign * net))
            given.told(known, *given.closed(close))
            left -= count

    position = known.positions["o1"]
    average = cash / opened
    closed_cash = sum(order.net_filled * order.filled for order in known.closings_of("o1"))  # type: ignore[operator, misc]
    assert (position.opened, position.closed, position.quantity) == (opened, opened - left, left)
    assert abs(position.realised - (average * (opened - left) + closed_cash) * 100) <= Decimal("0.0001")
    assert abs(position.unrealised(Decimal("-0.50")) - (average - Decimal("0.50")) * left * 100) <= Decimal("0.0001")
    assert position.fees == Decimal("1.30") * (opened + (opened - left))
    assert position.is_open == (left > 0)
    assert (position.closed_at is None) == (left > 0)


def test_credit_can_cost_its_width_less_what_came_in_and_a_debit_what_was_paid() -> None:
    credit = given.ledger(*given.opened(given.proposal(quantity=2, limit="0.80"), net="0.75")).positions["o1"]
    debit_spread = given.spread("bull_call", 605, 600)
    debit = given.ledger(*given.opened(given.proposal(of=debit_spread, limit="-2.00"), net="-2.10")).positions["o1"]

    assert credit.max_loss == 2 * (Decimal("4.25") * 100 + Decimal("2.60"))
    assert debit.max_loss == Decimal("210") + Decimal("2.60")


def test_part_that_is_closed_can_lose_nothing_more() -> None:
    order = given.proposal(quantity=2)
    known = given.ledger(*given.opened(order), *given.closed(given.proposal("c1", position="o1", limit="-0.40")))

    assert known.positions["o1"].max_loss == Decimal("420") + Decimal("2.60")


def test_one_leg_alone_is_no_position() -> None:
    order = given.proposal()
    known = given.ledger(*given.working(order), given.fills(order)[0])

    assert not known.positions


def test_late_fill_of_a_canceled_close_counts() -> None:
    close = given.proposal("c1", position="o1", quantity=2, limit="-0.40")
    known = given.ledger(*given.opened(given.proposal(quantity=2)), *given.working(close), OrderCanceled("c1", "too late"))

    given.told(known, *given.fills(close, 1))

    assert (known.positions["o1"].quantity, known.orders["c1"].state) == (1, "canceled")


def test_correction_that_takes_everything_back_leaves_no_position() -> None:
    order = given.proposal()
    known = given.ledger(*given.opened(order))
    busted = [
        replace(fill, exec_id=fill.exec_id[:-2] + "02", quantity=0)
        for fill in known.orders["o1"].fills.values()
        if isinstance(fill, LegFilled)
    ]

    given.told(known, *busted)

    assert not known.positions


def test_closing_more_than_was_opened_shows() -> None:
    close = given.proposal("c1", position="o1", quantity=2, limit="-0.40")
    known = given.ledger(*given.opened(), *given.closed(close))

    position = known.positions["o1"]
    assert (position.quantity, position.excess) == (0, 1)


@pytest.mark.parametrize(("value", "result"), [("0", "80"), ("-5", "-420"), ("-1.25", "-45")])
def test_settlement_pays_what_the_legs_are_worth(value: str, result: str) -> None:
    known = given.ledger(*given.opened(), PositionSettled("o1", Decimal(value), "expired"))

    position = known.positions["o1"]
    assert position.realised == Decimal(result)
    assert position.close_reason == "settled at expiry"


def test_settlement_takes_place_at_expiry_even_if_it_is_told_days_later() -> None:
    known = given.ledger(*given.opened())

    given.told(known, PositionSettled("o1", Decimal(0), "expired"), at=datetime(2026, 12, 21, 14, 0, tzinfo=UTC))

    assert known.positions["o1"].closed_at == datetime(2026, 12, 18, 21, 0, tzinfo=UTC)


def test_what_was_closed_before_expiry_is_not_settled_again() -> None:
    close = given.proposal("c1", position="o1", limit="-0.40")
    known = given.ledger(
        *given.opened(given.proposal(quantity=2)), *given.closed(close), PositionSettled("o1", Decimal(-5), "expired")
    )

    assert known.positions["o1"].realised == Decimal("40") + Decimal("-420")


def test_position_is_closed_when_its_last_leg_was_executed() -> None:
    yesterday = given.NOW - timedelta(days=1)
    known = given.ledger(*given.opened(), *given.closed(given.proposal("c1", position="o1", limit="-0.40"), at=yesterday))

    assert known.positions["o1"].closed_at == yesterday


def test_successor_knows_what_it_was_rolled_from() -> None:
    known = given.ledger(*given.opened(given.proposal("o2", rolled_from="o1")))

    assert known.positions["o2"].rolled_from == "o1"
