"""The engine is killed at any point of its life and started again: nothing is sent twice, nothing is lost.

The points come from a run that lives; each case takes one kind of point and draws which of them, how much of the journal was
lost, what still left through the wire and what the broker did meanwhile.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TypeGuard

import pytest
from _pytest.mark import ParameterSet

from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import OrderProposed, OrderSent, OrderUnknown, Purpose
from engine.domain.ledger import Ledger
from engine.store.checkpoint import recover
from tests.simulation.engine import given
from tests.simulation.engine.killing import Fate, Point, killed
from tests.simulation.engine.structures import lines, market_of
from tests.simulation.engine.test_kill_between_legs import check_cash
from tests.simulation.engine.world import ACCOUNT, Life, World, play

SEEDS = (1, 2, 3)
DRAWS, SHARE = 10, 1
"""Cases of each kind of point, and how many of them are not left to `make long`."""
KINDS = [f"{when} {what}" for what in ("append", "sync", "preview", "send", "reprice", "cancel") for when in ("before", "after")]
STRUCTURE_DRAWS, STRUCTURE_SHARE = 50, 1
"""The same of each structure of more than two legs, at any point."""
RESTING = "resting"
"""In the place of a structure: verticals whose profit rests at the broker until the time exit ends it."""
STRATEGIES = {
    **given.BOTH,
    "shy.yaml": given.strategy(
        "shy", "bull_call", price="from $0.40 better than mid, $0.01 every 5 s, no worse than natural", patience="20 s"
    ),
}
"""The third asks for more than anybody pays, and gives up after 20 s."""


def drawn(names: Iterable[str], draws: int, share: int) -> list[ParameterSet]:
    """So many cases of each name; those beyond the share take too long for every run of the tests."""
    return [
        pytest.param(name, number, id=f"{name.replace(' ', '-')}-{number}", marks=() if number < share else pytest.mark.long)
        for name in names
        for number in range(draws)
    ]


@pytest.mark.parametrize(("kind", "number"), drawn(KINDS, DRAWS, SHARE))
def test_engine_loses_nothing_when_it_is_killed(kind: str, number: int, tmp_path: Path) -> None:
    chance = Random(f"{kind} {number}")
    seed = chance.choice(SEEDS)
    at = chance.choice([place for place, point in enumerate(points(seed)) if point.kind == kind])

    second = second_life(tmp_path, seed, at, chance)

    assert second.wrong == []
    assert (second.recovered.orders, second.recovered.positions) == (second.known.orders, second.known.positions)


@pytest.mark.parametrize(("structure", "number"), drawn((*given.STRUCTURES, RESTING), STRUCTURE_DRAWS, STRUCTURE_SHARE))
def test_engine_loses_no_leg_of_a_structure_when_it_is_killed(structure: str, number: int, tmp_path: Path) -> None:
    chance = Random(f"{structure} {number}")
    at = chance.randrange(len(points(SEEDS[0], structure)))

    second = second_life(tmp_path, SEEDS[0], at, chance, structure)

    assert second.wrong == []
    assert (second.recovered.orders, second.recovered.positions) == (second.known.orders, second.known.positions)


@dataclass(frozen=True, slots=True)
class SecondLife:
    """What an engine that was killed and started again has come to."""

    wrong: list[str]
    """What is twice, lost, or too early; empty where nothing is."""
    known: Ledger
    """As this life knew it at its end."""
    recovered: Ledger
    """As a next start would read it."""


def second_life(folder: Path, seed: int, at: int, chance: Random, structure: str = "") -> SecondLife:
    """Killed at the point, started again, and looked at once everything is closed."""
    told: list[str] = [f"seed {seed}, point {at}: {points(seed, structure)[at]}"]

    async def act(world: World) -> SecondLife:
        await killed(world, at, chance, told, **lines(structure))
        life = await world.start(**lines(structure))
        await world.until("09:41:20")
        await world.when(lambda: life.is_over or is_at_rest(world, life))
        assert not life.is_over, f"the engine ended: {life.error!r}"
        life.invariants.check_at_rest(life.ledger)
        wrong = list(problems(world, life))
        check_cash(world, life.ledger)
        await life.stop()
        recovered = recover(world.state, ACCOUNT)
        recovered.journal.close()
        return SecondLife(wrong, life.ledger, recovered.ledger)

    try:
        return play(act, folder, seed, strategies=written(structure), sim=market_of(structure, seed))
    except BaseException as error:
        error.add_note("; ".join(told))
        raise


def written(structure: str) -> dict[str, str]:
    """The strategies of a life: one of the structure, or those of verticals where none is named."""
    if structure == RESTING:
        exits = "profit >= 95% of credit: close resting\n  - time >= 09:41 New York"
        return {
            f"{name}.yaml": given.strategy(name, kind, exits=exits)
            for name, kind in (("puts", "bull_put"), ("calls", "bear_call"))
        }
    return given.of_structure(structure) if structure else STRATEGIES


@cache
def points(seed: int, structure: str = "") -> list[Point]:
    """Every point of a life that nothing ends."""

    async def act(world: World) -> list[Point]:
        fate = Fate(world.state)
        life = await world.start(wrap_journal=fate.journal, wrap_broker=fate.broker, **lines(structure))
        await world.until("09:42:00" if structure != RESTING else "09:43:00")
        await life.stop()
        traded = {order.purpose for order in life.ledger.orders.values() if order.filled}
        assert traded == {"open", "close"}, "a life in which nothing is traded proves nothing"
        return fate.points

    with TemporaryDirectory() as folder:
        return play(act, Path(folder), seed, strategies=written(structure), sim=market_of(structure, seed))


def is_at_rest(world: World, life: Life) -> bool:
    """Everything is closed, here and at the broker, and this life has agreed its books."""
    agreed = life.ledger.reconciled is not None and not life.ledger.reconciled.differences
    return agreed and not world.sim.positions() and not any(True for _ in life.ledger.working())


def problems(world: World, life: Life) -> Iterator[str]:
    """Nothing twice, nothing lost, nothing before the books were agreed."""
    orders = life.ledger.orders
    if world.sim.positions():
        yield f"the exit rule closes everything by now: {world.sim.positions()}"
    filled = Counter(
        life.ledger.orders[order.terms.order_ref].strategy
        for order in world.sim.orders()
        if order.filled and life.ledger.orders[order.terms.order_ref].purpose == "open"
    )
    if any(count > 1 for count in filled.values()):
        yield f"one opening a day is allowed: {filled}"
    books = [(number, fact) for number, (_, fact) in enumerate(life.facts) if isinstance(fact, Reconciled)]
    agreed = [number for number, fact in books if not fact.differences]
    if not agreed:
        yield "the books were never agreed"
        return
    early = [fact.order_ref for _, fact in life.facts[: agreed[0]] if is_entry(fact) or is_sent(fact, life, "open")]
    early += [fact.order_ref for _, fact in life.facts[: books[0][0]] if isinstance(fact, OrderSent)]
    # A close waits for what is not known of its own position, and for nobody else's.
    doubted = {orders[fact.order_ref].proposed.position for _, fact in life.facts if isinstance(fact, OrderUnknown)}
    early += [
        fact.order_ref
        for _, fact in life.facts[: agreed[0]]
        if is_sent(fact, life, "close") and orders[fact.order_ref].proposed.position in doubted
    ]
    if early:
        yield f"before the books were agreed: {early}"


def is_entry(fact: object) -> TypeGuard[OrderProposed]:
    return isinstance(fact, OrderProposed) and fact.purpose == "open"


def is_sent(fact: object, life: Life, purpose: Purpose) -> TypeGuard[OrderSent]:
    return isinstance(fact, OrderSent) and life.ledger.orders[fact.order_ref].purpose == purpose
