"""Each fault as ib_async experiences it, and what the exchange knows meanwhile."""

import asyncio
import math

import ib_async as ib
import pytest

from engine.sim.faults import random_schedule
from engine.sim.loop import VirtualLoop, run
from engine.sim.simulator import Simulator
from tests.simulation.sim import stage


def codes_of(client: ib.IB) -> list[int]:
    """Filled with the codes of all errors from now on, farm notices apart."""
    said: list[int] = []
    client.errorEvent += lambda req_id, code, text, contract: said.append(code) if code not in {2104, 2106, 2158} else None
    return said


async def filled(sim: Simulator, client: ib.IB, quantity: int = 1) -> ib.Trade:
    combination, *_ = await stage.spread(client)
    return await stage.settled(client.placeOrder(combination, stage.marketable(sim, combination, quantity)))


async def waiting(client: ib.IB) -> ib.Trade:
    combination, *_ = await stage.spread(client)
    trade = client.placeOrder(combination, stage.order(-4.0))
    await asyncio.sleep(1)
    return trade


async def previewed(client: ib.IB) -> object:
    combination, *_ = await stage.spread(client)
    return await asyncio.wait_for(client.whatIfOrderAsync(combination, stage.order(-0.30)), 4)


def test_silent_what_if_is_never_answered():
    async def act(sim: Simulator, client: ib.IB) -> object:
        sim.inject("what_if_silent")
        with pytest.raises(asyncio.TimeoutError):
            await previewed(client)
        return await previewed(client)

    assert isinstance(stage.play(act), ib.OrderState)


def test_what_if_that_comes_unset_first_resolves_with_the_real_one():
    async def act(sim: Simulator, client: ib.IB) -> object:
        sim.inject("what_if_unset")
        return await previewed(client)

    shown = stage.play(act)

    assert isinstance(shown, ib.OrderState)
    assert float(shown.initMarginChange) == 500


def test_what_if_error_resolves_as_an_empty_list_or_raises():
    async def act(sim: Simulator, client: ib.IB) -> object:
        client.RaiseRequestErrors = False
        sim.inject("what_if_error=201")
        return await previewed(client)

    assert stage.play(act) == []


def test_lost_order_is_never_known():
    async def act(sim: Simulator, client: ib.IB) -> tuple[str, int]:
        sim.inject("order_lost")
        trade = await waiting(client)
        return trade.orderStatus.status, len(sim.orders())

    assert stage.play(act) == ("PendingSubmit", 0)


def test_lost_acknowledgement_leaves_a_working_order():
    async def act(sim: Simulator, client: ib.IB) -> tuple[str, str, int]:
        sim.inject("ack_lost")
        trade = await waiting(client)
        before = trade.orderStatus.status
        await client.reqAllOpenOrdersAsync()
        return before, trade.orderStatus.status, len(sim.exchange.working())

    assert stage.play(act) == ("PendingSubmit", "Submitted", 1)


def test_preset_notice_makes_the_client_think_the_order_dead_while_it_fills():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[str], list[int], int]:
        said = codes_of(client)
        sim.inject("preset_notice")
        combination, *_ = await stage.spread(client)
        trade = client.placeOrder(combination, stage.marketable(sim, combination))
        await asyncio.sleep(0.2)
        thought = trade.orderStatus.status
        await asyncio.sleep(10)
        return [thought, trade.orderStatus.status], said, len(sim.positions())

    statuses, said, positions = stage.play(act)

    assert statuses == ["Cancelled", "Filled"]
    assert said == [10349]
    assert positions == 2


@pytest.mark.parametrize(("fault", "code"), [("reject", 201), ("reject=103", 103), ("tick_refused", 110)])
def test_new_order_is_refused(fault: str, code: int):
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[int], int]:
        said = codes_of(client)
        sim.inject(fault)
        await waiting(client)
        return said, len(sim.orders())

    assert stage.play(act) == ([code], 0)


def test_refused_change_leaves_the_order_as_it_was():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[int], float, str]:
        said = codes_of(client)
        trade = await waiting(client)
        sim.inject("reject_modify")
        trade.order.lmtPrice = -3.9
        client.placeOrder(trade.contract, trade.order)
        await asyncio.sleep(1)
        [order] = sim.orders()
        return said, float(order.terms.limit), order.status

    assert stage.play(act) == ([201], -4.0, "Submitted")


def test_system_cancels_an_order_with_202():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[int], str]:
        said = codes_of(client)
        trade = await waiting(client)
        sim.inject("cancelled")
        await asyncio.sleep(1)
        return said, trade.orderStatus.status

    assert stage.play(act) == ([202], "Cancelled")


def test_order_fills_between_the_cancel_request_and_its_answer():
    async def act(sim: Simulator, client: ib.IB) -> tuple[str, int]:
        trade = await waiting(client)
        sim.inject("fill_on_cancel")
        client.cancelOrder(trade.order)
        await stage.settled(trade)
        return trade.orderStatus.status, len(sim.positions())

    assert stage.play(act) == ("Filled", 2)


def test_order_fills_while_its_client_is_away():
    async def act(sim: Simulator, client: ib.IB) -> tuple[int, int]:
        await waiting(client)
        sim.inject("fill_unheard")
        client.disconnect()
        await asyncio.sleep(5)
        await client.connectAsync("127.0.0.1", stage.PORT, clientId=3, timeout=10, raiseSyncErrors=True)
        return len(client.fills()), len(client.positions())

    assert stage.play(act) == (3, 2)


@pytest.mark.parametrize("fault", ["ack_after_fill", "duplicate_status", "status_before_exec"])
def test_fill_in_another_order_of_messages_is_the_same_fill(fault: str):
    async def act(sim: Simulator, client: ib.IB) -> tuple[str, int, float]:
        sim.inject(fault)
        trade = await filled(sim, client)
        return trade.orderStatus.status, len(trade.fills), sum(fill.commissionReport.commission for fill in trade.fills)

    assert stage.play(act) == ("Filled", 3, 1.3)


@pytest.mark.parametrize(
    ("fault", "soon", "late"), [("commission_late=30", 0.0, 1.3), ("commission_never", 0.0, 0.0), ("commission_first", 0.0, 0.0)]
)
def test_commissions_come_late_first_or_never(fault: str, soon: float, late: float):
    async def act(sim: Simulator, client: ib.IB) -> tuple[float, float]:
        sim.inject(fault)
        trade = await filled(sim, client)
        first = sum(fill.commissionReport.commission for fill in trade.fills)
        await asyncio.sleep(40)
        return first, sum(fill.commissionReport.commission for fill in trade.fills)

    assert stage.play(act) == (soon, late)


def test_partial_fills_come_in_parts():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[float], str, dict[int, int]]:
        sim.inject("partial_fills")
        trade = await filled(sim, client, 5)
        rows = [fill.execution.shares for fill in trade.fills if fill.contract.secType == "BAG"]
        return rows, trade.orderStatus.status, sim.positions()

    rows, status, positions = stage.play(act)

    assert len(rows) > 1
    assert sum(rows) == 5
    assert status == "Filled"
    assert sorted(positions.values()) == [-5, 5]


def test_execution_is_corrected_under_the_same_id_but_for_its_revision():
    async def act(sim: Simulator, client: ib.IB) -> list[str]:
        sim.inject("exec_corrected=5")
        trade = await filled(sim, client)
        await asyncio.sleep(10)
        return [fill.execution.execId for fill in trade.fills]

    ids = stage.play(act)

    [corrected] = [one for one in ids if one.endswith(".02") and one.count(".") == 3]
    assert f"{corrected[:-3]}.01" in ids


def test_link_loss_hides_a_fill_that_only_a_question_brings_back():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[int], str, int, int]:
        said = codes_of(client)
        trade = await waiting(client)
        sim.inject("link_lost=60")
        await asyncio.sleep(1)
        sim.tell(sim.exchange.fill(sim.exchange.working()[0], sim.now()))
        await asyncio.sleep(70)
        unheard = trade.orderStatus.status
        return said, unheard, len(client.fills()), len(await client.reqExecutionsAsync())

    said, status, heard, asked = stage.play(act)

    assert said == [1100, 1102]
    assert status == "Submitted"
    assert (heard, asked) == (0, 3)


def test_link_loss_with_data_lost_ends_all_streams():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[int], int, int]:
        said = codes_of(client)
        _, short, _ = await stage.spread(client)
        ticker = client.reqMktData(short)
        heard: list[float] = []
        await asyncio.sleep(5)
        sim.inject("link_lost_data_lost=10")
        await asyncio.sleep(15)
        ticker.updateEvent += lambda one: heard.append(one.bid)
        await asyncio.sleep(60)
        lost = len(heard)
        client.cancelMktData(short)
        again = client.reqMktData(short)
        again.updateEvent += lambda one: heard.append(one.bid)
        await asyncio.sleep(5)
        return said, lost, len(heard)

    said, lost, renewed = stage.play(act)

    assert said == [1100, 1101, 300]
    assert lost == 0
    assert renewed > 0


def test_orders_sent_while_the_link_is_down_are_handed_in_when_it_is_back():
    async def act(sim: Simulator, client: ib.IB) -> tuple[str, str]:
        combination, *_ = await stage.spread(client)
        sim.inject("link_lost=30")
        trade = client.placeOrder(combination, stage.order(-4.0))
        await asyncio.sleep(5)
        before = trade.orderStatus.status
        await asyncio.sleep(30)
        return before, trade.orderStatus.status

    assert stage.play(act) == ("PendingSubmit", "Submitted")


def test_restart_disconnects_refuses_and_keeps_orders_and_ids():
    async def act(sim: Simulator, client: ib.IB) -> tuple[bool, int, int]:
        trade = await waiting(client)
        perm_id = trade.order.permId
        sim.inject("restart=120")
        await asyncio.sleep(1)
        gone = not client.isConnected()
        with pytest.raises(ConnectionRefusedError):
            await client.connectAsync("127.0.0.1", stage.PORT, clientId=3, timeout=10)
        await asyncio.sleep(130)
        await client.connectAsync("127.0.0.1", stage.PORT, clientId=3, timeout=10, raiseSyncErrors=True)
        return gone, client.openTrades()[0].order.permId - perm_id, len(sim.exchange.working())

    assert stage.play(act) == (True, 0, 1)


def test_mute_server_makes_connecting_time_out():
    async def act(sim: Simulator, client: ib.IB) -> bool:
        sim.inject("mute=30")
        second = ib.IB()
        with pytest.raises((TimeoutError, asyncio.TimeoutError)):
            await second.connectAsync("127.0.0.1", stage.PORT, clientId=9, timeout=5)
        await asyncio.sleep(60)
        await second.connectAsync("127.0.0.1", stage.PORT, clientId=9, timeout=5, raiseSyncErrors=True)
        connected = second.isConnected()
        second.disconnect()
        return connected

    assert stage.play(act)


def test_half_open_link_stays_connected_and_silent():
    async def act(sim: Simulator, client: ib.IB) -> bool:
        sim.inject("half_open")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.reqCurrentTimeAsync(), 10)
        return client.isConnected()

    assert stage.play(act)


@pytest.mark.parametrize("fault", ["close", "reset", "close_after=3"])
def test_connection_breaks(fault: str):
    async def act(sim: Simulator, client: ib.IB) -> tuple[bool, bool]:
        sim.inject(fault)
        if fault.startswith("close_after"):
            client.disconnect()
            await asyncio.sleep(1)
            with pytest.raises((ConnectionError, TimeoutError, asyncio.TimeoutError)):
                await client.connectAsync("127.0.0.1", stage.PORT, clientId=3, timeout=5, raiseSyncErrors=True)
        else:
            client.client.reqCurrentTime()
        await asyncio.sleep(2)
        broken = not client.isConnected()
        await client.connectAsync("127.0.0.1", stage.PORT, clientId=3, timeout=10, raiseSyncErrors=True)
        return broken, client.isConnected()

    assert stage.play(act) == (True, True)


def test_split_bytes_and_slow_answers_change_nothing_but_the_time():
    async def act(sim: Simulator, client: ib.IB) -> tuple[int, float, float]:
        loop = asyncio.get_running_loop()
        sim.inject("split=60")
        before = loop.time()
        details = await client.reqContractDetailsAsync(ib.Stock("SPY", "SMART", "USD"))
        split = loop.time() - before
        await asyncio.sleep(60)
        sim.inject("slow=2")
        before = loop.time()
        await client.reqCurrentTimeAsync()
        return len(details), split, loop.time() - before

    found, split, slow = stage.play(act)

    assert found == 1
    assert 0.001 < split < 1
    assert slow == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("fault", ["drop", "drop_request"])
def test_dropped_message_is_never_answered(fault: str):
    async def act(sim: Simulator, client: ib.IB) -> bool:
        sim.inject(fault)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.reqCurrentTimeAsync(), 5)
        return (await client.reqCurrentTimeAsync()) is not None

    assert stage.play(act)


@pytest.mark.parametrize("fault", ["frozen", "crossed", "no_bids", "no_greeks", "competing", "farm_lost"])
def test_data_faults_show_in_the_ticker(fault: str):
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[int], ib.Ticker, int]:
        said = codes_of(client)
        _, short, _ = await stage.spread(client)
        ticker = client.reqMktData(short)
        await asyncio.sleep(2)
        sim.inject(f"{fault}=60")
        heard: list[float] = []
        await asyncio.sleep(1)
        ticker.updateEvent += lambda one: heard.append(one.bid)
        await asyncio.sleep(20)
        return said, ticker, len(heard)

    said, ticker, updates = stage.play(act)

    assert (updates == 0) == (fault in {"frozen", "competing", "farm_lost"})
    assert said == {"competing": [10197], "farm_lost": [2103]}.get(fault, [])
    assert (ticker.bid > ticker.ask) == (fault == "crossed")
    assert (ticker.bid <= 0) == (fault == "no_bids")
    assert (ticker.modelGreeks.delta is None) == (fault == "no_greeks")


@pytest.mark.parametrize(("fault", "times"), [("wide=3", 3.0), ("wide", 5.0)])
def test_wide_quotes_keep_their_middle(fault: str, times: float):
    async def act(sim: Simulator, client: ib.IB) -> tuple[float, float]:
        combination, *_ = await stage.spread(client)
        con_id = combination.comboLegs[0].conId
        before = sim.tape.quote(con_id)
        sim.inject(fault)
        after = sim.tape.quote(con_id)
        (low, high), (lower, higher) = ((float(quote.bid or 0), float(quote.ask or 0)) for quote in (before, after))
        return (higher - lower) / (high - low), (higher + lower) - (high + low)

    wider, moved = stage.play(act)

    assert wider == pytest.approx(times, abs=0.3)
    assert moved == pytest.approx(0, abs=0.02)


def test_bad_print_shows_what_is_sold_at_four_times_its_quote_for_some_seconds():
    async def act(sim: Simulator, client: ib.IB) -> list[float]:
        await filled(sim, client)
        sold = next(con_id for con_id, quantity in sim.positions().items() if quantity < 0)
        mids = [float(sim.tape.quote(sold).mark or 0)]
        sim.inject("bad_print")
        mids.append(float(sim.tape.quote(sold).mark or 0))
        await asyncio.sleep(10)
        return [*mids, float(sim.tape.quote(sold).mark or 0)]

    before, during, after = stage.play(act)

    assert during == pytest.approx(4 * before, rel=0.02)
    assert after == pytest.approx(before, rel=0.3)


def test_halt_of_trading_is_told_and_nothing_fills_until_it_is_over():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[float], list[str]]:
        (share,) = await client.qualifyContractsAsync(ib.Stock("SPY", "SMART", "USD"))
        assert isinstance(share, ib.Contract)
        ticker = client.reqMktData(share)
        combination, *_ = await stage.spread(client)
        await asyncio.sleep(2)
        halted = [ticker.halted]
        sim.inject("trading_halted=60")
        await asyncio.sleep(1)
        halted.append(ticker.halted)
        trade = client.placeOrder(combination, stage.marketable(sim, combination))
        await asyncio.sleep(20)
        statuses = [trade.orderStatus.status]
        await asyncio.sleep(60)
        return [*halted, ticker.halted], [*statuses, trade.orderStatus.status]

    assert stage.play(act) == ([0.0, 1.0, 0.0], ["Submitted", "Filled"])


def test_raised_margin_takes_so_many_times_as_much():
    async def act(sim: Simulator, client: ib.IB) -> tuple[float, float]:
        sim.inject("margin_raised=2")
        shown = await previewed(client)
        assert isinstance(shown, ib.OrderState)
        return float(shown.initMarginChange), float(shown.maintMarginChange)

    assert stage.play(act) == (1000, 1000)


def test_busted_fill_is_told_with_nothing_traded_and_its_positions_are_gone():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[tuple[str, float]], dict[int, int]]:
        told: list[tuple[str, float]] = []
        client.execDetailsEvent += lambda trade, fill: told.append(
            (fill.execution.execId.rsplit(".", 1)[1], fill.execution.shares)
        )
        sim.inject("exec_busted")
        await filled(sim, client)
        await asyncio.sleep(10)
        return told, sim.positions()

    told, positions = stage.play(act)

    assert [row for row in told if row[0] == "02"] == [("02", 0.0)] * 3
    assert positions == {}


def test_silent_combination_has_no_quote_while_its_legs_have():
    async def act(sim: Simulator, client: ib.IB) -> tuple[float, float]:
        combination, short, _ = await stage.spread(client)
        sim.inject("bag_silent=60")
        both, leg = client.reqMktData(combination), client.reqMktData(short)
        await asyncio.sleep(5)
        return both.bid, leg.bid

    both, leg = stage.play(act)

    assert math.isnan(both)
    assert leg > 0


def test_hand_in_tws_changes_a_position_without_an_execution():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[float], int]:
        sim.inject("by_hand=2")
        await asyncio.sleep(1)
        return [position.position for position in client.positions()], len(client.fills())

    assert stage.play(act) == ([2.0], 0)


def test_short_leg_is_assigned_early():
    async def act(sim: Simulator, client: ib.IB) -> dict[str, float]:
        await filled(sim, client)
        sim.inject("assigned")
        await asyncio.sleep(1)
        return {position.contract.secType: position.position for position in client.positions() if position.position}

    assert stage.play(act) == {"OPT": 1.0, "STK": 100.0}


def test_next_valid_id_jumps():
    async def act(sim: Simulator, client: ib.IB) -> list[int]:
        told: list[int] = []
        client.wrapper.nextValidId = told.append
        sim.inject("id_jump=500")
        await asyncio.sleep(1)
        client.client.reqIds(1)
        await asyncio.sleep(1)
        return told

    assert stage.play(act) == [501, 501]


def test_account_values_say_when_they_are_not_ready():
    async def act(sim: Simulator, client: ib.IB) -> str:
        sim.inject("account_not_ready=600")
        await asyncio.sleep(200)
        return next(value.value for value in client.accountValues() if value.tag == "AccountReady" and not value.modelCode)

    assert stage.play(act) == "false"


def test_completed_combination_with_an_extra_field_is_lost_on_the_client():
    async def act(sim: Simulator, client: ib.IB) -> int:
        trade = await waiting(client)
        client.cancelOrder(trade.order)
        await asyncio.sleep(1)
        sim.inject("completed_extra_field")
        return len(await client.reqCompletedOrdersAsync(False))

    assert stage.play(act) <= 1


@pytest.mark.parametrize("seed", range(6))
def test_books_balance_after_a_random_schedule(seed: int):
    """Whatever goes wrong on the way to the client, cash and positions follow from the executions."""

    async def main() -> Simulator:
        ends = stage.MORNING + (stage.sessions()[1].close - stage.MORNING) / 12
        sim = stage.simulator(schedule=random_schedule(seed, stage.MORNING, ends, 8))
        await sim.start(port=stage.PORT)
        client = ib.IB()
        client.client.MaxRequests = 0
        for _ in range(20):
            try:
                if not client.isConnected():
                    await client.connectAsync("127.0.0.1", stage.PORT, clientId=3, timeout=5)
                combination, *_ = await asyncio.wait_for(stage.spread(client), 20)
                client.placeOrder(combination, stage.marketable(sim, combination, 2))
            except (TimeoutError, OSError, IndexError, ValueError, TypeError):
                client.disconnect()
            await asyncio.sleep(60)
        client.disconnect()
        await sim.stop()
        return sim

    sim = run(main(), VirtualLoop())

    held: dict[int, int] = {}
    cash = 1_000_000
    for row in sim.executions():
        if row.instrument is not None:
            signed = row.shares if row.side == "BOT" else -row.shares
            held[row.instrument.con_id] = held.get(row.instrument.con_id, 0) + signed
            cash -= signed * row.price * row.instrument.multiplier
            cash -= sim.exchange.booking.commissions[row.exec_id].amount
    assert {con_id: quantity for con_id, quantity in held.items() if quantity} == sim.positions()
    assert cash == sim.cash
    assert sim.executions()
