"""The extremes of a stretch of the day are known where all of it was heard, and nowhere else."""

from collections.abc import Iterable

import pytest

from engine.domain.chain import Bars
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


def rising(seconds: int, until: int, since: int = 0) -> list[tuple[float, float]]:
    """Prices that say when they were told: 100 and a hundredth for each second since the open."""
    return [(float(after), 100 + after / 100) for after in range(since, until + 1, seconds)]


@pytest.mark.parametrize("minutes", [1, 5])
@pytest.mark.parametrize("until", [0, 59, 60, 299, 300, 301, 905, 1_000])
def test_bars_are_those_of_plain_loops(minutes: int, until: int) -> None:
    prices = [*rising(7, -1, since=-70), *rising(7, until)]
    found = heard(prices).closes(OPEN, OPEN + until, minutes)

    last, length = max(after for after, _ in prices), minutes * 60
    ends = [end for end in range(length, until + 1, length) if end <= last]
    assert found == Bars(tuple(max((at, price) for at, price in prices if at < end)[1] for end in ends), is_since_open=True)


def test_bar_without_a_price_has_that_of_the_one_before() -> None:
    prices = [(0.0, 100.0), (50.0, 101.0), (130.0, 102.0), (185.0, 103.0)]

    assert heard(prices).closes(OPEN, OPEN + 190, 1).closes == (101.0, 101.0, 102.0)


def test_bars_after_a_start_in_the_day_are_those_that_were_heard_whole() -> None:
    found = heard(rising(10, 1_000, since=320)).closes(OPEN, OPEN + 1_000, 5)

    assert found == Bars((108.9,), is_since_open=False)


@pytest.mark.parametrize(("silence", "count", "is_since_open"), [(90, 5, True), (91, 2, False)])
def test_gap_takes_the_bars_before_it(silence: int, count: int, *, is_since_open: bool) -> None:
    prices = [*rising(10, 700), *rising(10, 1_560, since=700 + silence)]

    found = heard(prices).closes(OPEN, OPEN + 1_560, 5)

    assert (len(found.closes), found.is_since_open) == (count, is_since_open)


def test_no_bar_is_known_once_nothing_has_been_heard_for_a_while() -> None:
    told = heard(rising(10, 700))

    assert told.closes(OPEN, OPEN + 790, 5).closes
    assert told.closes(OPEN, OPEN + 791, 5) == Bars((), is_since_open=False)
    assert Heard().closes(OPEN, OPEN + 700, 5) == Bars((), is_since_open=False)
