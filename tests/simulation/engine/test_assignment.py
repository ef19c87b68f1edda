"""An option is assigned or exercised overnight: what the broker then holds is a position of the engine, which only reduces it.

The books agree with the broker's to the last share, no difference stands, and shares and the long that is left are traded away
by rule in the hours for closing. Killed at any line of that, nothing is sold twice.
"""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from engine.api.models.positions import Position
from engine.api.models.status import Status
from engine.decide.exit.left_over import SHARES
from engine.domain.facts.account import Reconciled
from engine.domain.facts.positions import OptionsExercised
from engine.sim.simulator import Simulator
from tests.simulation.engine import given
from tests.simulation.engine.killing import run_to_its_death
from tests.simulation.engine.test_kill_between_legs import check
from tests.simulation.engine.test_legs_apart import life_of
from tests.simulation.engine.world import BEGINS, Life, World, generated, play, sim_options

PUTS = {"puts.yaml": given.strategy("puts", "bull_put", exits="dte <= 3", window="14:41-15:00")}
CALLS = {"calls.yaml": given.strategy("calls", "bear_call", exits="dte <= 3", window="14:41-15:00")}
EVENING = timedelta(hours=5)
"""After the beginning of other worlds: 14:40 in New York. Here it is where the day begins."""
NIGHT = timedelta(hours=12, minutes=30)
"""After the beginning: 22:10 in New York."""
MORNING = timedelta(hours=23, minutes=49)
"""09:29 the day after."""


def overnight() -> Simulator:
    return generated(3, 1.0, begins=BEGINS + EVENING, options=sim_options(idle_cadence_s=60))


async def slept(world: World, after: timedelta) -> None:
    await asyncio.sleep((BEGINS + after - world.sim.now()).total_seconds())


@pytest.mark.parametrize("files", [PUTS, pytest.param(CALLS, marks=pytest.mark.long)], ids=["put", "call"])
def test_an_assigned_short_becomes_shares_that_are_only_reduced(files: dict[str, str], tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        # given a vertical on shares that is held overnight
        life = await world.start()
        await slept(world, NIGHT)
        [position] = life.ledger.open_positions()
        assert position.is_whole

        # when its short is assigned in the night
        world.sim.inject("assigned")
        await slept(world, MORNING)
        life.before = life.control.status()
        life.held = life.control.positions(only_open=True)
        assert life.ledger.contracts_held() == world.sim.positions()
        await world.when(lambda: not any(life.ledger.open_positions()), within_s=1800)
        life.invariants.check(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, 3, strategies=files, sim=overnight())

    # then the books agree with the broker's: shares at the strike beside the long that is left
    assert life.before["differences"] == []
    assert life.before["foreign"] == []
    [became] = life.all(OptionsExercised)
    [row] = life.held
    assert Position.model_validate(row).reduced_because == SHARES
    assert Status.model_validate(life.before).exercised[0].text == became.reason
    assert [part["quantity"] for part in row["parts"]] == [became.contracts, abs(became.shares)]
    assert not any(fact.differences for fact in life.all(Reconciled))
    assert life.ledger.halt is None
    # and in the morning the shares are traded away and the long is sold, to the cent of the broker's cash
    assert list(life.ledger.open_positions()) == []
    assert life.world.sim.positions() == {}
    [position] = life.ledger.positions.values()
    assert life.world.sim.cash == 500_000 + position.realised - position.fees


FEW = [("OptionsExercised", 1)]
MANY = [
    ("OrderSent", 2),
    *(("OrderProposed", number) for number in (2, 3)),
    ("OrderSent", 3),
    *(("OrderAcknowledged", number) for number in (2, 3)),
    *(("LegFilled", number) for number in (3, 4)),
    *(("CommissionReported", number) for number in (3, 4)),
]


@pytest.mark.parametrize("died_at", [pytest.param(line, marks=pytest.mark.long) for line in (*FEW, *MANY)])
@pytest.mark.parametrize("files", [PUTS, pytest.param(CALLS, marks=pytest.mark.long)], ids=["put", "call"])
def test_an_assignment_that_an_engine_dies_over_is_understood_once(
    files: dict[str, str], died_at: tuple[str, int], tmp_path: Path
) -> None:
    async def act(world: World) -> Life:
        # given a vertical that is assigned in the night, and an engine that dies at a line of what follows
        first = life_of(world, died_at)
        night = asyncio.ensure_future(_assigned_at_night(world))
        await run_to_its_death(first)
        first.invariants.remember()
        for link in asyncio.get_running_loop().network.links:  # type: ignore[attr-defined]
            link.reset()
        world.lives.remove(first)
        await night
        # when another one takes over
        life = life_of(world)
        await life.begin()
        await world.when(lambda: not any(life.ledger.open_positions()), within_s=16 * 3600)
        check(world, life)
        await life.stop()
        return life

    life = play(act, tmp_path, 3, strategies=files, sim=overnight())

    # then it was understood once, and traded away once
    assert [len(became) for became in life.ledger.ends.exercised.values()] == [1]
    assert life.world.sim.positions() == {}
    assert life.ledger.halt is None


async def _assigned_at_night(world: World) -> None:
    await slept(world, NIGHT)
    world.sim.inject("assigned")
