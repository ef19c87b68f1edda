"""What TWS says and nobody can read: the row is left out, counted and said once, and everything else goes on."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.domain.errors import Transient
from engine.domain.facts.orders import LegFilled, OrderUnknown
from engine.domain.facts.running import ErrorHeard, LinkChanged
from engine.ports import BrokerState
from engine.sim.wire.message import Message
from tests.shell.broker.bench import SPY, Bench, play, settled
from tests.shell.broker.orders.test_orders import sent
from tests.shell.broker.scripted_tws import ACCOUNT, ScriptedTws

DAY = date(2026, 12, 18)
STRIKES = (590.0, 600.0, 610.0)


def option(request: int, right: str, strike: float, changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "req_id": request, "symbol": "SPY", "sec_type": "OPT", "last_trade_date": "20261218", "strike": strike, "right": right,
        "exchange": "SMART", "currency": "USD", "trading_class": "SPY", "multiplier": "100", "real_expiration_date": "20261218",
        "con_id": int(strike) + 1000 * (right == "C"), "local_symbol": f"SPY   261218{right}{int(strike * 1000):08d}",
    } | changes  # fmt: skip


def listing(wrong: dict[str, str] | None = None, **changes: Any) -> ScriptedTws:
    """A TWS with six options on SPY, of which the put at 600 is told with `changes`, or with fields that cannot be read."""
    tws = ScriptedTws()

    def details(tws: ScriptedTws, message: Message) -> None:
        request, right = message.whole("req_id"), message.text("right")
        if message.text("sec_type") != "OPT":
            share = {"symbol": "SPY", "sec_type": "STK", "exchange": "SMART", "currency": "USD", "con_id": SPY.con_id}
            tws.say("contract_details", req_id=request, **share)
        else:
            for strike in STRIKES:
                is_odd = right == "P" and strike == 600.0
                values = option(request, right, strike, changes if is_odd else {})
                if is_odd and wrong:
                    tws.garbled("contract_details", wrong, **values)
                else:
                    tws.say("contract_details", **values)
        tws.say("contract_details_end", req_id=request)

    def parameters(tws: ScriptedTws, message: Message) -> None:
        tws.say("sec_def_opt_param", **classes(message))
        tws.say("sec_def_opt_param_end", req_id=message.whole("req_id"))

    tws.script |= {
        "req_contract_details": details,
        "req_sec_def_opt_params": parameters,
        "req_mkt_data": lambda tws, message: tws.say(
            "tick_price", req_id=message.whole("req_id"), tick_type=4, price=600.0, size=Decimal(0)
        ),
    }
    return tws


def classes(message: Message, **changes: Any) -> dict[str, Any]:
    return {
        "req_id": message.whole("req_id"), "exchange": "SMART", "under_con_id": SPY.con_id, "trading_class": "SPY",
        "multiplier": "100", "expirations": ("20261218",), "strikes": STRIKES,
    } | changes  # fmt: skip


def chain_of(tws: ScriptedTws) -> tuple[list[str], Bench]:
    """What the chain has of the day, as strike and right."""
    found: list[str] = []

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        spy = await bench.broker.underlying("SPY")
        for _ in range(2):
            chain = await bench.broker.chain(spy, DAY.__eq__, 0.05)
        found.extend(f"{contract.strike:.0f}{contract.put_call}" for contract in chain)

    return found, play(scenario, tws)


ALL = ["590C", "600C", "610C", "590P", "600P", "610P"]
OTHERS = ["590C", "600C", "610C", "590P", "610P"]


def test_multiplier_with_a_point_is_the_number_that_it_is():
    found, bench = chain_of(listing(multiplier="100.0"))

    assert found == ALL
    assert bench.broker.gauges.unreadable == 0


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        *(("multiplier", {"multiplier": text}) for text in ("0.5", "abc", "", "10", "-100", "1e300", "inf", "nan")),
        ("right", {"right": "X"}),
        ("right", {"right": ""}),
        ("right", {"right": "C"}),
        ("expiration day", {"real_expiration_date": "99991231"}),
        ("expiration day", {"real_expiration_date": "20270618"}),
        ("expiration day", {"real_expiration_date": "soon"}),
        ("last trading day", {"last_trade_date": ""}),
        ("last trading day", {"last_trade_date": "20261318"}),
        ("expiration day", {"last_trade_date": "20271217"}),
        ("symbol", {"symbol": "QQQ"}),
        ("symbol", {"local_symbol": "SPY   261218P00610000"}),
        ("symbol", {"local_symbol": "SPY   261218C00600000"}),
        ("trading class", {"trading_class": "SPY1"}),
        ("currency", {"currency": "EUR"}),
        ("kind", {"sec_type": "WAR"}),
        ("strike", {"strike": -600.0}),
        ("strike", {"strike": 0.0}),
        ("strike", {"strike": 1e9}),
        ("contract number", {"con_id": 0}),
        ("contract number", {"con_id": -7}),
    ],
)
def test_contract_that_cannot_be_meant_is_left_out_and_said_once(field: str, changes: dict[str, Any]):
    found, bench = chain_of(listing(**changes))

    assert found == OTHERS
    assert [field in fact.text and "it is left out" in fact.text for fact in bench.all(ErrorHeard)] == [True]
    assert bench.broker.gauges.unreadable_by_kind == {"contract": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"strike": "NaN"}, {"strike": "Infinity"}, {"strike": "six hundred"}, {"con_id": "12.5"}, {"con_id": ""},
        {"min_tick": "abc"}, {"req_id": "x"}, {"long_name": "\\x"}, {"price_magnifier": "?"},
    ],
)  # fmt: skip
def test_contract_whose_message_does_not_read_is_left_out_and_said_once(wrong: dict[str, str]):
    found, bench = chain_of(listing(wrong))

    assert found == OTHERS
    assert len(bench.all(ErrorHeard)) == bench.broker.gauges.unreadable == 1


def test_contracts_that_share_a_number_are_left_out_both():
    found, bench = chain_of(listing(con_id=610))

    assert found == ["590C", "600C", "610C", "590P"]
    assert ["contract number 610" in fact.text for fact in bench.all(ErrorHeard)] == [True]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"expirations": ("soon", "20261218", "99999999", "")}, ALL),
        ({"multiplier": "100.0"}, ALL),
        ({"multiplier": "abc"}, []),
        ({"under_con_id": 4711}, []),
        ({"strikes": ()}, ALL),
        ({"trading_class": ""}, []),
    ],
)
def test_expiries_and_strikes_that_cannot_be_read_leave_the_others(changes: dict[str, Any], found: list[str]):
    tws = listing()

    def parameters(tws: ScriptedTws, message: Message) -> None:
        tws.say("sec_def_opt_param", **classes(message, **changes))
        tws.say("sec_def_opt_param_end", req_id=message.whole("req_id"))

    tws.script["req_sec_def_opt_params"] = parameters

    assert chain_of(tws)[0] == found


def test_strike_that_cannot_be_read_leaves_the_other_strikes():
    tws = listing()

    def parameters(tws: ScriptedTws, message: Message) -> None:
        fields = tws.encoded("sec_def_opt_param", **classes(message))
        tws.say_fields([*fields[:-2], "many", fields[-1]])
        tws.say("sec_def_opt_param_end", req_id=message.whole("req_id"))

    tws.script["req_sec_def_opt_params"] = parameters

    found, bench = chain_of(tws)

    assert found == ALL
    assert bench.broker.gauges.unreadable_by_kind == {"strike": 2}


def test_underlying_that_cannot_be_read_may_be_asked_for_again():
    tws = listing()

    def details(tws: ScriptedTws, message: Message) -> None:
        tws.say("contract_details", req_id=message.whole("req_id"), symbol="SPY", sec_type="STK", currency="USD", con_id=0)
        tws.say("contract_details_end", req_id=message.whole("req_id"))

    standard, tws.script["req_contract_details"] = tws.script["req_contract_details"], details

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        with pytest.raises(Transient, match="SPY: nothing of what TWS tells of it can be read"):
            await bench.broker.underlying("SPY")
        tws.script["req_contract_details"] = standard
        assert (await bench.broker.underlying("SPY")).con_id == SPY.con_id

    play(scenario, tws)


def bars(*rows: tuple[str, str]) -> ScriptedTws:
    """A TWS that tells daily bars by date and close, as text."""
    tws = ScriptedTws()

    def answer(tws: ScriptedTws, message: Message) -> None:
        request = message.whole("req_id")
        values = dict.fromkeys(("open", "high", "low", "close", "wap"), 600.0)
        plain = tuple({"date": "20261119", "volume": Decimal(1), "count": 1} | values for _ in rows)
        fields = tws.encoded("historical_data", req_id=request, start="", end="", bars=plain)
        for place, (day, close) in enumerate(rows):
            fields[5 + 8 * place], fields[5 + 8 * place + 4] = day, close
        tws.say_fields(fields)

    tws.script["req_historical_data"] = answer
    return tws


@pytest.mark.parametrize(
    "odd",
    [
        ("20261399", "601.0"), ("yesterday", "601.0"), ("1795446000", "601.0"), ("20261120  16:00:00", "abc"), ("", "601.0"),
        ("20261120", "NaN"), ("20261120", "-1"), ("20261120", "0"), ("20261120", "1e300"), ("20261120", "Infinity"),
        ("20261120", ""),
    ],
)  # fmt: skip
def test_bar_that_cannot_be_read_leaves_the_others(odd: tuple[str, str]):
    tws, told = bars(("20261118", "599.0"), odd, ("20261119", "600.5")), list[Any]()

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        told.append(await bench.broker.daily_bars(SPY, 5))

    bench = play(scenario, tws)

    assert told[0].days == (date(2026, 11, 18), date(2026, 11, 19))
    assert told[0].closes == (599.0, 600.5)
    assert bench.broker.gauges.unreadable_by_kind == {"daily bar": 2}  # of the closes and of the volatilities


def held(**changes: Any) -> dict[str, Any]:
    return {"account": ACCOUNT, "con_id": 101, "symbol": "SPY", "sec_type": "OPT", "position": Decimal(1)} | changes


@pytest.mark.parametrize(
    "wrong", [{"position": "NaN"}, {"position": "1e300"}, {"position": "0.5"}, {"position": "one"}, {"position": "Infinity"}]
)
def test_position_that_cannot_be_read_is_left_out_and_named(wrong: dict[str, str]):
    tws, states = ScriptedTws(), list[BrokerState]()

    def positions(tws: ScriptedTws, _: Message) -> None:
        tws.garbled("position", wrong, **held())
        tws.say("position", **held(con_id=102, position=Decimal(-1)))
        tws.say("position_end")

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        tws.script["req_positions"] = positions
        states.append(await bench.broker.state())

    bench = play(scenario, tws)

    assert [one.con_id for one in states[0].positions] == [102]
    assert states[0].unread_positions == frozenset({101})
    assert len(bench.all(ErrorHeard)) == bench.broker.gauges.unreadable == 1


def test_picture_is_none_when_nobody_can_tell_of_which_contract_a_position_is():
    tws = ScriptedTws()

    def positions(tws: ScriptedTws, _: Message) -> None:
        tws.garbled("position", {"con_id": "?"}, **held())
        tws.say("position_end")

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        tws.script["req_positions"] = positions
        with pytest.raises(Transient, match="could not be read"):
            await bench.broker.state()

    play(scenario, tws)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"shares": text} for text in ("NaN", "Infinity", "1e10", "1.5", "-2", "two", "")),
        *({"price": text} for text in ("1.7976931348623157E308", "NaN", "-0.05", "dear")),
        {"side": "WHAT"}, {"con_id": "0"}, {"con_id": "x"}, {"order_id": "x"}, {"cum_qty": "x"}, {"account": "DU2"},
    ],
)  # fmt: skip
def test_execution_that_cannot_be_read_doubts_its_order_and_counts_once_it_can(wrong: dict[str, str]):
    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)
        await settled(bench)
        plain = execution(bench, order_id)
        bench.tws.garbled("exec_details", wrong, **plain)
        await settled(bench)
        assert [fact.order_ref for fact in bench.all(OrderUnknown)] == ["sp-1"]
        assert bench.all(LegFilled) == []
        bench.tws.say("exec_details", **plain)
        await settled(bench)

    bench = play(scenario)

    assert [(fill.con_id, fill.quantity) for fill in bench.all(LegFilled)] == [(102, 2)]
    assert bench.broker.gauges.unreadable == len(bench.all(ErrorHeard)) == 1


def execution(bench: Bench, order_id: int) -> dict[str, Any]:
    return {
        "req_id": -1, "order_id": order_id, "con_id": 102, "symbol": "SPY", "sec_type": "OPT", "exec_id": "a.01",
        "time": "20261123 15:00:01 UTC", "account": ACCOUNT, "side": "SLD", "shares": Decimal(2), "price": 2.4,
        "perm_id": 900_000 + order_id, "client_id": 7, "order_ref": "sp-1", "cum_qty": Decimal(2),
    }  # fmt: skip


def test_execution_of_today_that_cannot_be_read_is_said_by_the_picture():
    tws, states = ScriptedTws(), list[BrokerState]()

    async def scenario(bench: Bench) -> None:
        order_id = await sent(bench)
        bench.tws.works(order_id)

        def executions(tws: ScriptedTws, message: Message) -> None:
            request = message.whole("req_id")
            plain = execution(bench, order_id) | {"req_id": request}
            tws.garbled("exec_details", {"shares": "NaN"}, **plain)
            tws.garbled("exec_details", {"shares": "some"}, **(plain | {"exec_id": "b.01"}))
            tws.say("exec_details_end", req_id=request)

        tws.script["req_executions"] = executions
        states.append(await bench.broker.state())

    play(scenario, tws)

    assert states[0].executions == ()
    assert ["a.01" in states[0].unread[1], "could not be read" in states[0].unread[0]] == [True, True]


@pytest.mark.parametrize(
    ("name", "wrong", "values"),
    [
        ("current_time", {"time": "noon"}, {"time": 1}),
        ("next_valid_id", {"order_id": "soon"}, {"order_id": 1}),
        ("next_valid_id", {"order_id": "99999999999"}, {"order_id": 1}),
        ("next_valid_id", {"order_id": "-5"}, {"order_id": 1}),
        ("managed_accounts", {"accounts": "U777"}, {"accounts": "DU1"}),
        ("managed_accounts", {"accounts": ""}, {"accounts": "DU1"}),
        ("error", {"code": "many"}, {"req_id": -1, "code": 1, "text": ""}),
        ("error", {"code": "99999999999999"}, {"req_id": -1, "code": 1, "text": ""}),
        ("error", {"req_id": "x"}, {"req_id": -1, "code": 1, "text": ""}),
        ("account_value", {"value": "NaN"}, {"key": "Cushion", "value": "1", "currency": "", "account": ACCOUNT}),
        ("tick_price", {"price": "dear"}, {"req_id": 1, "tick_type": 1, "price": 1.0, "size": Decimal(1)}),
        ("commission_report", {"commission": "dear"}, {"exec_id": "a.01", "commission": 1.0, "currency": "USD"}),
        ("pnl", {"daily": "good"}, {"req_id": 1, "daily": 1.0, "unrealized": 1.0, "realized": 1.0}),
    ],
)
def test_session_goes_on_and_keeps_account_and_numbers_when_a_message_cannot_be_meant(
    name: str, wrong: dict[str, str], values: dict[str, Any]
):
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.tws.garbled(name, wrong, **values)
        await asyncio.sleep(30)
        assert bench.broker.is_connected
        assert bench.broker.account.account == ACCOUNT
        assert bench.broker.account.net_liquidation == Decimal("100000.50")
        assert await sent(bench) < 1000

    assert [fact.state for fact in play(scenario).all(LinkChanged)] == ["connecting", "up", "down"]


def test_connection_goes_on_when_a_message_has_no_number_no_fields_or_an_unknown_one():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        for fields in ([], [""], ["abc"], ["-1"], ["4711", "x"], ["5"], ["11"], ["17", "1"], ["21"]):
            bench.tws.say_fields(fields)
        await asyncio.sleep(30)
        assert bench.broker.is_connected

    assert play(scenario).broker.gauges.unreadable >= 8


def test_connection_is_made_anew_when_what_comes_is_no_message_at_all():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        assert bench.tws.transport is not None
        bench.tws.transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await asyncio.sleep(1)
        assert not bench.broker.is_connected
        await bench.broker.connect()
        assert bench.broker.is_connected

    play(scenario)


@pytest.mark.parametrize("greeting", [["abc", "now"], ["178"], [], ["178", "now", "more"]])
def test_connecting_says_that_no_tws_listens_when_its_greeting_cannot_be_read(greeting: list[str]):
    tws = ScriptedTws()
    tws.greeting = greeting

    async def scenario(bench: Bench) -> None:
        with pytest.raises(Transient, match="not TWS: its greeting cannot be read"):
            await bench.broker.connect()
        assert bench.loop.time() < 2

    play(scenario, tws)
