"""The put side of a condor is rolled by the whole engine: two orders, one position; also where it is killed between them."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.store.checkpoint import recover
from tests.simulation.engine import given
from tests.simulation.engine.killing import Fate, Point, killed
from tests.simulation.engine.world import ACCOUNT, World, play

pytestmark = pytest.mark.slow

SEED = 1
SHAPE = """\
  expiry: 3-5 days
  short_delta: 0.10-0.40
  width: $2-$4"""
ROLL = "roll: {to: 30-35 days, for: a debit up to $1.00, else: keep}\n"
CASH = 500_000


def condor() -> dict[str, str]:
    """A condor whose put side is rolled after a minute, and that is closed at 09:50."""
    exits = "time >= 09:50 New York\n  - time >= 09:41 New York: roll put side"
    return {"own.yaml": given.strategy("own", "iron_condor", risk="$2000", exits=exits, shape=SHAPE) + ROLL}


def rolls(ledger: Ledger) -> list[Order]:
    return [order for order in ledger.orders.values() if order.joins is not None]


def problems(world: World, ledger: Ledger) -> Iterator[str]:
    """One position in all, rolled once at most, whose cash is the broker's to the cent."""
    if len(ledger.positions) != 1:
        yield f"one position was opened: {list(ledger.positions)}"
    if sum(order.filled > 0 for order in rolls(ledger)) > 1:
        yield "the side was rolled twice"
    if world.sim.positions():
        yield f"all is closed by now: {world.sim.positions()}"
    made = sum(position.realised - position.fees for position in ledger.positions.values())
    if world.sim.cash != CASH + made:
        yield f"the broker has {world.sim.cash - CASH}, the books {made}"


def test_side_is_closed_and_its_successor_becomes_a_part_of_the_same_position(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        life = await world.start(lines=46)
        await world.when(lambda: any(order.filled for order in rolls(life.ledger)), within_s=500)
        await world.when(lambda: not any(True for _ in life.ledger.working()), within_s=60)
        (position,) = life.ledger.positions.values()
        (roll,) = rolls(life.ledger)
        (close,) = life.ledger.closings_of(position.id)
        life.invariants.check_at_rest(life.ledger)
        assert close.proposed.reason == "roll put side: time >= 09:41 New York"
        assert (roll.proposed.position, roll.proposed.rolled_from, position.rolls) == (position.id, position.id, (roll.ref,))
        assert [part.spread.structure for part in position.parts] == ["iron_condor put side", "iron_condor call side"]
        assert position.parts[0].spread.legs == roll.spread.legs
        assert not position.bare

        await world.when(lambda: not position_is_open(life.ledger), within_s=400)
        life.invariants.check_at_rest(life.ledger)
        assert list(problems(world, life.ledger)) == []

    play(act, tmp_path, SEED, strategies=condor(), strikes=2.0)


@pytest.mark.parametrize("number", range(6))
def test_engine_that_is_killed_between_the_two_orders_ends_the_roll_or_leaves_it(number: int, tmp_path: Path) -> None:
    chance = Random(f"rolled side {number}")
    at, told = chance.choice([at for at in range(len(points())) if first_of(points()) <= at]), list[str]()

    async def act(world: World) -> tuple[list[str], Ledger]:
        await killed(world, at, chance, told)
        life = await world.start(lines=46)
        await world.until("09:51:30")
        await world.when(lambda: not position_is_open(life.ledger) and not any(True for _ in life.ledger.working()))
        await world.when(lambda: life.ledger.reconciled is not None and not life.ledger.reconciled.differences)
        life.invariants.check_at_rest(life.ledger)
        wrong = list(problems(world, life.ledger))
        await life.stop()
        recovered = recover(world.state, ACCOUNT)
        recovered.journal.close()
        assert recovered.ledger.positions == life.ledger.positions
        return wrong, life.ledger

    try:
        wrong, _ = play(act, tmp_path, SEED, strategies=condor(), strikes=2.0)
    except BaseException as error:
        error.add_note(f"point {at}: {points()[at]}; {'; '.join(told)}")
        raise
    assert wrong == []


def position_is_open(ledger: Ledger) -> bool:
    return any(True for _ in ledger.open_positions()) or not ledger.positions


def first_of(points: Sequence[Point]) -> int:
    """The point at which the close was written that makes room."""
    return next(at for at, point in enumerate(points) if point.kind == "after append" and point.of == "ExitTriggered")


@cache
def points() -> list[Point]:
    """Every point of a life that nothing ends, until the side has been rolled."""

    async def act(world: World) -> list[Point]:
        fate = Fate(world.state)
        life = await world.start(lines=46, wrap_journal=fate.journal, wrap_broker=fate.broker)
        await world.when(lambda: any(order.filled for order in rolls(life.ledger)), within_s=500)
        await life.stop()
        return fate.points

    with TemporaryDirectory() as folder:
        return play(act, Path(folder), SEED, strategies=condor(), strikes=2.0)
