"""A broker that has no chain of one underlying to give stops neither the start, nor the others, nor the watch over them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import pytest

from engine.domain.contract import Contract
from engine.domain.errors import BrokerRefused, Transient
from engine.domain.facts.running import ErrorHeard
from engine.ports import Broker, DailyBars, Underlying
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

NO_PRICE = Transient("AAA: no price within 11 s; check the market data subscription, or wait for the market")
REFUSED = BrokerRefused(321, "expiries and strikes of AAA: TWS refused the request")
OTHERS = given.strategy("others").replace("universe: [SPY]", "universe: [AAA]")
LISTED = Underlying("AAA", 999_999, "STK", "SMART", "NASDAQ", "USD")


class Reserved:
    """A broker that knows a second underlying, and has nothing to give of it."""

    def __init__(self, broker: Broker, problem: Exception) -> None:
        self._broker, self._problem, self.asked = broker, problem, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._broker, name)

    async def underlying(self, symbol: str) -> Underlying:
        return LISTED if symbol == LISTED.symbol else await self._broker.underlying(symbol)

    async def daily_bars(self, underlying: Underlying, days: int) -> DailyBars:
        if underlying == LISTED:
            return DailyBars((date(2026, 11, 20),), (100.0,), (0.2,))
        return await self._broker.daily_bars(underlying, days)

    def watch(self, options: Iterable[Contract], underlyings: Iterable[Underlying], exploring: Iterable[Contract] = ()) -> None:
        self._broker.watch(options, [one for one in underlyings if one != LISTED], exploring)

    async def chain(self, underlying: Underlying, expiries: Callable[[date], bool], band: float) -> Sequence[Contract]:
        if underlying == LISTED:
            self.asked += 1
            raise self._problem
        return await self._broker.chain(underlying, expiries, band)


@pytest.mark.parametrize("problem", [NO_PRICE, REFUSED])
def test_underlying_without_a_chain_is_told_once_and_asked_for_again_while_the_others_are_traded(
    problem: Exception, tmp_path: Path
) -> None:
    brokers: list[Reserved] = []

    def reserved(broker: Broker) -> Reserved:
        brokers.append(Reserved(broker, problem))
        return brokers[-1]

    async def act(world: World) -> Life:
        life = await world.start(wrap_broker=reserved)
        await world.when(lambda: [order.state for order in life.orders("open", "puts")] == ["filled"])
        await world.when(lambda: life.orders("close", "puts"))
        await world.when(lambda: brokers[-1].asked >= 3, within_s=300)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies={"puts.yaml": given.PUTS, "others.yaml": OTHERS})

    told = [fact.text for fact in life.all(ErrorHeard) if "AAA" in fact.text]
    assert told == [f"AAA is not traded until its chain is had: {problem}"]
    assert life.orders("open", "others") == []
    assert brokers[-1].asked <= 4


def test_expiry_whose_list_never_ends_is_left_out_for_a_minute_while_the_rest_is_traded(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await world.when(lambda: life.orders("open"), within_s=200)
        await world.when(lambda: len(named(life)) == 1 and life.ledger.reconciled is not None, within_s=10)
        await life.stop()
        return life

    def named(life: Life) -> list[str]:
        return [fact.text for fact in life.all(ErrorHeard) if "is not traded until its list is had" in fact.text]

    life = play(act, tmp_path, schedule=("contracts_endless",))

    assert life.orders("open")
    assert len(named(life)) == 1
