"""Unmodified ib_async against the simulated TWS: each request a trader's engine makes, answered as TWS answers it."""

import asyncio
import math
from datetime import UTC, datetime, timedelta

import ib_async as ib
import pytest

from engine.sim.exchange.fills import FillModel
from engine.sim.options import SimOptions
from engine.sim.simulator import Simulator
from tests.simulation.sim import stage


def test_start_up_burst_is_answered_whole():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[str], list[str], datetime, int]:
        tags = [value.tag for value in client.accountValues()]
        return client.managedAccounts(), tags, await client.reqCurrentTimeAsync(), client.client.serverVersion()

    accounts, tags, now, version = stage.play(act)

    assert accounts == ["DU1234567"]
    assert {"NetLiquidation", "AvailableFunds", "BuyingPower", "Cushion", "EquityWithLoanValue"} <= set(tags)
    assert abs(now - stage.MORNING) < timedelta(seconds=2)
    assert version == 178


def test_chain_is_found_by_parameters_and_partial_contracts():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[ib.OptionChain], list[ib.ContractDetails], list[object]]:
        [spy, spx] = await client.qualifyContractsAsync(ib.Stock("SPY", "SMART", "USD"), ib.Index("SPX", "CBOE", "USD"))
        chains = await client.reqSecDefOptParamsAsync("SPX", "", "IND", spx.conId)
        monthly = next(chain for chain in chains if chain.tradingClass == "SPX" and chain.exchange == "SMART")
        asked = ib.Option("SPX", monthly.expirations[0], right="C", exchange="SMART", tradingClass="SPX")
        return chains, await client.reqContractDetailsAsync(asked), [spy.conId, spx.conId]

    chains, details, con_ids = stage.play(act, underlyings=("SPX", "SPY"))

    assert {(chain.exchange, chain.tradingClass) for chain in chains} == {
        (e, c) for e in ("SMART", "CBOE") for c in ("SPX", "SPXW")
    }
    assert con_ids == [756733, 416904]
    assert len(details) > 20
    assert {detail.contract.right for detail in details} == {"C"}
    assert details[0].contract.lastTradeDateOrContractMonth == "20261217"
    assert details[0].realExpirationDate == "20261218"
    assert len(details[0].marketRuleIds.split(",")) == len(details[0].validExchanges.split(","))


def test_trading_hours_know_holidays_and_half_days():
    async def act(sim: Simulator, client: ib.IB) -> str:
        [details] = await client.reqContractDetailsAsync(ib.Stock("SPY", "SMART", "USD"))
        return details.liquidHours

    hours = stage.play(act)

    assert hours.split(";")[:5] == [
        "20261123:0930-20261123:1600",
        "20261124:0930-20261124:1600",
        "20261125:0930-20261125:1600",
        "20261126:CLOSED",
        "20261127:0930-20261127:1300",
    ]


def test_unknown_contract_is_200_and_a_combination_has_no_details():
    async def act(sim: Simulator, client: ib.IB) -> tuple[int, list[int]]:
        said: list[int] = []
        client.errorEvent += lambda req_id, code, text, contract: said.append(code)
        with pytest.raises(ib.wrapper.RequestError) as refused:
            await client.reqContractDetailsAsync(ib.Stock("NOPE", "SMART", "USD"))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.reqContractDetailsAsync(ib.Contract(secType="BAG", symbol="SPY", currency="USD")), 5)
        return refused.value.code, said

    code, said = stage.play(act)

    assert code == 200
    assert said[-1] == 321


def test_streams_carry_quotes_greeks_interest_and_volatility():
    async def act(sim: Simulator, client: ib.IB) -> tuple[ib.Ticker, ib.Ticker, ib.Ticker, float]:
        combination, short, _ = await stage.spread(client)
        option = client.reqMktData(short, "100,101,106")
        stock = client.reqMktData(ib.Stock("SPY", "SMART", "USD", conId=756733), "100,101,104,106")
        both = client.reqMktData(combination)
        await asyncio.sleep(3)
        return option, stock, both, stage.natural(sim, combination)

    option, stock, both, natural = stage.play(act)

    assert 0 < option.bid < option.ask
    assert option.modelGreeks is not None
    assert option.bidGreeks.impliedVol < option.askGreeks.impliedVol
    assert -0.5 < option.modelGreeks.delta < 0
    assert option.putOpenInterest > 0
    assert option.callOpenInterest == 0
    assert 0.05 < stock.impliedVolatility < 1
    assert 0.05 < stock.histVolatility < 1
    assert stock.close > 0
    assert both.ask == pytest.approx(natural, abs=0.011)
    assert both.bid < both.ask < 0


def test_line_of_a_condor_is_inside_of_its_legs_and_is_what_an_order_fills_at():
    async def act(sim: Simulator, client: ib.IB) -> tuple[ib.Ticker, float, ib.Trade, dict[int, int]]:
        combination = await stage.condor(client)
        sim.inject("frozen=600")
        line = client.reqMktData(combination)
        await asyncio.sleep(3)
        trade = client.placeOrder(combination, stage.order(line.ask, 3))
        return line, stage.natural(sim, combination), await stage.settled(trade), sim.positions()

    line, natural, trade, held = stage.play(act, options=SimOptions(fills=FillModel(partial=0)))

    assert line.bid < line.ask < natural < 0
    assert (trade.orderStatus.status, trade.orderStatus.avgFillPrice) == ("Filled", pytest.approx(line.ask))
    signs = {leg.conId: 1 if leg.action == "BUY" else -1 for leg in trade.contract.comboLegs}
    assert held == {con_id: 3 * sign for con_id, sign in signs.items()}
    assert len([fill for fill in trade.fills if fill.contract.secType == "OPT"]) == 4


def test_snapshot_ends_and_frees_its_line():
    async def act(sim: Simulator, client: ib.IB) -> tuple[ib.Ticker, int]:
        _, short, _ = await stage.spread(client)
        [ticker] = await client.reqTickersAsync(short)
        return ticker, sum(session.quotes.is_streaming for session in sim.sessions())

    ticker, streaming = stage.play(act)

    assert ticker.bid > 0
    assert not math.isnan(ticker.ask)
    assert streaming == 0


def test_lines_are_limited_and_free_again_when_cancelled():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[int], float]:
        said: list[int] = []
        client.errorEvent += lambda req_id, code, text, contract: said.append(code)
        _, short, long = await stage.spread(client)
        client.reqMktData(short)
        client.reqMktData(long)
        await asyncio.sleep(1)
        client.cancelMktData(short)
        ticker = client.reqMktData(ib.Stock("SPY", "SMART", "USD", conId=756733))
        await asyncio.sleep(1)
        return [code for code in said if code < 2000], ticker.bid

    said, bid = stage.play(act, options=SimOptions(max_lines=1))

    assert said == [101]
    assert bid > 0


@pytest.mark.parametrize(
    ("data", "wanted", "code", "kind"), [("none", 1, 354, 1), ("delayed", 1, 354, 1), ("delayed", 3, 10167, 3)]
)
def test_data_that_is_not_subscribed_is_refused_or_delayed(data: str, wanted: int, code: int, kind: int):
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[int], ib.Ticker]:
        said: list[int] = []
        client.errorEvent += lambda req_id, code, text, contract: said.append(code)
        client.reqMarketDataType(wanted)
        ticker = client.reqMktData(ib.Stock("SPY", "SMART", "USD", conId=756733))
        await asyncio.sleep(2)
        return said, ticker

    said, ticker = stage.play(act, options=SimOptions(data=data))

    assert said == [code]
    assert ticker.marketDataType == kind
    assert (ticker.bid > 0) == (code == 10167)


def test_wrong_generic_ticks_are_321():
    async def act(sim: Simulator, client: ib.IB) -> list[int]:
        said: list[int] = []
        client.errorEvent += lambda req_id, code, text, contract: said.append(code)
        client.reqMktData(ib.Stock("SPY", "SMART", "USD", conId=756733), "100,9999")
        await asyncio.sleep(1)
        return said

    assert stage.play(act) == [321]


def test_history_has_prices_and_implied_volatility_by_day():
    async def act(sim: Simulator, client: ib.IB) -> tuple[object, ...]:
        spy = ib.Stock("SPY", "SMART", "USD", conId=756733)
        year = await client.reqHistoricalDataAsync(spy, "", "1 Y", "1 day", "TRADES", True)
        month = await client.reqHistoricalDataAsync(spy, "", "30 D", "1 day", "OPTION_IMPLIED_VOLATILITY", True)
        return year, month, await client.reqHeadTimeStampAsync(spy, "TRADES", True, 1), await client.reqMarketRuleAsync(32)

    year, month, head, rule = stage.play(act)

    assert 240 < len(year) < 265
    assert year[-1].volume > 0
    assert len(month) == 30
    assert 0.05 < month[-1].close < 1
    assert head < datetime(2026, 1, 1)
    assert [(step.lowEdge, step.increment) for step in rule] == [(0, 0.01), (3, 0.05)]


def test_what_if_tells_margin_and_commission_and_leaves_no_order():
    async def act(sim: Simulator, client: ib.IB) -> tuple[object, int]:
        combination, *_ = await stage.spread(client)
        shown = await asyncio.wait_for(client.whatIfOrderAsync(combination, stage.order(-0.30, 2)), 5)
        return shown, len(sim.orders())

    shown, orders = stage.play(act)

    assert isinstance(shown, ib.OrderState)
    assert float(shown.initMarginChange) == 1000
    assert float(shown.equityWithLoanChange) == pytest.approx(60 - 2.60)
    assert (shown.commission, shown.maxCommission, shown.commissionCurrency) == (2.6, 2.6, "USD")
    assert orders == 0


def test_combination_is_placed_modified_and_filled():
    async def act(sim: Simulator, client: ib.IB) -> tuple[ib.Trade, float, list[ib.Position], dict[int, int], int, int]:
        combination, short, long = await stage.spread(client)
        natural = stage.natural(sim, combination)
        trade = client.placeOrder(combination, stage.order(round(natural - 1, 2), 2, orderRef="mine"))
        await asyncio.sleep(1)
        assert trade.orderStatus.status == "Submitted"
        trade.order.lmtPrice = round(natural + 0.10, 2)
        client.placeOrder(combination, trade.order)
        await stage.settled(trade)
        return trade, natural, client.positions(), sim.positions(), short.conId, long.conId

    trade, natural, positions, held, short, long = stage.play(act)

    assert trade.orderStatus.status == "Filled"
    assert trade.orderStatus.avgFillPrice == pytest.approx(natural, abs=0.06)
    assert {fill.contract.secType for fill in trade.fills} == {"BAG", "OPT"}
    assert {position.contract.conId: position.position for position in positions} == held == {short: -2, long: 2}
    legs = [fill for fill in trade.fills if fill.contract.secType == "OPT"]
    assert sum(fill.commissionReport.commission for fill in legs) == pytest.approx(2.6)
    assert all(fill.execution.orderRef == "mine" for fill in trade.fills)


def test_cancel_leaves_the_order_cancelled():
    async def act(sim: Simulator, client: ib.IB) -> tuple[ib.Trade, list[ib.Trade], list[ib.Trade]]:
        combination, *_ = await stage.spread(client)
        trade = client.placeOrder(combination, stage.order(-4.0))
        await asyncio.sleep(1)
        working = await client.reqAllOpenOrdersAsync()
        client.cancelOrder(trade.order)
        await stage.settled(trade)
        return trade, working, await client.reqCompletedOrdersAsync(False)

    trade, working, completed = stage.play(act)

    assert trade.orderStatus.status == "Cancelled"
    assert [one.order.permId for one in working] == [trade.order.permId]
    assert [one.orderStatus.status for one in completed] == ["Cancelled"]


def test_profit_and_loss_follow_the_market():
    async def act(sim: Simulator, client: ib.IB) -> tuple[ib.PnL, ib.PnLSingle, list[float]]:
        combination, short, _ = await stage.spread(client)
        trade = client.placeOrder(combination, stage.marketable(sim, combination))
        await stage.settled(trade)
        told: list[float] = []
        client.pnlEvent += lambda pnl: told.append(pnl.dailyPnL)
        pnl = client.reqPnL("DU1234567")
        single = client.reqPnLSingle("DU1234567", "", short.conId)
        await asyncio.sleep(30)
        return pnl, single, told

    pnl, single, told = stage.play(act)

    assert 2 < len(told) <= 31
    assert pnl.dailyPnL == pytest.approx(pnl.unrealizedPnL)
    assert single.position == -1
    assert single.value < 0


def test_state_survives_the_client():
    async def act(sim: Simulator, client: ib.IB) -> tuple[int, ...]:
        combination, *_ = await stage.spread(client)
        filled = client.placeOrder(combination, stage.marketable(sim, combination))
        await stage.settled(filled)
        waiting = client.placeOrder(combination, stage.order(-4.0))
        await asyncio.sleep(1)
        perm_id, order_id = waiting.order.permId, waiting.order.orderId
        client.disconnect()
        await asyncio.sleep(60)
        await client.connectAsync("127.0.0.1", stage.PORT, clientId=3, timeout=10, raiseSyncErrors=True)
        [found] = client.openTrades()
        return found.order.permId - perm_id, len(client.fills()), client.client.getReqId() - order_id, len(client.positions())

    same_perm_id, fills, ids_on, positions = stage.play(act)

    assert same_perm_id == 0
    assert fills == 3
    assert ids_on > 0
    assert positions == 2


def test_clients_hear_of_their_own_orders_only():
    async def act(sim: Simulator, client: ib.IB) -> tuple[int, int, int]:
        other = await stage.client(4)
        combination, *_ = await stage.spread(client)
        trade = client.placeOrder(combination, stage.marketable(sim, combination))
        await stage.settled(trade)
        heard, positions = len(other.fills()), len(other.positions())
        asked = len(await other.reqExecutionsAsync())
        other.disconnect()
        return heard, positions, asked

    assert stage.play(act) == (0, 2, 3)


def test_client_id_in_use_is_326():
    async def act(sim: Simulator, client: ib.IB) -> list[int]:
        said: list[int] = []
        second = ib.IB()
        second.errorEvent += lambda req_id, code, text, contract: said.append(code)
        with pytest.raises((TimeoutError, ConnectionError, asyncio.TimeoutError)):
            await second.connectAsync("127.0.0.1", stage.PORT, clientId=3, timeout=5)
        return said

    assert stage.play(act) == [326]


def test_third_account_summary_is_322():
    async def act(sim: Simulator, client: ib.IB) -> list[int]:
        said: list[int] = []
        client.errorEvent += lambda req_id, code, text, contract: said.append(code)
        for _ in range(3):
            client.client.reqAccountSummary(client.client.getReqId(), "All", "NetLiquidation")
        await asyncio.sleep(1)
        return said

    assert stage.play(act) == [322]


def test_too_many_messages_are_100_and_then_the_end():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[int], bool]:
        said: list[int] = []
        client.errorEvent += lambda req_id, code, text, contract: said.append(code)
        for _ in range(170):
            client.client.reqCurrentTime()
        await asyncio.sleep(1)
        return said, client.isConnected()

    said, connected = stage.play(act)

    assert said.count(100) == 3
    assert not connected


def test_order_before_the_opening_waits_with_399_and_works_from_then_on():
    async def act(sim: Simulator, client: ib.IB) -> tuple[str, list[int], str]:
        said: list[int] = []
        client.errorEvent += lambda req_id, code, text, contract: said.append(code)
        combination, *_ = await stage.spread(client, expiry_number=2)
        trade = client.placeOrder(combination, stage.order(-4.0))
        await asyncio.sleep(1)
        before = sim.orders()[0].status
        await asyncio.sleep(40 * 60)
        return before, said, trade.orderStatus.status

    before, said, after = stage.play(act, begins=datetime(2026, 11, 23, 14, 0, tzinfo=UTC))

    assert before == "PreSubmitted"
    assert 399 in said
    assert after == "Submitted"


def test_day_order_ends_at_the_close_and_nothing_ticks_until_the_next_opening():
    async def act(sim: Simulator, client: ib.IB) -> tuple[str, int, int]:
        combination, short, _ = await stage.spread(client)
        trade = client.placeOrder(combination, stage.order(-4.0))
        ticker = client.reqMktData(short)
        updates: list[object] = []
        await asyncio.sleep(60)
        ticker.updateEvent += lambda ticker: updates.append(ticker.time)
        await asyncio.sleep(60)
        open_updates = len(updates)
        await asyncio.sleep(6 * 3600)
        updates.clear()
        await asyncio.sleep(12 * 3600)
        return trade.orderStatus.status, open_updates, len(updates)

    status, while_open, while_closed = stage.play(act, options=SimOptions(cadence_s=20))

    assert status == "Cancelled"
    assert while_open > 0
    assert while_closed == 0


def test_expired_spread_is_assigned_or_lapses_and_leaves_no_option():
    async def act(sim: Simulator, client: ib.IB) -> tuple[list[str], list[str]]:
        combination, *_ = await stage.spread(client, expiry_number=0)
        trade = client.placeOrder(combination, stage.marketable(sim, combination))
        await stage.settled(trade)
        before = [position.contract.secType for position in client.positions()]
        await asyncio.sleep(7 * 3600)
        return before, [position.contract.secType for position in client.positions() if position.position]

    before, after = stage.play(act, options=SimOptions(cadence_s=30, match_every_s=30))

    assert before == ["OPT", "OPT"]
    assert "OPT" not in after


def test_line_that_is_opened_anew_begins_with_the_quote_as_it_stands_while_the_others_are_looked_away_from():
    async def act(sim: Simulator, connected: ib.IB) -> list[tuple[float, float]]:
        _, short, _ = await stage.spread(connected)
        seen = []
        for _ in range(4):
            ticker = connected.reqMktData(short)
            await asyncio.sleep(1)
            quote = sim.tape.quote(short.conId)
            seen.append((ticker.bid, float(quote.bid or 0)))
            connected.cancelMktData(short)
            await asyncio.sleep(59)
        return seen

    found = stage.play(act, options=SimOptions(cadence_s=5, idle_cadence_s=3600, repeats_quotes=True))

    assert all(told == stands for told, stands in found)
    assert len({told for told, _ in found}) > 1
