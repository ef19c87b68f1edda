"""Lives of each structure: the market and the lines of data that it needs, and journals each line of which finds it covered."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from engine.domain.facts.union import Fact
from engine.ports import Journal, Line
from engine.sim.simulator import Simulator
from tests.simulation.engine import given
from tests.simulation.engine.world import BEGINS, OFTEN_S, Life, World, generated, play, sim_options

SEED = 1
LINES = 46
OF_TWO_EXPIRIES = frozenset({"calendar", "diagonal", "double_calendar", "double_diagonal"})
WITH_SIDES = ("iron_condor", "iron_butterfly", "double_calendar", "double_diagonal")


def market_of(structure: str, seed: int, *faults: str, idle_s: float | None = None) -> Simulator:
    """Where it is traded: an index where it must be, with an expiry on each of the next days where it needs two.

    Over a night what nobody looks at is quoted every `idle_s`; then the first quotes come so late that little is opened early.
    """
    symbol = given.INDEX if structure in given.OF_INDEX else "SPY"
    breadth = (4, 1, 2) if structure in OF_TWO_EXPIRIES else (1, 1, 2)
    return generated(seed, 1.0, symbol, breadth, options=sim_options(idle_cadence_s=idle_s), schedule=faults)


def lines(structure: str) -> dict[str, object]:
    """How many lines of data its engine has."""
    return {"lines": LINES} if structure in OF_TWO_EXPIRIES | given.OF_INDEX else {}


class CoveredLines:
    """A journal after each line of which every short is covered at the broker."""

    def __init__(self, journal: Journal, covered: Callable[[], None]) -> None:
        self._journal, self._covered = journal, covered

    def append(self, fact: Fact, at: datetime) -> Line:
        line = self._journal.append(fact, at)
        self._covered()
        return line

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)


def lived(
    structure: str,
    folder: Path,
    acts: Callable[[World, Life], Awaitable[None]],
    *faults: str,
    exits: str = "time >= 09:46 New York",
    within_s: float = 900,
) -> Life:
    """A life in which it is opened, something is done about it, and the rest of it is closed by its rule."""

    async def act(world: World) -> Life:
        life: Life | None = None

        def covered() -> None:
            if life is not None:
                life.invariants.check_cover()

        life = Life(world, wrap_journal=lambda journal: CoveredLines(journal, covered), **lines(structure))  # type: ignore[arg-type, return-value]
        world.lives.append(life)
        await life.begin()
        await world.when(lambda: any(life.ledger.open_positions()) and not any(True for _ in life.ledger.working()), 200)
        await acts(world, life)
        await world.when(lambda: life.is_over or not any(life.ledger.open_positions()), within_s)
        await world.when(lambda: life.is_over or not any(True for _ in life.ledger.working()), 60)
        assert not life.is_over, f"the engine ended: {life.error!r}"
        if world.sim.now().date() == BEGINS.date():
            life.invariants.check_at_rest(life.ledger)
        else:  # the broker tells the executions of its own day only
            life.invariants.check(life.ledger)
        assert life.ledger.contracts_held() == world.sim.positions()
        await life.stop()
        return life

    files, idle_s = given.of_structure(structure, exits=exits), 60.0 if within_s > OFTEN_S * 3 else None
    return play(act, folder, SEED, strategies=files, sim=market_of(structure, SEED, *faults, idle_s=idle_s))
