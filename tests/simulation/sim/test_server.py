"""The server below any client library: greeting, versions, bounds, and what it refuses."""

import asyncio
import struct

import pytest

from engine.domain.errors import UserError
from engine.sim.loop import VirtualLoop, run
from engine.sim.messages import error
from engine.sim.options import SimOptions
from engine.sim.simulator import Simulator
from engine.sim.wire.codec import Message, decode, encode_frame
from engine.sim.wire.frames import fields_of, frame, greeting
from tests.simulation.sim import stage
from tests.simulation.sim.raw import Raw, play


@pytest.mark.parametrize(
    ("newest", "limit", "agreed"), [(157, 178, 157), (166, 178, 166), (178, 178, 178), (223, 178, 178), (178, 165, 165)]
)
def test_version_is_the_lower_of_both(newest: int, limit: int, agreed: int):
    async def act(sim: Simulator, raw: Raw) -> list[str]:
        raw.send(greeting(100, newest))
        [body] = await raw.bodies()
        return fields_of(body)

    version, connected_at = play(act, options=SimOptions(version=limit))

    assert int(version) == agreed
    assert connected_at == "20261123 10:00:00 EST"


def test_client_that_is_too_old_is_told_the_version_and_let_go():
    async def act(sim: Simulator, raw: Raw) -> tuple[list[str], bool]:
        raw.send(greeting(100, 120))
        [body] = await raw.bodies()
        return fields_of(body), await raw.is_closed()

    fields, closed = play(act)

    assert fields[0] == "120"
    assert closed


@pytest.mark.parametrize(
    "junk", [b"GET / HTTP/1.1\r\n\r\n", b"API\0" + struct.pack(">I", 1 << 30), b"API\0" + struct.pack(">I", 4) + b"nope"]
)
def test_what_is_no_greeting_is_let_go(junk: bytes):
    async def act(sim: Simulator, raw: Raw) -> bool:
        raw.send(junk)
        return await raw.is_closed()

    assert play(act)


@pytest.mark.parametrize("version", [157, 163, 166, 170, 177, 178])
def test_every_answer_reads_at_every_version_without_a_field_left(version: int):
    async def act(sim: Simulator, raw: Raw) -> list[Message]:
        raw.send(greeting(157, version))
        await raw.bodies()
        option = int(sim.tape.market.listing.con_id[40])
        contract = {"con_id": option, "sec_type": "OPT", "exchange": "SMART"}
        for message in (
            Message("start_api", {"client_id": 1}),
            Message("req_contract_details", {"req_id": 1, **contract}),
            Message("req_mkt_data", {"req_id": 2, **contract, "generic_ticks": "100,101"}),
            Message("req_sec_def_opt_params", {"req_id": 3, "symbol": "SPY", "under_sec_type": "STK"}),
            Message("req_matching_symbols", {"req_id": 4, "pattern": "SP"}),
            Message("place_order", {"order_id": 5, **contract, **_order(0.01)}),
            Message("place_order", {"order_id": 6, **contract, **_order(0.02), "what_if": True}),
            Message("place_order", {"order_id": 7, **contract, **_order(999.0)}),
            Message("cancel_order", {"order_id": 5}),
            Message("req_account_updates", {"subscribe": True}),
            Message("req_positions", {}),
            Message("req_executions", {"req_id": 8}),
            Message("req_completed_orders", {}),
            Message("req_market_rule", {"market_rule_id": 26}),
        ):
            raw.send(encode_frame(message, version))
        return [decode("s2c", fields_of(body), version) for body in await raw.bodies(5)]

    told = play(act)

    names = {message.name for message in told}
    assert {
        "managed_accounts",
        "next_valid_id",
        "contract_details",
        "tick_price",
        "tick_option_computation",
        "sec_def_opt_param_end",
        "symbol_samples",
        "open_order",
        "order_status",
        "account_value",
        "position_end",
        "exec_details_end",
        "completed_order",
        "market_rule",
    } <= names


def _order(limit: float) -> dict[str, object]:
    return {"action": "BUY", "total_quantity": 1, "order_type": "LMT", "lmt_price": limit, "tif": "DAY", "transmit": True}


def test_message_that_does_not_read_is_answered_with_320_and_the_next_one_works():
    async def act(sim: Simulator, raw: Raw) -> list[Message]:
        raw.send(greeting() + encode_frame(Message("start_api", {"client_id": 1}), 178))
        await raw.bodies()
        raw.send(frame(["1", "11", "x"]) + frame(["9999"]) + encode_frame(Message("req_current_time", {}), 178))
        return [decode("s2c", fields_of(body), 178) for body in await raw.bodies()]

    told = play(act)

    assert [message.values.get("code") for message in told] == [320, 320, None]
    assert told[-1].name == "current_time"


def test_unknown_request_is_refused_by_name():
    async def act(sim: Simulator, raw: Raw) -> list[Message]:
        raw.send(greeting() + encode_frame(Message("start_api", {"client_id": 1}), 178))
        await raw.bodies()
        raw.send(encode_frame(Message("query_display_groups", {"req_id": 9}), 178))
        return [decode("s2c", fields_of(body), 178) for body in await raw.bodies()]

    [told] = play(act)

    assert told == Message("error", {**error(9, 321, "").values, "text": told.text("text"), "advanced_reject_json": ""})
    assert "query_display_groups" in told.text("text")


def test_requests_are_kept_with_their_instants():
    async def act(sim: Simulator, raw: Raw) -> list[tuple[object, int | None, str]]:
        raw.send(greeting() + encode_frame(Message("start_api", {"client_id": 4}), 178))
        await asyncio.sleep(10)
        raw.send(encode_frame(Message("req_current_time", {}), 178))
        await asyncio.sleep(1)
        return sim.messages_received

    (first_at, first_client, first), (at, client, name) = play(act)

    assert (first, first_client, name, client) == ("start_api", None, "req_current_time", 4)
    assert 9 < (at - first_at).total_seconds() < 11


def test_start_refuses_other_hosts_and_a_taken_port():
    async def main() -> list[str]:
        first, second = stage.simulator(), stage.simulator()
        await first.start(port=stage.PORT)
        said = []
        for sim, host in ((second, "0.0.0.0"), (second, "127.0.0.1"), (first, "127.0.0.1")):
            with pytest.raises(UserError) as refused:
                await sim.start(host=host, port=stage.PORT)
            said.append(str(refused.value))
        await first.stop()
        return said

    elsewhere, taken, running = run(main(), VirtualLoop())

    assert "this machine only" in elsewhere
    assert "is taken" in taken
    assert "running already" in running


def test_simulator_lives_on_from_one_loop_to_the_next():
    sim = stage.simulator()

    async def visit() -> object:
        await sim.start(port=stage.PORT)
        client = await stage.client()
        combination, *_ = await stage.spread(client)
        client.placeOrder(combination, stage.order(-4.0))
        await asyncio.sleep(60)
        client.disconnect()
        await sim.stop()
        return sim.now()

    first, second = run(visit(), VirtualLoop()), run(visit(), VirtualLoop())

    assert 59 < (second - first).total_seconds() < 70
    assert sim.orders()[0].order_id < sim.orders()[1].order_id
    assert len(sim.exchange.working()) == 2
