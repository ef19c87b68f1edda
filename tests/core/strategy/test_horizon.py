"""An outdated list of events opens nothing: whoever asks for one is told two months before it happens."""

from datetime import date

import pytest

from engine.strategy.events import Events
from engine.strategy.horizon import ending
from engine.strategy.parse import parse_events
from tests import given

FOMC = "FOMC: 2026-11-30"


def asking(*lines: str, snippet: str = "") -> list[str]:
    """What is said on a day long before the horizon of FOMC."""
    return told(lines, date(2026, 6, 1), FOMC, snippet)


def told(lines: tuple[str, ...], today: date, horizon: str | None = FOMC, snippet: str = "") -> list[str]:
    when = "when:\n" + "".join(f"  - {line}\n" for line in lines) if lines else ""
    return list(ending([given.strategy(f"{when}{snippet}")], listed(horizon) if horizon else None, today))


def listed(horizon: str) -> Events:
    events = parse_events(f"schema: 1\nhorizon: {{{horizon}}}\nsources: {{FOMC: federalreserve.gov}}\n").value
    assert events is not None
    return events


@pytest.mark.parametrize(("today", "is_told"), [(date(2026, 9, 28), False), (date(2026, 9, 29), True), (date(2027, 3, 1), True)])
def test_kind_that_ends_within_sixty_days_or_has_ended_is_told(today: date, is_told: bool) -> None:
    notices = told(("no FOMC within 2 days",), today)

    said = (
        "events.yaml knows FOMC to 2026-11-30 only: puts asks 2 days ahead, so after 2026-11-28 that is unknown, and it opens"
        " nothing; add its next days (federalreserve.gov), then move its horizon"
    )
    assert notices == ([said] if is_told else [])


def test_kind_that_is_not_asked_for_may_end() -> None:
    assert told(("no CPI today",), date(2026, 6, 1), "CPI: 2027-12-31, FOMC: 2026-06-30") == []


def test_strategy_that_asks_for_what_is_not_listed_is_told_what_it_can_ask_for() -> None:
    (of_all,) = asking("no event within 2 days")
    (of_one,) = asking("no CPI today")

    assert of_all == (
        "puts asks for CPI and NFP, and events.yaml has no horizon for them: that is unknown, and it opens nothing; write"
        "  no FOMC within 2 days  or add their days and horizon"
    )
    assert of_one == (
        "puts asks for CPI, and events.yaml has no horizon for it: that is unknown, and it opens nothing; remove the line, or add"
        " its days and horizon"
    )


def test_absent_list_is_told() -> None:
    assert told(("no FOMC within 2 days",), date(2026, 6, 1), None) == [
        "puts asks for FOMC, and there is no events.yaml: that is unknown, and it opens nothing"
    ]


def test_who_does_not_ask_or_is_off_hears_nothing_of_it() -> None:
    assert told((), date(2027, 1, 1)) == []
    assert told(("no FOMC today",), date(2027, 1, 1), snippet="enabled: false") == []
