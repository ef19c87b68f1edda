"""`spreads sim` and `spreads run --sim`, as the README has them: something happens within the first minute."""

from pathlib import Path

import pytest

from engine.cli.demo.demo import example_strategies
from engine.cli.markets import generated
from engine.domain.facts.orders import OrderProposed
from engine.sim.simulator import Simulator
from tests.simulation.engine.world import World, play


@pytest.mark.parametrize("day", ["2026-11-30", "2026-12-09", "2026-11-27"], ids=["a Monday", "a day of the FOMC", "half a day"])
def test_proposal_comes_within_a_minute_of_the_engines_start(day: str, tmp_path: Path) -> None:
    """At a speed of 1 a second of the simulator is one of the person who waits."""
    staged = generated(1, ("SPX", "SPY", "VIX"), f"{day} 10:00 New York", 1.0)
    sim = Simulator(staged.market, seed=1, begins=staged.begins, account="DU1234567", cash=1_000_000, options=staged.options)

    async def act(world: World) -> float:
        world.strategies = example_strategies()
        life = await world.start(lines=100)
        await world.when(lambda: life.all(OrderProposed), within_s=90)
        proposed_at = next(at for at, fact in life.facts if isinstance(fact, OrderProposed))
        return (proposed_at - staged.begins).total_seconds()

    assert play(act, tmp_path, sim=sim) <= 60
