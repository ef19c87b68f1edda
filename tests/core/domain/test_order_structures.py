"""Orders of more than two legs and of ratios: what counts as filled, and at what net, however their executions come."""

from decimal import Decimal

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from engine.domain.facts.orders import LegFilled, OrderProposed
from engine.domain.facts.union import Fact
from engine.domain.order import Order
from engine.domain.order_life import advance, proposed
from engine.domain.spread import Spread
from tests import given, structures
from tests.structures import ALL, BUTTERFLY, CONDOR, NET, execution, executions

EVERY = pytest.mark.parametrize("of", ALL.values(), ids=ALL)


def working(of: Spread, quantity: int, *, closes: bool = False) -> Order:
    limit = Decimal(NET[of.structure]) * (-1 if closes else 1)
    proposal = given.proposal(of=of, quantity=quantity, limit=str(limit), position="p1" if closes else None)
    _, *facts = given.working(proposal)
    return after(proposed(proposal, given.NOW), facts)


def after(order: Order, facts: list[LegFilled] | list[Fact]) -> Order:
    for fact in facts:
        assert not isinstance(fact, OrderProposed)
        order = advance(order, fact, given.NOW)  # pyright: ignore[reportArgumentType] - facts of an order
    return order


@EVERY
def test_order_is_filled_when_the_last_leg_has_its_ratio_and_not_before(of: Spread) -> None:
    *first, last = executions(of, 3)

    almost = after(working(of, 3), first)
    whole = after(almost, [last])

    assert (almost.state, almost.filled, almost.net_filled, almost.is_balanced) == ("partly_filled", 0, None, False)
    assert (whole.state, whole.filled, whole.net_filled, whole.is_balanced) == ("filled", 3, Decimal(NET[of.structure]), True)


@EVERY
def test_close_counts_the_same_legs_the_other_way_round(of: Spread) -> None:
    closed = after(working(of, 2, closes=True), executions(of, 2, purpose="close"))

    assert (closed.state, closed.filled, closed.net_filled) == ("filled", 2, -Decimal(NET[of.structure]))


@property_of(data=st.data(), of=st.sampled_from(list(ALL.values())), quantity=st.integers(1, 4))
def test_executions_in_parts_and_in_any_order_make_the_same_order(data: st.DataObject, of: Spread, quantity: int) -> None:
    parts: list[LegFilled] = []
    for number, leg in enumerate(of.legs):
        left = leg.ratio * quantity
        while left:
            size = data.draw(st.integers(1, left))
            parts.append(execution(of, number, size, tag=f"{left}"))
            left -= size
    order = working(of, quantity)

    for part in data.draw(st.permutations(parts)):
        order = advance(order, part, given.NOW)
        done = {leg.contract.con_id: order.leg_filled(leg.contract.con_id) for leg in of.legs}
        assert order.filled == min(done[leg.contract.con_id] // leg.ratio for leg in of.legs)
        assert order.is_balanced == all(done[leg.contract.con_id] == order.filled * leg.ratio for leg in of.legs)
        assert order.overfill == 0

    assert (order.state, order.filled, order.net_filled) == ("filled", quantity, Decimal(NET[of.structure]))


def test_half_of_a_body_is_no_butterfly() -> None:
    wings = [execution(BUTTERFLY, 0, 1), execution(BUTTERFLY, 2, 1)]

    order = after(working(BUTTERFLY, 1), [*wings, execution(BUTTERFLY, 1, 1)])

    assert (order.filled, order.remaining, order.is_balanced, order.state) == (0, 1, False, "partly_filled")


def test_net_of_a_butterfly_takes_the_body_that_ran_ahead_in_proportion() -> None:
    body = [execution(BUTTERFLY, 1, 3, tag="b1", price="5.00"), execution(BUTTERFLY, 1, 1, tag="b2", price="5.40")]

    order = after(working(BUTTERFLY, 2), [execution(BUTTERFLY, 0, 1), execution(BUTTERFLY, 2, 1), *body])

    assert (order.filled, order.net_filled) == (1, 2 * Decimal("5.10") - Decimal("3.00") - Decimal("8.40"))


def test_three_legs_of_a_condor_are_no_condor() -> None:
    order = after(working(CONDOR, 2), executions(CONDOR, 2)[:3])

    assert (order.filled, order.remaining, order.is_balanced) == (0, 2, False)


def test_body_that_fills_beyond_its_ratio_is_an_overfill() -> None:
    order = after(working(BUTTERFLY, 1), [*executions(BUTTERFLY, 1), execution(BUTTERFLY, 1, 1, tag="b")])

    assert (order.state, order.filled, order.overfill, order.is_balanced) == ("filled", 1, 1, False)


def test_correction_of_one_leg_takes_the_whole_back() -> None:
    order = after(working(CONDOR, 1), executions(CONDOR, 1))

    taken_back = after(order, [structures.execution(CONDOR, 2, 0)])

    assert (taken_back.filled, taken_back.is_balanced, taken_back.state) == (0, False, "unknown")
