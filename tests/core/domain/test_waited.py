"""Patience does not count what the machine slept."""

from datetime import timedelta

import pytest

from engine.domain.waited import Leap, waited
from tests.given import NOW

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("since", "until", "wanted"),
    [
        (NOW - 3 * SECOND, NOW + HOUR + 4 * SECOND, 7 * SECOND),
        (NOW + HOUR, NOW + HOUR + 4 * SECOND, 4 * SECOND),
        (NOW - 3 * SECOND, NOW - SECOND, 2 * SECOND),
        (NOW - 3 * SECOND, NOW + HOUR, 3 * SECOND),
        (NOW + 5 * SECOND, NOW, timedelta(0)),
    ],
)
def test_waited_is_the_time_that_the_engine_ran(since: object, until: object, wanted: timedelta) -> None:
    assert waited(since, until, (Leap(NOW + HOUR, HOUR),)) == wanted  # type: ignore[arg-type]
