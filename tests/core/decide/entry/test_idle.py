"""Idle: a strategy that cannot open now, whatever the options quote, leaves its lines to the others."""

from datetime import timedelta

import pytest

from engine.decide.entry.idle import idle
from tests import given

PUTS = given.strategy()


@pytest.mark.parametrize(
    ("snippet", "hours", "is_idle"),
    [
        ("", 0, False),
        ("when:\n  - price > $1", 0, False),
        ("when:\n  - price > $9,999", 0, True),
        ("when:\n  - vix > 10", 0, False),  # unknown here, and may become known with the next tick
        ("entry:\n  window: 10:00-11:00 New York", 3, True),
        ("entry:\n  window: 15:00-15:30 New York", 0, False),  # its quotes must be there when it begins
    ],
)
def test_by_its_market_and_its_window(snippet: str, hours: int, *, is_idle: bool) -> None:
    at = given.NOW + timedelta(hours=hours)
    looked = given.snapshot(given.ledger(), at=at, market={"SPY": given.market(vix=None)})

    found = idle(looked, given.rulebook(given.strategy(snippet)))

    assert found == ({"puts"} if is_idle else frozenset())


def test_one_that_has_opened_all_it_may_today_is_idle() -> None:
    rules = given.strategy("limits: {open: 5, per_day: 1}")
    known = given.ledger(*given.opened(given.proposal(by=rules), at=given.NOW - timedelta(minutes=30)))

    assert idle(given.snapshot(known), given.rulebook(rules)) == {"puts"}
    assert idle(given.snapshot(), given.rulebook(rules)) == frozenset()
