"""What became of the orders that were sent, counted once each."""

from datetime import timedelta
from decimal import Decimal

from engine.domain.facts.orders import OrderCanceled, OrderRejected
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.runtime.outcomes import Outcomes
from tests import given


def seen(*facts: Fact) -> Outcomes:
    """What an observer counted of facts that came a second apart."""
    ledger = Ledger()
    outcomes, at = Outcomes(ledger), given.NOW
    for fact in facts:
        at += timedelta(seconds=1)
        if ledger.apply(fact, at):
            outcomes.saw(fact, at)
    return outcomes


def test_filled_order_counts_once_with_its_time_and_what_it_cost_beside_its_first_price() -> None:
    order = given.proposal(limit="0.80")

    outcomes = seen(*given.working(order), *given.fills(order, net="0.75"))

    assert outcomes.orders == {"filled": 1, "partly filled": 0, "rejected": 0, "given up": 0}
    assert outcomes.fill_seconds.count == 1
    assert outcomes.slippage_usd["open"].total == float(Decimal("0.05"))
    assert outcomes.slippage_usd["close"].count == 0


def test_orders_that_end_without_a_fill_count_by_how_they_ended() -> None:
    first, second = given.proposal("o1"), given.proposal("o2")

    outcomes = seen(
        *given.working(first), OrderCanceled("o1", "given up"), *given.sent(second), OrderRejected("o2", 201, "no margin")
    )

    assert outcomes.orders == {"filled": 0, "partly filled": 0, "rejected": 1, "given up": 1}
    assert outcomes.fill_seconds.count == 0


def test_same_end_told_twice_counts_once_and_a_fill_after_the_end_counts_as_filled() -> None:
    order = given.proposal("o1")
    ended = [*given.working(order), OrderCanceled("o1", "given up"), OrderCanceled("o1", "told again")]

    assert seen(*ended).orders["given up"] == 1
    assert seen(*ended, *given.fills(order)).orders == {"filled": 1, "partly filled": 0, "rejected": 0, "given up": 1}


def test_what_was_sent_by_an_earlier_run_is_not_counted() -> None:
    order = given.proposal("o1")
    ledger = given.ledger(*given.working(order))
    outcomes = Outcomes(ledger)
    for fact in given.fills(order):
        ledger.apply(fact, given.NOW)
        outcomes.saw(fact, given.NOW)

    assert sum(outcomes.orders.values()) == 0
