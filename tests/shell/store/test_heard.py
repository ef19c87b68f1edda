"""The extremes of a stretch of the day are known where all of it was heard, and nowhere else."""

from collections.abc import Iterable

import pytest

from engine.store.heard import MINUTES_KEPT, Heard

OPEN = 1_795_444_200.0
"""A whole minute."""


def heard(prices: Iterable[tuple[float, float]]) -> Heard:
    found = Heard()
    for after, price in prices:
        found.hear(OPEN + after, price)
    return found


def every(seconds: int, until: int, since: int = 0, price: float = 100.0) -> list[tuple[float, float]]:
    return [(float(after), price) for after in range(since, until + 1, seconds)]


def test_extremes_are_of_the_minutes_inside() -> None:
    found = heard([(-30, 90.0), (1, 100.0), (30, 103.0), (70, 98.0), (119, 99.0), (121, 120.0)])

    assert found.extremes(OPEN, OPEN + 120) == (98.0, 103.0)


def test_stretch_that_is_not_over_is_unknown() -> None:
    assert heard(every(30, 90)).extremes(OPEN, OPEN + 120) is None


@pytest.mark.parametrize(("since", "is_known"), [(0, True), (15, True), (16, False), (120, False)])
def test_stretch_of_which_the_beginning_was_not_heard_is_unknown(since: int, is_known: bool) -> None:
    found = heard(every(10, 320, since=since)).extremes(OPEN, OPEN + 300)

    assert (found is not None) is is_known


@pytest.mark.parametrize(("silence", "is_known"), [(90, True), (91, False)])
def test_silence_within_a_stretch_is_a_gap(silence: int, is_known: bool) -> None:
    prices = [*every(10, 100), *every(10, 320, since=100 + silence)]

    assert (heard(prices).extremes(OPEN, OPEN + 300) is not None) is is_known


def test_silence_after_a_stretch_takes_nothing_away() -> None:
    prices = [*every(10, 320), *every(10, 9_000, since=4_000, price=150.0)]

    assert heard(prices).extremes(OPEN, OPEN + 300) == (100.0, 100.0)


def test_price_from_before_the_last_one_is_passed_over() -> None:
    found = heard([*every(10, 300), (20.0, 500.0)])

    assert found.extremes(OPEN, OPEN + 300) == (100.0, 100.0)


def test_no_more_is_kept_than_a_day_needs() -> None:
    assert len(heard(every(60, 60 * (MINUTES_KEPT + 50))).minutes) == MINUTES_KEPT
