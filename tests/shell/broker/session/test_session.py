"""Connecting, losing and finding TWS: every way it goes wrong has one sentence and a way out."""

import asyncio
from decimal import Decimal

import pytest

from engine.domain.errors import Transient, UserError
from engine.domain.facts.running import ErrorHeard, LinkChanged
from engine.sim.wire.message import Message
from tests.shell.broker.bench import CLIENT_ID, PORT, SPY, Bench, contract, play
from tests.shell.broker.scripted_tws import ScriptedTws


def states(bench: Bench) -> list[str]:
    return [fact.state for fact in bench.all(LinkChanged)]


def test_session_is_up_with_account_values_when_tws_greets():
    async def scenario(bench: Bench) -> None:
        assert await bench.broker.connect() == "DU1"
        await asyncio.sleep(1)
        assert bench.broker.is_connected
        values = bench.broker.account
        assert values.net_liquidation == Decimal("100000.50")
        assert values.look_ahead_available_funds == Decimal(89000)
        assert values.day_pnl == Decimal("-12.5")
        assert values.reported_at is not None

    bench = play(scenario)

    assert states(bench) == ["connecting", "up", "down"]
    assert bench.tws.client_id == CLIENT_ID
    assert bench.all(ErrorHeard) == []


def test_connecting_asks_the_trader_when_nothing_listens_at_first():
    async def scenario(bench: Bench) -> None:
        bench.network.refuse(PORT)
        with pytest.raises(UserError, match=r"nothing listens at 127.0.0.1:4002.*--port"):
            await bench.broker.connect()

    assert states(play(scenario)) == ["connecting", "down"]


def test_connecting_may_be_tried_again_when_nothing_listens_after_a_good_session():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.network.refuse(PORT)
        bench.tws.hang_up()
        await asyncio.sleep(1)
        with pytest.raises(Transient, match="nothing listens"):
            await bench.broker.connect()

    assert states(play(scenario)) == ["connecting", "up", "down", "connecting", "down"]


def test_connecting_names_the_port_and_the_dialog_when_the_server_is_mute():
    tws = ScriptedTws()
    tws.greets = False

    async def scenario(bench: Bench) -> None:
        with pytest.raises(Transient, match=r"did not greet within 10 s.*dialog"):
            await bench.broker.connect()
        assert bench.loop.time() < 11

    play(scenario, tws)


def test_connecting_names_the_client_id_at_once_when_it_is_taken():
    tws = ScriptedTws()

    def taken(tws: ScriptedTws, _: object) -> None:
        tws.error(-1, 326, "Unable to connect as the client id is already in use.")
        tws.hang_up()

    tws.script["start_api"] = taken

    async def scenario(bench: Bench) -> None:
        with pytest.raises(UserError, match=r"client id 7 is taken.*choose another"):
            await bench.broker.connect()
        assert bench.loop.time() < 1

    play(scenario, tws)


def test_connecting_tells_of_the_settings_when_tws_closes_at_once():
    tws = ScriptedTws()
    tws.script["start_api"] = lambda tws, _: tws.hang_up()

    async def scenario(bench: Bench) -> None:
        with pytest.raises(Transient, match="closed the connection at once: enable the API"):
            await bench.broker.connect()

    play(scenario, tws)


def test_connecting_tells_of_a_tws_that_is_too_old():
    tws = ScriptedTws()
    tws.version = 100

    async def scenario(bench: Bench) -> None:
        with pytest.raises(UserError, match="speaks an API version that is too old: update TWS or IB Gateway"):
            await bench.broker.connect()

    play(scenario, tws)


def test_connecting_names_the_accounts_when_the_choice_is_not_clear():
    async def scenario(bench: Bench) -> None:
        with pytest.raises(UserError, match="offers the accounts DU1, DU2; name one with --account"):
            await bench.broker.connect()
        assert bench.loop.time() < 1

    play(scenario, ScriptedTws(accounts="DU1,DU2"))


def test_connecting_refuses_an_account_that_tws_does_not_offer():
    async def scenario(bench: Bench) -> None:
        with pytest.raises(UserError, match="account U9 is not offered"):
            await bench.broker.connect()

    play(scenario, account="U9")


def test_connecting_refuses_an_account_in_another_currency():
    async def scenario(bench: Bench) -> None:
        with pytest.raises(UserError, match="kept in EUR"):
            await bench.broker.connect()
        assert not bench.broker.is_connected

    play(scenario, ScriptedTws(currency="EUR"))


def test_connecting_may_be_tried_again_when_the_account_never_loads():
    tws = ScriptedTws()
    del tws.script["req_account_updates"]

    async def scenario(bench: Bench) -> None:
        with pytest.raises(Transient, match="did not load account and positions"):
            await bench.broker.connect()
        tws.script["req_account_updates"] = ScriptedTws().script["req_account_updates"]
        assert await bench.broker.connect() == "DU1"

    play(scenario, tws)


def test_link_is_lost_within_twenty_seconds_when_tws_stops_answering():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        await asyncio.sleep(60)
        assert bench.broker.is_connected
        bench.network.links[0].to_client.swallow()
        await asyncio.sleep(20)
        assert not bench.broker.is_connected
        assert bench.network.links == ()
        await bench.broker.connect()
        assert bench.broker.is_connected

    bench = play(scenario)

    assert states(bench) == ["connecting", "up", "down", "connecting", "up", "down"]
    assert bench.broker.gauges.heartbeat_seconds_last is not None


def test_link_is_degraded_once_and_restored_when_tws_loses_ibkr_again_and_again():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        for _ in range(10):
            bench.tws.error(-1, 1100, "Connectivity between IB and Trader Workstation has been lost.")
        await asyncio.sleep(1)
        assert not bench.broker.is_connected
        assert bench.broker.data == "unknown"
        bench.tws.error(-1, 1102, "Connectivity restored - data maintained.")
        await asyncio.sleep(1)
        assert bench.broker.is_connected

    bench = play(scenario)

    assert states(bench) == ["connecting", "up", "degraded", "up", "down"]
    assert bench.all(LinkChanged)[2].code == 1100
    assert bench.broker.gauges.errors_by_code[1100] == 10


def test_account_values_of_a_reset_are_not_believed():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        for key, value in (("AccountReady", "false"), ("NetLiquidation", "0.00")):
            bench.tws.say("account_value", key=key, value=value, currency="USD", account="DU1")
        await asyncio.sleep(1)

    assert play(scenario).broker.account.net_liquidation == Decimal("100000.50")


def test_account_summary_is_not_asked_for_again_when_the_link_is_restored():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        for code in (1100, 1102) * 3:
            bench.tws.error(-1, code, "")
        await asyncio.sleep(1)

    assert play(scenario).tws.asked("req_account_summary") == []


def lose_ibkr(bench: Bench, code: int = 1100) -> None:
    bench.tws.error(-1, code, "Connectivity between IBKR and Trader Workstation has been lost.")


def stream(bench: Bench) -> int:
    """The request number of the line on SPY."""
    bench.broker.watch([], [SPY])
    return next(iter(bench.broker.subscriptions))


@pytest.mark.parametrize("code", [1100, 2110, 1300])
def test_connection_is_made_anew_when_tws_lost_ibkr_and_never_says_that_it_is_back(code: int):
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        lose_ibkr(bench, code)
        await asyncio.sleep(1)
        at = bench.loop.time()
        assert await bench.broker.connect() == "DU1"
        assert 80 <= bench.loop.time() - at <= 105
        assert bench.broker.is_connected

    bench = play(scenario)

    assert states(bench) == ["connecting", "up", "degraded", "down", "connecting", "up", "down"]
    assert "without IBKR for 90 s" in bench.all(LinkChanged)[3].text


@pytest.mark.parametrize("sign", ["prices", "status"])
def test_connection_is_made_anew_at_once_when_ibkr_speaks_though_tws_never_says_that_it_is_back(sign: str):
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        line = stream(bench)
        await asyncio.sleep(1)
        lose_ibkr(bench)
        for _ in range(35):
            await asyncio.sleep(1)
            if sign == "prices":
                bench.tws.say("tick_price", req_id=line, tick_type=4, price=600.0, size=Decimal(1))
            else:
                bench.tws.status(5, "Submitted", perm_id=9, client_id=3)
        assert not bench.broker.is_connected

    bench = play(scenario)

    assert states(bench) == ["connecting", "up", "degraded", "down"]
    assert "though TWS has not said that it is back" in bench.all(LinkChanged)[3].text


def test_connection_is_kept_when_what_was_under_way_still_arrives():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        line = stream(bench)
        await asyncio.sleep(1)
        lose_ibkr(bench)
        for _ in range(20):
            bench.tws.say("tick_price", req_id=line, tick_type=4, price=600.0, size=Decimal(1))
        await asyncio.sleep(60)
        bench.tws.error(-1, 1102, "restored")
        await asyncio.sleep(1)
        assert bench.broker.is_connected

    assert states(play(scenario)) == ["connecting", "up", "degraded", "up", "down"]


def test_connection_is_tried_more_seldom_when_the_fresh_one_has_no_ibkr_either():
    tws = ScriptedTws()
    standard = tws.script["start_api"]

    def greet(tws: ScriptedTws, message: Message) -> None:
        standard(tws, message)
        tws.error(-1, 2110, "Connectivity between Trader Workstation and server is broken.")

    at: list[float] = []

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        tws.script["start_api"] = greet
        lose_ibkr(bench)
        await asyncio.sleep(1)
        for _ in range(3):
            await bench.broker.connect()
            assert not bench.broker.is_connected
            at.append(bench.loop.time())

    bench = play(scenario, tws)

    assert states(bench)[:6] == ["connecting", "up", "degraded", "down", "connecting", "degraded"]
    assert [80 < at[0] < 110, 170 < at[1] - at[0] < 200, 350 < at[2] - at[1] < 380] == [True, True, True]


def test_account_that_is_worth_something_in_several_currencies_of_unknown_rank_is_refused():
    tws = ScriptedTws()
    standard = tws.script["req_account_updates"]

    def updates(tws: ScriptedTws, message: Message) -> None:
        tws.say("account_value", key="NetLiquidation", value="7", currency="EUR", account="DU1")
        standard(tws, message)

    tws.script["req_account_updates"] = updates

    async def scenario(bench: Bench) -> None:
        with pytest.raises(UserError, match="worth something in EUR, USD, and TWS does not tell which is its own"):
            await bench.broker.connect()

    play(scenario, tws)


def test_connecting_may_be_tried_again_when_the_link_goes_while_the_session_is_set_up():
    tws = ScriptedTws()
    standard = tws.script["req_account_updates"]

    def updates(tws: ScriptedTws, message: Message) -> None:
        standard(tws, message)
        tws.hang_up()

    tws.script["req_account_updates"] = updates

    async def scenario(bench: Bench) -> None:
        with pytest.raises(Transient):
            await bench.broker.connect()
        assert not bench.broker.is_connected
        tws.script["req_account_updates"] = standard
        assert await bench.broker.connect() == "DU1"

    assert states(play(scenario, tws)) == ["connecting", "down", "connecting", "up", "down"]


def test_farm_that_is_never_said_to_be_back_is_believed_to_be_once_its_quotes_come_again():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.broker.watch([contract(101)], [SPY])
        await asyncio.sleep(1)
        bench.tws.error(-1, 2103, "Market data farm connection is broken:usopt")
        await asyncio.sleep(1)
        assert bench.broker.data == "unknown"
        for request in bench.broker.subscriptions:
            bench.tws.say("market_data_type", req_id=request, market_data_type=1)
            bench.tws.say("tick_price", req_id=request, tick_type=4, price=600.0, size=Decimal(1))
        await asyncio.sleep(15)
        assert bench.broker.data == "unknown"
        for request in bench.broker.subscriptions:
            bench.tws.say("tick_price", req_id=request, tick_type=4, price=600.0, size=Decimal(1))
        await asyncio.sleep(1)
        assert bench.broker.data == "live"

    play(scenario)
