"""What TWS answers when it is asked for its books, and orders that another process sent."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from engine.domain.errors import Transient
from engine.domain.facts.orders import CommissionReported, LegFilled, OrderUnknown
from engine.domain.facts.running import LinkChanged
from engine.sim.wire.message import Message
from tests.shell.broker.bench import CLIENT_ID, LEGS_AS_TWS_LISTS_THEM, Bench, found_again, play, settled
from tests.shell.broker.scripted_tws import BAG_CON_ID, ScriptedTws, open_order_values


def books(tws: ScriptedTws, *, client_id: int = CLIENT_ID) -> None:
    """TWS knows an order that another process sent: id 41, one of two spreads filled."""
    placed = Message("place_order", {
        "order_id": 41, "symbol": "SPY", "action": "BUY", "total_quantity": Decimal(2), "lmt_price": -1.2, "tif": "DAY",
        "account": "DU1", "order_ref": "sp-9", "legs": LEGS_AS_TWS_LISTS_THEM,
    })  # fmt: skip
    tws.placed[41] = placed

    def open_orders(tws: ScriptedTws, _: Message) -> None:
        tws.say("open_order", **open_order_values(placed, client_id, "Submitted"))
        tws.status(41, "Submitted", 1, 1, client_id=client_id)
        foreign: dict[str, Any] = open_order_values(placed, 0, "PreSubmitted")
        tws.say("open_order", **(foreign | {"order_ref": "mine", "order_id": 3, "perm_id": 77}))
        tws.say("open_order_end")

    def completed(tws: ScriptedTws, _: Message) -> None:
        values = open_order_values(placed, client_id, "Filled")
        for name in ("order_id", "client_id"):
            del values[name]
        tws.say("completed_order", **(values | {"order_ref": "sp-8", "perm_id": 900_008, "filled_quantity": Decimal(2)}))
        tws.say("completed_orders_end")

    def executions(tws: ScriptedTws, message: Message) -> None:
        request = message.whole("req_id")
        tws.execute(41, "bag.01", BAG_CON_ID, "BOT", 1, -1.2, req_id=request, client_id=client_id)
        tws.execute(41, "a.01", 102, "SLD", 1, 2.4, req_id=request, client_id=client_id)
        tws.execute(41, "b.01", 101, "BOT", 1, 1.2, req_id=request, client_id=client_id, order_ref="")
        tws.execute(3, "z.01", 5, "BOT", 1, 1.2, req_id=request, client_id=0, order_ref="mine", perm_id=77)
        tws.say("exec_details_end", req_id=request)
        tws.commission("a.01", 0.65)
        tws.commission("b.01", 0.65)

    def positions(tws: ScriptedTws, _: Message) -> None:
        for con_id, quantity in ((101, 1), (102, -1), (103, 0)):
            tws.say(
                "position",
                account="DU1",
                con_id=con_id,
                symbol="SPY",
                sec_type="OPT",
                local_symbol=f"SPY {con_id}",
                position=Decimal(quantity),
            )
        tws.say("position", account="DU2", con_id=999, symbol="SPY", sec_type="OPT", position=Decimal(9))
        tws.say("position_end")

    tws.script |= {
        "req_all_open_orders": open_orders,
        "req_completed_orders": completed,
        "req_executions": executions,
        "req_positions": positions,
    }


def test_picture_has_what_tws_holds_and_names_only_our_orders():
    tws = ScriptedTws()
    books(tws)
    states: list[Any] = []

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        states.append(await bench.broker.state())
        await settled(bench)

    bench = play(scenario, tws)

    state = states[0]
    assert [(one.order_ref, one.status, one.filled, one.order_id) for one in state.open_orders] == [
        ("sp-9", "working", Decimal(1), 41),
        ("", "working", Decimal(0), 3),
    ]
    assert [(one.order_ref, one.status, one.filled, one.perm_id) for one in state.completed_orders] == [
        ("sp-8", "filled", Decimal(2), 900_008)
    ]
    assert [(type(one).__name__, one.order_ref, one.exec_id) for one in state.executions] == [
        ("LegFilled", "sp-9", "a.01"),
        ("CommissionReported", "sp-9", "a.01"),
        ("LegFilled", "sp-9", "b.01"),
        ("CommissionReported", "sp-9", "b.01"),
    ]
    assert [(one.con_id, one.quantity, one.text) for one in state.positions] == [
        (101, Decimal(1), "SPY 101"),
        (102, Decimal(-1), "SPY 102"),
    ]
    assert bench.all(LegFilled) == bench.all(CommissionReported) == []


def test_picture_names_what_another_journal_of_this_program_did_in_the_account():
    """In another account, or without a reference of ours, somebody else did it."""
    tws = ScriptedTws()
    books(tws)
    states: list[Any] = []
    placed = Message("place_order", {"order_id": 50, "symbol": "SPY", "account": "DU1", "legs": LEGS_AS_TWS_LISTS_THEM})
    theirs = open_order_values(placed, 18, "Submitted") | {"order_ref": "sp0a1b2-261123-0004", "perm_id": 950}

    def open_orders(tws: ScriptedTws, _: Message) -> None:
        tws.say("open_order", **theirs)
        tws.say("open_order", **(theirs | {"account": "DU2", "order_id": 51, "perm_id": 951}))
        tws.say("open_order_end")

    def executions(tws: ScriptedTws, message: Message) -> None:
        common = {"req_id": message.whole("req_id"), "client_id": 18, "perm_id": 940}
        tws.execute(49, "a.01", 101, "BOT", 1, 1.2, order_ref="sp0a1b2-261123-0003", **common)
        tws.execute(49, "b.01", 102, "SLD", 1, 1.2, order_ref="sp0a1b2-261123-0003", **common)
        tws.execute(48, "c.01", 101, "BOT", 1, 1.2, order_ref="sp0a1b2-261123-0002", account="DU2", **common)
        tws.execute(47, "d.01", 101, "BOT", 1, 1.2, order_ref="mine", **common)
        tws.say("exec_details_end", req_id=message.whole("req_id"))

    tws.script |= {"req_all_open_orders": open_orders, "req_executions": executions}

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        states.append(await bench.broker.state())

    play(scenario, tws)

    [state] = states
    assert [one.order_ref for one in state.open_orders] == ["sp0a1b2-261123-0004", ""]
    assert state.unknown_refs == ("sp0a1b2-261123-0003",)
    assert state.executions == ()


def test_order_found_again_is_changed_and_canceled_under_its_old_id():
    tws = ScriptedTws()
    books(tws)

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        await bench.broker.state()
        bench.broker.reprice(found_again("sp-9", 41), Decimal("1.10"))
        bench.broker.cancel(found_again("sp-9", 41))
        await settled(bench)

    tws = play(scenario, tws).tws

    assert [(one.whole("order_id"), one.number("lmt_price"), one.whole("con_id")) for one in tws.orders] == [
        (41, -1.1, BAG_CON_ID)
    ]
    assert [one.whole("order_id") for one in tws.asked("cancel_order")] == [41]


def test_order_of_another_client_id_is_not_touched():
    tws = ScriptedTws()
    books(tws, client_id=3)

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        await bench.broker.state()
        bench.broker.cancel(found_again("sp-9", 41))

    bench = play(scenario, tws)

    assert bench.tws.asked("cancel_order") == []
    assert ["belongs to client id 3" in fact.reason for fact in bench.all(OrderUnknown)] == [True]


BOOKS = ("open orders", "completed orders", "executions", "positions")
ENDS = {
    "req_all_open_orders": ("open orders", "open_order_end"),
    "req_completed_orders": ("completed orders", "completed_orders_end"),
    "req_positions": ("positions", "position_end"),
}


@pytest.mark.parametrize("silent", ENDS)
def test_picture_is_asked_again_once_a_late_answer_has_come_and_never_mixed_with_it(silent: str):
    book, end = ENDS[silent]

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        answer = bench.tws.script.pop(silent)
        with pytest.raises(Transient, match=f"{book}: TWS did not answer within 10 s"):
            await bench.broker.state()
        bench.tws.script[silent] = answer
        with pytest.raises(Transient, match=f"{book}: TWS still owes the answer of 10 s ago"):
            await bench.broker.state()
        bench.tws.say(end)
        await settled(bench)
        assert (await bench.broker.state()).account == "DU1"

    assert len(play(scenario).tws.asked(silent)) == 2 + (silent == "req_positions")


def test_picture_holds_all_positions_when_the_end_of_an_earlier_answer_comes_late():
    """The end of the first answer would have been taken for that of the second, and the broker for one that holds nothing."""
    tws = ScriptedTws()
    books(tws)
    states: list[Any] = []

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        answer, slow = bench.tws.script["req_positions"], list[Message]()
        bench.tws.script["req_positions"] = lambda _, message: slow.append(message)
        with pytest.raises(Transient, match="positions: TWS did not answer"):
            await bench.broker.state()
        bench.tws.script["req_positions"] = answer
        with pytest.raises(Transient, match="still owes"):
            await bench.broker.state()
        answer(bench.tws, slow[0])
        await settled(bench)
        states.append(await bench.broker.state())

    play(scenario, tws)

    assert [(one.con_id, one.quantity) for one in states[0].positions] == [(101, Decimal(1)), (102, Decimal(-1))]


def test_connection_is_made_anew_when_tws_goes_on_owing_an_answer():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        answer = bench.tws.script.pop("req_all_open_orders")
        with pytest.raises(Transient, match="did not answer"):
            await bench.broker.state()
        bench.tws.script["req_all_open_orders"] = answer
        await asyncio.sleep(5)
        assert bench.broker.is_connected
        await asyncio.sleep(6)
        assert not bench.broker.is_connected
        await bench.broker.connect()
        assert (await bench.broker.state()).account == "DU1"

    bench = play(scenario)

    assert "does not answer when it is asked for open orders" in [fact.text for fact in bench.all(LinkChanged)][2]


def test_row_of_a_whole_combination_that_was_taken_for_a_leg_is_forgotten_when_it_is_told_right():
    tws = ScriptedTws()
    books(tws)
    states: list[Any] = []
    standard = tws.script["req_executions"]

    def garbled(tws: ScriptedTws, message: Message) -> None:
        tws.execute(41, "bag.01", BAG_CON_ID, "BOT", 1, 1.2, req_id=message.whole("req_id"), sec_type="OPT", order_ref="sp-9")
        tws.say("exec_details_end", req_id=message.whole("req_id"))

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        for script in (garbled, standard):
            tws.script["req_executions"] = script
            states.append(await bench.broker.state())

    play(scenario, tws)

    assert [one.con_id for one in states[0].executions] == [BAG_CON_ID]
    assert [one.con_id for one in states[1].executions if isinstance(one, LegFilled)] == [102, 101]


def test_picture_may_be_asked_again_at_once_when_an_answer_with_a_number_stays_away():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        answer = bench.tws.script.pop("req_executions")
        with pytest.raises(Transient, match="executions: TWS did not answer within 10 s"):
            await bench.broker.state()
        assert bench.broker.gauges.unanswered == 1
        answered = bench.broker.gauges.request_seconds["question"].count
        bench.tws.script["req_executions"] = answer
        assert (await bench.broker.state()).account == "DU1"
        assert bench.broker.gauges.request_seconds["question"].count == answered + len(BOOKS)
        assert bench.broker.gauges.unanswered == 1

    play(scenario)
