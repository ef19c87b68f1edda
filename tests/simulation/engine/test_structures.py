"""Each structure through its life: opened, in parts, a side closed by a person; its legs, its cover and its cash.

Its kills are in `test_kill`, its rolls in `test_rolled`, its expiry in `test_expiry_of_structures` and `test_calendars`.
"""

import asyncio
from pathlib import Path

import pytest

from engine.domain.facts.positions import OptionsExercised
from engine.domain.parts import Portion
from tests.simulation.engine import given
from tests.simulation.engine.structures import WITH_SIDES, lived
from tests.simulation.engine.test_assignment import NIGHT
from tests.simulation.engine.world import BEGINS, Life, World

pytestmark = pytest.mark.slow
SHARE = {"opened": {"calendar"}, "in parts": {"iron_butterfly"}, "side": {"double_diagonal"}, "assigned": set[str]()}
"""Those that are not left to `make long`."""


def each(event: str, structures: tuple[str, ...] = tuple(given.STRUCTURES)) -> pytest.MarkDecorator:
    marks = [() if name in SHARE[event] else pytest.mark.long for name in structures]
    return pytest.mark.parametrize(
        "structure", [pytest.param(name, marks=mark) for name, mark in zip(structures, marks, strict=True)]
    )


async def nothing(world: World, life: Life) -> None:
    """Its rule alone acts."""
    del world, life


def check(life: Life) -> None:
    """One position that is over, whose result is what the broker's cash shows, to the cent."""
    (position,) = life.ledger.positions.values()
    assert {lot.held for lot in position.lots} == {0}
    assert life.ledger.halt is None
    assert life.world.sim.positions() == {}
    assert life.world.sim.cash == 500_000 + position.realised - position.fees


@each("opened")
def test_structure_is_opened_and_closed_to_the_cent(structure: str, tmp_path: Path) -> None:
    life = lived(structure, tmp_path, nothing)

    check(life)
    assert {order.spread.structure for order in life.ledger.orders.values() if order.filled} == {structure}


@each("in parts")
def test_structure_that_fills_in_parts_is_covered_at_every_line(structure: str, tmp_path: Path) -> None:
    life = lived(structure, tmp_path, nothing, "partial_fills=600")

    check(life)
    orders = [order for order in life.ledger.orders.values() if order.filled]
    assert any(len(order.fills) > len(order.spread.legs) for order in orders), "something must fill in parts"


@each("side", WITH_SIDES)
def test_side_of_a_structure_is_closed_by_a_person_and_the_rest_by_its_rule(structure: str, tmp_path: Path) -> None:
    async def put_side(world: World, life: Life) -> None:
        (position,) = life.ledger.positions
        done, text = await life.control.close(position, "ann", portion=Portion(side="put"))
        assert done, text

    life = lived(structure, tmp_path, put_side)

    check(life)
    closed = [order.spread.structure for order in life.orders("close") if order.filled]
    assert closed == [f"{structure} put side", f"{structure} call side"]


@each("assigned", tuple(name for name in given.STRUCTURES if name not in given.OF_INDEX))
def test_structure_of_which_a_short_is_assigned_is_reduced_and_closed_to_the_cent(structure: str, tmp_path: Path) -> None:
    async def night(world: World, life: Life) -> None:
        del life
        await asyncio.sleep((BEGINS + NIGHT - world.sim.now()).total_seconds())
        world.sim.inject("assigned")

    life = lived(structure, tmp_path, night, exits="days_held >= 1", within_s=16 * 3600)

    check(life)
    assert len(life.all(OptionsExercised)) == 1
