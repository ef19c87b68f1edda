"""The whole engine lives through a few minutes: it opens, works, fills and closes by its rules, and every invariant holds."""

from pathlib import Path

from tests.simulation.engine.world import World, play


def test_engine_opens_and_closes_by_its_rules(tmp_path: Path) -> None:
    async def act(world: World):
        life = await world.start()
        await world.until("09:42:30")
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life, world.sim.positions()

    life, positions = play(act, tmp_path)

    assert {order.strategy for order in life.orders("open") if order.state == "filled"} == {"puts", "calls"}
    assert {order.state for order in life.orders("close")} == {"filled"}
    assert positions == {}
    assert [int(ref.rpartition("-")[2]) for ref in life.ledger.orders] == [1, 2, 3, 4]
    assert life.invariants.beats > 50
