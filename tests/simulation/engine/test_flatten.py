"""Everything closed because a person wants it: openings end first, and a restart in the middle changes nothing."""

from pathlib import Path
from typing import Any

import pytest

from engine.domain.facts.halts import FlattenBegan, FlattenEnded, Halted
from tests.simulation.engine import given
from tests.simulation.engine.world import ACCOUNT, Life, World, play

SHY = "from $0.40 better than mid, $0.01 every 5 s, no worse than natural"
STRATEGIES = {
    "calls.yaml": given.strategy("calls", "bear_call", per_day=2, exits="time >= 15:00 New York"),
    "shy.yaml": given.strategy("shy", "bull_put", price=SHY, patience="10 min", exits="time >= 15:00 New York"),
}


async def until_some_is_held_and_one_waits(world: World, life: Life) -> int:
    """How many positions are open, with an opening at work."""
    await world.when(lambda: [order.state for order in life.orders("open", "calls")] == ["filled", "filled"])
    await world.when(lambda: [order.state for order in life.orders("open", "shy")] == ["working"])
    return sum(1 for _ in life.ledger.open_positions())


def test_everything_is_closed_after_openings_have_ended(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[Life, tuple[bool, str], Any]:
        life = await world.start()
        count = await until_some_is_held_and_one_waits(world, life)
        told = life.control.flattening.begin("ada", "leaving", ACCOUNT[-4:], count)
        await world.when(lambda: life.all(FlattenEnded), within_s=600)
        refused = life.control.resume("ada")
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life, told, refused

    life, told, refused = play(act, tmp_path, strategies=STRATEGIES)

    assert told == (True, "flattening: openings are halted and canceled, then 2 positions of the engine are closed, now")
    assert [order.state for order in life.orders("open", "shy")] == ["canceled"]
    assert [order.state for order in life.orders("close", "calls")] == ["filled", "filled"]
    assert not any(life.ledger.open_positions())
    assert not life.world.sim.positions()
    assert len(life.all(Halted)) == 1
    assert refused.startswith("resuming")


def test_it_goes_on_after_a_restart_and_resume_waits_for_it(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[Life, str]:
        first = await world.start()
        count = await until_some_is_held_and_one_waits(world, first)
        assert first.control.flattening.begin("ada", "", ACCOUNT[-4:], count)[0]
        await world.when(lambda: first.all(FlattenBegan))
        refused = first.control.resume("ada")
        await first.stop()
        life = await world.start()
        await world.when(lambda: life.all(FlattenEnded), within_s=600)
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life, refused

    life, refused = play(act, tmp_path, strategies=STRATEGIES)

    assert refused == "not resumed: it is flattening; stop that first, with `spreads flatten --stop`"
    assert not life.world.sim.positions()
    assert life.ledger.halt is not None


@pytest.mark.parametrize("typed", ["0000", ""])
def test_word_without_the_account_closes_nothing(tmp_path: Path, typed: str) -> None:
    async def act(world: World) -> tuple[Life, bool]:
        life = await world.start()
        count = await until_some_is_held_and_one_waits(world, life)
        done, _ = life.control.flattening.begin("ada", "", typed, count)
        await world.until("09:42:00")
        await life.stop()
        return life, done

    life, done = play(act, tmp_path, strategies=STRATEGIES)

    assert not done
    assert life.orders("close") == []
