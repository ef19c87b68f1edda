"""A position is taken apart by a whole engine: a side by a person and the rest by a rule, a short whose long nobody bids for and
the long when somebody does. Killed at any line of that, it has the broker's legs and cash when it is back, and no short was ever
without its long, at no line of the journal.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.decide.exit.left_over import LEFT_ALONE
from engine.domain.facts.union import Fact
from engine.domain.parts import Portion
from engine.domain.position import Position
from engine.ports import Journal, Line
from tests.simulation.engine import given
from tests.simulation.engine.killing import Killed, run_to_its_death
from tests.simulation.engine.test_kill_between_legs import LineFate, check
from tests.simulation.engine.world import BEGINS, Life, World, generated, play, sim_options

CONDORS = {
    "condors.yaml": given.strategy(
        "condors", "iron_condor", shape=given.VERTICAL, exits="time >= 09:45 New York", window="09:31-09:43"
    )
}
CHEAP = {
    "cheap.yaml": given.strategy(
        "cheap",
        shape=given.VERTICAL.replace("0.10-0.40", "0.02-0.07").replace("$2-$4", "$1-$3").replace("30-35", "3-6"),
        exits="time >= 09:45 New York",
        window="09:31-09:43",
    )
}
"""Puts that are offered at fifty cents at the most: a missing bid of one is believed."""
SIDES = {
    "sides.yaml": CONDORS["condors.yaml"]
    .replace("condors", "sides")
    .replace("exits:\n  - time", "exits:\n  each side:\n    - loss >= 0.5% of total_credit\n  whole:\n    - time")
}
"""Each side stops alone at a loss that one of the two has within minutes; what is left is closed by the whole's date."""
NO_BIDS = "no_bids=240@09:44:30"
OVER_BY = timedelta(minutes=12)
"""After the beginning: the rule closes at its fifth minute."""
FEW = [None, ("OrderSent", 2), ("LegFilled", 3)]
MANY = [
    *(("OrderSent", number) for number in (2, 3)),
    *(("OrderAcknowledged", number) for number in (2, 3)),
    *(("LegFilled", number) for number in (3, 4)),
    *(("CommissionReported", number) for number in (3, 4)),
]


class CoveredLines:
    """A journal after each line of which no short stands alone at the broker or in the books."""

    def __init__(self, journal: Journal, world: World) -> None:
        self._journal, self._world = journal, world

    def append(self, fact: Fact, at: datetime) -> Line:
        line = self._journal.append(fact, at)
        held = {one.instrument.option: one.quantity for one in self._world.sim.holdings() if one.instrument.option is not None}
        for right in "PC":
            net = sum(quantity for option, quantity in held.items() if option.put_call == right)
            assert net >= 0, f"after {type(fact).__name__} a short is not covered: {held}"
        return line

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)


def life_of(world: World, died_at: tuple[str, int] | None = None) -> Life:
    fate = LineFate(world.state, *died_at) if died_at is not None else None

    def wrap(journal: Journal) -> Journal:
        covered: Journal = CoveredLines(journal, world)  # type: ignore[assignment]
        return fate.journal(covered) if fate is not None else covered

    life = Life(world, wrap_journal=wrap, **({"wrap_broker": fate.broker} if fate is not None else {}))
    world.lives.append(life)
    return life


async def lived(world: World, died_at: tuple[str, int] | None, acts: Callable[[Life], Awaitable[None]]) -> Life:
    """A life to its end, or to its death and the one after it; what it did by the time at which all is over."""
    life = life_of(world, died_at)
    if died_at is None:
        await life.begin()
        await acts(life)
    else:
        acting = asyncio.ensure_future(_once_it_lives(life, acts))
        try:
            await run_to_its_death(life)
        finally:
            life.invariants.remember()
            acting.cancel()
        for link in asyncio.get_running_loop().network.links:  # type: ignore[attr-defined]
            link.reset()
        world.lives.remove(life)
        await asyncio.sleep(2)
        life = life_of(world)
        await life.begin()
    await asyncio.sleep((BEGINS + OVER_BY - world.sim.now()).total_seconds())
    check(world, life)
    life.invariants.check(life.ledger)
    await life.stop()
    return life


async def _once_it_lives(life: Life, acts: Callable[[Life], Awaitable[None]]) -> None:
    try:
        await life._ready.wait()
        await acts(life)
    except Killed:
        return


Acts = Callable[[World], Callable[[Life], Awaitable[None]]]
"""What people do in a world, in its first life."""


def played(
    folder: Path, died_at: tuple[str, int] | None, files: dict[str, str], acts: Acts, *faults: str, strikes: float = 1.0
) -> Life:
    async def act(world: World) -> Life:
        return await lived(world, died_at, acts(world))

    sim = generated(3, strikes, options=sim_options(idle_cadence_s=60), schedule=faults)
    return play(act, folder, 3, strategies=files, sim=sim)


async def nothing(life: Life) -> None:
    """The rules alone act."""


def put_side_by_hand(world: World) -> Callable[[Life], Awaitable[None]]:
    async def acts(life: Life) -> None:
        await world.when(lambda: any(position.is_open for position in life.ledger.positions.values()), 120)
        await world.when(lambda: not any(True for _ in life.ledger.working()), 120)
        (position,) = life.ledger.positions
        done, text = await life.control.close(position, "ann", portion=Portion(side="put"))
        assert done, text

    return acts


def only_position(life: Life) -> Position:
    (position,) = life.ledger.positions.values()
    return position


@pytest.mark.parametrize("died_at", [None, ("OrderSent", 2), ("LegFilled", 14)], ids=str)
def test_side_that_a_person_closes_and_the_rest_that_a_rule_closes_end_with_the_broker_s_cash(
    died_at: tuple[str, int] | None, tmp_path: Path
) -> None:
    life = played(tmp_path, died_at, CONDORS, put_side_by_hand, "partial_fills=600")

    position = only_position(life)
    assert not position.is_open
    closes = {order.spread.structure for order in life.orders("close") if order.filled}
    # What was killed before it was sent is nowhere, and the rule closes the condor whole.
    assert closes == ({"iron_condor"} if died_at == ("OrderSent", 2) else {"iron_condor put side", "iron_condor call side"})


@pytest.mark.parametrize("died_at", [None, ("LegFilled", 5)], ids=str)
def test_side_that_stops_leaves_the_other_to_the_lines_of_the_whole(died_at: tuple[str, int] | None, tmp_path: Path) -> None:
    life = played(tmp_path, died_at, SIDES, lambda _: nothing)

    position = only_position(life)
    assert not position.is_open
    stopped, rest = [order for order in life.orders("close") if order.filled]
    side = stopped.spread.structure.removeprefix("iron_condor ")
    other = {"put side": "call side", "call side": "put side"}[side]
    assert stopped.proposed.reason == f"{side}: loss >= 0.5% of total_credit"
    assert (rest.spread.structure, rest.proposed.reason) == (f"iron_condor {other}", "time >= 09:45 New York")
    assert stopped.changed_at < rest.proposed_at


@pytest.mark.parametrize("died_at", FEW, ids=str)
def test_short_whose_long_nobody_bids_for_is_bought_back_and_the_long_sold_later(
    died_at: tuple[str, int] | None, tmp_path: Path
) -> None:
    check_short_bought_back(died_at, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("died_at", MANY, ids=str)
def test_short_is_bought_back_and_the_long_sold_wherever_the_engine_dies(died_at: tuple[str, int], tmp_path: Path) -> None:
    check_short_bought_back(died_at, tmp_path)


def check_short_bought_back(died_at: tuple[str, int] | None, folder: Path) -> None:
    life = played(folder, died_at, CHEAP, lambda _: nothing, NO_BIDS, strikes=3.0)

    position = only_position(life)
    assert not position.is_open
    filled = [order for order in life.orders("close") if order.filled]
    assert [len(order.spread.legs) for order in filled] == [1] * len(filled)
    bought = [order for order in filled if order.spread.shorts]
    sold = [order for order in filled if not order.spread.shorts]
    assert sum(order.filled for order in bought) == sum(order.filled for order in sold) == position.opened
    assert {order.proposed.reason for order in sold} == {LEFT_ALONE}
    assert all(order.net_filled is not None and order.net_filled >= -order.spread.legs[0].contract.strike for order in bought)
