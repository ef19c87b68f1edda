"""Lives in which something is rolled: to their end, or killed at any point from the close on that makes room."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.runtime.schedule import sessions_between
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.series import Breadth
from engine.sim.simulator import Simulator
from engine.store.checkpoint import recover
from tests.simulation.engine import given
from tests.simulation.engine.killing import Fate, Point, killed
from tests.simulation.engine.world import ACCOUNT, BEGINS, SIM_OPTIONS, Life, World, play

SEED = 1
CASH = 500_000
LINES = 46
"""Of data, which is few."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """A strategy that rolls what it opened after a minute, and closes everything at 09:50."""

    name: str
    structure: str
    deed: str
    """What rolls, as the file says it."""
    shape: str
    roll: str
    risk: str = "$2000"
    is_daily: bool = False
    """Whether there is an expiry on each of the next days."""

    @property
    def files(self) -> dict[str, str]:
        """What the engine is given."""
        line = "minutes_held >= 1: roll" if self.deed == "roll" else f"time >= 09:41 New York: {self.deed}"
        exits = f"time >= 09:50 New York\n  - {line}"
        # A successor of its own is one more opening of the day.
        text = given.strategy("own", self.structure, risk=self.risk, exits=exits, shape=self.shape, per_day=2)
        return {"own.yaml": f"{text}roll: {self.roll}\n".replace("limits: {open: 2, ", "limits: {open: 1, ")}

    def options(self) -> dict[str, object]:
        """The world that it lives in."""
        return {"strategies": self.files} | ({"sim": daily()} if self.is_daily else {"strikes": 2.0})


def daily() -> Simulator:
    """SPY with an expiry on each of the next days, and three months."""
    sessions = sessions_between(date(2026, 11, 9), date(2027, 2, 26))
    market = GeneratedMarket(SEED, BEGINS, sessions, ("SPY",), Breadth(4, 1, 3, 1.0), 5.0)
    return Simulator(market, seed=SEED, begins=BEGINS, cash=CASH, account=ACCOUNT, options=SIM_OPTIONS)


def rolls(ledger: Ledger) -> list[Order]:
    """The openings that took the place of something."""
    return [order for order in ledger.orders.values() if order.purpose == "open" and order.proposed.rolled_from is not None]


def problems(world: World, ledger: Ledger) -> Iterator[str]:
    """Rolled once at most, into one position that is open at a time, whose cash is the broker's to the cent."""
    wholes = [order.ref for order in rolls(ledger) if order.filled and order.joins is None]
    if len(ledger.positions) != 1 + len(wholes):
        yield f"one position was opened, and one for each roll of the whole: {list(ledger.positions)}"
    if sum(order.filled > 0 for order in rolls(ledger)) > 1:
        yield "it was rolled twice"
    if world.sim.positions():
        yield f"all is closed by now: {world.sim.positions()}"
    made = sum(position.realised - position.fees for position in ledger.positions.values())
    if world.sim.cash != CASH + made:
        yield f"the broker has {world.sim.cash - CASH}, the books {made}"


async def has_rolled(world: World, case: Rolled, **wraps: object) -> Life:
    """A life up to its roll, with nothing at work."""
    life = await world.start(lines=LINES, **wraps)
    await world.when(lambda: any(order.filled for order in rolls(life.ledger)), within_s=500)
    return life


async def ended(world: World, life: Life) -> list[str]:
    """What has gone wrong once all is closed."""
    await world.when(lambda: not is_open(life.ledger), within_s=700)
    life.invariants.check_at_rest(life.ledger)
    return list(problems(world, life.ledger))


def wrong_after_kill(case: Rolled, number: int, folder: Path) -> list[str]:
    """What has gone wrong in a life that was killed while it rolled, and in the next one that went on with it."""
    chance = Random(f"{case.name} {number}")
    known, told = points(case), list[str]()
    at = chance.choice([at for at in range(len(known)) if first_of(known) <= at])

    async def act(world: World) -> list[str]:
        await killed(world, at, chance, told, lines=LINES)
        life = await world.start(lines=LINES)
        await world.until("09:51:30")
        await world.when(lambda: not is_open(life.ledger) and not any(True for _ in life.ledger.working()))
        await world.when(lambda: life.ledger.reconciled is not None and not life.ledger.reconciled.differences)
        life.invariants.check_at_rest(life.ledger)
        wrong = list(problems(world, life.ledger))
        await life.stop()
        recovered = recover(world.state, ACCOUNT)
        recovered.journal.close()
        assert recovered.ledger.positions == life.ledger.positions
        return wrong

    try:
        return play(act, folder, SEED, **case.options())
    except BaseException as error:
        error.add_note(f"{case.name}, point {at}: {known[at]}; {'; '.join(told)}")
        raise


def is_open(ledger: Ledger) -> bool:
    """Whether anything is held, or nothing was opened yet."""
    return any(True for _ in ledger.open_positions()) or not ledger.positions


def first_of(points: Sequence[Point]) -> int:
    """The point at which the close was written that makes room."""
    return next(at for at, point in enumerate(points) if point.kind == "after append" and point.of == "ExitTriggered")


@cache
def points(case: Rolled) -> list[Point]:
    """Every point of a life that nothing ends, until it has rolled."""

    async def act(world: World) -> list[Point]:
        fate = Fate(world.state)
        life = await has_rolled(world, case, wrap_journal=fate.journal, wrap_broker=fate.broker)
        await life.stop()
        return fate.points

    with TemporaryDirectory() as folder:
        return play(act, Path(folder), SEED, **case.options())
