"""An outdated list of events opens nothing: whoever checks or starts is told before it happens."""

from datetime import date

import pytest

from engine.cli.horizon import outdated
from tests.faces.given import STRATEGY

ASKS = STRATEGY.replace("  - vix between 12 and 35\n", "  - vix between 12 and 35\n  - no event within 2 days\n").encode()
EVENTS = b"schema: 1\nhorizon: 2026-11-30\nentries: []\n"


@pytest.mark.parametrize(("today", "told"), [((2026, 11, 21), 0), ((2026, 11, 22), 1), ((2027, 3, 1), 1)])
def test_list_that_ends_soon_or_has_ended_is_told(today: tuple[int, int, int], told: int) -> None:
    notices = list(outdated({"puts.yaml": ASKS, "events.yaml": EVENTS}, date(*today)))

    assert len(notices) == told
    assert all(
        "complete to 2026-11-30 only: puts asks 2 days ahead, so after 2026-11-28 that is unknown" in one for one in notices
    )


def test_absent_list_is_told() -> None:
    (notice,) = outdated({"strategies/puts.yaml": ASKS}, date(2026, 11, 1))

    assert notice == "puts asks for events, and there is no events.yaml: that is unknown, and it opens nothing"


@pytest.mark.parametrize(
    "texts",
    [
        {"puts.yaml": STRATEGY.encode()},
        {"puts.yaml": ASKS.replace(b"schema: 1", b"schema: 1\nenabled: false")},
        {"puts.yaml": b"broken: [", "events.yaml": EVENTS},
        {"puts.yaml": ASKS, "events.yaml": b"horizon: never"},
    ],
)
def test_who_does_not_ask_is_off_or_is_broken_hears_nothing_of_it(texts: dict[str, bytes]) -> None:
    assert list(outdated(texts, date(2027, 1, 1))) == []
