"""A broker that has no history to give stops neither the start nor the watch over what is open."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.errors import BrokerRefused, Transient
from engine.domain.facts.running import ErrorHeard
from engine.domain.facts.searches import FunnelRecorded
from engine.ports import Broker, DailyBars, Underlying
from engine.runtime.feed import HISTORY_AGAIN
from tests.simulation.engine import given
from tests.simulation.engine.world import BEGINS, Life, World, play

BY_HISTORY = given.strategy("trend", window="09:31-15:30", exits="time >= 10:30 New York").replace(
    "spread:\n", "when: [price > sma(20 days) * 0.5]\nspread:\n"
)
STRATEGIES = {"puts.yaml": given.PUTS, "trend.yaml": BY_HISTORY}


class Forgetful:
    """A broker that has no history when it is asked for the first time."""

    def __init__(self, broker: Broker, refusal: Exception) -> None:
        self._broker, self._refusals = broker, [refusal]

    def __getattr__(self, name: str) -> object:
        return getattr(self._broker, name)

    async def daily_bars(self, underlying: Underlying, days: int) -> DailyBars:
        if self._refusals:
            raise self._refusals.pop()
        return await self._broker.daily_bars(underlying, days)


@pytest.mark.parametrize("refusal", [Transient("HMDS query returned no data"), BrokerRefused(162, "no permission")])
def test_engine_trades_without_history_and_asks_for_it_again(refusal: Exception, tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start(wrap_broker=lambda broker: Forgetful(broker, refusal))
        await world.when(lambda: [order.state for order in life.orders("open", "puts")] == ["filled"])
        assert life.orders("open", "trend") == []
        await world.when(lambda: life.orders("close", "puts"))
        await world.when(lambda: life.orders("open", "trend"), within_s=600)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies=STRATEGIES)

    told = [fact.text for fact in life.all(ErrorHeard) if "history" in fact.text]
    assert len(told) == 1
    assert told[0].startswith("SPY has no history, what is measured by past days is unknown: ")
    unknown = [fact.steps[0].unknown for fact in life.all(FunnelRecorded) if fact.strategy == "trend"]
    assert unknown[0] > 0
    [opening] = life.orders("open", "trend")
    assert opening.proposed_at - BEGINS >= HISTORY_AGAIN - timedelta(seconds=5)
