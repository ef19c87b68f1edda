"""The profit taker that rests at the broker, in the whole engine: it fills, and gives way to a date and to a person.

The invariants look after every beat that the closes at work take no contract that is not held.
"""

from pathlib import Path

import pytest

from engine.domain.facts.halts import FlattenEnded
from engine.domain.order import Order
from tests.simulation.engine import given
from tests.simulation.engine.world import ACCOUNT, Life, World, play

FAR = "profit >= 95% of credit: close resting"
NEAR = "profit >= 2% of credit: close resting"


def files(exits: str) -> dict[str, str]:
    return {"puts.yaml": given.strategy("puts", "bull_put", exits=exits)}


def rests(life: Life) -> list[Order]:
    return [order for order in life.orders("close") if order.proposed.resting]


async def until_one_rests(world: World) -> Life:
    life = await world.start()
    await world.when(lambda: any(order.rests for order in rests(life)), within_s=300)
    return life


@pytest.mark.slow
def test_a_profit_rests_at_its_price_and_fills_there(tmp_path: Path) -> None:
    """One of the two sides gains, whichever way the market goes."""

    async def act(world: World) -> Life:
        life = await until_one_rests(world)
        await world.when(lambda: any(order.filled for order in rests(life)), within_s=3600)
        await life.stop()
        return life

    sides = {
        f"{name}.yaml": given.strategy(name, kind, exits=NEAR) for name, kind in (("puts", "bull_put"), ("calls", "bear_call"))
    }
    life = play(act, tmp_path, strategies=sides)

    order = next(order for order in rests(life) if order.filled)
    assert order.reprices == 0
    assert order.net_filled is not None
    assert order.net_filled >= order.limit
    assert not any(one.ref != order.ref and one.sent_at for one in life.ledger.closings_of(order.proposed.position))


def test_what_fills_while_its_cancel_travels_is_not_closed_again(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await until_one_rests(world)
        world.sim.inject("fill_on_cancel")
        await world.until("09:48:00")
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies=files(f"{FAR}\n  - time >= 09:46 New York"))

    assert not life.world.sim.positions()
    assert [order.state for order in life.orders("close") if order.filled] == ["filled"]
    assert [order.proposed.resting for order in life.orders("close") if order.filled] == [True]


def test_a_date_ends_it_first_and_closes_then(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await until_one_rests(world)
        await world.when(lambda: not any(life.ledger.open_positions()), within_s=900)
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies=files(f"{FAR}\n  - time >= 09:46 New York"))

    rested, close = life.orders("close")
    assert (rested.state, rested.proposed.resting) == ("canceled", True)
    assert (close.state, close.proposed.resting) == ("filled", False)
    assert close.sent_at is not None
    assert close.sent_at > rested.changed_at


def test_person_and_flatten_wait_for_its_end(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await until_one_rests(world)
        count = sum(1 for _ in life.ledger.open_positions())
        assert life.control.flattening.begin("ada", "", ACCOUNT[-4:], count)[0]
        await world.when(lambda: life.all(FlattenEnded), within_s=900)
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies=files(FAR))

    assert [order.state for order in rests(life)] == ["canceled"]
    assert not life.world.sim.positions()
