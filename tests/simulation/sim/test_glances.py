"""While the streams are idle, what is held is told as soon as it has moved far."""

import asyncio
from typing import cast

import ib_async as ib

from engine.sim.market.generated import GeneratedMarket
from engine.sim.options import SimOptions
from engine.sim.simulator import Simulator
from tests.simulation.sim import stage

HELD, OTHER, SPOT = "held", "other", "spot"


async def told_after(move: float, sim: Simulator, connected: ib.IB) -> dict[str, bool]:
    """What is told within a step of the cadence after the underlying has jumped by `move`, an hour from the next update."""
    combination, short, _ = await stage.spread(connected)
    done = await stage.settled(connected.placeOrder(combination, stage.marketable(sim, combination)))
    assert done.orderStatus.status == "Filled"
    other = (await stage.spread(connected, expiry_number=2))[1]
    [spy] = await connected.qualifyContractsAsync(ib.Stock("SPY", "SMART", "USD"))
    tickers = {HELD: connected.reqMktData(short), OTHER: connected.reqMktData(other), SPOT: connected.reqMktData(spy)}
    await asyncio.sleep(1)
    seen = {name: (ticker.bid, ticker.ask) for name, ticker in tickers.items()}
    cast("GeneratedMarket", sim.tape.market).shock("SPY", move)
    await asyncio.sleep(6)
    return {name: (ticker.bid, ticker.ask) != seen[name] for name, ticker in tickers.items()}


def play(move: float, held_every_s: float | None = 5) -> dict[str, bool]:
    async def act(sim: Simulator, connected: ib.IB) -> dict[str, bool]:
        return await told_after(move, sim, connected)

    return stage.play(act, options=SimOptions(cadence_s=5, idle_cadence_s=3600, held_every_s=held_every_s, pnl_every_s=3600))


def test_held_leg_that_moved_far_is_told_with_its_underlying_and_nothing_else():
    assert play(-0.01) == {HELD: True, OTHER: False, SPOT: True}


def test_held_leg_that_hardly_moved_waits_for_the_next_update():
    assert play(0.0) == {HELD: False, OTHER: False, SPOT: False}


def test_nothing_is_told_out_of_turn_where_it_is_not_asked_for():
    assert play(-0.01, held_every_s=None) == {HELD: False, OTHER: False, SPOT: False}
