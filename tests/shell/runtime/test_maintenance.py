"""When a lost link is no news: the broker's nightly reset, its weekly maintenance, and the restart of TWS where it runs."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from engine.domain.session import NEW_YORK
from engine.runtime.maintenance import Restart, is_loss_expected

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-23T10:00", False),  # a Monday in session
        ("2026-11-23T23:43", False),
        ("2026-11-23T23:44", True),
        ("2026-11-24T00:44", True),
        ("2026-11-24T00:45", False),
        ("2026-11-27T22:58", False),  # a Friday
        ("2026-11-27T22:59", True),
        ("2026-11-28T02:59", True),
        ("2026-11-28T03:00", False),
        ("2026-11-29T00:30", True),  # the night after Saturday
        ("2026-07-06T23:50", True),  # in summer time
    ],
)
def test_loss_is_expected_while_the_broker_resets(at: str, expected: bool) -> None:
    assert is_loss_expected(datetime.fromisoformat(at).replace(tzinfo=NEW_YORK), Restart(time(23, 45), NEW_YORK)) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [("2026-11-23T23:56", False), ("2026-11-23T23:57", True), ("2026-11-24T00:07", True), ("2026-11-24T00:08", False)],
)
def test_loss_is_expected_while_tws_restarts_by_the_clock_of_its_machine(at: str, expected: bool) -> None:
    assert is_loss_expected(datetime.fromisoformat(at).replace(tzinfo=BERLIN), Restart(time(23, 58), BERLIN)) is expected
