"""What a calendar has sold is rolled by the whole engine, against what it holds; also where it is killed between the orders."""

from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from engine.runtime.schedule import sessions_between
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.series import Breadth
from engine.sim.simulator import Simulator
from engine.store.checkpoint import recover
from tests.simulation.engine import given
from tests.simulation.engine.killing import Fate, Point, killed
from tests.simulation.engine.test_rolled_sides import CASH, first_of, position_is_open, problems, rolls
from tests.simulation.engine.world import ACCOUNT, BEGINS, SIM_OPTIONS, World, play

pytestmark = pytest.mark.slow

SEED = 1
SHAPE = """\
  right: put
  expiry: {near: 1-2 days, far: 30-35 days}
  short_delta: 0.30-0.45"""
ROLL = "roll: {to: 3-5 days, for: a debit up to $1.00, else: keep}\n"


def simulated() -> Simulator:
    """SPY with an expiry on each of the next days."""
    sessions = sessions_between(date(2026, 11, 9), date(2027, 2, 26))
    market = GeneratedMarket(SEED, BEGINS, sessions, ("SPY",), Breadth(4, 1, 2, 1.0), 5.0)
    return Simulator(market, seed=SEED, begins=BEGINS, cash=CASH, account=ACCOUNT, options=SIM_OPTIONS)


def calendar() -> dict[str, str]:
    """A calendar whose short is rolled after a minute, and that is closed at 09:50."""
    exits = "time >= 09:50 New York\n  - time >= 09:41 New York: roll short"
    return {"own.yaml": given.strategy("own", "calendar", risk="$4000", exits=exits, shape=SHAPE) + ROLL}


def test_short_is_bought_back_and_the_next_one_is_sold_against_the_same_long(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        life = await world.start(lines=46)
        await world.when(lambda: any(order.filled for order in rolls(life.ledger)), within_s=500)
        await world.when(lambda: not any(True for _ in life.ledger.working()), within_s=60)
        (position,) = life.ledger.positions.values()
        (roll,) = rolls(life.ledger)
        (close,) = life.ledger.closings_of(position.id)
        life.invariants.check_at_rest(life.ledger)
        assert close.proposed.reason == "roll short: time >= 09:41 New York"
        assert [leg.action for leg in close.spread.legs] == ["sell"]
        assert [(part.spread.structure, part.quantity) for part in position.parts] == [("calendar", position.opened)]
        assert position.spread.shorts == roll.spread.legs
        assert position.spread.expiry > close.spread.expiry
        assert not position.bare

        await world.when(lambda: not position_is_open(life.ledger), within_s=400)
        life.invariants.check_at_rest(life.ledger)
        assert list(problems(world, life.ledger)) == []

    play(act, tmp_path, SEED, strategies=calendar(), sim=simulated())


@pytest.mark.parametrize("number", range(6))
def test_engine_that_is_killed_between_the_two_orders_ends_the_roll_or_leaves_it(number: int, tmp_path: Path) -> None:
    chance = Random(f"rolled short {number}")
    at, told = chance.choice([at for at in range(len(points())) if first_of(points()) <= at]), list[str]()

    async def act(world: World) -> list[str]:
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
        return wrong

    try:
        wrong = play(act, tmp_path, SEED, strategies=calendar(), sim=simulated())
    except BaseException as error:
        error.add_note(f"point {at}: {points()[at]}; {'; '.join(told)}")
        raise
    assert wrong == []


@cache
def points() -> list[Point]:
    """Every point of a life that nothing ends, until the short has been rolled."""

    async def act(world: World) -> list[Point]:
        fate = Fate(world.state)
        life = await world.start(lines=46, wrap_journal=fate.journal, wrap_broker=fate.broker)
        await world.when(lambda: any(order.filled for order in rolls(life.ledger)), within_s=500)
        await life.stop()
        return fate.points

    with TemporaryDirectory() as folder:
        return play(act, Path(folder), SEED, strategies=calendar(), sim=simulated())
