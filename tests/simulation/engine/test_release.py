"""A person who traded a position in TWS takes it out of the engine's hands: the books agree again, and the engine trades on."""

from pathlib import Path

from engine.domain.facts.positions import PositionReleased
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

PUTS = {"puts.yaml": given.strategy("puts", exits="dte <= 3", window="09:31-09:41")}
LATE = {"late.yaml": given.strategy("late", "bear_call", exits="dte <= 3", window="09:45-09:55")}


def test_release_of_what_somebody_traded_by_hand_lets_openings_go_on(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        # given a position of which somebody trades a leg in TWS
        life = await world.start()
        await world.when(lambda: any(life.ledger.open_positions()), within_s=60)
        await world.until("09:42:00")
        [position] = life.ledger.open_positions()
        world.sim.inject("by_hand")
        await world.until("09:44:00")
        life.before = life.control.status()
        # when a person releases it
        life.said = life.control.adoption.release(position.id, "ada", "traded in TWS")
        await world.until("09:46:30")
        life.after = life.control.status()
        await world.when(lambda: life.orders("open", "late"), within_s=300)
        await life.stop()
        # and the engine starts anew
        again = await world.start()
        await world.when(lambda: again.ledger.reconciled is not None, within_s=60)
        life.again = again.control.status()
        await again.stop()
        return life

    life = play(act, tmp_path, 3, strategies=PUTS | LATE)

    # then the books agree, what is left of it is not ours, and another strategy opens
    assert life.before["differences"]
    assert life.said[0], life.said
    assert life.after["differences"] == []
    assert life.after["foreign"]
    assert len(life.all(PositionReleased)) == 1
    assert [order.strategy for order in life.orders("open")] == ["puts", "late"]
    assert life.orders("close", "puts") == []
    # also after a start
    assert life.again["differences"] == []
    assert life.again["foreign"] == life.after["foreign"]
