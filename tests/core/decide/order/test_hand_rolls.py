"""A roll that a person asks for: the one of the file, in that person's name, and nothing sent where it leads nowhere."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.entry.rolls import pending_rolls
from engine.decide.order.hand_rolls import HandRoll, deeds_of, hand_roll
from engine.decide.quotes import Rows
from engine.domain.decision import Decision, Propose, Reply
from engine.domain.deeds import RollDeed
from engine.domain.facts.orders import OrderExpired, OrderProposed
from engine.domain.ledger import Ledger
from engine.domain.snapshot import RollAsked
from engine.strategy.model import Strategy
from tests import given
from tests.core.decide.entry import test_side_rolls as sides
from tests.core.decide.entry.test_successors import NEAR, market

ROLL = "exits: [loss >= 900% of credit]\nroll: {{to: 50-60 days, for: {}, at_most: {}}}\nlimits: {{open: 3, per_day: 3}}\n"
ASKED = RollAsked("o1", "ada", "more time")


def rules(terms: str = "a credit", at_most: int = 1) -> Strategy:
    return given.strategy(ROLL.format(terms, at_most))


def held(by: Strategy, **more: object) -> Ledger:
    return given.ledger(*given.opened(given.proposal(of=given.spread(expiry=NEAR), by=by, **more), net="0.80"))


def seen(known: Ledger, by: Strategy, deed: RollDeed = "roll") -> HandRoll:
    chain = market()
    now = given.snapshot(known, chain, at=chain.as_of)
    return hand_roll(known.positions["o1"], deed, now, given.rulebook(by), Rows(chain))


def asked(known: Ledger, by: Strategy, request: RollAsked = ASKED) -> list[Decision]:
    chain = market()
    return decide(given.snapshot(known, chain, at=chain.as_of, requests=(request,)), given.rulebook(by))


def orders(found: list[Decision]) -> list[OrderProposed]:
    return [one.order for one in found if isinstance(one, Propose)]


def replies(found: list[Decision]) -> list[str]:
    return [one.text for one in found if isinstance(one, Reply)]


def test_what_closes_and_what_follows_are_seen_before_anything_is_sent() -> None:
    by = rules()

    roll = seen(held(by, quantity=1), by)

    assert roll.obstacle is None
    assert roll.cut is not None
    assert roll.opening is not None
    assert (roll.cut.spread.expiry, roll.opening.spread.expiry) == (NEAR, given.LATER)
    assert roll.wanted == 0
    assert roll.mid is not None
    assert roll.natural is not None
    closing, opening = Decimal("-1.00"), Decimal(str(roll.opening.candidate["net"]))  # type: ignore[index]
    assert abs(roll.mid - (closing + opening)) < Decimal("0.01")
    assert roll.natural < roll.mid


def test_roll_closes_in_the_persons_name_and_owes_its_successor() -> None:
    by = rules()
    known = held(by)

    (close,) = orders(asked(known, by))

    assert (close.purpose, close.position, close.asked_by, close.rule, close.roll) == ("close", "o1", "ada", None, "roll")
    assert close.reason == "roll: by ada: more time"
    given.told(known, *given.closed(close, at=given.NOW), at=given.NOW)
    (owed,) = pending_rolls(by, given.snapshot(known, at=given.NOW + timedelta(seconds=1)))
    assert owed.position.id == "o1"


def test_price_that_moved_since_it_was_shown_sends_nothing() -> None:
    by = rules()
    mid = seen(held(by), by).mid
    assert mid is not None

    found = asked(held(by), by, replace(ASKED, shown_net=mid + Decimal("0.40")))

    assert orders(found) == []
    assert replies(found) == [
        "nothing was sent: rolling it brings 0.51 now, you were shown that it brings 0.91; ask again to accept"
    ]
    assert orders(asked(held(by), by, replace(ASKED, shown_net=mid)))


@pytest.mark.parametrize(
    ("by", "deed", "why"),
    [
        (given.strategy(), "roll", "says not where to roll: give its file"),
        (rules("a credit of $3"), "roll", "not rolled: roll_net"),
        (rules(), "roll put side", "`roll put side` leads nowhere by the roll of puts; it can: roll"),
    ],
)
def test_roll_that_leads_nowhere_says_why(by: Strategy, deed: RollDeed, why: str) -> None:
    found = asked(held(by), by, replace(ASKED, deed=deed))

    assert orders(found) == []
    assert why in replies(found)[0]


def test_position_that_was_rolled_often_enough_is_not_rolled_by_hand_either() -> None:
    by = rules()
    before = held(by)
    close = given.proposal("c1", of=given.spread(expiry=NEAR), position="o1", limit="-1.00", roll="roll", by=by)
    given.told(before, *given.closed(close))
    again = given.proposal("o2", of=given.spread(expiry=NEAR, short=570, long=565), by=by)
    given.told(before, *given.opened(replace(again, rolled_from="o1"), net="0.80"))

    found = asked(before, by, replace(ASKED, position="o2"))

    assert replies(found) == ["nothing was sent: it was rolled 1 time, as often as puts lets it be (roll: at_most)"]


def test_roll_waits_until_the_opening_of_its_strategy_is_over() -> None:
    by = rules()
    known = held(by)
    given.told(known, given.proposal("o7", of=given.spread(short=600, long=595), by=by))

    assert replies(asked(known, by)) == [
        "nothing was sent: puts opens one at a time, and o7 is on its way: answer or cancel it first"
    ]


@pytest.mark.parametrize(("of", "is_rolled"), [(None, True), ("o1", False)])
def test_who_declined_another_opening_said_nothing_of_the_roll(of: str | None, is_rolled: bool) -> None:
    by = rules()
    known, at = held(by), given.NOW - timedelta(minutes=5)
    other = replace(given.proposal("o7", of=given.spread(short=600, long=595), by=by), rolled_from=of)
    given.told(known, other, OrderExpired("o7", "nobody answered"), at=at)

    assert (seen(known, by).obstacle is None) is is_rolled


def test_condor_offers_its_sides() -> None:
    by = sides.rules()
    known, chain = sides.held(by), sides.market()
    now, rulebook = given.snapshot(known, chain), given.rulebook(by)

    assert deeds_of(known.positions["o1"], now, rulebook) == ("roll", "roll put side", "roll call side")
    roll = hand_roll(known.positions["o1"], "roll put side", now, rulebook, Rows(chain))
    assert roll.cut is not None
    assert {leg.contract.put_call for leg in roll.cut.spread.legs} == {"P"}
    assert deeds_of(held(given.strategy()).positions["o1"], now, given.rulebook(given.strategy())) == ()
