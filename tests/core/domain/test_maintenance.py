"""When a lost link is no news: the broker's nightly reset, its weekly maintenance, and the restart of TWS where it runs."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from engine.domain.maintenance import Restart, is_loss_expected, restart_in_session, restart_near, window_at
from engine.domain.session import NEW_YORK, Session

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-23T10:00", False),  # a Monday in session
        ("2026-11-23T23:43", False),
        ("2026-11-23T23:44", True),
        ("2026-11-24T01:44", True),
        ("2026-11-24T01:45", False),
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


def test_window_says_what_goes_on_and_until_when() -> None:
    at = datetime(2026, 11, 24, 0, 20, tzinfo=NEW_YORK)

    window = window_at(at, Restart(time(18, 0), NEW_YORK))

    assert str(window) == "IBKR resets its servers, expected until 01:45 New York"


@pytest.mark.parametrize(
    ("restart", "met"),
    [
        (Restart(time(23, 45), NEW_YORK), None),
        (Restart(time(9, 19), NEW_YORK), None),
        (Restart(time(9, 21), NEW_YORK), "09:21"),  # TWS would not be back at the open
        (Restart(time(12, 0), NEW_YORK), "12:00"),
        (Restart(time(16, 0), NEW_YORK), None),
        (Restart(time(23, 45), ZoneInfo("Asia/Tokyo")), "09:45"),  # the default, on a machine in Tokyo
        (Restart(time(23, 45), BERLIN), None),
    ],
)
def test_restart_that_meets_a_session_is_found_by_the_clock_of_its_machine(restart: Restart, met: str | None) -> None:
    day = datetime(2026, 11, 23, tzinfo=NEW_YORK)
    session = Session(day.date(), day.replace(hour=9, minute=30), day.replace(hour=16))

    at = restart_in_session(restart, [session])

    assert (at and f"{at.astimezone(NEW_YORK):%H:%M}") == met


@pytest.mark.parametrize(
    ("at", "over_at", "is_near"),
    [
        ("23:39:59", None, False),
        ("23:40:00", None, True),
        ("23:54:59", None, True),
        ("23:55:00", None, False),
        ("23:48:00", "23:47:30", False),  # said to be over
        ("23:48:00", "23:39:00", True),  # that was the one of yesterday, told late
    ],
)
def test_restart_is_near_from_five_minutes_before_until_it_is_over(at: str, over_at: str | None, is_near: bool) -> None:
    day = "2026-11-23T{}"
    now = datetime.fromisoformat(day.format(at)).replace(tzinfo=NEW_YORK)
    over = over_at and datetime.fromisoformat(day.format(over_at)).replace(tzinfo=NEW_YORK)

    window = restart_near(now, Restart(time(23, 45), NEW_YORK), over or None)

    assert (window is not None) == is_near
