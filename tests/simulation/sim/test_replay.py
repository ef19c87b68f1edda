"""Recorded chains behind the simulated TWS: a day of 2016 traded by an unmodified client."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import ib_async as ib
import pyarrow.parquet as pq
import pytest

from engine.sim.loop import VirtualLoop, run
from engine.sim.market.replayed import ReplayedMarket
from engine.sim.simulator import Simulator
from tests.simulation.sim import stage

RECORDING = Path(__file__).parents[3].parent / "shared" / "data" / "spxw_15min_2016-04-28_2016-04-29.parquet"
BEGINS = datetime(2016, 4, 29, 14, 0, tzinfo=UTC)


@pytest.mark.skipif(not RECORDING.exists(), reason="the recorded SPXW chains lie beside the repository, and are not there")
def test_spread_of_a_recorded_day_fills_and_settles_in_cash():
    async def main() -> tuple[ib.Trade, dict[int, int], dict[int, int], float]:
        market = ReplayedMarket([pq.read_table(RECORDING)], start=BEGINS)
        sim = Simulator(market, seed=1, begins=BEGINS)
        await sim.start(port=stage.PORT)
        client = await stage.client()
        [spx] = await client.qualifyContractsAsync(ib.Index("SPX", "CBOE", "USD"))
        [ticker] = await client.reqTickersAsync(spx)
        asked = ib.Option("SPX", "20160429", right="P", exchange="SMART", tradingClass="SPXW")
        puts = sorted((found.contract for found in await client.reqContractDetailsAsync(asked)), key=lambda put: put.strike)
        short = min(puts, key=lambda put: abs(put.strike - ticker.last))
        long = puts[puts.index(short) - 4]
        combination = ib.Bag(symbol="SPX", exchange="SMART", currency="USD", comboLegs=stage.bag(short, long).comboLegs)
        natural = stage.natural(sim, combination)
        trade = await stage.settled(client.placeOrder(combination, stage.order(round(natural, 2))))
        held = sim.positions()
        await asyncio.sleep(8 * 3600)
        left = sim.positions()
        client.disconnect()
        await sim.stop()
        return trade, held, left, float(sim.cash)

    trade, held, left, cash = run(main(), VirtualLoop())

    assert trade.orderStatus.status == "Filled"
    assert sorted(held.values()) == [-1, 1]
    assert left == {}
    credit = -trade.orderStatus.avgFillPrice * 100 - 1.3
    width = 100 * 20
    assert 1_000_000 + credit - width <= cash <= 1_000_000 + credit
