"""A halt takes back what is not filled, opens nothing, and lets exits work; a person resumes."""

from pathlib import Path

from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import OrderCanceled, OrderProposed, OrderSent
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

SHY = "from $0.40 better than mid, $0.01 every 5 s, no worse than natural"
STRATEGIES = {
    "calls.yaml": given.strategy("calls", "bear_call"),
    "shy.yaml": given.strategy("shy", "bull_put", price=SHY, patience="10 min"),
    "late.yaml": given.strategy("late", "bull_call", window="09:42-09:50", exits="time >= 09:50 New York"),
}
"""One that fills and closes at 09:41, one whose order waits, one that would open at 09:42."""


async def until_one_is_held_and_one_waits(world: World, life: Life) -> None:
    await world.when(lambda: [order.state for order in life.orders("open", "calls")] == ["filled"])
    await world.when(lambda: [order.state for order in life.orders("open", "shy")] == ["working"])


async def through_the_halt(world: World, life: Life) -> None:
    """Until after the exit and the opening of the late window."""
    await world.until("09:43:00")
    assert [order.state for order in life.orders("open", "shy")] == ["canceled"]
    assert [order.state for order in life.orders("close", "calls")] == ["filled"]
    assert life.orders("open", "late") == []
    assert life.control.status()["trading"] == "halted"


def test_halt_by_command_cancels_openings_and_lets_exits_work_until_resumed(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await until_one_is_held_and_one_waits(world, life)
        told = life.control.halt("trader", "lunch")
        await through_the_halt(world, life)
        life.control.resume("trader")
        await world.when(lambda: [order.state for order in life.orders("open", "late")] == ["filled"])
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life, told

    life, told = play(act, tmp_path, strategies=STRATEGIES)

    assert told == "halting: working entries are canceled, nothing is opened, exits keep working"
    assert [fact.reason for fact in life.all(Halted)] == ["lunch"]
    assert len(life.all(OrderCanceled)) == 1


def test_halt_by_file_holds_until_the_file_is_gone_and_somebody_resumes(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await until_one_is_held_and_one_waits(world, life)
        (world.state / "HALT").write_text("power works at noon\n")
        await through_the_halt(world, life)
        life.control.resume("trader")
        await world.until("09:43:30")
        assert life.control.status()["halt"] == {"by": "file", "reason": "power works at noon"}
        (world.state / "HALT").unlink()
        life.control.resume("trader")
        await world.until("09:44:00")
        assert life.control.status()["trading"] == "on"
        await life.stop()
        return life

    life = play(act, tmp_path, strategies=STRATEGIES)

    assert [fact.by for fact in life.all(Halted)] == ["file", "file"]


def test_halt_outlives_a_restart(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await until_one_is_held_and_one_waits(world, life)
        life.control.halt("trader", "holidays")
        await world.when(lambda: life.all(OrderCanceled))
        await life.stop()
        again = await world.start()
        await world.until("09:43:00")
        assert again.control.status()["halt"] == {"by": "trader", "reason": "holidays"}
        await again.stop()
        return again

    again = play(act, tmp_path, strategies=STRATEGIES)

    assert [order.state for order in again.orders("close", "calls")] == ["filled"]
    assert {fact.purpose for fact in again.all(OrderProposed)} == {"close"}
    assert len(again.all(OrderSent)) == 1


def test_engine_that_finds_the_file_at_its_start_opens_nothing(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        (world.state / "HALT").write_text("holidays\n")
        life = await world.start()
        await world.until("09:40:30")
        await life.stop()
        return life

    life = play(act, tmp_path)

    assert [fact.reason for fact in life.all(Halted)] == ["holidays"]
    assert life.all(OrderProposed) == []


def test_halt_that_cannot_be_read_halts_all_the_same(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        (world.state / "HALT").mkdir()
        life = await world.start()
        await world.until("09:40:30")
        await life.stop()
        return life

    life = play(act, tmp_path)

    assert [fact.reason for fact in life.all(Halted)] == ["HALT file"]
    assert life.all(OrderProposed) == []


def test_halt_by_file_is_heard_at_once_although_the_broker_has_been_out_of_reach_for_long(tmp_path: Path) -> None:
    async def act(world: World) -> float:
        life = await world.start()
        await world.when(lambda: life.ledger.reconciled is not None)
        world.sim.inject("link_lost=900")
        await world.until("09:47:10")
        (world.state / "HALT").write_text("no link for long\n")
        written = world.sim.now()
        await world.when(lambda: life.all(Halted))
        heard = world.sim.now()
        await life.stop()
        return (heard - written).total_seconds()

    assert play(act, tmp_path) <= 2.0
