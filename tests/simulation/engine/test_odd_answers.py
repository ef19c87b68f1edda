"""Sequences in which TWS misleads, from the wire to the books: what people met with other programs, carried over to this one."""

import asyncio
from pathlib import Path

import pytest

from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import CancelRequested, LegFilled, OrderAcknowledged, OrderRejected, OrderRepriced, OrderUnknown
from engine.domain.facts.running import FactRefused, LinkChanged
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

SHY = {
    "shy.yaml": given.strategy("shy", price="from $0.40 better than mid, $0.01 every 5 s, no worse than natural", patience="20 s")
}
"""Asks for more than anybody pays, and gives up after 20 s."""
HELD = {"puts.yaml": given.strategy("puts", exits="time >= 10:30 New York")}
"""Held for an hour."""


async def until_held(world: World, life: Life) -> None:
    await world.when(lambda: any(position.is_open for position in life.ledger.positions.values()))


def test_position_keeps_its_exits_when_after_a_restart_no_row_has_a_reference(tmp_path: Path) -> None:
    """The engine dies before it hears of the fill; executions and the completed order come with their permanent id alone."""

    async def act(world: World) -> Life:
        first = await world.start()
        await world.when(lambda: first.all(OrderAcknowledged))
        world.sim.inject("fill_unheard")
        for link in asyncio.get_running_loop().network.links:  # type: ignore[attr-defined]
            link.reset()
        await first.stop()
        await asyncio.sleep(35)
        world.sim.inject("no_reference=3600")
        second = await world.start()
        await world.when(lambda: second.ledger.reconciled is not None and not second.ledger.reconciled.differences)
        second.before = dict(second.ledger.positions)
        await second.stop()
        return second

    life = play(act, tmp_path, seed=2, strategies={"shy.yaml": given.strategy("shy", price="from $0.40 better than mid, "
                "$0.01 every 5 s, no worse than natural", patience="5 min", exits="time >= 10:30 New York")})  # fmt: skip

    [position] = life.before.values()
    assert position.is_open
    assert not life.all(FactRefused)


def test_engine_does_not_change_an_order_of_which_it_hears_only_that_it_filled(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await until_held(world, life)
        await world.until("09:42:30")
        await life.stop()
        return life

    life = play(act, tmp_path, seed=2, strategies=HELD, schedule=("executions_late=55@+0",))

    facts = [fact for _, fact in life.facts]
    doubted = next(number for number, fact in enumerate(facts) if isinstance(fact, OrderUnknown))
    assert "filled" in facts[doubted].reason
    assert not [fact for fact in facts[doubted:] if isinstance(fact, OrderRepriced)]
    assert life.ledger.halt is None
    [order] = life.orders("open")
    assert (order.state, order.is_balanced, any(fill.provisional for fill in order.fills.values())) == ("filled", True, False)


def test_order_that_goes_inactive_and_comes_back_works_on(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await until_held(world, life)
        await life.stop()
        return life

    life = play(act, tmp_path, seed=2, strategies=HELD, schedule=("inactive=0.6@+0",))

    assert not life.all(OrderRejected)
    assert life.orders("open")[0].state == "filled"


def test_cancels_that_are_refused_back_off(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await world.when(lambda: life.all(CancelRequested))
        await asyncio.sleep(100)
        life.before = len(life.all(CancelRequested))
        await world.when(lambda: not any(True for _ in life.ledger.working()), within_s=400)
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, seed=2, strategies=SHY, schedule=("cancel_refused=200@+0",))

    assert life.before <= 3
    assert life.ledger.halt is None


@pytest.mark.parametrize("fault", ["link_lost_unsaid=30", "link_lost_unsaid=600"])
def test_engine_is_connected_again_when_tws_never_says_that_ibkr_is_back(fault: str, tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await until_held(world, life)
        world.sim.inject(fault)
        await asyncio.sleep(60)
        await world.when(lambda: life.ledger.link is not None and life.ledger.link.state == "up", within_s=1200)
        await world.when(lambda: life.ledger.reconciled is not None and not life.ledger.reconciled.differences)
        await life.stop()
        return life

    life = play(act, tmp_path, seed=2, strategies=HELD)

    states = [fact.state for fact in life.all(LinkChanged)]
    assert states.index("degraded") < states.index("down") < len(states) - 1 - states[::-1].index("up")


def test_exits_go_on_while_a_late_answer_is_waited_for(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await until_held(world, life)
        world.sim.inject("positions_late=15")
        await asyncio.sleep(150)
        await life.stop()
        return life

    life = play(act, tmp_path, seed=2, strategies=HELD)

    assert not [fact for fact in life.all(Reconciled) if fact.missing or fact.differences]


def test_execution_in_a_contract_that_is_no_leg_is_refused_and_stops_openings_only(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await until_held(world, life)
        await world.until("09:44:30")
        life.before = life.control.status()
        await life.stop()
        again = await world.start()
        await world.when(lambda: again.ledger.reconciled is not None and again.ledger.reconciled.differences)
        await again.stop()
        return life

    strategies = {"puts.yaml": given.strategy("puts", exits="time >= 09:43 New York")}
    life = play(act, tmp_path, seed=2, strategies=strategies, schedule=("foreign_leg@+0",))

    refused = [fact for fact in life.all(FactRefused) if isinstance(fact, FactRefused)]
    assert refused
    assert all("is no leg of order" in fact.text for fact in refused)
    assert any("look at it in TWS" in text for text in life.before["differences"])
    assert [order.state for order in life.orders("close")] == ["filled"], "exits go on"
    assert len(life.all(LegFilled)) == 4
