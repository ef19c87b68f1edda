"""An order is doubted by what contradicts it, the broker is asked, and an order that may come back is heard when it does."""

import asyncio
from typing import Any

import pytest

from engine.domain.facts.orders import LegFilled, OrderAcknowledged, OrderCanceled, OrderRejected, OrderUnknown
from engine.domain.facts.running import ErrorHeard
from tests.shell.broker.bench import Bench, order, play, settled
from tests.shell.broker.orders.test_orders import sent


def kinds(bench: Bench) -> list[str]:
    return [type(fact).__name__ for fact in bench.heard if hasattr(fact, "order_ref")]


def test_order_is_doubted_when_tws_has_it_as_filled_and_tells_no_executions():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        for _ in range(3):
            bench.tws.status(order_id, "Filled", 2)
            await asyncio.sleep(1)
        assert kinds(bench) == ["OrderAcknowledged", "OrderUnknown"]
        bench.tws.execute(order_id, "7.01", 102, "SLD", 2, 2.4)
        bench.tws.execute(order_id, "7.02", 101, "BOT", 2, 1.2)
        await settled(bench)

    bench = play(scenario)

    assert ["filled and told executions of 0 of 2, 0 of 2 contracts" in fact.reason for fact in bench.all(OrderUnknown)] == [True]
    assert kinds(bench)[2:] == ["LegFilled", "LegFilled"]


def test_order_whose_first_word_is_that_it_filled_is_known_by_its_permanent_id_and_doubted():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.open_order(order_id, "Filled")
        bench.tws.status(order_id, "Filled", 2)
        await settled(bench)

    bench = play(scenario)

    assert kinds(bench) == ["OrderAcknowledged", "OrderUnknown"]
    assert bench.all(OrderAcknowledged)[0].perm_id > 0


def test_order_is_not_doubted_when_its_executions_follow_its_status():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.status(order_id, "Filled", 2)
        bench.tws.execute(order_id, "7.01", 102, "SLD", 2, 2.4)
        await asyncio.sleep(0.2)
        bench.tws.execute(order_id, "7.02", 101, "BOT", 2, 1.2)
        await settled(bench)

    assert kinds(play(scenario)) == ["LegFilled", "LegFilled"]


def test_order_is_doubted_when_it_filled_and_one_leg_stays_away():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.status(order_id, "Filled", 2)
        bench.tws.execute(order_id, "7.01", 102, "SLD", 2, 2.4)
        await settled(bench)

    bench = play(scenario)

    assert ["2 of 2, 0 of 2 contracts" in fact.reason for fact in bench.all(OrderUnknown)] == [True]


def test_order_that_goes_inactive_without_a_word_is_unknown_and_heard_when_it_comes_back():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        bench.tws.status(order_id, "Inactive")
        await asyncio.sleep(0.6)
        bench.tws.status(order_id, "Submitted")
        await settled(bench)

    bench = play(scenario)

    assert kinds(bench) == ["OrderAcknowledged", "OrderUnknown", "OrderAcknowledged"]
    assert "inactive and gives no reason; look at it in TWS" in bench.all(OrderUnknown)[0].reason


def test_order_that_is_inactive_for_less_than_a_moment_never_was():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        bench.tws.status(order_id, "Inactive")
        await asyncio.sleep(0.2)
        bench.tws.status(order_id, "Submitted")
        await settled(bench)

    assert kinds(play(scenario)) == ["OrderAcknowledged"]


@pytest.mark.parametrize("end", ["Cancelled", "Inactive"])
def test_order_that_is_over_is_heard_when_tws_says_that_it_works(end: str):
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        if end == "Inactive":
            bench.tws.error(order_id, 201, "Order rejected - reason: margin")
        bench.tws.status(order_id, end)
        await settled(bench)
        bench.tws.status(order_id, "Submitted")
        bench.tws.execute(order_id, "7.01", 102, "SLD", 1, 2.4)
        bench.tws.execute(order_id, "7.02", 101, "BOT", 1, 1.2)
        bench.tws.status(order_id, "Cancelled")
        await settled(bench)

    bench = play(scenario)

    first = "OrderRejected" if end == "Inactive" else "OrderCanceled"
    assert kinds(bench) == [first, "OrderAcknowledged", "LegFilled", "LegFilled", "OrderCanceled"]


def test_refused_cancels_doubt_the_order_each_time_and_call_a_person_once():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        for _ in range(5):
            bench.broker.cancel(order())
            await asyncio.sleep(0.1)
            bench.tws.error(order_id, 10147, f"OrderId {order_id} that needs to be cancelled is not found.")
            await settled(bench)
            bench.tws.status(order_id, "Submitted")
            await settled(bench)

    bench = play(scenario)

    assert kinds(bench) == ["OrderAcknowledged", *["OrderUnknown", "OrderAcknowledged"] * 5]
    assert ["refused to cancel it 3 times: cancel it there by hand" in fact.text for fact in bench.all(ErrorHeard)].count(
        True
    ) == 1
    assert bench.all(OrderCanceled) == []


@pytest.mark.parametrize("wrong", [{"status": "Whatever"}, {"status": ""}, {"filled": "x"}, {"perm_id": "x"}, {"order_id": "x"}])
def test_order_is_doubted_when_its_status_is_no_word_of_tws_or_does_not_read(wrong: dict[str, str]):
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        await settled(bench)
        values: dict[str, Any] = {"order_id": order_id, "perm_id": 900_000 + order_id, "client_id": 7, "status": "Submitted"}
        bench.tws.garbled("order_status", wrong, **values)
        await settled(bench)

    bench = play(scenario)

    assert kinds(bench) == ["OrderAcknowledged", "OrderUnknown"]
    assert bench.broker.gauges.unreadable == 1


@pytest.mark.parametrize(
    "wrong", [{"total_quantity": "NaN"}, {"total_quantity": "1.5"}, {"lmt_price": "cheap"}, {"client_id": "x"}]
)
def test_order_is_doubted_when_its_terms_do_not_read_and_can_still_be_canceled(wrong: dict[str, str]):
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        await settled(bench)
        bench.tws.garbled("open_order", wrong, **bench.tws.open_order_values(order_id, "Submitted"))
        await settled(bench)
        bench.broker.cancel(order())
        await settled(bench)

    bench = play(scenario)

    assert kinds(bench) == ["OrderAcknowledged", "OrderUnknown"]
    assert len(bench.tws.asked("cancel_order")) == 1


def test_message_about_an_order_of_somebody_else_doubts_nothing():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        await settled(bench)
        values = bench.tws.open_order_values(order_id, "Submitted") | {
            "order_ref": "mine",
            "perm_id": 5,
            "order_id": 3,
            "client_id": 0,
        }
        bench.tws.garbled("open_order", {"lmt_price": "cheap"}, **values)
        await settled(bench)

    bench = play(scenario)

    assert bench.all(OrderUnknown) == bench.all(OrderRejected) == bench.all(LegFilled) == []
    assert bench.broker.gauges.unreadable_by_kind == {"open order": 1}
