"""Two engines on one login, each with a folder and a journal of its own: nothing is closed twice, and what one trades stops the
openings of the other."""

from contextlib import suppress
from pathlib import Path

import pytest

from engine.domain.errors import EngineError
from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import OrderSent
from engine.domain.facts.running import LinkChanged
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play, sim_options

CASH = 500_000
HELD = "time >= 09:43 New York"
HOLD = {"puts.yaml": given.strategy("puts", exits=HELD)}
OFTEN = {"puts.yaml": given.strategy("puts", per_day=9, risk="$500", exits=HELD)}
"""Opens whatever it may, as soon as the last has filled."""
ROOM = sim_options(max_lines=100)
"""Lines for both."""


def sent(life: Life) -> list[str]:
    return [fact.order_ref for fact in life.all(OrderSent)]


def made(*lives: Life) -> object:
    """USD that the books of all of them make together."""
    return sum(position.realised - position.fees for life in lives for position in life.ledger.positions.values())


async def filled(world: World, life: Life) -> None:
    await world.when(lambda: any(order.state == "filled" for order in life.orders("open")))


@pytest.mark.slow
def test_engine_that_takes_the_client_id_of_another_opens_nothing_and_the_other_waits_for_it(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[str, Life, Life]:
        # given an engine that holds something, and a second one that is refused its client id
        first = await world.start(knows_all=False)
        await filled(world, first)
        with pytest.raises(EngineError) as refused:
            await world.start(state=tmp_path / "other", knows_all=False)
        # when the second takes the id in the moment in which the first has lost its link
        world.sim.inject("close")
        second = await taken(world, tmp_path / "other")
        await world.until("09:42:00")
        waits = [fact.text for fact in first.all(LinkChanged) if "is taken" in fact.text]
        assert waits, "the first goes on trying, and says why"
        await second.stop()
        # then the first comes back, agrees with the broker and closes what it holds, once
        await world.when(lambda: first.orders("close") and not world.sim.positions(), within_s=900)
        await first.stop()
        return str(refused.value), first, second

    told, first, second = play(act, tmp_path, strategies=HOLD, sim_options=ROOM)

    assert told.startswith("client id 17 is taken")
    assert sent(second) == []
    [text] = second.ledger.reconciled.differences if second.ledger.reconciled else ()
    assert first.orders("open")[0].ref in text
    assert [order.state for order in first.orders("close")] == ["filled"]
    assert first.world.sim.cash == CASH + made(first)


async def taken(world: World, state: Path) -> Life:
    """The second engine, started anew until the id is free."""
    for _ in range(200):
        with suppress(EngineError):
            return await world.start(state=state, knows_all=False)
    raise AssertionError("the id was never free")


@pytest.mark.long
def test_engines_that_begin_at_once_see_each_other_and_each_closes_what_is_its_own(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[Life, Life]:
        # given two engines that began in the same second, and so opened the same before they could see each other
        first = await world.start(knows_all=False)
        second = await world.start(state=tmp_path / "other", client_id=18, knows_all=False)
        for life in (first, second):
            await filled(world, life)
        # when a minute has passed, and the time of their exits comes
        await world.until("09:46:00")
        await world.when(lambda: not world.sim.positions())
        for life in (first, second):
            await life.stop()
        return first, second

    lives = play(act, tmp_path, strategies=OFTEN, sim_options=ROOM)

    first, second = lives
    for life, other in (lives, lives[::-1]):
        seen = next(at for at, fact in life.facts if isinstance(fact, Reconciled) and fact.differences)
        told = next(fact.differences for fact in life.all(Reconciled) if fact.differences)
        assert any(order.ref in " ".join(told) for order in other.orders("open"))
        assert [order.ref for order in life.orders("open") if order.sent_at and order.sent_at > seen] == []
        closed = [order.proposed.position for order in life.orders("close") if order.filled]
        assert sorted(closed) == sorted(life.ledger.positions), "each is closed, once"
    assert not set(sent(first)) & set(sent(second))
    assert first.world.sim.cash == CASH + made(first, second)
