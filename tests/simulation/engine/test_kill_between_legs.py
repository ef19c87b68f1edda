"""The engine is killed between two leg executions and is away for a second or for a night: a minute after it is back it agrees
with the broker, nobody has to lift a halt, and the next session opens something."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from engine.domain.executions import commission_key
from engine.domain.ledger import Ledger
from engine.runtime.schedule import sessions_between
from tests.simulation.engine import given
from tests.simulation.engine.killing import Fate, Killed, run_to_its_death
from tests.simulation.engine.world import BEGINS, Life, World, generated, play, sim_options

CASH, COMMISSION, MADE_WITHIN = Decimal(500_000), Decimal("0.65"), Decimal(20)
FIRST_MINUTES = timedelta(minutes=6)
AGREED_WITHIN_S = 60
POINTS = {
    "open, no leg": ("OrderAcknowledged", 1),
    "open, one leg": ("LegFilled", 1),
    "open, both legs": ("LegFilled", 2),
    "close, no leg": ("OrderAcknowledged", 2),
    "close, one leg": ("LegFilled", 3),
    "close, both legs": ("LegFilled", 4),
}
"""After so many lines of the kind the engine dies: the other execution is on its way, or the order fills with nobody there."""
TUESDAY = sessions_between(BEGINS.date() + timedelta(days=1), BEGINS.date() + timedelta(days=2))[0]
LATE = datetime(2026, 11, 17, 4, 48, tzinfo=BEGINS.tzinfo)
"""23:48 in New York, three minutes after TWS restarted."""
MORNING = TUESDAY.open - timedelta(minutes=6)
CLOSES = datetime(2026, 11, 16, 14, 50, tzinfo=BEGINS.tzinfo)
"""When the exit rule closes what is open."""
HEARD = {"open, both legs", "close, both legs"}
STRATEGIES = {
    "puts.yaml": given.strategy("puts", exits="time >= 09:50 New York"),
    "early.yaml": given.strategy("early", "bear_call", window="09:31-09:36", exits="time >= 15:00 New York"),
}
"""One trades on the Monday, which begins at 09:40; the other opens in the first minutes of the next session."""
BACK: dict[str, timedelta | datetime] = {
    "1 s": timedelta(seconds=1),
    "35 s": timedelta(seconds=35),
    "10 min": timedelta(minutes=10),
    "over 23:45": LATE,
    "a night": MORNING,
}

CASES = [
    pytest.param(point, back, marks=() if (row + column) % 3 == 0 else pytest.mark.long)
    for row, point in enumerate(POINTS)
    for column, back in enumerate(BACK)
]
"""Two of three are left to `make long`; each point and each downtime is in both."""


class LineFate(Fate):
    """Ends a life once so many lines of a kind are in the journal."""

    def __init__(self, state: Path, kind: str, lines: int) -> None:
        super().__init__(state)
        self._kind, self._lines = kind, lines

    def meet(self, when: str, what: str, of: str = "") -> None:
        super().meet(when, what, of)
        self._lines -= (when, what, of) == ("after", "append", self._kind)
        if self._lines == 0:
            self.is_dead = True
            raise Killed


@pytest.mark.parametrize(("point", "back"), CASES)
def test_engine_agrees_and_trades_on_after_a_kill_between_leg_executions(point: str, back: str, tmp_path: Path) -> None:
    life = killed_and_back(tmp_path, 1, POINTS[point], BACK[back])

    assert made(life.ledger) == (back == "a night" and point not in HEARD), "only what TWS tells no more is made again"


@pytest.mark.parametrize("seed", [2, 3, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 12))])
def test_engine_agrees_and_trades_on_after_a_kill_within_fills_in_parts(seed: int, tmp_path: Path) -> None:
    chance = Random(seed)

    died_at, back = ("LegFilled", chance.randint(1, 7)), BACK[chance.choice(list(BACK))]
    life = killed_and_back(tmp_path, seed, died_at, back, "partial_fills=3600")

    assert life.orders("open", "early"), "the next session opens something"
    assert life.ledger.halt is None
    assert life.ledger.reconciled is not None
    assert life.ledger.reconciled.differences == ()


def killed_and_back(folder: Path, seed: int, point: tuple[str, int], back: timedelta | datetime, *faults: str) -> Life:
    """The life of the next session, after one that was killed at the point and one that came back."""

    async def act(world: World) -> Life:
        await killed(world, *point)
        await sleep_until(world, world.sim.now() + back if isinstance(back, timedelta) else back)
        life = await world.start()
        await world.when(lambda: life.is_over or is_agreed(world, life), AGREED_WITHIN_S)
        check(world, life)
        if world.sim.now() < LATE:
            await sleep_until(world, max(world.sim.now(), CLOSES) + timedelta(minutes=2))
            check(world, life)
            assert not world.sim.positions(), "the exit rule closes everything by now"
        if world.sim.now() < MORNING:
            # The rest of the day would be a minute of the machine's time, and nothing happens in it.
            await life.stop()
            await sleep_until(world, MORNING)
            life = await world.start()
        until_opened = TUESDAY.open + FIRST_MINUTES - MORNING
        await world.when(lambda: life.is_over or life.orders("open", "early"), until_opened.total_seconds())
        check(world, life)
        await life.stop()
        return life

    sim = generated(seed, 1.0, options=sim_options(idle_cadence_s=60), schedule=("restart=120@23:45", *faults))
    return play(act, folder, seed, strategies=STRATEGIES, sim=sim)


async def killed(world: World, kind: str, lines: int) -> None:
    fate = LineFate(world.state, kind, lines)
    life = Life(world, wrap_journal=fate.journal, wrap_broker=fate.broker)
    try:
        await run_to_its_death(life)
    finally:
        life.invariants.remember()
    if kind == "OrderAcknowledged":
        world.sim.inject("fill_unheard")
    for link in asyncio.get_running_loop().network.links:  # type: ignore[attr-defined]
        link.reset()


def is_agreed(world: World, life: Life) -> bool:
    reconciled = life.ledger.reconciled
    agrees = reconciled is not None and not reconciled.differences and not reconciled.missing
    return agrees and life.ledger.contracts_held() == world.sim.positions()


async def sleep_until(world: World, at: datetime) -> None:
    await asyncio.sleep((at - world.sim.now()).total_seconds())


def check(world: World, life: Life) -> None:
    """Agreed with the broker, and nothing that a person must lift."""
    assert not life.is_over, f"the engine ended: {life.error!r}"
    assert is_agreed(world, life), f"{life.ledger.reconciled}: {life.ledger.contracts_held()} {world.sim.positions()}"
    assert life.ledger.halt is None
    check_cash(world, life.ledger)


def made(ledger: Ledger) -> bool:
    return any(fill.provisional for order in ledger.orders.values() for fill in order.fills.values())


def check_cash(world: World, ledger: Ledger) -> None:
    """The cash of our books is the broker's to the cent, less the commissions that TWS tells no more.

    Of fills that were made again it is right to a few cents a share: their prices come from average costs.
    """
    cash, untold = CASH, Decimal(0)
    for order in ledger.orders.values():
        for fill in order.fills.values():
            cash += fill.price * fill.quantity * order.spread.multiplier * (1 if fill.action == "sell" else -1)
            is_told = commission_key(fill) in order.commissions or order.is_adopted  # its cost has them in it
            untold += 0 if is_told else fill.quantity * COMMISSION
        cash -= order.commission
    cash -= sum(fact.shares * fact.price for became in ledger.ends.exercised.values() for fact in became)
    assert abs(cash - untold - world.sim.cash) <= (MADE_WITHIN if made(ledger) else 0)
