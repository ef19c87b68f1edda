"""A candidate that a person has picked: the same gates as any other, no more and no worse than the strategy would have it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.order.requests import subject
from engine.domain.decision import Approve, Ask, Decision, Propose, Reply
from engine.domain.facts.halts import Halted, OpeningsPaused
from engine.domain.facts.orders import OrderProposed
from engine.domain.ledger import Ledger
from engine.domain.snapshot import OpenAsked
from tests import given

PUTS = given.strategy()


def look(known: Ledger, *picks: OpenAsked, **more: object) -> list[Decision]:
    now = given.snapshot(known, requests=picks, **more)  # type: ignore[arg-type]
    return decide(now, given.rulebook(PUTS, account=given.limits()))


def proposals(decisions: list[Decision]) -> list[OrderProposed]:
    return [one.order for one in decisions if isinstance(one, Propose)]


def replies(decisions: list[Decision]) -> list[str]:
    return [one.text for one in decisions if isinstance(one, Reply)]


def best() -> OrderProposed:
    """What the strategy would propose by itself."""
    (order,) = proposals(look(given.ledger()))
    return order


BEST = best()
PICK = OpenAsked("puts", BEST.spread.key, "ada", "looks good")


def test_pick_becomes_the_order_that_the_strategy_would_have_made_in_that_persons_name() -> None:
    (order,) = proposals(look(given.ledger(), PICK))

    assert order.asked_by == "ada"
    assert order.reason.startswith("picked by ada: looks good; rank 1")
    assert replace(order, asked_by=None, reason=BEST.reason, verdicts=BEST.verdicts) == BEST
    assert {verdict.answer for verdict in order.verdicts} == {"pass"}


def test_fewer_and_better_is_allowed_and_the_limit_is_the_worst_it_may_get() -> None:
    dearer = BEST.worst + Decimal("0.02")

    (order,) = proposals(look(given.ledger(), replace(PICK, quantity=1, limit=dearer)))

    assert (order.quantity, order.worst) == (1, dearer)
    assert order.limit >= dearer


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"quantity": BEST.quantity + 1}, f"size: {BEST.quantity + 1} beyond 1 to {BEST.quantity}"),
        ({"limit": BEST.worst - Decimal("0.05")}, "price: "),
        ({"limit": BEST.worst + Decimal("0.001")}, "a price in steps of"),
        ({"limit": Decimal("9.00")}, "a price at which it can both win and lose"),
        ({"shown_net": BEST.limit + Decimal("0.50")}, "you were shown"),
        ({"key": "+1x1|-1x2"}, "it is not among what the rules of puts let through now"),
        ({"strategy": "calls"}, "no strategy calls opens anything"),
    ],
)
def test_what_is_not_allowed_is_not_proposed_and_the_reply_says_why(change: dict[str, object], why: str) -> None:
    decisions = look(given.ledger(), replace(PICK, **change))  # type: ignore[arg-type]

    assert [order for order in proposals(decisions) if order.asked_by] == []
    (text,) = replies(decisions)
    assert text.startswith("nothing was proposed: ")
    assert why in text


def test_every_gate_holds_for_a_pick() -> None:
    halted = look(given.ledger(Halted("bob", "lunch")), PICK)
    paused = look(given.ledger(OpeningsPaused("puts", "bob", "CPI")), PICK)

    assert replies(halted) == ["nothing was proposed: halt: halted by bob beyond not halted (engine)"]
    assert replies(paused) == ["nothing was proposed: paused: paused by bob: CPI beyond not paused (engine)"]
    assert proposals(halted) == proposals(paused) == []


def test_two_who_pick_at_once_get_one_order_and_the_strategy_adds_none() -> None:
    decisions = look(given.ledger(), PICK, replace(PICK, by="bob"))

    assert len(proposals(decisions)) == 1


def test_pick_is_approved_in_that_persons_name_after_the_preview_unless_the_price_moved() -> None:
    (order,) = proposals(look(given.ledger(), PICK))
    known = given.told(given.ledger(), order, given.previewed(order.order_ref))
    moved = replace(order, candidate={**(order.candidate or {}), "net": float(order.limit) + 1})

    approved = [one for one in look(known) if isinstance(one, Approve | Ask)]
    later = given.told(given.ledger(), moved, given.previewed(order.order_ref))
    asked = [one for one in look(later) if isinstance(one, Approve | Ask)]

    assert [type(one) for one in approved] == [Approve]
    assert isinstance(approved[0], Approve)
    assert approved[0].by == "ada"
    assert [type(one) for one in asked] == [Ask]


def test_request_is_about_the_candidate_by_its_name() -> None:
    assert subject(PICK) == f"puts:{BEST.spread.key}"
