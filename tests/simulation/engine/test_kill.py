"""The engine is killed at any point of its life and started again: nothing is sent twice, nothing is lost.

The points come from a run that lives; each case takes one kind of point and draws which of them, how much of the journal was
lost, what still left through the wire and what the broker did meanwhile.
"""

import asyncio
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from engine.domain.facts import OrderProposed, OrderSent, Reconciled
from engine.domain.ledger import Ledger
from engine.store.checkpoint import recover
from tests.simulation.engine import given
from tests.simulation.engine.killing import Fate, Point, run_to_its_death
from tests.simulation.engine.world import ACCOUNT, Life, World, play

SEEDS = (1, 2, 3)
DRAWS = {"append": 6, "sync": 5, "preview": 2, "send": 5, "reprice": 4, "cancel": 4}
CASES = [(f"{when} {what}", number) for what, count in DRAWS.items() for when in ("before", "after") for number in range(count)]
STRATEGIES = {
    **given.BOTH,
    "shy.yaml": given.strategy(
        "shy", "bull_call", price="from $0.40 better than mid, $0.01 every 5 s, no worse than natural", patience="20 s"
    ),
}
"""The third asks for more than anybody pays, and gives up after 20 s."""


@pytest.mark.parametrize(("kind", "number"), CASES, ids=[f"{kind.replace(' ', '-')}-{number}" for kind, number in CASES])
def test_engine_loses_nothing_when_it_is_killed(kind: str, number: int, tmp_path: Path) -> None:
    chance = Random(f"{kind} {number}")
    seed = chance.choice(SEEDS)
    at = chance.choice([place for place, point in enumerate(points(seed)) if point.kind == kind])
    told: list[str] = [f"seed {seed}, point {at}: {points(seed)[at]}"]

    async def act(world: World) -> None:
        await killed(world, at, chance, told)
        life = await world.start()
        await world.until("09:41:20")
        await world.when(lambda: life.is_over or is_at_rest(world, life))
        check(world, life)
        await life.stop()
        assert_same_fold(world, life.ledger)

    try:
        play(act, tmp_path, seed, strategies=STRATEGIES)
    except BaseException as error:
        error.add_note("; ".join(told))
        raise


@cache
def points(seed: int) -> list[Point]:
    """Every point of a life that nothing ends."""

    async def act(world: World) -> list[Point]:
        fate = Fate(world.state)
        life = await world.start(wrap_journal=fate.journal, wrap_broker=fate.broker)
        await world.until("09:42:00")
        await life.stop()
        return fate.points

    with TemporaryDirectory() as folder:
        return play(act, Path(folder), seed, strategies=STRATEGIES)


async def killed(world: World, at: int, chance: Random, told: list[str]) -> None:
    """A life that ends at the point, and what becomes of its journal, its connection and its orders."""
    fate = Fate(world.state, at)
    life = Life(world, wrap_journal=fate.journal, wrap_broker=fate.broker)
    await run_to_its_death(life)
    left, fills, down_s = chance.random() < 0.5, chance.random() < 0.5, chance.choice([0.0, 0.5, 8.0, 35.0])
    if left:
        await asyncio.sleep(0.01)  # the kernel still delivers what was written
    if fills:
        world.sim.inject("fill_unheard")
    lost = fate.lose_unsynced(chance)
    told.append(f"{lost} bytes lost, last message delivered: {left}, filled unheard: {fills}, down for {down_s} s")
    for link in asyncio.get_running_loop().network.links:  # type: ignore[attr-defined]
        link.reset()
    await asyncio.sleep(down_s)


def is_at_rest(world: World, life: Life) -> bool:
    """Everything is closed, here and at the broker, and this life has agreed its books."""
    agreed = life.ledger.reconciled is not None and not life.ledger.reconciled.differences
    return agreed and not world.sim.positions() and not any(True for _ in life.ledger.working())


def check(world: World, life: Life) -> None:
    """Nothing twice, nothing lost, nothing before the books were agreed."""
    assert not life.is_over, f"the engine ended: {life.error!r}"
    life.invariants.check_at_rest(life.ledger)
    assert world.sim.positions() == {}, "the exit rule closes everything by now"
    filled = Counter(
        life.ledger.orders[order.terms.order_ref].strategy
        for order in world.sim.orders()
        if order.filled and life.ledger.orders[order.terms.order_ref].purpose == "open"
    )
    assert all(count == 1 for count in filled.values()), f"one opening a day is allowed: {filled}"
    agreed = [number for number, (_, fact) in enumerate(life.facts) if isinstance(fact, Reconciled) and not fact.differences]
    assert agreed, "the books were never agreed"
    early = [fact.order_ref for _, fact in life.facts[: agreed[0]] if is_entry(fact) or isinstance(fact, OrderSent)]
    assert not early, f"before the books were agreed: {early}"


def is_entry(fact: object) -> bool:
    return isinstance(fact, OrderProposed) and fact.purpose == "open"


def assert_same_fold(world: World, ledger: Ledger) -> None:
    """What a next start would read is what this life knew."""
    recovered = recover(world.state, ACCOUNT)
    recovered.journal.close()
    assert recovered.ledger.orders == ledger.orders
    assert recovered.ledger.positions == ledger.positions
