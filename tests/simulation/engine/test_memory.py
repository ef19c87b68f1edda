"""What exits remember outlives the engine: the best profit is a fact, and the next run acts on it."""

from pathlib import Path

from engine.domain.facts import ExitTriggered, ProfitPeaked
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

LINE = "best_profit >= 2% of credit and minutes_held >= 15"
PUTS = {"puts.yaml": given.strategy("puts", exits=LINE)}


def test_best_profit_of_one_run_is_acted_on_by_the_next(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        # given a position that has stood better, in an engine that ends
        life = await world.start()
        await world.when(lambda: life.all(ProfitPeaked), within_s=900)
        (position,) = life.ledger.open_positions()
        life.best = position.best_profit
        await life.stop()
        # when another one starts
        again = await world.start()
        again.before = life.best
        (position,) = again.ledger.open_positions()
        again.best = position.best_profit
        await world.when(lambda: again.orders("close"), within_s=1800)
        return again

    again = play(act, tmp_path, 3, strategies=PUTS)

    # then it knows what the first one saw, and its exit acts
    assert again.best == again.before > 0
    (exited,) = again.all(ExitTriggered)
    assert exited.rule == LINE
    assert exited.values["best_profit"] >= float(again.before)
    assert exited.values["minutes_held"] >= 15
