"""Orders against a TWS that misleads: what is sent is right, and only what TWS's own words prove becomes a fact."""

import asyncio
from decimal import Decimal

import pytest

from engine.domain.errors import Transient
from engine.domain.facts.orders import (
    CommissionReported,
    LegFilled,
    OrderAcknowledged,
    OrderCanceled,
    OrderRejected,
    OrderUnknown,
)
from engine.domain.facts.running import ErrorHeard
from engine.domain.order import Order
from tests.shell.broker.bench import LEGS_AS_TWS_LISTS_THEM, SPY, Bench, contract, order, play, settled
from tests.shell.broker.scripted_tws import BAG_CON_ID, PERM_ID


async def sent(bench: Bench, one: Order | None = None) -> int:
    """Connects, sends the order, and returns its order id once it has arrived."""
    if not bench.broker.is_connected:
        await bench.broker.connect()
    one = one or order()
    bench.broker.send(one, one.proposed.limit)
    await asyncio.sleep(0.1)
    return bench.tws.orders[-1].whole("order_id")


# What is sent.


def test_opening_for_a_credit_buys_the_combination_at_a_negative_price():
    async def scenario(bench: Bench) -> None:
        await sent(bench)

    placed = play(scenario).tws.orders[0]

    assert (placed.text("action"), placed.number("lmt_price"), placed.size("total_quantity")) == ("BUY", -1.2, Decimal(2))
    assert [(leg.whole("con_id"), leg.text("action")) for leg in placed.rows("legs")] == [(102, "SELL"), (101, "BUY")]
    assert (placed.text("tif"), placed.text("order_ref"), placed.text("account")) == ("DAY", "sp-1", "DU1")
    assert placed.flag("transmit")
    assert [(row.text("tag"), row.text("value")) for row in placed.rows("smart_routing_params")] == [("NonGuaranteed", "0")]


def test_closing_sells_the_combination_as_it_was_opened():
    async def scenario(bench: Bench) -> None:
        await sent(bench, order("sp-2", purpose="close", limit="-0.70"))

    placed = play(scenario).tws.orders[0]

    assert (placed.text("action"), placed.number("lmt_price")) == ("SELL", -0.7)
    assert [(leg.whole("con_id"), leg.text("action")) for leg in placed.rows("legs")] == [(102, "SELL"), (101, "BUY")]


def test_even_money_is_a_price_and_not_an_absent_one():
    async def scenario(bench: Bench) -> None:
        await sent(bench, order(limit="0"))

    assert play(scenario).tws.orders[0].number("lmt_price") == 0.0


def test_repricing_uses_the_combination_that_tws_returned():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.open_order(order_id, "Submitted", legs=LEGS_AS_TWS_LISTS_THEM)
        await settled(bench)
        bench.broker.reprice(order(), Decimal("1.15"))
        await settled(bench)

    changed = play(scenario).tws.orders[1]

    assert changed.whole("con_id") == BAG_CON_ID
    assert [leg.whole("con_id") for leg in changed.rows("legs")] == [101, 102]
    assert (changed.number("lmt_price"), changed.size("total_quantity"), changed.text("right")) == (-1.15, Decimal(2), "")


def test_order_leaves_within_a_tenth_of_a_second_when_three_hundred_data_requests_wait():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        await asyncio.sleep(2)
        bench.broker.watch([contract(1000 + n) for n in range(300)], [SPY])
        at = bench.loop.time()
        await sent(bench)
        bench.broker.cancel(order())
        await asyncio.sleep(0.05)
        assert bench.tws.requested_at("place_order")[0] - at < 0.1
        assert bench.tws.requested_at("cancel_order")[0] - at < 0.2
        assert len(bench.tws.asked("req_mkt_data")) < 50
        await asyncio.sleep(10)

    bench = play(scenario, lines=400)

    assert len(bench.tws.asked("req_mkt_data")) == 301
    arrivals = [at for at, _ in bench.tws.heard]
    assert max(sum(1 for at in arrivals if start <= at < start + 1) for start in arrivals) <= 47
    assert bench.broker.gauges.throttles >= 1


def test_order_is_not_sent_when_the_link_is_in_doubt():
    async def scenario(bench: Bench) -> None:
        with pytest.raises(Transient, match="link to the broker is down"):
            bench.broker.send(order(), Decimal("1.20"))
        await bench.broker.connect()
        bench.tws.error(-1, 1100, "lost")
        await settled(bench)
        with pytest.raises(Transient, match="degraded"):
            bench.broker.send(order(), Decimal("1.20"))
        bench.broker.reprice(order(), Decimal("1.20"))
        bench.broker.cancel(order())

    bench = play(scenario)

    assert bench.tws.orders == bench.tws.asked("cancel_order") == []
    assert ["did not leave" in fact.reason for fact in bench.all(OrderUnknown)] == [True, True]


def test_order_is_unknown_when_it_was_still_waiting_as_the_link_was_lost():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        await asyncio.sleep(2)
        for n in range(60):
            one = order(f"sp-{n}")
            bench.broker.send(one, Decimal("1.20"))
        await asyncio.sleep(0.1)
        bench.tws.hang_up()
        await settled(bench)

    bench = play(scenario)

    unsent = {fact.order_ref for fact in bench.all(OrderUnknown)}
    assert len(bench.tws.orders) + len(unsent) == 60
    assert unsent == {f"sp-{n}" for n in range(len(bench.tws.orders), 60)}
    assert bench.broker.gauges.unsent == len(unsent)


def test_order_id_is_above_those_of_past_sessions():
    async def scenario(bench: Bench) -> None:
        assert await sent(bench) > 500
        bench.tws.hang_up()
        await settled(bench)
        first = bench.tws.orders[0].whole("order_id")
        assert await sent(bench, order("sp-2")) > first

    play(scenario, last_order_id=500)


def test_orders_and_cancels_leave_before_the_session_does():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        for n in range(60):
            bench.broker.send(order(f"sp-{n}"), Decimal("1.20"))
        for n in range(60):
            bench.broker.cancel(order(f"sp-{n}"))
        await bench.broker.disconnect()

    bench = play(scenario)

    assert len(bench.tws.orders) == len(bench.tws.asked("cancel_order")) == 60
    assert bench.all(OrderUnknown) == []


def test_next_id_is_asked_for_when_an_order_id_was_used_before():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.error(order_id, 103, "Duplicate order id")
        await settled(bench)
        bench.tws.say("next_valid_id", order_id=5_000)
        await settled(bench)
        assert await sent(bench, order("sp-2")) >= 5_000

    bench = play(scenario)

    assert len(bench.tws.asked("req_ids")) == 1
    assert [fact.order_ref for fact in bench.all(OrderUnknown)] == ["sp-1"]


# What TWS says.


def test_order_is_acknowledged_once_when_statuses_come_twice():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        for _ in range(2):
            bench.tws.works(order_id)
        await settled(bench)

    bench = play(scenario)

    order_id = bench.tws.orders[0].whole("order_id")
    assert bench.all(OrderAcknowledged) == [OrderAcknowledged("sp-1", PERM_ID + order_id, order_id, "Submitted")]
    assert bench.broker.gauges.acknowledgement_seconds.count == 1


def test_order_works_and_fills_when_a_preset_notice_made_the_library_call_it_cancelled():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        bench.tws.error(order_id, 10349, "Order TIF was set to DAY based on order preset.")
        await settled(bench)
        bench.broker.reprice(order(), Decimal("1.15"))
        bench.tws.execute(order_id, "a.01", 102, "SLD", 2, 2.35)
        bench.tws.execute(order_id, "b.01", 101, "BOT", 2, 1.15)
        await settled(bench)

    bench = play(scenario)

    assert bench.all(OrderUnknown) == bench.all(OrderCanceled) == []
    assert [fact.code for fact in bench.all(ErrorHeard)] == [10349]
    assert [(fill.con_id, fill.action, fill.quantity, fill.price) for fill in bench.all(LegFilled)] == [
        (102, "sell", 2, Decimal("2.35")),
        (101, "buy", 2, Decimal("1.15")),
    ]


@pytest.mark.parametrize(
    ("code", "text"),
    [(201, "Order rejected - reason: margin"), (110, "The price does not conform"), (200, "No security definition")],
)
def test_new_order_is_rejected_when_tws_refuses_it_before_any_acknowledgement(code: int, text: str):
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.error(order_id, code, text)
        bench.tws.status(order_id, "Inactive")
        bench.tws.status(order_id, "Cancelled")
        await settled(bench)

    bench = play(scenario)

    assert [(fact.code, text in fact.text) for fact in bench.all(OrderRejected)] == [(code, True)]
    assert bench.all(OrderCanceled) == bench.all(OrderUnknown) == []


def test_new_order_is_rejected_with_its_reason_when_inactive_comes_first():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.status(order_id, "Inactive")
        bench.tws.error(order_id, 201, "Order rejected - reason: margin")
        await settled(bench)

    assert [fact.code for fact in play(scenario).all(OrderRejected)] == [201]


def test_order_is_asked_about_when_a_precaution_holds_it_inactive():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.error(order_id, 383, "The following order size is outside the range")
        bench.tws.status(order_id, "Inactive")
        await settled(bench)

    bench = play(scenario)

    assert ["Bypass Order Precautions" in fact.reason for fact in bench.all(OrderUnknown)] == [True]
    assert bench.all(OrderRejected) == []


@pytest.mark.parametrize("code", [104, 161, 201, 202, 10147, 10148, 4711])
def test_working_order_is_unknown_and_not_dead_when_an_error_leaves_it_open(code: int):
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        bench.tws.error(order_id, code, "something")
        await settled(bench)

    bench = play(scenario)

    assert [str(code) in fact.reason for fact in bench.all(OrderUnknown)] == [True]
    assert bench.all(OrderCanceled) == bench.all(OrderRejected) == []


def test_working_order_stays_known_when_tws_confirms_it_after_refusing_a_change():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        bench.broker.reprice(order(), Decimal("1.15"))
        await asyncio.sleep(0.1)
        bench.tws.error(order_id, 201, "Order rejected - reason: change")
        bench.tws.status(order_id, "Submitted")
        await settled(bench)

    bench = play(scenario)

    assert bench.all(OrderUnknown) == []
    assert [fact.code for fact in bench.all(ErrorHeard)] == [201]


def test_unknown_order_is_acknowledged_again_when_tws_speaks_of_it():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        bench.tws.error(order_id, 10148, "cannot be cancelled")
        await settled(bench)
        bench.tws.status(order_id, "Submitted")
        await settled(bench)

    kinds = [type(fact).__name__ for fact in play(scenario).heard if hasattr(fact, "order_ref")]

    assert kinds == ["OrderAcknowledged", "OrderUnknown", "OrderAcknowledged"]


@pytest.mark.parametrize("late", [False, True])
def test_order_is_canceled_once_whether_the_notice_comes_before_or_after_the_status(late: bool):
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        bench.broker.cancel(order())
        await asyncio.sleep(0.1)
        if not late:
            bench.tws.error(order_id, 202, "Order Canceled - reason:")
        bench.tws.status(order_id, "Cancelled")
        await asyncio.sleep(5 if late else 0)
        if late:
            bench.tws.error(order_id, 202, "Order Canceled - reason:")
        bench.tws.status(order_id, "Cancelled")
        await settled(bench)

    bench = play(scenario)

    assert len(bench.all(OrderCanceled)) == 1
    assert bench.all(OrderUnknown) == bench.all(ErrorHeard) == []
    assert bench.tws.asked("cancel_order")[0].whole("order_id") == bench.tws.orders[0].whole("order_id")


def test_fill_counts_when_it_comes_before_the_acknowledgement():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.execute(order_id, "bag.01", BAG_CON_ID, "BOT", 2, -1.2)
        bench.tws.execute(order_id, "a.01", 102, "SLD", 2, 2.4)
        bench.tws.execute(order_id, "b.01", 101, "BOT", 2, 1.2)
        bench.tws.status(order_id, "Filled", 2)
        bench.tws.error(order_id, 161, "Cancel attempted when order is not in a cancellable state")
        await settled(bench)

    bench = play(scenario)

    kinds = [type(fact).__name__ for fact in bench.heard if hasattr(fact, "order_ref")]
    assert kinds == ["LegFilled", "LegFilled"]
    assert {fill.perm_id for fill in bench.all(LegFilled)} == {PERM_ID + bench.tws.orders[0].whole("order_id")}


def test_commission_waits_for_its_execution_when_it_comes_first():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.commission("a.01", 1.3)
        bench.tws.execute(order_id, "a.01", 102, "SLD", 2, 2.4)
        bench.tws.execute(order_id, "a.01", 102, "SLD", 2, 2.4)
        bench.tws.commission("a.01", 1.3)
        await settled(bench)

    bench = play(scenario)

    told = [fact for fact in bench.heard if isinstance(fact, LegFilled | CommissionReported)]
    assert [type(fact).__name__ for fact in told] == ["LegFilled", "CommissionReported"]
    assert told[1] == CommissionReported("sp-1", "a.01", Decimal("1.3"), 102, "sell")


def test_commission_belongs_to_the_execution_as_it_was_told_last():
    """Given an execution told once with another leg; when it is told as it is again; then its cost is that of its own leg."""

    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.execute(order_id, "a.01", 102, "SLD", 2, 2.4)
        bench.tws.commission("a.01", 100.0)
        bench.tws.execute(order_id, "a.01", 101, "SLD", 2, 2.4)
        bench.tws.commission("a.01", 1.3)
        bench.tws.execute(order_id, "a.01", 102, "SLD", 2, 2.4)
        bench.tws.commission("a.01", 1.3)
        await settled(bench)

    bench = play(scenario)

    paid = {fact.con_id: fact.amount for fact in bench.all(CommissionReported)}
    assert paid[102] == Decimal("1.3")


def test_execution_counts_when_its_time_is_written_with_a_display_name():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        for exec_id, time in (
            ("a.01", "20261123 10:00:01 Greenwich Mean Time"),
            ("b.01", "20261123  10:00:01"),
            ("c.01", "gibberish"),
        ):
            bench.tws.execute(order_id, exec_id, 102, "SLD", 1, 2.4, time=time)
        await settled(bench)

    bench = play(scenario)

    assert [fill.executed_at and fill.executed_at.hour for fill in bench.all(LegFilled)] == [10, 15, None]
    assert ["when it took place is unknown; name the zone" in fact.text for fact in bench.all(ErrorHeard)] == [True]


def test_orders_are_unknown_when_a_message_about_them_cannot_be_read():
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        bench.tws.execute(order_id, "a.01", 102, "WHAT", 1, 2.4)
        await settled(bench)

    bench = play(scenario)

    assert [fact.order_ref for fact in bench.all(OrderUnknown)] == ["sp-1"]
    assert bench.broker.gauges.unreadable == 1
