"""What people ask for: the close of a position and the end of an order, by the engine's own way or with the reason why not."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.domain.decision import Approve, Cancel, Decision, Decline, Expire, Propose, Reply
from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import OrderCanceled, OrderProposed
from engine.domain.ledger import Ledger
from engine.domain.snapshot import CancelAsked, CloseAsked, Request
from tests import given
from tests.core.decide.watching import costs, position

PUTS = given.strategy()
CLOSE = CloseAsked("o1", "trader", "out for the week", Decimal("-0.60"))


def look(known: Ledger, *requests: Request, net: str = "0.60", **more: object) -> list[Decision]:
    now = given.snapshot(known, costs(net), requests=requests, **more)  # type: ignore[arg-type]
    return decide(now, given.rulebook(PUTS, account=given.limits()))


def orders(decisions: list[Decision]) -> list[OrderProposed]:
    return [one.order for one in decisions if isinstance(one, Propose) and one.order.purpose == "close"]


def replies(decisions: list[Decision]) -> list[str]:
    return [one.text for one in decisions if isinstance(one, Reply)]


def test_close_that_a_person_asks_for_is_one_order_in_that_persons_name() -> None:
    (order,) = orders(look(position(quantity=2), CLOSE))

    assert (order.purpose, order.position, order.quantity, order.asked_by) == ("close", "o1", 2, "trader")
    assert order.reason == "by trader: out for the week"
    assert (order.limit, order.worst) == (Decimal("-0.60"), Decimal("-0.62"))


def test_close_that_a_person_asks_for_is_approved_in_that_persons_name() -> None:
    known = position()
    (order,) = orders(look(known, CLOSE))
    given.told(known, order)

    approved = [one for one in look(known) if isinstance(one, Approve)]

    assert [(one.order_ref, one.by) for one in approved] == [(order.order_ref, "trader")]


def test_two_who_ask_at_once_get_one_close() -> None:
    decisions = look(position(), CLOSE, CloseAsked("o1", "other"))

    assert len(orders(decisions)) == 1


def test_rule_that_holds_in_the_same_beat_makes_no_second_close() -> None:
    asked = replace(CLOSE, shown_net=Decimal("-0.39"))

    assert len(orders(look(position(), asked, net="0.39"))) == 1


def test_closes_of_two_positions_have_references_of_their_own() -> None:
    known = position("o1", "o2")
    chain = given.chain(p570={"bid": 0.5, "ask": 0.52})
    two = given.snapshot(known, chain, requests=(CloseAsked("o1", "trader"), CloseAsked("o2", "trader")))

    found = orders(decide(two, given.rulebook(PUTS, account=given.limits())))

    assert [order.position for order in found] == ["o1", "o2"]
    assert len({order.order_ref for order in found}) == 2


def test_price_that_moved_since_it_was_shown_closes_nothing() -> None:
    decisions = look(position(), CLOSE, net="0.75")

    assert orders(decisions) == []
    assert replies(decisions) == ["nothing was sent: closing it costs 0.75 now, you were shown 0.60; ask again to accept"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"session": None}, "the market is closed"),
        ({"is_connected": False}, "no connection to the broker"),
        ({"data": "delayed"}, "market data is delayed"),
        ({"at": given.SESSION.close - timedelta(minutes=2)}, "outside of the hours for closing"),
    ],
)
def test_close_that_cannot_be_sent_now_says_why(more: dict[str, object], says: str) -> None:
    known = position()
    at = more.pop("at", given.NOW)
    now = given.snapshot(known, costs("0.60", at=at), at=at, requests=(CLOSE,), **more)  # type: ignore[arg-type]

    decisions = decide(now, given.rulebook(PUTS, account=given.limits()))

    assert orders(decisions) == []
    (text,) = replies(decisions)
    assert says in text


def test_close_without_quotes_says_so() -> None:
    now = given.snapshot(position(), costs("0.60", age_s=300), requests=(CLOSE,))

    assert replies(decide(now, given.rulebook(PUTS))) == ["nothing was sent: the quotes of its legs are too old, 300 s"]


def test_position_that_is_not_there_or_closed_or_being_closed_says_so() -> None:
    unknown = look(given.ledger(), CLOSE)
    closed = position()
    given.told(closed, *given.closed(given.proposal("c1", position="o1", limit="-0.40")))
    busy = position()
    given.told(busy, *given.working(given.proposal("c1", position="o1", limit="-0.40")))
    ended = position()
    given.told(ended, *given.working(given.proposal("c1", position="o1", limit="-0.40")), OrderCanceled("c1", "by hand"))
    gone = given.told(position(), Reconciled((), (), (given.spread().legs[0].contract.con_id,)))

    assert replies(unknown) == ["no position o1"]
    assert replies(look(closed, CLOSE)) == ["nothing was sent: it is closed already"]
    assert replies(look(busy, CLOSE)) == ["nothing was sent: a close of it is on its way: c1, working"]
    assert "its last close, c1, ended just now" in replies(look(ended, CLOSE))[0]
    assert replies(look(gone, CLOSE)) == ["nothing was sent: the broker does not hold all of it"]


def test_working_opening_is_canceled_when_a_person_asks() -> None:
    known = given.ledger(*given.working(given.proposal(by=PUTS)))

    decisions = look(known, CancelAsked("o1", "trader", "changed my mind"))

    assert [one for one in decisions if getattr(one, "order_ref", "") == "o1"] == [Cancel("o1", "by trader: changed my mind")]


def test_order_that_was_not_sent_yet_is_declined_or_given_up() -> None:
    shown = given.ledger(given.proposal(by=PUTS), given.previewed())
    approved = given.ledger(*given.sent(given.proposal(by=PUTS))[:-1])
    request = CancelAsked("o1", "trader")

    assert [one for one in look(shown, request) if getattr(one, "order_ref", "") == "o1"] == [Decline("o1", "trader", "")]
    assert [one for one in look(approved, request) if getattr(one, "order_ref", "") == "o1"] == [Expire("o1", "by trader")]


def test_close_by_a_rule_is_not_a_persons_to_cancel() -> None:
    known = position()
    given.told(known, *given.working(given.proposal("c1", position="o1", limit="-0.40")))

    assert replies(look(known, CancelAsked("c1", "trader"))) == [
        "nothing was canceled: c1 closes o1 by its exit rule (rank 1); stop the engine to act by hand in TWS"
    ]


def test_close_by_a_person_is_a_persons_to_cancel() -> None:
    known = position()
    given.told(known, *given.working(given.proposal("c1", position="o1", limit="-0.60", asked_by="trader")))

    assert Cancel("c1", "by other") in look(known, CancelAsked("c1", "other"))


def test_order_that_is_over_or_not_there_or_canceled_already_says_so() -> None:
    over = given.ledger(*given.opened(given.proposal(by=PUTS)))
    unknown = given.ledger()

    assert replies(look(over, CancelAsked("o1", "trader"))) == ["nothing was canceled: o1 is filled"]
    assert replies(look(unknown, CancelAsked("o1", "trader"))) == ["no order o1"]
