"""Every structure that expires today is left to its settlement in cash: the legs go together, and the cash is the broker's."""

from decimal import Decimal
from pathlib import Path

import pytest

from engine.cli.markets import generated
from engine.domain.facts.positions import PositionSettled
from engine.sim.simulator import Simulator
from tests.simulation.engine import given
from tests.simulation.engine.world import SIM_OPTIONS, Life, World, play

BEGINS = "2026-11-16 15:40 New York"
ACCOUNT = given.ACCOUNT.replace("09:31-15:30", "09:31-15:58").replace("09:31-15:55", "09:31-15:59")
CASH = Decimal(500_000)
TODAY = {
    "bull_put": "  expiry: 0 days\n  short_delta: 0.10-0.45\n  width: $5-$10",
    "bear_call": "  expiry: 0 days\n  short_delta: 0.10-0.45\n  width: $5-$10",
    "iron_condor": "  expiry: 0 days\n  short_delta: 0.10-0.45\n  width: $5-$10",
    "iron_butterfly": "  expiry: 0 days\n  short_delta: 0.20-0.80\n  width: $5-$15",
    "broken_wing": "  right: put\n  expiry: 0 days\n  body_delta: 0.15-0.60\n  width: {near: $5-$10, far: $10-$20}",
    "butterfly": "  right: put\n  expiry: 0 days\n  body_delta: 0.15-0.60\n  width: $5-$15",
}

SHARE = {"iron_condor", "butterfly"}
"""Those that are not left to `make long`."""


@pytest.mark.parametrize("structure", [pytest.param(name, marks=() if name in SHARE else pytest.mark.long) for name in TODAY])
def test_structure_settles_as_a_whole_and_to_the_cent(structure: str, tmp_path: Path) -> None:
    staged = generated(3, ("SPX", "VIX"), BEGINS, 1.0)
    sim = Simulator(staged.market, seed=3, begins=staged.begins, account="DU1234567", cash=int(CASH), options=SIM_OPTIONS)
    text = given.strategy("own", structure, shape=TODAY[structure], exits="let expire", risk="$4000", window="15:40-15:58")
    files = {"own.yaml": text.replace("[SPY]", "[SPX]"), "account.yaml": ACCOUNT}

    async def act(world: World) -> Life:
        life = await world.start(lines=60)
        await world.when(lambda: life.is_over or any(life.ledger.open_positions()), within_s=900)
        assert not life.is_over, f"the engine ended: {life.error!r}"
        await world.when(lambda: life.is_over or is_settled(world, life), within_s=7200)
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, 3, sim=sim, strategies=files)

    (position,) = life.ledger.positions.values()
    assert position.spread.structure == structure
    assert life.ledger.halt is None
    assert len(life.all(PositionSettled)) >= 1
    assert {lot.held for lot in position.lots} == {0}
    assert {lot.closed for lot in position.lots} == {0}, "nothing was closed by an order"
    assert CASH + position.realised - position.fees == sim.cash
    bound = position.opened * position.spread.multiplier
    assert position.spread.floor * bound <= position.settled * position.spread.multiplier <= position.spread.cap * bound


def is_settled(world: World, life: Life) -> bool:
    return not world.sim.positions() and not any(life.ledger.open_positions())
