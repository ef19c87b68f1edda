"""Whether anybody looks: what is said, once, and that a look lifts it."""

from datetime import timedelta

import pytest

from engine.decide.risk.gate import strategy_obstacle
from engine.domain.facts.account import Reconciled
from engine.domain.facts.running import EngineStarted, LinkChanged, LookMissed, PersonLooked
from engine.domain.ledger import Ledger
from engine.domain.looks import look_facts
from tests import given

DAYS = 14
LOOKED = given.NOW - timedelta(days=20)
SEEN = PersonLooked("ada", "GET /v1/status")


def looked(at=LOOKED, mode: str = "paper") -> Ledger:
    known = given.told(Ledger(), EngineStarted("0.1", mode, given.JOURNAL_ID), at=LOOKED - timedelta(days=5))
    return given.told(known, SEEN, LinkChanged("up", None, "connected"), Reconciled(()), at=at)


def told(known: Ledger, at) -> list[LookMissed]:
    """What is said at an instant, and kept."""
    facts = list(look_facts(at, known.looks, DAYS))
    given.told(known, *facts, at=at)
    return facts


def test_a_day_before_and_when_openings_pause_it_is_said_once() -> None:
    known = looked()

    assert told(known, LOOKED + timedelta(days=12, hours=23)) == []
    (soon,) = told(known, LOOKED + timedelta(days=13))
    assert not soon.is_paused
    assert "opens nothing; any command does" in soon.text
    assert told(known, LOOKED + timedelta(days=13, hours=5)) == []
    (paused,) = told(known, LOOKED + timedelta(days=14))
    assert paused.is_paused
    assert told(known, LOOKED + timedelta(days=30)) == []


def test_a_look_lifts_it_and_counts_from_then_on() -> None:
    known = looked()
    told(known, LOOKED + timedelta(days=14))
    again = LOOKED + timedelta(days=15)
    given.told(known, SEEN, at=again)

    assert told(known, again + timedelta(days=1)) == []
    assert [one.is_paused for one in told(known, again + timedelta(days=13))] == [False]


def test_first_start_counts_where_nobody_ever_looked_and_later_ones_do_not() -> None:
    known = given.ledger()
    first = known.looks.at
    given.told(known, EngineStarted("0.1", "paper", given.JOURNAL_ID), at=given.NOW + timedelta(days=9))

    assert first is not None
    assert known.looks.at == first


def test_looks_within_the_hour_are_no_news_but_for_one_that_lifts() -> None:
    known = looked()

    assert not known.looks.is_news(LOOKED + timedelta(minutes=59))
    assert known.looks.is_news(LOOKED + timedelta(hours=1))
    told(known, LOOKED + timedelta(days=13))
    assert known.looks.is_news(LOOKED + timedelta(days=13))


@pytest.mark.parametrize(
    ("snippet", "mode", "days", "gate"),
    [
        (given.AUTO, "paper", 14, "looked_at"),
        (given.AUTO, "paper", 13, None),
        (given.AUTO, "sim", 14, None),
        ("", "paper", 14, None),
    ],
)
def test_only_openings_that_ask_nobody_are_paused(snippet: str, mode: str, days: int, gate: str | None) -> None:
    strategy = given.strategy(snippet)
    known = looked(given.NOW - timedelta(days=days), mode)

    found = strategy_obstacle(strategy, given.snapshot(known), given.rulebook(strategy))

    assert (found.gate if found is not None and found.gate == "looked_at" else None) == gate
