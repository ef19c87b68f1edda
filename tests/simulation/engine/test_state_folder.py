"""The state folder goes while the engine runs: that is said, nothing more is opened, exits go on, and nothing is lost."""

import shutil
from pathlib import Path

import pytest

from engine.domain.errors import EngineError
from engine.domain.facts.halts import Halted
from engine.store.checkpoint import recover
from tests.simulation.engine import given
from tests.simulation.engine.world import ACCOUNT, Life, World, play

STRATEGIES = {
    "puts.yaml": given.strategy("puts", exits="time >= 09:42 New York"),
    "late.yaml": given.strategy("late", "bear_call", window="09:41-15:30"),
}
"""One opens at once and closes at 09:42, the other would open a minute later."""


@pytest.mark.parametrize("fate", ["deleted", "replaced"])
def test_engine_opens_nothing_more_and_closes_what_is_open_when_its_folder_is_gone(fate: str, tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start(funnel_every=None)
        await world.when(lambda: any(position.is_open for position in life.ledger.positions.values()), within_s=50)
        shutil.rmtree(world.state)
        if fate == "replaced":
            world.state.mkdir()
        await world.until("09:41:30")
        assert life.control.resume("trader").startswith("not resumed: ")
        await world.until("09:43:30")
        world.positions = world.sim.positions()
        with pytest.raises(EngineError, match="is gone or another one stands in its place"):
            await life.stop()
        return life

    life = play(act, tmp_path, strategies=STRATEGIES)

    [halted] = life.all(Halted)
    assert all(word in halted.reason for word in ("state.rescued", "nothing more is opened", "exits go on"))
    assert [order.strategy for order in life.orders("open")] == ["puts"]
    assert [order.state for order in life.orders("close")] == ["filled"]
    recovered = recover(tmp_path / "state.rescued", ACCOUNT)
    recovered.journal.close()
    assert recovered.ledger.orders == life.ledger.orders
    assert recovered.ledger.positions == life.ledger.positions
    assert not recovered.warnings
    kept = {path.name for path in (tmp_path / "state.rescued" / "strategies").iterdir()}
    assert {f"{order.proposed.digest}.yaml" for order in life.orders("open")} <= kept
    assert (tmp_path / "state.rescued" / "explanations").is_dir()
    assert not list((tmp_path / "state").rglob("*.jsonl"))


def test_engine_starts_again_on_what_was_written_out(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        first = await world.start()
        await world.when(lambda: any(position.is_open for position in first.ledger.positions.values()), within_s=50)
        shutil.rmtree(world.state)
        await world.when(lambda: first.ledger.halt is not None, within_s=90)
        with pytest.raises(EngineError):
            await first.stop()
        world.state.with_name("state.rescued").rename(world.state)
        second = await world.start()
        assert second.control.resume("trader").startswith("resuming")
        await world.until("09:44:00")
        await second.stop()
        return second

    life = play(act, tmp_path, strategies={"puts.yaml": given.strategy("puts", exits="time >= 09:42 New York")})

    assert [order.state for order in life.orders("close")] == ["filled"]
