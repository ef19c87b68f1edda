"""The weekly login: reminded of before the session ends, and after it until the link was made anew; nothing twice."""

from datetime import datetime

import pytest

from engine.domain.facts.running import LinkChanged, LoginReminded
from engine.domain.ledger import Ledger
from engine.domain.login import REMINDERS, is_logged_in, login_facts, session_end
from engine.domain.session import NEW_YORK
from tests import given

BEFORE, AFTER, MONDAY = (one.says for one in REMINDERS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def connected(since: str) -> Ledger:
    return given.told(Ledger(), LinkChanged("up", None, "connected"), at=at(since))


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-25T12:00", "2026-11-29T01:00"),
        ("2026-11-29T00:59", "2026-11-29T01:00"),
        ("2026-11-29T01:00", "2026-12-06T01:00"),
        ("2026-10-31T23:00", "2026-11-01T01:00"),  # the night in which the clocks are set back
    ],
)
def test_session_ends_on_the_next_sunday_at_one_in_new_york(now: str, end: str) -> None:
    assert session_end(at(now)) == at(end)


@pytest.mark.parametrize(
    ("now", "since", "told"),
    [
        ("2026-11-27T16:29", "2026-11-23T09:00", []),
        ("2026-11-27T16:30", "2026-11-23T09:00", [BEFORE]),
        ("2026-11-28T13:00", "2026-11-23T09:00", []),  # its time passed too long ago
        ("2026-11-29T12:00", "2026-11-23T09:00", [AFTER]),
        ("2026-11-29T12:00", "2026-11-29T10:00", []),  # the link was made anew, which takes the login
        ("2026-11-30T07:30", "2026-11-23T09:00", [MONDAY]),
        ("2026-11-30T07:30", "2026-11-29T23:50", []),
        ("2026-12-01T12:00", "2026-11-23T09:00", []),
    ],
)
def test_reminder_comes_at_its_time_and_after_the_end_only_where_no_login_was_seen(now: str, since: str, told: list[str]) -> None:
    assert [fact.text for fact in login_facts(at(now), connected(since))] == told


def test_reminder_is_given_once_also_after_a_restart() -> None:
    known = connected("2026-11-23T09:00")
    (fact,) = login_facts(at("2026-11-27T16:30"), known)

    given.told(known, fact, at=at("2026-11-27T16:30"))

    assert isinstance(fact, LoginReminded)
    assert list(login_facts(at("2026-11-27T16:31"), known)) == []
    assert len(list(login_facts(at("2026-11-29T12:00"), known))) == 1


def test_link_that_is_down_was_not_logged_in() -> None:
    known = connected("2026-11-29T10:00")
    assert is_logged_in(at("2026-11-29T11:00"), known)

    given.told(known, LinkChanged("down", None, "gone"), at=at("2026-11-29T12:00"))

    assert not is_logged_in(at("2026-11-29T12:01"), known)
