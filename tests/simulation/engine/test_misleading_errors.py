"""Errors that a client library takes for the death of an order that works on: the engine is not fooled by any of them."""

from pathlib import Path

import pytest

from engine.domain.facts.orders import OrderCanceled, OrderRejected, OrderUnknown
from engine.domain.facts.running import ErrorHeard
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

ONE = {"puts.yaml": given.strategy("puts", patience="5 min")}


async def lived(world: World) -> Life:
    """One opening and its close; what the broker and we say of the first order is compared all the time."""
    life = await world.start()
    await world.until("09:41:10")
    await world.when(lambda: life.orders("close") and not world.sim.positions() and life.orders("close")[-1].state == "filled")
    await world.when(lambda: not any(True for _ in life.ledger.working()))
    life.invariants.check_at_rest(life.ledger)
    await life.stop()
    return life


def test_preset_notice_does_not_end_an_order_that_works(tmp_path: Path) -> None:
    life = play(lived, tmp_path, seed=2, strategies=ONE, schedule=("preset_noticex2",))

    [opening] = life.orders("open")
    assert opening.state == "filled"
    assert [fact.code for fact in life.all(ErrorHeard) if fact.code != 104] == [10349, 10349]
    assert not life.all(OrderCanceled) + life.all(OrderRejected) + life.all(OrderUnknown)


@pytest.mark.parametrize("code", [104, 110, 135, 161, 201, 10147, 10148, 10318])
def test_error_on_a_change_is_asked_about_and_the_order_works_on(code: int, tmp_path: Path) -> None:
    fault = "tick_refused@+7" if code == 110 else f"reject_modify={code}@+2"

    life = play(lived, tmp_path, seed=2, strategies=ONE, schedule=(fault,))

    [opening] = life.orders("open")
    doubts = [fact for fact in life.all(OrderUnknown) if fact.order_ref == opening.ref]
    assert len(doubts) == 1
    assert str(code) in doubts[0].reason
    assert opening.state == "filled"
    assert not [fact for fact in life.all(OrderCanceled) + life.all(OrderRejected) if fact.order_ref == opening.ref]


def test_new_order_that_is_rejected_is_over_and_said_so(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await world.when(lambda: life.all(OrderRejected))
        await world.until("09:40:30")
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, seed=2, strategies=ONE, schedule=("reject=201",))

    [opening] = life.orders("open")
    assert opening.state == "rejected"
    assert opening.why.startswith("201: the order was rejected")
