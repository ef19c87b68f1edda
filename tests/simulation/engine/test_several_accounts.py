"""A login with two accounts: the engine of one never counts, closes or adopts what is in the other."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.errors import UserError
from engine.domain.facts.account import Reconciled
from engine.sim.simulator import Simulator
from tests.simulation.engine import given
from tests.simulation.engine.world import ACCOUNT, SIM_OPTIONS, Life, World, generated, play

OTHER, OTHERS_CASH = "DU7654321", 9_000_000
RULES = {"puts.yaml": given.strategy("puts", exits="time >= 09:43 New York")}


def of_two() -> Simulator:
    return generated(1, 1.0, options=replace(SIM_OPTIONS, other_accounts={OTHER: OTHERS_CASH}))


def elsewhere(sim: Simulator, times: int) -> dict[int, int]:
    """The other account trades what the first one holds, so many times as much and the other way round for less than nothing."""
    other = sim.exchange.others[OTHER]
    for con_id, quantity in sim.positions().items():
        instrument, mark = sim.tape.instrument(con_id), sim.tape.quote(con_id).mark
        assert instrument is not None
        other.trade(instrument, times * quantity, mark or Decimal(1))
    return {position.instrument.con_id: position.quantity for position in other.held()}


async def reconciled(world: World, life: Life) -> None:
    """Until the books were compared once more: after a link that is new they always are."""
    before = len(life.all(Reconciled))
    world.sim.inject("close")
    await world.when(lambda: len(life.all(Reconciled)) > before)


@pytest.mark.parametrize("times", [3, -1])
def test_positions_of_another_account_are_neither_counted_nor_closed(tmp_path: Path, times: int) -> None:
    async def act(world: World) -> tuple[Life, dict[int, int], dict[int, int]]:
        life = await world.start(account=ACCOUNT)
        await world.when(lambda: [order.state for order in life.orders("open", "puts")] == ["filled"])
        theirs = elsewhere(world.sim, times)
        await reconciled(world, life)
        await world.until("09:46:00")
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        left = {position.instrument.con_id: position.quantity for position in world.sim.exchange.others[OTHER].held()}
        return life, theirs, left

    life, theirs, left = play(act, tmp_path, sim=of_two(), strategies=RULES)

    assert len(theirs) == 2
    assert left == theirs
    assert [order.state for order in life.orders("close", "puts")] == ["filled"]
    assert all(fact.differences == fact.foreign == () for fact in life.all(Reconciled))


def test_values_are_those_of_the_account_that_was_named(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[Decimal | None, str]:
        life = await world.start(account=ACCOUNT)
        await reconciled(world, life)
        values = life.control.snapshot().account
        await life.stop()
        assert values is not None
        return values.net_liquidation, values.account

    worth, name = play(act, tmp_path, sim=of_two(), strategies=RULES)

    assert name == ACCOUNT
    assert worth is not None
    assert worth < OTHERS_CASH / 2


def test_account_of_several_has_to_be_named(tmp_path: Path) -> None:
    async def act(world: World) -> str:
        with pytest.raises(UserError) as refused:
            await world.start(account=None)
        return str(refused.value)

    told = play(act, tmp_path, sim=of_two(), strategies=RULES)

    assert f"offers the accounts {ACCOUNT}, {OTHER}; name one with --account" in told


def test_journal_of_one_account_does_not_trade_another(tmp_path: Path) -> None:
    async def act(world: World) -> str:
        life = await world.start(account=ACCOUNT)
        await life.stop()
        with pytest.raises(UserError) as refused:
            await world.start(account=OTHER)
        return str(refused.value)

    told = play(act, tmp_path, sim=of_two(), strategies=RULES)

    assert ACCOUNT in told
    assert OTHER in told
