"""An order is known by what names it: our reference, else its permanent id, else this connection's ids with what it trades."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engine.broker.orders.names import Disagreement, Names, RowNames, Sent, any_fits
from engine.domain.facts.orders import CommissionReported, LegFilled, OrderAcknowledged, OrderCanceled, OrderUnknown
from engine.domain.facts.running import FactRefused
from engine.ports import BrokerState
from engine.sim.wire.message import Message
from tests.shell.broker.bench import CLIENT_ID, LEGS_AS_TWS_LISTS_THEM, Bench, found_again, order, play, settled
from tests.shell.broker.orders.test_orders import sent
from tests.shell.broker.scripted_tws import PERM_ID, ScriptedTws, open_order_values

SENT = Sent("sp-1", "BUY", 2, {102: -2, 101: 2})


def never(_: Sent) -> bool:
    return False


def known() -> Names:
    names = Names("sp-", 7)
    names.recall("sp-8", 800)
    names.sent(5, SENT)
    return names


@pytest.mark.parametrize(
    ("told", "ref"),
    [
        (RowNames("sp-1", 0, 0, 0), "sp-1"),
        (RowNames("sp-1", 900, 5, 7), "sp-1"),
        (RowNames("", 800, 3, 7), "sp-8"),
        (RowNames("sp-8", 800, 3, 7), "sp-8"),
        (RowNames("", 0, 5, 7), "sp-1"),
        (RowNames("", 900, 5, 7), "sp-1"),
        (RowNames("", 901, 0, 0), ""),
        (RowNames("mine", 901, 3, 0), ""),
        (RowNames("", 0, 5, 8), ""),
        (RowNames("", 0, 6, 7), ""),
        (RowNames("", -1, 0, 0), ""),
    ],
)
def test_order_is_known_by_reference_then_permanent_id_then_the_ids_of_this_connection(told: RowNames, ref: str) -> None:
    assert known().match(told, any_fits) == ref


def test_order_under_our_name_in_another_account_is_none_of_ours_and_is_said() -> None:
    names = known()
    names.account = "DU1"

    assert names.match(RowNames("sp-1", 900, 0, 0, "DU1"), any_fits) == "sp-1"
    assert names.match(RowNames("mine", 901, 0, 0, "DU2"), any_fits) == ""
    with pytest.raises(Disagreement, match="it is in account DU2, and ours are in DU1"):
        names.match(RowNames("sp-1", 902, 0, 0, "DU2"), any_fits)


@pytest.mark.parametrize(
    "told",
    [
        RowNames("sp-1", 800, 0, 0),
        RowNames("sp-8", 801, 0, 0),
        RowNames("sp-9", 800, 0, 0),
        RowNames("mine", 800, 0, 0),
        RowNames("sp-9", 0, 5, 7),
        RowNames("mine", 0, 5, 7),
        RowNames("", 800, 5, 7),
    ],
)
def test_nothing_is_matched_where_two_names_disagree(told: RowNames) -> None:
    with pytest.raises(Disagreement):
        known().match(told, any_fits)


def test_ids_name_nothing_where_contract_side_or_quantity_are_not_those_of_the_order() -> None:
    with pytest.raises(Disagreement, match="contract, side or quantity are not those of sp-1"):
        known().match(RowNames("", 0, 5, 7), never)


def test_ids_name_nothing_once_the_order_has_a_permanent_id() -> None:
    names = known()
    names.match(RowNames("sp-1", 900, 5, 7), any_fits)

    assert names.match(RowNames("", 901, 5, 7), any_fits) == ""


def test_ids_name_nothing_on_another_connection() -> None:
    names = known()
    names.new_connection()

    assert names.match(RowNames("", 0, 5, 7), any_fits) == ""


def test_permanent_id_that_one_row_told_gives_way_to_a_whole_picture() -> None:
    names = Names("sp-", 7)
    names.match(RowNames("sp-1", 666, 5, 7), any_fits)

    names.settle([("sp-1", 900), ("sp-1", 900), ("mine", 5)])

    assert (names.perm_id_of("sp-1"), names.match(RowNames("", 900, 0, 0), any_fits)) == (900, "sp-1")
    assert names.match(RowNames("", 666, 0, 0), any_fits) == ""


@pytest.mark.parametrize("pairs", [[("sp-8", 801)], [("sp-1", 900), ("sp-1", 901)], [("sp-1", 800)]])
def test_permanent_id_that_is_sure_or_not_one_stays(pairs: list[tuple[str, int]]) -> None:
    names = known()

    names.settle(pairs)

    assert (names.perm_id_of("sp-8"), names.perm_id_of("sp-1")) == (800, 0)


# On the wire.


def taken(tws: ScriptedTws, script: dict[str, Any], *known: Any, before: Any = None) -> tuple[BrokerState, Bench]:
    """The state of a TWS that answers so, to an engine whose journal knows these orders."""
    states: list[BrokerState] = []

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.broker.recall(known)
        if before is not None:
            await before(bench)
        tws.script |= script
        states.append(await bench.broker.state())
        await settled(bench)

    bench = play(scenario, tws)
    return states[0], bench


def completed(tws: ScriptedTws, **changes: Any) -> None:
    placed = Message("place_order", {
        "order_id": 41, "symbol": "SPY", "action": "BUY", "total_quantity": Decimal(2), "account": "DU1",
        "legs": LEGS_AS_TWS_LISTS_THEM,
    })  # fmt: skip
    values = {
        name: value for name, value in open_order_values(placed, 7, "Filled").items() if name not in {"order_id", "client_id"}
    }
    tws.say("completed_order", **(values | {"perm_id": 950, "order_ref": "", "filled_quantity": Decimal(2)} | changes))


def rows(*changes: dict[str, Any], done: dict[str, Any] | None = None) -> dict[str, Any]:
    """Both legs executed under permanent id 950 without a reference, each with changes; and a completed order."""

    def executions(tws: ScriptedTws, message: Message) -> None:
        request = message.whole("req_id")
        legs = (("7.01", 102, "SLD", 2.4), ("7.02", 101, "BOT", 1.2))
        for (exec_id, con_id, side, paid), change in zip(legs, changes or ({}, {}), strict=True):
            values = {"req_id": request, "order_ref": "", "perm_id": 950, "client_id": CLIENT_ID} | change
            tws.execute(41, exec_id, con_id, side, 2, paid, **values)
        tws.say("exec_details_end", req_id=request)
        tws.commission("7.01", 1.3)
        tws.commission("7.02", 1.3)

    def completed_orders(tws: ScriptedTws, _: Message) -> None:
        if done is not None:
            completed(tws, **done)
        tws.say("completed_orders_end")

    return {"req_executions": executions, "req_completed_orders": completed_orders}


BEFORE_THE_RESTART = replace(found_again("sp-1", 41), perm_id=950)


def test_every_row_is_matched_by_the_permanent_id_of_the_journal_when_none_has_a_reference() -> None:
    state, bench = taken(ScriptedTws(), rows(done={}), BEFORE_THE_RESTART)

    assert [(fact.order_ref, fact.con_id) for fact in state.executions if isinstance(fact, LegFilled)] == [
        ("sp-1", 102),
        ("sp-1", 101),
    ]
    assert len([fact for fact in state.executions if isinstance(fact, CommissionReported)]) == 2
    assert [(one.order_ref, one.status, one.filled) for one in state.completed_orders] == [("sp-1", "filled", Decimal(2))]
    assert bench.all(LegFilled) == bench.all(FactRefused) == []


@pytest.mark.parametrize("late", [({}, {"order_ref": "sp-1"}), ({"order_ref": "sp-1"}, {})])
def test_every_row_is_matched_when_the_reference_stands_in_one_of_them_only(late: tuple[dict[str, Any], dict[str, Any]]) -> None:
    state, _ = taken(ScriptedTws(), rows(*late, done={}))

    assert [fact.con_id for fact in state.executions if isinstance(fact, LegFilled)] == [102, 101]
    assert [one.order_ref for one in state.completed_orders] == ["sp-1"]


def test_every_row_is_matched_when_the_reference_stands_in_the_completed_order_only() -> None:
    state, _ = taken(ScriptedTws(), rows(done={"order_ref": "sp-1"}))

    assert [fact.con_id for fact in state.executions if isinstance(fact, LegFilled)] == [102, 101]


def test_rows_that_happen_without_a_reference_count_when_their_order_becomes_known_later() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.tws.execute(41, "7.01", 102, "SLD", 2, 2.4, perm_id=950, order_ref="", client_id=3)
        bench.tws.execute(41, "7.02", 101, "BOT", 2, 1.2, perm_id=950, order_ref="", client_id=3)
        await settled(bench)
        assert bench.all(LegFilled) == []
        bench.tws.execute(41, "8.01", 101, "BOT", 1, 1.2, perm_id=950, order_ref="sp-1", client_id=3)
        await settled(bench)

    assert {fill.exec_id for fill in play(scenario).all(LegFilled)} == {"7.01", "7.02", "8.01"}


def test_rows_of_an_order_without_a_permanent_id_are_matched_by_the_ids_of_this_connection() -> None:
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.execute(order_id, "7.01", 102, "SLD", 2, 2.4, order_ref="", perm_id=0)
        bench.tws.execute(order_id, "7.02", 101, "BOT", 1, 1.2, order_ref="")
        bench.tws.execute(order_id, "7.03", 101, "BOT", 1, 1.2, order_ref="")
        await settled(bench)

    bench = play(scenario)

    assert [(fill.order_ref, fill.con_id, fill.quantity) for fill in bench.all(LegFilled)] == [
        ("sp-1", 102, 2), ("sp-1", 101, 1), ("sp-1", 101, 1)
    ]  # fmt: skip
    assert bench.all(FactRefused) == []


@pytest.mark.parametrize(("con_id", "side", "shares"), [(4711, "SLD", 2), (102, "BOT", 2), (102, "SLD", 3)])
def test_row_under_our_ids_that_is_not_what_we_sent_is_refused_and_the_order_doubted(con_id: int, side: str, shares: int) -> None:
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.execute(order_id, "7.01", con_id, side, shares, 2.4, order_ref="", perm_id=0)
        await settled(bench)

    bench = play(scenario)

    assert bench.all(LegFilled) == []
    assert ["contract, side or quantity are not those of sp-1" in fact.text for fact in bench.all(FactRefused)] == [True]
    assert [fact.order_ref for fact in bench.all(OrderUnknown)] == ["sp-1"]


def test_row_whose_names_are_those_of_two_orders_is_refused_once_and_both_are_doubted() -> None:
    async def scenario(bench: Bench) -> None:
        first, second = await sent(bench), await sent(bench, order("sp-2"))
        bench.tws.works(first)
        bench.tws.works(second)
        await settled(bench)
        for _ in range(3):
            bench.tws.execute(first, "7.01", 102, "SLD", 2, 2.4, perm_id=PERM_ID + second)
        await settled(bench)

    bench = play(scenario)

    assert bench.all(LegFilled) == []
    assert [(fact.kind, "names of sp-1 and of sp-2" in fact.text) for fact in bench.all(FactRefused)] == [("LegFilled", True)]
    assert [fact.order_ref for fact in bench.all(OrderUnknown)] == ["sp-1", "sp-2"]


def test_picture_refuses_rows_whose_names_are_those_of_two_orders() -> None:
    other = replace(found_again("sp-2", 42), perm_id=960)

    state, _ = taken(ScriptedTws(), rows({"order_ref": "sp-2"}, {}, done={"order_ref": "sp-2"}), BEFORE_THE_RESTART, other)

    assert [fact.con_id for fact in state.executions if isinstance(fact, LegFilled)] == [101]
    assert state.completed_orders == ()
    assert {(fact.kind, fact.order_ref) for fact in state.refused} == {
        ("LegFilled", "sp-1"), ("LegFilled", "sp-2"), ("BrokerOrder", "sp-1"), ("BrokerOrder", "sp-2")
    }  # fmt: skip


def test_two_orders_that_have_no_permanent_id_yet_are_both_in_the_picture() -> None:
    states: list[BrokerState] = []

    async def scenario(bench: Bench) -> None:
        ids = [await sent(bench), await sent(bench, order("sp-2"))]

        def open_orders(tws: ScriptedTws, _: Message) -> None:
            for order_id in ids:
                tws.open_order(order_id, "PendingSubmit", perm_id=0)
                tws.status(order_id, "PendingSubmit", perm_id=0)
            tws.say("open_order_end")

        bench.tws.script["req_all_open_orders"] = open_orders
        states.append(await bench.broker.state())

    play(scenario)

    assert [(one.order_ref, one.status, one.perm_id) for one in states[0].open_orders] == [
        ("sp-1", "working", 0), ("sp-2", "working", 0)
    ]  # fmt: skip


def test_order_that_gets_its_permanent_id_while_the_broker_is_asked_is_in_the_picture_once() -> None:
    states: list[BrokerState] = []

    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)

        def open_orders(tws: ScriptedTws, _: Message) -> None:
            tws.open_order(order_id, "PendingSubmit", perm_id=0, order_ref="")
            tws.open_order(order_id, "Submitted", order_ref="")
            tws.status(order_id, "Submitted", 1, 1)
            tws.say("open_order_end")

        bench.tws.script["req_all_open_orders"] = open_orders
        states.append(await bench.broker.state())

    play(scenario)

    [told] = states[0].open_orders
    assert (told.order_ref, told.perm_id > PERM_ID, told.filled) == ("sp-1", True, Decimal(1))
    assert (told.client_id, told.quantity, told.legs) == (CLIENT_ID, Decimal(2), ((101, 1), (102, -1)))


def test_number_of_an_order_names_another_order_after_a_reconnect() -> None:
    """TWS may give a number again: neither its status nor its errors are the old order's, and no cancel of it goes out."""

    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        await settled(bench)
        bench.tws.hang_up()
        await settled(bench)
        await bench.broker.connect()
        bench.tws.status(order_id, "Cancelled", perm_id=4711)
        bench.tws.error(order_id, 201, "Order rejected")
        bench.broker.cancel(order())
        await settled(bench)
        assert bench.tws.asked("cancel_order") == []
        bench.tws.works(order_id)
        await settled(bench)
        bench.broker.cancel(order())
        await settled(bench)

    bench = play(scenario)

    assert bench.all(OrderCanceled) == []
    assert ["its order id may be another's" in fact.reason for fact in bench.all(OrderUnknown)] == [True]
    assert len(bench.tws.asked("cancel_order")) == 1


def test_one_garbled_permanent_id_is_mended_by_the_next_picture() -> None:
    states: list[BrokerState] = []

    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.open_order(order_id, "Submitted", perm_id=666)
        bench.tws.status(order_id, "Submitted")
        bench.tws.execute(order_id, "7.01", 102, "SLD", 2, 2.4)
        await settled(bench)
        assert bench.all(LegFilled) == []

        def open_orders(tws: ScriptedTws, _: Message) -> None:
            tws.works(order_id)
            tws.say("open_order_end")

        def executions(tws: ScriptedTws, message: Message) -> None:
            request = message.whole("req_id")
            tws.execute(order_id, "7.01", 102, "SLD", 2, 2.4, req_id=request)
            tws.say("exec_details_end", req_id=request)

        bench.tws.script |= {"req_all_open_orders": open_orders, "req_executions": executions}
        states.append(await bench.broker.state())
        bench.tws.status(order_id, "Submitted", 1, 1)
        await asyncio.sleep(1)

    bench = play(scenario)

    assert [(one.order_ref, one.perm_id - PERM_ID < 1000) for one in states[0].open_orders] == [("sp-1", True)]
    assert [type(fact) for fact in states[0].executions] == [LegFilled]
    assert states[0].refused == ()
    assert bench.all(OrderAcknowledged)[-1].perm_id == states[0].open_orders[0].perm_id
