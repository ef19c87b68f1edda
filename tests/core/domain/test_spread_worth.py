"""What a combination can be worth at its first expiry: floor, cap, most profit and loss, against a walk over all levels."""

from decimal import Decimal

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from engine.domain.spread import UNBOUNDED, Leg, Spread
from tests import given

STRIKES = st.integers(90, 110)
LEGS = st.lists(
    st.tuples(STRIKES, st.sampled_from("PC"), st.sampled_from(["buy", "sell"]), st.integers(1, 2)), min_size=1, max_size=4
)


def made(*legs: tuple[float, str, str, int], structure: str = "made") -> Spread:
    return Spread(structure, tuple(Leg(given.contract(strike, right), action, ratio) for strike, right, action, ratio in legs))  # type: ignore[arg-type]


@property_of(LEGS)
def test_floor_and_cap_are_the_least_and_the_most_of_all_levels(legs: list[tuple[float, str, str, int]]) -> None:
    spread = made(*legs)
    worths = [spread.worth(Decimal(level) / 2) for level in range(260)]
    slope = sum((1 if action == "buy" else -1) * ratio for _, right, action, ratio in legs if right == "C")

    assert spread.floor == (-UNBOUNDED if slope < 0 else min(worths))
    assert spread.cap == (UNBOUNDED if slope > 0 else max(worths))


@pytest.mark.parametrize(
    ("legs", "floor", "cap", "width"),
    [
        pytest.param([(100, "P", "sell", 1), (95, "P", "buy", 1)], "-5", "0", "5", id="bull put"),
        pytest.param([(100, "C", "buy", 1), (105, "C", "sell", 1)], "0", "5", "5", id="bull call"),
        pytest.param(
            [(95, "P", "sell", 1), (90, "P", "buy", 1), (105, "C", "sell", 1), (112, "C", "buy", 1)], "-7", "0", "7", id="condor"
        ),
        pytest.param([(95, "P", "buy", 1), (100, "P", "sell", 2), (105, "P", "buy", 1)], "0", "5", "5", id="butterfly"),
        pytest.param([(90, "P", "buy", 1), (100, "P", "sell", 2), (105, "P", "buy", 1)], "-5", "5", "10", id="broken wing"),
    ],
)
def test_bounds_of_the_structures(legs: list[tuple[float, str, str, int]], floor: str, cap: str, width: str) -> None:
    spread = made(*legs)

    assert (spread.floor, spread.cap, spread.width) == (Decimal(floor), Decimal(cap), Decimal(width))


@pytest.mark.parametrize(("net", "is_sane"), [("0.01", True), ("4.99", True), ("0", False), ("5", False), ("-0.01", False)])
def test_opening_must_be_able_to_win_and_to_lose(net: str, is_sane: bool) -> None:
    assert made((100, "P", "sell", 1), (95, "P", "buy", 1)).is_sane(Decimal(net)) is is_sane


def test_combination_whose_loss_nothing_bounds_is_never_sane() -> None:
    assert not made((100, "C", "sell", 2), (105, "C", "buy", 1)).is_sane(Decimal(1))


def over_two(near: tuple[float, str, str], far: tuple[float, str, str], root: str = "SPY", **onward: str) -> Spread:
    (short, right, action), (long, other, held) = near, far
    legs = (
        Leg(given.contract(short, right, root=root), action),  # type: ignore[arg-type]
        Leg(given.contract(long, other, root=root, expiry=given.LATER), held),  # type: ignore[arg-type]
    )
    return Spread("calendar", legs, **{name: Decimal(value) for name, value in onward.items()})


@pytest.mark.parametrize(
    ("spread", "floor"),
    [
        pytest.param(over_two((100, "P", "sell"), (100, "P", "buy")), "0", id="an American calendar loses its debit"),
        pytest.param(over_two((100, "P", "sell"), (95, "P", "buy")), "-5", id="and the width of a diagonal on the worse side"),
        pytest.param(over_two((100, "C", "sell"), (95, "C", "buy")), "0", id="not on the better one"),
        pytest.param(
            over_two((100, "P", "sell"), (100, "P", "buy"), "SPXW", onward_discount="0.99", onward_growth="1.005"),
            "-1.00",
            id="a European put waits for its strike: 100 - 0.99 x 100",
        ),
        pytest.param(
            over_two((100, "C", "sell"), (100, "C", "buy"), "SPXW", onward_discount="0.99", onward_growth="1"),
            "-1.00",
            id="a European call without the dividends: where the underlying has doubled 0.99 x (200 - 100) - 100",
        ),
    ],
)
def test_leg_that_lives_longer_counts_the_least_it_can_be_worth(spread: Spread, floor: str) -> None:
    assert (spread.floor, spread.cap) == (Decimal(floor), UNBOUNDED)
    assert spread.max_loss(Decimal("-2.5")) == Decimal("2.5") - Decimal(floor)
    assert spread.is_sane(Decimal("-2.5"))


def test_short_that_outlives_its_long_can_lose_without_bound() -> None:
    reversed_calendar = over_two((100, "P", "buy"), (100, "P", "sell"))

    assert reversed_calendar.floor == -UNBOUNDED
    assert not reversed_calendar.is_sane(Decimal("2.5"))
