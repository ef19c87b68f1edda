"""Whoever checks or starts files whose list of events ends is told before it opens nothing."""

from datetime import date

import pytest

from engine.cli.horizon import outdated
from tests.faces.given import STRATEGY

ASKS = STRATEGY.replace("  - vix between 12 and 35\n", "  - vix between 12 and 35\n  - no FOMC within 2 days\n").encode()
EVENTS = b"schema: 1\nhorizon: {FOMC: 2026-11-30}\nentries: []\n"


@pytest.mark.parametrize(("today", "told"), [((2026, 9, 28), 0), ((2026, 9, 29), 1), ((2027, 3, 1), 1)])
def test_list_that_ends_soon_or_has_ended_is_told(today: tuple[int, int, int], told: int) -> None:
    notices = list(outdated({"strategies/puts.yaml": ASKS, "strategies/events.yaml": EVENTS}, date(*today)))

    assert len(notices) == told
    assert all("knows FOMC to 2026-11-30 only: puts asks 2 days ahead" in one for one in notices)


@pytest.mark.parametrize(
    "texts",
    [
        {"puts.yaml": STRATEGY.encode()},
        {"puts.yaml": b"broken: [", "events.yaml": EVENTS},
        {"puts.yaml": ASKS, "events.yaml": b"horizon: never"},
    ],
)
def test_who_does_not_ask_or_is_broken_hears_nothing_of_it(texts: dict[str, bytes]) -> None:
    assert list(outdated(texts, date(2027, 1, 1))) == []


@pytest.mark.parametrize("beside", [{}, {"events.yaml": EVENTS}])
@pytest.mark.parametrize(("today", "told"), [((2026, 12, 18), 0), ((2026, 12, 19), 1)])
def test_view_whose_day_has_passed_is_told_with_a_list_of_events_and_without(
    beside: dict[str, bytes], today: tuple[int, int, int], told: int
) -> None:
    viewed = STRATEGY.replace("  keep: 3\n", "  keep: 3\n  rank: expected_value at up\n")
    viewed += "views: {up: SPX above $6,200 by 18 Dec 2026}\n"

    notices = list(outdated({"puts.yaml": viewed.encode(), **beside}, date(*today)))

    assert len(notices) == told
    assert all("the view 'up' was by 18 Dec 2026, which has passed" in one for one in notices)
