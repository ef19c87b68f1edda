"""An opening made safer by a person: fewer spreads and a better worst price, never the other way."""

from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.domain.decision import Decision, Reply, Reprice, Tighten, facts_of
from engine.domain.facts.orders import ApprovalAsked, CancelRequested, OrderAcknowledged, OrderApproved, OrderProposed, OrderSent
from engine.domain.ledger import Ledger
from engine.domain.snapshot import TightenAsked
from tests import given
from tests.core.decide.watching import costs, position

PUTS = given.strategy()
ORDER = given.proposal(quantity=3, by=PUTS)
ASKED = [ORDER, given.previewed(), ApprovalAsked("o1", given.NOW, Decimal("0.80"), "the strategy asks")]
WORKING = [
    *ASKED[:2],
    OrderApproved("o1", "ada", ORDER.limit),
    OrderSent("o1", ORDER.limit),
    OrderAcknowledged("o1", 77, 5, "Submitted"),
]


def look(known: Ledger, *, quantity: int | None = None, worst: str | None = None, ref: str = "o1") -> list[Decision]:
    asked = TightenAsked(ref, "ada", "less", quantity, None if worst is None else Decimal(worst))
    now = given.snapshot(known, requests=(asked,))
    decisions = decide(now, given.rulebook(PUTS, account=given.limits()))
    return [one for one in decisions if isinstance(one, Tighten | Reply | Reprice)]


def text(decisions: list[Decision]) -> str:
    (reply,) = decisions
    assert isinstance(reply, Reply)
    return reply.text


def test_waiting_opening_becomes_smaller_and_dearer() -> None:
    known = given.ledger(*ASKED)

    (decision,) = look(known, quantity=1, worst=str(ORDER.worst + Decimal("0.01")))

    assert isinstance(decision, Tighten)
    given.told(known, *facts_of(decision))
    order = known.orders["o1"]
    assert (order.quantity, order.proposed.worst) == (1, ORDER.worst + Decimal("0.01"))
    assert (order.state, order.is_asked) == ("previewed", True)
    assert order.proposed.max_loss == (ORDER.max_loss / 3).quantize(Decimal("0.01"), rounding="ROUND_CEILING")
    assert order.proposed.limit >= order.proposed.worst


def test_order_that_works_below_the_new_worst_is_repriced_at_once_and_never_walks_below_it() -> None:
    known = given.ledger(*WORKING)
    better = ORDER.limit + Decimal("0.05")

    change, price = look(known, worst=str(better))

    assert isinstance(change, Tighten)
    assert isinstance(price, Reprice)
    assert price.limit == better
    given.told(known, *facts_of(change), *facts_of(price))
    assert (known.orders["o1"].limit, known.orders["o1"].proposed.worst) == (better, better)
    assert not [one for one in look(known, ref="other") if isinstance(one, Reprice)]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"quantity": 4}, "it is for 3, and may become fewer but not 4"),
        ({"worst": str(ORDER.worst - Decimal("0.01"))}, "is worse"),
        ({"worst": str(ORDER.worst + Decimal("0.001"))}, "they go in steps of 0.01"),
        ({"worst": "5.00"}, "it cannot both win and lose there"),
        ({"quantity": 3}, "it is so already"),
        ({}, "it is so already"),
        ({"ref": "o9", "quantity": 1}, "no order o9"),
    ],
)
def test_nothing_else_is_changed_and_the_reply_says_why(change: dict[str, object], why: str) -> None:
    assert why in text(look(given.ledger(*ASKED), **change))  # type: ignore[arg-type]


def test_size_of_an_order_that_works_stays_and_one_that_ends_is_left_alone() -> None:
    assert "the size of an order that works is not changed" in text(look(given.ledger(*WORKING), quantity=1))

    ending = given.ledger(*WORKING, CancelRequested("o1", "halted"))
    assert "its cancel is on its way" in text(look(ending, worst=str(ORDER.limit + Decimal("0.05"))))


def test_close_is_not_made_slower() -> None:
    known = position()
    close = OrderProposed(
        "c1", "close", "puts", PUTS.digest, "s", "o1", known.positions["o1"].spread, 1, Decimal("-0.60"), Decimal("-0.62"),
        Decimal(0), Decimal(1), "by ada", asked_by="ada",
    )  # fmt: skip
    given.told(known, close)

    asked = TightenAsked("c1", "ada", "", None, Decimal("-0.60"))
    decisions = decide(given.snapshot(known, costs("0.60"), requests=(asked,)), given.rulebook(PUTS))

    assert [one.text for one in decisions if isinstance(one, Reply)] == [
        "nothing was changed: c1 closes, and a better price would only make that slower; cancel it instead"
    ]
