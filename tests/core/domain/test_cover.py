"""Every short contract stands beside a long one that outlives it: held against trying every pairing."""

from collections import Counter
from datetime import date
from itertools import permutations

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from engine.domain.contract import Contract, shares_of
from engine.domain.cover import covers, left_bare, signed, uncovered
from engine.domain.spread import Leg
from tests import given

NEAR, FAR = date(2026, 12, 18), date(2027, 1, 15)
OPTIONS = [
    given.contract(strike, side, root=root, underlying=underlying, expiry=day)
    for strike in (575, 580)
    for side in ("P", "C")
    for root, underlying in (("SPY", "SPY"), ("SPX", "SPX"), ("SPXW", "SPX"))
    for day in (NEAR, FAR)
]
counts = st.dictionaries(st.sampled_from(OPTIONS), st.integers(-2, 2), max_size=5)


def tried(held: dict[Contract, int]) -> int:
    """The fewest shorts that stay bare over every order in which the shorts may choose their longs."""
    shorts = [one for one, count in held.items() for _ in range(-count)]
    longs = [one for one, count in held.items() for _ in range(count)]
    longs += [None] * len(shorts)  # type: ignore[list-item]
    return min(
        sum(long is None or not covers(long, short) for short, long in zip(shorts, choice, strict=True))
        for choice in set(permutations(longs, len(shorts)))
    )


@property_of(counts.filter(lambda held: sum(map(abs, held.values())) <= 5))
def test_as_many_shorts_are_covered_as_any_pairing_covers(held: dict[Contract, int]) -> None:
    assert sum(uncovered(held).values()) == tried(held)


@pytest.mark.parametrize(
    ("long", "does"),
    [
        (given.contract(575), True),
        (given.contract(600), True),
        (given.contract(575, expiry=FAR), True),
        (given.contract(575, "C"), False),
        (given.contract(575, root="QQQ", underlying="QQQ"), False),
        (given.contract(575, expiry=date(2026, 12, 11)), False),
    ],
)
def test_long_covers_a_short_of_its_right_that_it_outlives(long: Contract, does: bool) -> None:
    assert covers(long, given.contract(580)) is does


def test_morning_settled_option_is_no_cover_of_an_evening_settled_one_nor_the_other_way_round() -> None:
    morning, evening = (given.contract(5800, root=root, underlying="SPX") for root in ("SPX", "SPXW"))

    assert not covers(morning, evening)
    assert not covers(evening, morning)


def test_each_long_covers_one_short() -> None:
    held = {given.contract(580): -3, given.contract(575): 2}

    assert uncovered(held) == {given.contract(580): 1}


def test_far_long_is_left_for_the_short_that_needs_it() -> None:
    held = {
        given.contract(580): -1,
        given.contract(580, expiry=FAR): -1,
        given.contract(575): 1,
        given.contract(575, expiry=FAR): 1,
    }

    assert uncovered(held) == {}


legs = st.lists(
    st.tuples(st.sampled_from(OPTIONS[:6]), st.sampled_from(["buy", "sell"]), st.integers(1, 2)),
    min_size=1,
    max_size=3,
    unique_by=lambda leg: leg[0],
)


@property_of(counts, st.lists(st.tuples(legs, st.integers(1, 3)), min_size=1, max_size=2))
def test_close_leaves_nothing_bare_that_no_part_of_its_fills_would(
    held: dict[Contract, int], told: list[tuple[list[tuple[Contract, str, int]], int]]
) -> None:
    closes = [([Leg(*leg) for leg in legs], quantity) for legs, quantity in told]  # type: ignore[arg-type]
    parts = [()]
    for _, quantity in closes:
        parts = [(*part, count) for part in parts for count in range(quantity + 1)]
    is_bare = False
    for part in parts:
        left = Counter(held)
        for (legs, _), count in zip(closes, part, strict=True):
            left.subtract(signed(legs, count))
        is_bare = is_bare or bool(uncovered(left))
    assert bool(left_bare(held, closes)) is is_bare


SHARE, CALL, PUT = shares_of(756733, "SPY"), given.contract(600, "C"), given.contract(600)


@pytest.mark.parametrize(
    ("held", "bare"),
    [
        ({SHARE: 200}, 0),
        ({SHARE: -100}, 100),
        ({SHARE: -100, CALL: 1}, 0),
        ({SHARE: -150, CALL: 1}, 50),
        ({SHARE: 100, CALL: -1}, 0),
        ({SHARE: 99, CALL: -1}, 1),
        ({SHARE: -100, PUT: 1}, 100),
    ],
)
def test_shares_cover_a_call_and_a_call_covers_shares(held: dict[Contract, int], bare: int) -> None:
    assert sum(uncovered(held).values()) == bare


def test_a_call_that_covers_shares_may_not_be_sold_before_them() -> None:
    held = {SHARE: -100, CALL: 1}
    shares, call = ([Leg(SHARE, "sell")], 100), ([Leg(CALL, "buy")], 1)

    assert left_bare(held, [call]) == {SHARE: 100}
    assert left_bare(held, [shares]) == {}
    assert left_bare(held, [shares, call]) == {SHARE: 100}
