"""The contract of `ports.Broker` for combinations of up to four legs, with ratios and with two expiries."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.domain.facts.orders import CommissionReported, LegFilled, OrderAcknowledged, OrderCanceled, OrderSent, OrderUnknown
from engine.domain.order import Order
from engine.domain.order_life import advance
from tests.contract.broker.stages import FakeStage, SimulatedStage, Stage, perform

BOTH = pytest.mark.parametrize("stage", [FakeStage, SimulatedStage], ids=["fake", "simulated"])
EVERY = pytest.mark.parametrize("structure", ["iron_condor", "butterfly", "broken_wing", "calendar"])


def wanted(one: Stage, quantity: int, turn: int = 1) -> dict[int, int]:
    """Contracts of each leg in so many combinations, bought positive; `turn` is -1 for a close."""
    return {leg.contract.con_id: turn * leg.sign * leg.ratio * quantity for leg in one.spread.legs}


def executed(one: Stage, ref: str) -> dict[int, int]:
    done: dict[int, int] = {}
    for fill in one.told(ref):
        if isinstance(fill, LegFilled):
            done[fill.con_id] = done.get(fill.con_id, 0) + fill.quantity * (1 if fill.action == "buy" else -1)
    return done


def folded(one: Stage, order: Order) -> Order:
    """The order after all that was told of it."""
    known = advance(replace(order, state="approved"), OrderSent(order.ref, order.limit), one.clock.now())
    for fact in one.told(order.ref):
        known = advance(known, fact, one.clock.now())  # pyright: ignore[reportArgumentType] - facts of an order
    return known


async def held(one: Stage) -> dict[int, int]:
    return {position.con_id: int(position.quantity) for position in (await one.broker.state()).positions}


@BOTH
@EVERY
def test_preview_of_a_combination_answers_with_the_commission_of_every_contract(stage: type[Stage], structure: str):
    async def play(one: Stage) -> None:
        await one.choose(structure)
        answer = await one.broker.preview(one.proposal("sp-1", one.marketable))
        contracts = 2 * sum(leg.ratio for leg in one.spread.legs)
        assert (answer.outcome, answer.commission) == ("fits", Decimal("0.65") * contracts)

    assert perform(stage, play).told("sp-1") == []


@pytest.mark.parametrize(
    ("structure", "margin"), [("iron_condor", 500), ("butterfly", 0), ("broken_wing", 1000), ("calendar", 0)]
)
def test_what_if_is_margined_as_the_broker_does(structure: str, margin: int):
    async def play(one: Stage) -> None:
        await one.choose(structure)
        answer = await one.broker.preview(one.proposal("sp-1", one.marketable))
        assert answer.initial_margin_change == 2 * margin

    assert perform(SimulatedStage, play)


@BOTH
@EVERY
def test_combination_rests_is_repriced_and_canceled_as_one_order(stage: type[Stage], structure: str):
    async def play(one: Stage) -> None:
        await one.choose(structure)
        order = await one.placed("sp-1", one.resting)
        (before,) = (await one.broker.state()).open_orders
        one.broker.reprice(order, one.resting - Decimal("0.05"))
        await one.settle()
        (after,) = (await one.broker.state()).open_orders
        assert (after.perm_id, after.order_ref) == (before.perm_id, "sp-1")
        assert dict(after.legs) in ({}, wanted(one, 1))
        one.broker.cancel(order)
        await one.settle()
        state = await one.broker.state()
        assert state.open_orders == state.positions == ()
        assert [(ended.order_ref, ended.status) for ended in state.completed_orders] == [("sp-1", "canceled")]

    told = perform(stage, play).told("sp-1")

    assert [fact for fact in told if isinstance(fact, OrderAcknowledged)]
    assert [type(fact) for fact in told if not isinstance(fact, OrderAcknowledged)] == [OrderCanceled]


@BOTH
@EVERY
def test_combination_fills_leg_by_leg_in_its_ratio_and_is_flat_after_the_close(stage: type[Stage], structure: str):
    async def play(one: Stage) -> None:
        await one.choose(structure)
        one.will("fill")
        opening = await one.placed("sp-1", one.marketable, quantity=3)
        await one.settle()
        assert executed(one, "sp-1") == await held(one) == wanted(one, 3)
        opened = folded(one, opening)
        assert (opened.state, opened.filled, opened.is_balanced) == ("filled", 3, True)
        assert opened.net_filled is not None
        assert opened.net_filled >= one.marketable
        assert opened.commission == Decimal("0.65") * 3 * sum(leg.ratio for leg in one.spread.legs)
        closing = await one.placed("sp-2", one.spread.floor, quantity=3, purpose="close")
        await one.settle()
        assert executed(one, "sp-2") == wanted(one, 3, turn=-1)
        closed = folded(one, closing)
        assert (closed.state, closed.filled, await held(one)) == ("filled", 3, {})

    told = perform(stage, play).told("sp-1")

    fills = {fact.exec_id for fact in told if isinstance(fact, LegFilled)}
    assert fills == {fact.exec_id for fact in told if isinstance(fact, CommissionReported)}


@BOTH
@EVERY
@pytest.mark.parametrize("habit", ["fill_in_parts", "share_exec_ids"])
def test_parts_of_a_combination_are_whole_combinations(stage: type[Stage], structure: str, habit: str):
    async def play(one: Stage) -> None:
        await one.choose(structure)
        one.will(habit)
        order = await one.placed("sp-1", one.marketable, quantity=4)
        known = folded(one, order)
        assert known.filled > 0
        assert known.is_balanced
        assert executed(one, "sp-1") == await held(one) == wanted(one, known.filled)
        one.broker.cancel(order)
        await one.settle()
        assert folded(one, order).is_balanced

    assert not [fact for fact in perform(stage, play).told("sp-1") if isinstance(fact, OrderUnknown)]


@BOTH
@EVERY
def test_combination_that_filled_without_a_link_is_in_the_books_with_every_leg(stage: type[Stage], structure: str):
    async def play(one: Stage) -> None:
        await one.choose(structure)
        order = await one.placed("sp-1", one.resting)
        await one.cut_link(fills=order)
        await one.settle()
        await one.broker.connect()
        state = await one.broker.state()
        fills = [fact for fact in state.executions if isinstance(fact, LegFilled)]
        assert {fill.con_id: fill.quantity * (1 if fill.action == "buy" else -1) for fill in fills} == wanted(one, 2)
        assert {position.con_id: int(position.quantity) for position in state.positions} == wanted(one, 2)
        assert [(ended.order_ref, ended.status, ended.filled) for ended in state.completed_orders] == [("sp-1", "filled", 2)]

    assert perform(stage, play)
