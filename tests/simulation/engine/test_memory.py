"""What exits remember outlives the engine: the best profit is a fact, and the next run acts on it."""

from pathlib import Path

from engine.domain.facts.positions import ExitTriggered, ProfitPeaked
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


SPLIT = "minutes_held >= 3: close 50%\n  - minutes_held >= 15: close 25%\n  - minutes_held >= 25"
SPLITTING = {"puts.yaml": given.strategy("puts", exits=SPLIT, risk="$1800").replace("contracts: 1-3", "contracts: 4")}


def test_parts_are_closed_once_each_though_the_engine_starts_anew(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        # given a position of which the first part is closed when the engine ends
        life = await world.start()
        await world.when(lambda: any(order.filled for order in life.orders("close")), within_s=900)
        await world.until("09:47:00")
        await life.stop()
        # when another one starts and the day goes on
        again = await world.start()
        await world.when(lambda: not any(again.ledger.open_positions()), within_s=3600)
        return again

    again = play(act, tmp_path, 3, strategies=SPLITTING)

    # then each line has closed its share of what was opened, and nothing twice
    (opening,) = again.orders("open")
    filled: dict[str, int] = {}
    for order in again.orders("close"):
        filled[order.proposed.reason] = filled.get(order.proposed.reason, 0) + order.filled
    assert opening.filled == 4
    assert filled == {"minutes_held >= 3": 2, "minutes_held >= 15": 1, "minutes_held >= 25": 1}
