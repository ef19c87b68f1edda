"""What is rolled by the whole engine: a side, what is sold, the whole; to its end, and killed between the two orders.

After every line of the journal every short is covered (`invariants`), and at the end the cash is the broker's to the cent.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.spread import Spread
from tests.simulation.engine.rolling import SEED, Rolled, ended, has_rolled, rolls, wrong_after_kill
from tests.simulation.engine.world import World, play

pytestmark = pytest.mark.slow

WING = """\
  expiry: 3-5 days
  short_delta: 0.10-0.40
  width: $2-$4"""
NEAR = """\
  right: put
  expiry: {near: 1-2 days, far: 30-35 days}
  short_delta: 0.30-0.45"""
DOUBLE = """\
  expiry: {{near: 1-2 days, far: 30-35 days}}
  short_delta: {keys}"""
FAR = """\
{right}  expiry: {{near: 1-2 days, far: 55-65 days}}
  short_delta: 0.25-0.45{more}"""
ANY = "for: a debit up to $1.00, else: keep}"
BOTH = f"{{to: {{near: 3-4 days, far: 30-35 days}}, {ANY}"
PARTS = (
    Rolled("side", "iron_condor", "roll put side", WING, f"{{to: 30-35 days, {ANY}"),
    Rolled("untested side", "iron_condor", "roll untested side", WING, f"{{to: the same expiry, {ANY}"),
    Rolled("short", "calendar", "roll short", NEAR, f"{{to: 3-5 days, {ANY}", risk="$4000", is_daily=True),
    *(
        Rolled(f"{name} {deed}", name, deed, DOUBLE.format(keys=keys), f"{{to: 3-5 days, {ANY}", risk="$4000", is_daily=True)
        for name, keys in (("double_calendar", "0.25-0.55"), ("double_diagonal", "0.25-0.45\n  width: $1-$4"))
        for deed in ("roll short", "roll put short")
    ),
)
WHOLES = (
    Rolled("kept strikes", "bull_put", "roll", WING, f"{{to: 30-35 days, strikes: the same, {ANY}"),
    *(
        Rolled(name, name, "roll", FAR.format(right=right, more=more), BOTH, risk="$9000", is_daily=True)
        for name, right, more in (
            ("calendar", "  right: put\n", ""),
            ("diagonal", "  right: put\n  far_strike: lower\n", "\n  width: $1-$4"),
            ("double_calendar", "", ""),
            ("double_diagonal", "", "\n  width: $1-$4"),
        )
    ),
)
KILLS, SHARE = 50, 1
"""Kills of each case, and how many of them are not left to `make long`."""
IN_SHARE = {"double_diagonal roll short", "kept strikes"}
"""Lives with a roll that stand for all of them in every run of the tests."""
KILLED_IN_SHARE = {"side"}
"""Lives that are killed there: each is lived once without a kill, too."""


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.name, marks=() if case.name in IN_SHARE else pytest.mark.long) for case in PARTS],
)
def test_part_is_closed_and_its_successor_joins_the_position(case: Rolled, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        life = await has_rolled(world, case)
        await world.when(lambda: not any(True for _ in life.ledger.working()), within_s=60)
        (position,) = life.ledger.positions.values()
        (roll,) = rolls(life.ledger)
        (close,) = life.ledger.closings_of(position.id)
        life.invariants.check_at_rest(life.ledger)
        assert close.proposed.roll in {case.deed, "roll put side", "roll call side"}
        assert (close.proposed.rule, close.proposed.asked_by) == ("time >= 09:41 New York", None)
        assert (roll.proposed.position, roll.proposed.rolled_from, position.rolls) == (position.id, position.id, (roll.ref,))
        assert set(roll.spread.legs) <= set(position.legs)
        assert not set(close.spread.legs) & set(position.legs)
        assert not position.bare
        assert (roll.spread.expiry == close.spread.expiry) == ("same expiry" in case.roll)
        assert await ended(world, life) == []

    play(act, tmp_path, SEED, **case.options())


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.name, marks=() if case.name in IN_SHARE else pytest.mark.long) for case in WHOLES],
)
def test_whole_is_closed_and_its_successor_is_a_position_of_its_own(case: Rolled, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        life = await has_rolled(world, case)
        await world.when(lambda: not any(True for _ in life.ledger.working()), within_s=90)
        before, after = life.ledger.positions.values()
        (roll,) = rolls(life.ledger)
        life.invariants.check_at_rest(life.ledger)
        assert (before.is_open, before.closed_for, after.id, after.rolled_from) == (False, "roll", roll.ref, before.id)
        were = life.ledger.orders[before.id].spread
        assert roll.spread.expiry > were.expiry, "what is sold ends later"
        assert "strikes" not in case.roll or _strikes(roll.spread) == _strikes(were)
        assert await ended(world, life) == []

    play(act, tmp_path, SEED, **case.options())


def _strikes(spread: Spread) -> list[tuple[str, str, Decimal]]:
    return sorted((leg.action, leg.contract.put_call, leg.contract.strike) for leg in spread.legs)


def marks_of(case: Rolled, number: int) -> pytest.MarkDecorator | tuple[()]:
    is_in_share = number < SHARE and case.name in KILLED_IN_SHARE
    return () if is_in_share else pytest.mark.long


@pytest.mark.parametrize(
    ("case", "number"),
    [
        pytest.param(case, number, id=f"{case.name.replace(' ', '-')}-{number}", marks=marks_of(case, number))
        for case in (*PARTS, *WHOLES)
        for number in range(KILLS)
    ],
)
def test_engine_that_is_killed_between_the_two_orders_ends_the_roll_or_leaves_it(
    case: Rolled, number: int, tmp_path: Path
) -> None:
    assert wrong_after_kill(case, number, tmp_path) == []
