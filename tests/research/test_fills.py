"""What an engine's own orders teach of fills: a known market is found again, few orders move little, bounds are kept."""

from decimal import Decimal
from math import exp, log
from pathlib import Path
from random import Random

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from engine.cli.research.fills import fills, learned_parts
from engine.domain.errors import UserError
from engine.domain.facts.orders import OrderRepriced, OrderSent
from engine.domain.facts.union import Fact
from engine.research.fills.curve import (
    FILLS_LEAST,
    STEP_S,
    Asked,
    default_chance,
    default_part,
    fit_of,
    fitted,
    learned_part,
)
from engine.research.fills.observed import asked_prices
from tests.shell.store.facts import fills as leg_fills
from tests.shell.store.facts import proposal, timed, written

PARTS = (0.0, 0.2, 0.4, 0.6, 0.8)


def true_chance(part: float, shift: float, tilt: float) -> float:
    """A market that differs from the default by so much in the logit, and by so much more at natural than at mid."""
    default = default_chance(part)
    logit = log(default / (1 - default)) + shift + tilt * (part - 0.5)
    return 1 / (1 + exp(-logit))


def orders(count: int, seed: int, shift: float, tilt: float = 0.0, legs: int = 2) -> list[Asked]:
    """Orders that walk from mid toward natural, a step each 15 s, and are given up where none of their prices trades."""
    chance, asked = Random(seed), list[Asked]()
    for _ in range(count):
        ticks, size, days, hour = chance.uniform(1, 8), chance.randint(1, 3), chance.uniform(20, 50), chance.uniform(9.5, 15.5)
        for part in PARTS:
            is_filled = chance.random() < true_chance(part, shift, tilt)
            asked.append(Asked(part, ticks, size, days, hour, legs, STEP_S, is_filled))
            if is_filled:
                break
    return asked


def middle(part: float, legs: int = 2) -> Asked:
    return Asked(part, 4.5, 2, 35.0, 12.5, legs, STEP_S, is_filled=False)


@pytest.mark.parametrize(("shift", "tilt"), [(0.0, 0.0), (1.2, 0.0), (-1.5, 0.5), (-0.8, 2.0)])
def test_market_of_known_chances_is_found_from_300_orders(shift: float, tilt: float) -> None:
    curve = fitted(orders(300, seed=5, shift=shift, tilt=tilt))

    missed = {part: curve.chance(middle(part)) - true_chance(part, shift, tilt) for part in PARTS}

    assert all(abs(by) <= 0.10 for by in missed.values()), missed


def test_few_orders_move_the_curve_little_and_many_move_it_far() -> None:
    few, many = fitted(orders(3, seed=1, shift=3.0)), fitted(orders(600, seed=1, shift=3.0))

    default = default_chance(0.2)
    assert abs(few.chance(middle(0.2)) - default) < 0.5 * abs(many.chance(middle(0.2)) - default)


def test_readier_market_is_learned_as_a_smaller_part_and_a_slower_one_as_a_larger() -> None:
    parts = []
    for shift in (1.5, 0.0, -2.0):
        asked = orders(400, seed=9, shift=shift)
        parts.append(learned_part(asked, fitted(asked), legs=2))

    assert parts == sorted(parts)
    assert parts[0] < parts[2]


def test_nothing_is_learned_from_fewer_than_30_fills_or_of_other_packages() -> None:
    asked = orders(200, seed=3, shift=0.0)
    filled = [one for one in asked if one.is_filled]
    scarce = [one for one in asked if not one.is_filled] + filled[: FILLS_LEAST - 1]

    assert len(filled) >= FILLS_LEAST
    assert learned_part(scarce, fitted(scarce), legs=2) is None
    assert learned_part(asked, fitted(asked), legs=4) is None
    assert [default_part(legs) for legs in (1, 2, 3, 4, 6)] == [0.5, 0.32, 0.12, 0.06, 0.06]


def test_price_that_was_taken_back_says_only_that_nothing_happened_so_far() -> None:
    stood = [Asked(0.2, 4.0, 1, 30.0, 12.0, 2, 10 * STEP_S, is_filled=False) for _ in range(50)]
    filled = [Asked(0.2, 4.0, 1, 30.0, 12.0, 2, 10 * STEP_S, is_filled=True) for _ in range(50)]

    curve = fitted([*stood, *filled])

    assert curve.chance(Asked(0.2, 4.0, 1, 30.0, 12.0, 2, STEP_S, is_filled=False)) == pytest.approx(50 / 1000, abs=0.01)


def test_told_chances_agree_with_what_orders_of_another_day_did() -> None:
    curve = fitted(orders(500, seed=11, shift=1.5))

    fit = fit_of(orders(500, seed=12, shift=1.5), curve)

    assert fit.brier < fit.default_brier
    assert sum(steps for _, _, steps in fit.bins) == sum(one.steps for one in orders(500, seed=12, shift=1.5))
    assert all(abs(told - happened) < 0.12 for told, happened, _ in fit.bins), fit.bins


PRICE = st.builds(
    Asked,
    part=st.floats(-5, 5),
    half_width_ticks=st.floats(0, 1e4),
    size=st.integers(1, 500),
    days=st.floats(0, 900),
    hour=st.floats(0, 24),
    legs=st.integers(1, 4),
    seconds=st.floats(0, 1e6),
    is_filled=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@drawn(st.lists(PRICE, min_size=1, max_size=60), PRICE)
def test_chance_and_part_never_leave_their_bounds(asked: list[Asked], other: Asked) -> None:
    curve = fitted(asked)

    assert 0 <= curve.chance(other) <= 1
    part = learned_part(asked, curve, other.legs)
    assert part is None or 0 <= part <= 1


def test_nothing_asked_teaches_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no price was ever asked"):
        fitted([])


def test_what_orders_of_a_folder_asked_for_is_read_and_priced_by(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story: list[Fact] = []
    for number in range(40):
        ref = f"o{number}"
        story += [
            proposal(ref, quantity=1),
            OrderSent(ref, Decimal("1.50"), Decimal("1.50"), Decimal("1.30")),
            OrderRepriced(ref, Decimal("1.45"), 1, Decimal("1.50"), Decimal("1.30")),
            *leg_fills(ref, 1, ("5.10", "3.65")),
        ]
    written(tmp_path, timed(story))

    assert fills(state=tmp_path) == 0
    told = capsys.readouterr().out

    assert [one.part for one in asked_prices(tmp_path)] == [0.0, 0.25] * 40
    heads = ["legs", "prices", "filled", "filled_at", "default", "learned", "supposed"]
    assert told.split()[:-2] == [*heads, "2", "80", "40", "0.25", "0.32"]
    parts = learned_parts(tmp_path)
    assert parts[4] == Decimal("0.06")
    assert 0 < parts[2] < 1


def test_folder_whose_orders_teach_nothing_is_said(tmp_path: Path) -> None:
    written(tmp_path, timed([proposal("o1"), OrderSent("o1", Decimal("1.50"))]))

    with pytest.raises(UserError, match="nothing is learned yet"):
        fills(state=tmp_path)
    with pytest.raises(UserError, match="no journal here"):
        learned_parts(tmp_path / "nowhere")
