"""Which legs are which structure, whatever order they come in."""

from dataclasses import replace
from itertools import permutations

import pytest

from engine.domain.shaped import in_shape
from engine.domain.spread import Leg, Spread
from engine.domain.structure import Shape
from engine.strategy.spreads.union import STRUCTURES
from tests import given
from tests.structures import ALL, BROKEN_WING, CONDOR

VERTICALS = {name: kind.of_legs for name, kind in STRUCTURES.items() if isinstance(getattr(kind, "of_legs", None), Shape)}


def spelled(low: int, high: int, put_call: str, *, sells_high: bool) -> Spread:
    first, second = given.contract(low, put_call), given.contract(high, put_call)
    return Spread("any", (Leg(first, "buy" if sells_high else "sell"), Leg(second, "sell" if sells_high else "buy")))


@pytest.mark.parametrize(
    ("name", "spread"),
    [
        ("bull_put", spelled(590, 595, "P", sells_high=True)),
        ("bear_put", spelled(590, 595, "P", sells_high=False)),
        ("bull_call", spelled(590, 595, "C", sells_high=True)),
        ("bear_call", spelled(590, 595, "C", sells_high=False)),
    ],
)
def test_vertical_is_known_by_what_is_sold_where(name: str, spread: Spread) -> None:
    fitting = [one for one, shape in VERTICALS.items() if in_shape(shape, spread.legs) is not None]

    assert fitting == [name]


@pytest.mark.parametrize("name", ALL)
def test_structure_is_put_in_order_whatever_order_its_legs_come_in(name: str) -> None:
    spread, shape = ALL[name], _shape(name)

    assert {in_shape(shape, order) for order in permutations(spread.legs)} == {spread.legs}


def test_butterfly_has_two_equal_wings_and_a_condor_need_not() -> None:
    wide = replace(CONDOR, legs=(*CONDOR.legs[:3], Leg(given.contract(640, "C"), "buy")))

    assert in_shape(_shape("butterfly"), BROKEN_WING.legs) is None
    assert in_shape(_shape("iron_condor"), wide.legs) == wide.legs


def test_other_expiries_sizes_and_sides_are_another_structure() -> None:
    short, long = given.spread().legs
    later = replace(long, contract=replace(long.contract, expiry=given.LATER))

    assert in_shape(VERTICALS["bull_put"], (short, later)) is None
    assert in_shape(VERTICALS["bull_put"], (short, replace(long, ratio=2))) is None
    assert in_shape(VERTICALS["bull_put"], (short,)) is None
    assert in_shape(_shape("calendar"), (short, long)) is None


def _shape(name: str) -> Shape:
    spread = f"spread:\n  type: {name}\n{KEYS[name]}  rank: return_on_risk\n"
    return given.strategy(f"{spread}entry:\n  approval: manual\nexits:\n  - loss >= 50% of max_loss\n").spread.shape


KEYS = {
    "iron_condor": "  expiry: 20-30 days\n  short_delta: 0.10-0.40\n  width: $5\n",
    "butterfly": "  right: put\n  expiry: 20-30 days\n  body_delta: 0.20-0.50\n  width: $10\n",
    "broken_wing": "  right: put\n  expiry: 20-30 days\n  body_delta: 0.20-0.50\n  width: {near: $10, far: $20}\n",
    "calendar": "  right: put\n  expiry: {near: 20-30 days, far: 50-60 days}\n  short_delta: 0.20-0.50\n",
}
