"""An opening waits for account values of the last minute; what is older than 200 seconds is unknown everywhere."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.domain.decision import Approve, Decision, DenyEntry, Propose, RefreshAccount, Reply
from engine.domain.facts.orders import ApprovalAsked
from engine.domain.ledger import Ledger
from engine.domain.snapshot import Answer
from tests import given

RULES = given.strategy()


def looked(age_s: float | None, known: Ledger | None = None, *, asked_s: float | None = None, **more: object) -> list[Decision]:
    reported_at = None if age_s is None else given.NOW - timedelta(seconds=age_s)
    requested_at = None if asked_s is None else given.NOW - timedelta(seconds=asked_s)
    account = replace(given.account(), reported_at=reported_at)
    is_answered = requested_at is None or (reported_at is not None and reported_at >= requested_at)
    asked = {"account_requested_at": requested_at, "account_awaited_since": None if is_answered else requested_at}
    return decide(given.snapshot(known, account=account, **asked, **more), given.rulebook(RULES))


def kinds(decisions: list[Decision]) -> list[type]:
    return [type(one) for one in decisions if isinstance(one, Propose | DenyEntry | RefreshAccount)]


@pytest.mark.parametrize(
    ("age_s", "asked_s", "made"),
    [
        (0, None, [Propose]),
        (60, None, [Propose]),
        (61, None, [RefreshAccount]),
        (201, None, [RefreshAccount]),
        (None, None, [RefreshAccount]),
        (61, 1, []),  # the answer may still come
        (61, 6, [RefreshAccount]),
        (61, 11, [DenyEntry, RefreshAccount]),  # it did not: that is said, and asked on
        (61, 70, [RefreshAccount]),  # that question was answered a minute ago
        (2, 70, [Propose]),
    ],
)
def test_opening_waits_for_values_of_the_last_minute(age_s: float | None, asked_s: float | None, made: list[type]) -> None:
    assert kinds(looked(age_s, asked_s=asked_s)) == made


def test_values_that_are_not_told_again_are_said() -> None:
    (denied,) = (one for one in looked(75, asked_s=12) if isinstance(one, DenyEntry))

    assert str(denied.fact.obstacle) == "account_values: told 75 s ago cannot be held against 60 s (broker)"


@pytest.mark.parametrize("more", [{"is_connected": False}, {"session": None}, {"data": "delayed"}])
def test_nobody_asks_where_nothing_could_be_opened_anyway(more: dict[str, object]) -> None:
    assert RefreshAccount not in kinds(looked(150, **more))


def test_order_that_waits_for_a_yes_keeps_the_account_young() -> None:
    waiting = [
        given.proposal(by=RULES, worst="0.74"),
        given.previewed(),
        ApprovalAsked("o1", given.NOW + timedelta(minutes=9), Decimal("0.80"), "manual"),
    ]
    known = given.ledger(*waiting, at=given.NOW)

    assert [kinds(looked(age_s, known)) for age_s in (45, 46)] == [[], [RefreshAccount]]


def test_yes_is_not_taken_on_older_values() -> None:
    rules = given.strategy()
    quote = {"p580": {"bid": 2.00, "ask": 2.02}, "p575": {"bid": 1.20, "ask": 1.22}}
    waiting = [
        given.proposal(by=rules, worst="0.74"),
        given.previewed(),
        ApprovalAsked("o1", given.NOW + timedelta(minutes=9), Decimal("0.80"), "manual"),
    ]
    yes = (Answer("o1", True, "trader"),)

    def answer(age_s: float) -> list[Decision]:
        known = given.ledger(*waiting, at=given.NOW)
        made = looked(age_s, known, chain=given.chain(**quote), answers=yes)
        return [one for one in made if isinstance(one, Approve | Reply)]

    assert isinstance(answer(60)[0], Approve)
    (reply,) = answer(61)
    assert isinstance(reply, Reply)
    assert "account_values" in reply.text
