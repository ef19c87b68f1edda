"""Combinations of four legs and of ratios against a TWS that rewrites them, and rows that must not be taken for theirs."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from ib_async import ComboLeg, Execution
from ib_async import Contract as IbContract
from ib_async import Order as IbOrder

from engine.broker.orders.names import Sent, execution_fits, legs_of, order_fits
from engine.domain.facts.orders import CommissionReported, LegFilled, OrderUnknown
from engine.domain.order import Order
from engine.domain.spread import Leg, Spread
from tests.shell.broker.bench import Bench, contract, order, play, settled
from tests.shell.broker.orders.test_orders import sent
from tests.shell.broker.scripted_tws import BAG_CON_ID

BUTTERFLY = Spread(
    "butterfly",
    (Leg(contract(101, 590), "buy"), Leg(contract(102, 600), "sell", 2), Leg(contract(103, 610), "buy")),
)
CONDOR = Spread(
    "iron_condor",
    (
        Leg(contract(102, 600), "sell"),
        Leg(contract(101, 590), "buy"),
        Leg(contract(104, 620, "C"), "sell"),
        Leg(contract(105, 630, "C"), "buy"),
    ),
)
EVERY = pytest.mark.parametrize("of", [BUTTERFLY, CONDOR], ids=["butterfly", "condor"])
SENT = Sent("sp-1", "BUY", 2, {101: 2, 102: -4, 103: 2})


def for_(of: Spread) -> Order:
    known = order()
    return replace(known, proposed=replace(known.proposed, spread=of))


def as_tws_lists_them(of: Spread) -> tuple[dict[str, Any], ...]:
    """By contract number, from the last."""
    return tuple(
        {"con_id": leg.contract.con_id, "ratio": leg.ratio, "action": leg.action.upper(), "exchange": "SMART"}
        for leg in sorted(of.legs, key=lambda leg: -leg.contract.con_id)
    )


def legs(message: Any) -> list[tuple[int, int, str]]:
    return [(leg.whole("con_id"), leg.whole("ratio"), leg.text("action")) for leg in message.rows("legs")]


@EVERY
def test_combination_leaves_as_one_guaranteed_order_with_its_ratios_and_is_changed_as_tws_rewrote_it(of: Spread) -> None:
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench, for_(of))
        bench.tws.open_order(order_id, "Submitted", legs=as_tws_lists_them(of))
        await settled(bench)
        bench.broker.reprice(for_(of), Decimal("1.15"))
        await settled(bench)
        bench.broker.cancel(for_(of))
        await settled(bench)

    bench = play(scenario)

    placed, changed = bench.tws.orders
    opened = [(leg.contract.con_id, leg.ratio, leg.action.upper()) for leg in of.legs]
    assert legs(placed) == opened
    assert [(row.text("tag"), row.text("value")) for row in placed.rows("smart_routing_params")] == [("NonGuaranteed", "0")]
    assert legs(changed) == sorted(opened, reverse=True)
    assert (changed.whole("con_id"), changed.size("total_quantity")) == (BAG_CON_ID, Decimal(2))
    assert bench.tws.asked("cancel_order")[0].whole("order_id") == placed.whole("order_id")
    assert bench.all(OrderUnknown) == []


@EVERY
def test_order_is_whole_when_every_leg_has_its_ratio_and_doubted_when_one_stays_away(of: Spread) -> None:
    def executed(bench: Bench, order_id: int, of_leg: Leg) -> None:
        number = of_leg.contract.con_id
        bench.tws.execute(order_id, f"{number}.01", number, "BOT" if of_leg.sign > 0 else "SLD", 2 * of_leg.ratio, 1.0)
        bench.tws.commission(f"{number}.01", 1.3 * of_leg.ratio)

    async def whole(bench: Bench) -> None:
        order_id = await sent(bench, for_(of))
        bench.tws.execute(order_id, "bag.01", BAG_CON_ID, "BOT", 2, -1.2)
        for leg in reversed(of.legs):
            executed(bench, order_id, leg)
        bench.tws.status(order_id, "Filled", 2)
        await settled(bench)

    async def torn(bench: Bench) -> None:
        order_id = await sent(bench, for_(of))
        for leg in of.legs[1:]:
            executed(bench, order_id, leg)
        bench.tws.status(order_id, "Filled", 2)
        await settled(bench)

    complete, doubted = play(whole), play(torn)

    done = {fill.con_id: fill.quantity * (1 if fill.action == "buy" else -1) for fill in complete.all(LegFilled)}
    assert done == {leg.contract.con_id: 2 * leg.sign * leg.ratio for leg in of.legs}
    assert {(paid.con_id, paid.action) for paid in complete.all(CommissionReported)} == {
        (leg.contract.con_id, leg.action) for leg in of.legs
    }
    assert complete.all(OrderUnknown) == []
    assert [fact.order_ref for fact in doubted.all(OrderUnknown)] == ["sp-1"]


@pytest.mark.parametrize(
    ("con_id", "side", "shares", "fits"),
    [(102, "SLD", 4, True), (102, "SLD", 1, True), (102, "SLD", 5, False), (102, "BOT", 2, False), (101, "BOT", 3, False)],
)
def test_execution_fits_the_leg_up_to_its_ratio_times_the_order(con_id: int, side: str, shares: int, fits: bool) -> None:
    row = Execution(side=side, shares=shares)

    assert execution_fits(IbContract(conId=con_id, secType="OPT"), row)(SENT) is fits


@pytest.mark.parametrize(("ratios", "fits"), [((1, 2, 1), True), ((1, 1, 1), False), ((2, 4, 2), False), ((1, 2, 2), False)])
def test_row_of_an_order_fits_in_its_own_ratios_only(ratios: tuple[int, int, int], fits: bool) -> None:
    rewritten = [(103, ratios[2], "BUY"), (101, ratios[0], "BUY"), (102, ratios[1], "SELL")]
    bag = IbContract(secType="BAG", comboLegs=[ComboLeg(conId=n, ratio=ratio, action=side) for n, ratio, side in rewritten])
    row = IbOrder(action="BUY", totalQuantity=2)

    assert order_fits(bag, row)(SENT) is fits
    assert legs_of(bag, sold(row)) == tuple((con_id, -ratio) for con_id, ratio in legs_of(bag, row))


def sold(row: IbOrder) -> IbOrder:
    """The same, sold."""
    return IbOrder(action="SELL", totalQuantity=row.totalQuantity)


def test_half_of_a_body_makes_no_whole_order():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench, for_(BUTTERFLY))
        for number, side in ((101, "BOT"), (102, "SLD"), (103, "BOT")):
            bench.tws.execute(order_id, f"{number}.01", number, side, 2, 1.0)
        bench.tws.status(order_id, "Filled", 2)
        await settled(bench)

    [doubt] = play(scenario).all(OrderUnknown)

    assert "2 of 4" in doubt.reason


@EVERY
def test_executions_that_name_only_the_order_id_are_ours_in_the_ratios_of_the_order(of: Spread):
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench, for_(of))
        for leg in of.legs:
            number, side = leg.contract.con_id, "BOT" if leg.sign > 0 else "SLD"
            bench.tws.execute(order_id, f"{number}.01", number, side, 2 * leg.ratio, 1.0, order_ref="", perm_id=0)
        await settled(bench)

    fills = play(scenario).all(LegFilled)

    assert {fill.con_id: fill.quantity for fill in fills} == {leg.contract.con_id: 2 * leg.ratio for leg in of.legs}
    assert {fill.order_ref for fill in fills} == {"sp-1"}
