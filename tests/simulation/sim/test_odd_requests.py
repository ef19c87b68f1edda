"""What TWS answers to requests that no client library would send: a code for each, and every session lives on."""

import asyncio
from decimal import Decimal

import pytest

from engine.sim.kept import KEPT_BYTES
from engine.sim.simulator import Simulator
from engine.sim.wire.codec import Message, encode_frame
from tests.simulation.sim.raw import Raw, play

SPY = {"con_id": 756733, "symbol": "SPY", "sec_type": "STK", "exchange": "SMART", "currency": "USD"}
BAG = {"symbol": "SPY", "sec_type": "BAG", "exchange": "SMART", "currency": "USD"}
NOW = Message("req_current_time", {})


def history(**changed: object) -> Message:
    asked = {"bar_size": "1 day", "duration": "10 D", "what_to_show": "TRADES", "use_rth": True, "format_date": 1}
    return Message("req_historical_data", {"req_id": 7, **SPY, **asked, **changed})


def quote(**changed: object) -> Message:
    return Message("req_mkt_data", {"req_id": 7, **SPY, **changed})


def details(**changed: object) -> Message:
    return Message("req_contract_details", {"req_id": 7, **changed})


def order(order_id: int = 7, **changed: object) -> Message:
    asked = {"action": "BUY", "total_quantity": 1, "order_type": "LMT", "lmt_price": 1.0, "tif": "DAY", "transmit": True}
    return Message("place_order", {"order_id": order_id, **SPY, **asked, **changed})


def puts(sim: Simulator, count: int = 2) -> list[int]:
    """Neighbouring puts near the middle of the last expiry."""
    listing = sim.tape.market.listing
    rows = [row for row in range(len(listing)) if listing.sign[row] < 0 and listing.last_trade[row] == listing.last_trade.max()]
    return [int(listing.con_id[row]) for row in rows[len(rows) // 2 :][:count]]


def legs(sim: Simulator, *ratios: tuple[int, str]) -> dict[str, object]:
    rows = zip(puts(sim, len(ratios)), ratios, strict=True)
    return {"legs": tuple({"con_id": i, "ratio": ratio, "action": side, "exchange": "SMART"} for i, (ratio, side) in rows)}


def told(act_on: Message) -> tuple[list[tuple[int, int]], bool]:
    """(req_id, code) of each error, and whether the session still answers."""

    async def act(_: Simulator, raw: Raw) -> list[Message]:
        await raw.begin()
        return await raw.ask(act_on, NOW)

    said = play(act)
    return [(m.whole("req_id"), m.whole("code")) for m in said if m.name == "error"], said[-1].name == "current_time"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (history(duration="99999 Y"), None),
        (history(duration="0 D"), 321),
        (history(duration="ten days"), 321),
        (history(end="99991231-23:59:59"), 10314),
        (history(end="00010101-00:00:00"), 10314),
        (history(end="20261120 16:00:00 Nowhere/Land"), 10314),
        (history(end="20261120 16:00:00 US/Eastern"), None),
        (history(bar_size="1 fortnight"), 321),
        (history(bar_size="1 hour"), 162),
        (history(what_to_show="TEA_LEAVES"), 321),
        (history(what_to_show="YIELD_BID"), 162),
        (history(con_id=0, sec_type="STOCK"), 321),
        (details(symbol="SPY"), 321),
        (details(symbol="SPY", sec_type="STOCK"), 321),
        (details(symbol="ES", sec_type="FUT"), 200),
        (details(sec_type="OPT"), 200),
        (details(sec_type="OPT", local_symbol="SPY   261127P"), 200),
        (details(sec_type="OPT", local_symbol="SPY   261127P0059\u0664000"), 200),
        (quote(con_id=0, sec_type=""), 321),
        (quote(**{**BAG, "con_id": 0}), 314),
        (Message("cancel_historical_data", {"req_id": 7}), 366),
        (order(action="HOLD"), 321),
        (order(action=""), 321),
        (order(lmt_price=1e300), 109),
        (order(lmt_price=-1e30), 109),
        (order(total_quantity=Decimal("1E30")), 383),
        (order(what_if=True, total_quantity=Decimal("1E30")), 383),
        (order(what_if=True, transmit=False), 413),
        (order(sec_type="", con_id=0), 200),
        (order(good_after_time="20261123 12:00:00 US/Eastern"), 321),
        (order(scale_price_increment=0.5), 321),
        (order(conditions=({"type": 3, "is_more": True, "time": "20261123 12:00:00 US/Eastern"},)), 321),
    ],
)
def test_odd_request_is_answered_with_the_code_of_tws(request_: Message, code: int | None):
    errors, lives = told(request_)

    assert errors == ([] if code is None else [(7, code)])
    assert lives


def test_managed_accounts_are_told_again_when_asked_for():
    async def act(_: Simulator, raw: Raw) -> list[Message]:
        await raw.begin()
        return await raw.ask(Message("req_managed_accounts", {}))

    assert play(act) == [Message("managed_accounts", {"accounts": "DU1234567"})]


@pytest.mark.parametrize(
    ("ratios", "code"), [(((0, "SELL"), (1, "BUY")), 313), (((1, "HOLD"), (1, "BUY")), 313), (((1, "BUY"),), 312)]
)
def test_quote_of_an_unsound_combination_is_refused_and_other_streams_go_on(ratios: tuple[tuple[int, str], ...], code: int):
    async def act(sim: Simulator, raw: Raw) -> tuple[list[Message], list[Message]]:
        other = Raw(*await asyncio.open_connection("127.0.0.1", 4002))
        await other.begin(client_id=2)
        await other.ask(quote(req_id=1))
        await raw.begin()
        said = await raw.ask(quote(**{**BAG, "con_id": 0}, **legs(sim, *ratios)))
        ticks = await other.ask(seconds=30)
        other.close()
        return said, ticks

    said, ticks = play(act)

    assert [message.values.get("code") for message in said] == [code]
    assert any(message.name == "tick_price" for message in ticks)


@pytest.mark.parametrize(
    ("ratios", "code"),
    [(((1, "SELL"), (1, "BUY")), None), (((1, "SELL"), (1, "HOLD")), 313), (((1, "SELL"), (20_000, "BUY")), 313)],
)
def test_combination_is_taken_only_with_legs_that_say_what_they_are(ratios: tuple[tuple[int, str], ...], code: int | None):
    async def act(sim: Simulator, raw: Raw) -> list[Message]:
        await raw.begin()
        values = {**BAG, "con_id": 0, **legs(sim, *ratios), "lmt_price": 0.01}
        return [message for message in await raw.ask(order(**values)) if message.name in {"error", "open_order"}]

    said = play(act)

    assert [message.values.get("code") for message in said] == [code]


def test_option_order_may_name_its_contract_by_its_terms():
    async def act(sim: Simulator, raw: Raw) -> tuple[list[Message], int]:
        await raw.begin()
        [con_id] = puts(sim, 1)
        option = sim.tape.instrument(con_id)
        terms = {"con_id": 0, "sec_type": "OPT", "expiry": option.wire_expiry, "right": "P", "multiplier": "100"}
        return await raw.ask(order(**terms, strike=float(option.option.strike), lmt_price=0.01)), con_id

    said, con_id = play(act)

    assert [message.name for message in said] == ["open_order", "order_status"]
    assert said[0].whole("con_id") == con_id


def test_option_is_found_by_its_own_symbol_alone():
    async def act(sim: Simulator, raw: Raw) -> tuple[list[Message], int]:
        await raw.begin()
        [con_id] = puts(sim, 1)
        return await raw.ask(details(sec_type="OPT", local_symbol=sim.tape.instrument(con_id).local_symbol)), con_id

    (found, end), con_id = play(act)

    assert found.whole("con_id") == con_id
    assert end.name == "contract_details_end"


def test_last_child_sends_out_its_parent_and_its_siblings():
    async def act(_: Simulator, raw: Raw) -> list[Message]:
        await raw.begin()
        parent = order(5, transmit=False)
        profit = order(6, action="SELL", lmt_price=900.0, parent_id=5, transmit=False)
        more_profit = order(7, action="SELL", lmt_price=950.0, parent_id=5)
        return await raw.ask(parent, profit, more_profit)

    statuses = [message for message in play(act) if message.name == "order_status"]

    assert [message.whole("order_id") for message in statuses] == [5, 6, 7]
    assert [message.text("status") for message in statuses] == ["Submitted", "PreSubmitted", "PreSubmitted"]


def test_untransmitted_order_can_be_cancelled_and_never_goes_out():
    async def act(_: Simulator, raw: Raw) -> list[Message]:
        await raw.begin()
        asked = order(5, transmit=False), Message("cancel_order", {"order_id": 5}), order(6, parent_id=5)
        return await raw.ask(*asked)

    said = play(act)

    assert [(message.whole("req_id"), message.whole("code")) for message in said] == [(5, 202), (6, 10006)]


def test_profit_of_what_is_not_held_is_told_as_none():
    async def act(_: Simulator, raw: Raw) -> list[Message]:
        await raw.begin()
        return await raw.ask(Message("req_pnl_single", {"req_id": 7, "account": "DU1234567", "con_id": 756733}))

    [said] = play(act)

    assert said.size("position") == 0
    assert said.number("daily") is None


def test_refused_account_is_not_told_of_later():
    async def act(_: Simulator, raw: Raw) -> list[Message]:
        await raw.begin()
        return await raw.ask(Message("req_account_updates", {"subscribe": True, "account": "DU9"}), seconds=400)

    assert [message.values.get("code") for message in play(act)] == [321]


@pytest.mark.parametrize(
    ("tags", "currencies"), [("$LEDGER", {"BASE"}), ("$LEDGER:USD", {"USD"}), ("$LEDGER:ALL", {"BASE", "USD"}), ("Cushion", {""})]
)
def test_summary_tells_the_ledger_of_the_currencies_asked_for(tags: str, currencies: set[str]):
    async def act(_: Simulator, raw: Raw) -> list[Message]:
        await raw.begin()
        return await raw.ask(Message("req_account_summary", {"req_id": 7, "group": "All", "tags": tags}))

    *rows, end = play(act)

    assert end.name == "account_summary_end"
    assert {row.text("currency") for row in rows} == currencies


@pytest.mark.parametrize(("version", "named"), [(178, "historical_schedule"), (165, "historical_schedule"), (164, "error")])
def test_schedule_is_told_to_clients_that_read_it(version: int, named: str):
    async def act(_: Simulator, raw: Raw) -> list[Message]:
        await raw.begin(version=version)
        return await raw.ask(history(what_to_show="SCHEDULE", duration="2 D"))

    [said] = play(act)

    assert said.name == named
    if named != "error":
        rows = [(row.text("start"), row.text("end"), row.text("date")) for row in said.rows("sessions")]
        assert rows[-1] == ("20261120-09:30:00", "20261120-16:00:00", "20261120")
        assert len(rows) == 2


@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("20261123-14:00:00", True),
        ("20261123-16:00:00", False),
        ("20261123 09:00:00", True),
        ("20261123  11:00:00", False),
        ("20261123 08:00:00 US/Central", True),
        ("20261123 11:00:00 US/Central", False),
    ],
)
def test_executions_are_filtered_by_an_instant_in_any_form(since: str, found: bool):
    async def act(_: Simulator, raw: Raw) -> list[Message]:
        await raw.begin()
        await raw.ask(order(lmt_price=2000.0), seconds=60)
        return await raw.ask(Message("req_executions", {"req_id": 7, "time": since}))

    assert any(message.name == "exec_details" for message in play(act)) == found


@pytest.mark.parametrize(
    ("fields", "req_id"),
    [
        (["94", "7", "DU1234567", "", "x"], 7),
        (["20", "7"], 7),
        (["4", "1", "7", "", "z"], 7),
        (["94", "x", "DU1234567", "", "1"], -1),
        (["92", "2147483648", "DU1234567", ""], -1),
        ([""], -1),
        (["999"], -1),
    ],
)
def test_message_that_does_not_read_is_320_with_its_number_where_that_read(fields: list[str], req_id: int):
    async def act(_: Simulator, raw: Raw) -> list[Message]:
        await raw.begin()
        return await raw.ask(fields, NOW)

    refused, alive = play(act)

    assert (refused.whole("req_id"), refused.whole("code")) == (req_id, 320)
    assert alive.name == "current_time"


def test_largest_order_id_leaves_one_that_every_client_can_read():
    async def act(_: Simulator, raw: Raw) -> list[Message]:
        await raw.begin()
        await raw.ask(order(2**31 - 1))
        return await raw.ask(Message("req_ids", {}))

    [said] = play(act)

    assert said.whole("order_id") == 2**31 - 1


def test_client_that_asks_to_be_paced_is_slowed_down_and_never_refused():
    async def act(sim: Simulator, raw: Raw) -> tuple[list[float], set[str]]:
        await raw.begin(options="+PACEAPI")
        said = await raw.ask(*[NOW] * 220, seconds=10)
        asked = [request.at for request in sim.received if request.name == NOW.name]
        return [(at - asked[0]).total_seconds() for at in asked], {message.name for message in said}

    seconds, names = play(act)

    assert len(seconds) == 220
    assert names == {"current_time"}
    assert max(sum(start <= at < start + 1 for at in seconds) for start in seconds) <= 50
    assert seconds[-1] < 5


def test_burst_of_one_client_lets_another_in_between():
    async def act(sim: Simulator, raw: Raw) -> list[int | None]:
        other = Raw(*await asyncio.open_connection("127.0.0.1", 4002))
        await other.begin(client_id=2)
        await raw.begin(client_id=1)
        raw.send(encode_frame(details(symbol="SPY", sec_type="OPT"), 178) * 20)
        await other.ask(NOW)
        other.close()
        return [request.client_id for request in sim.received if request.name in {"req_contract_details", NOW.name}]

    clients = play(act)

    assert len(clients) == 21
    assert clients.index(2) < 5


def test_kept_requests_are_bounded_in_bytes():
    async def act(sim: Simulator, raw: Raw) -> tuple[int, int]:
        await raw.begin()
        for _ in range(40):
            await raw.ask(Message("req_matching_symbols", {"req_id": 7, "pattern": "x" * 1_000_000}), seconds=0.1)
        return len(sim.received), sum(request.wire_bytes for request in sim.received)

    count, kept = play(act)

    assert 10 < count < 20
    assert kept <= KEPT_BYTES
