"""Executions that the broker, asked, neither tells nor holds are taken back; where its answers differ, nothing is."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import CommissionReported, LegFilled
from engine.domain.ledger import Ledger
from engine.ports import BrokerOrder
from tests import given
from tests.shell.runtime.test_reconcile import LONG, ORDER, SENT_AT, WORKING, against, agreed, holds, order

LATER = given.NOW + timedelta(seconds=30)


def told(ledger: Ledger) -> list[LegFilled]:
    """The executions of the ledger, as the broker tells them when it is asked."""
    return [fill for one in ledger.orders.values() for fill in one.fills.values()]


def filled(spreads: int = 2) -> Ledger:
    return given.told(given.ledger(), *given.sent(ORDER), WORKING, *given.fills(ORDER, spreads, at=SENT_AT), at=SENT_AT)


def counted(spreads: int) -> BrokerOrder:
    """The order as the broker lists it among the completed ones."""
    return replace(order("filled"), filled=Decimal(spreads))


def test_an_execution_under_another_number_is_taken_back_with_what_it_cost() -> None:
    ledger = filled()
    true = told(ledger)
    invented = replace(next(fill for fill in true if fill.con_id == LONG.con_id), exec_id="x.9.01")
    paid = CommissionReported("o1", invented.exec_id, Decimal("1.30"), invented.con_id, invented.action)
    given.told(ledger, invented, paid, at=SENT_AT)

    outcome = against(ledger, executions=true, completed=[counted(2)], positions=holds(2), requested_at=LATER)

    assert replace(invented, quantity=0) in outcome.facts
    assert replace(paid, amount=Decimal(0)) in outcome.facts
    after = given.told(ledger, *(fact for fact in outcome.facts if not isinstance(fact, Reconciled)), at=LATER)
    assert after.contracts_held() == {held.con_id: int(held.quantity) for held in holds(2)}
    assert after.orders["o1"].commission == Decimal("2.60")
    given.told(after, paid, replace(paid, con_id=1), at=LATER)
    assert after.orders["o1"].commission == Decimal("2.60"), "what did not happen costs nothing, whatever is said later"


def test_invented_executions_of_two_orders_that_cancel_each_other_out_are_taken_back() -> None:
    """Given a buy and a sale of one contract that were only told wrongly; then the positions agree with and without them."""
    ledger = filled()
    close = given.proposal("c1", position="o1", quantity=2, limit="-0.40")
    given.told(ledger, *given.working(close), *given.fills(close, 1, at=SENT_AT), at=SENT_AT)
    true = told(ledger)
    bought, sold = (
        replace(next(fill for fill in true if (fill.order_ref, fill.con_id) == (ref, LONG.con_id)), exec_id=f"x.{ref}.01")
        for ref in ("o1", "c1")
    )
    given.told(ledger, bought, replace(sold, quantity=bought.quantity), at=SENT_AT)
    of_close = replace(order("working", "c1", perm_id=ledger.orders["c1"].perm_id or 0), filled=Decimal(1))

    outcome = against(ledger, executions=true, completed=[counted(2)], open=[of_close], positions=holds(1), requested_at=LATER)

    taken_back = {fact.order_ref for fact in outcome.facts if isinstance(fact, LegFilled) and not fact.quantity}
    assert taken_back == {"o1", "c1"}


def test_an_order_that_filled_only_in_a_wrong_message_is_asked_about_and_works_on() -> None:
    ledger = filled()

    outcome = against(ledger, open=[order()], requested_at=LATER)

    after = given.told(ledger, *outcome.facts, at=LATER)
    assert after.orders["o1"].filled == 0
    assert not after.orders["o1"].is_over
    assert after.contracts_held() == {}
    assert after.positions == {}


def test_nothing_is_taken_back_while_the_positions_hold_it() -> None:
    ledger = filled()

    outcome = against(ledger, open=[order()], positions=holds(2), requested_at=LATER)

    assert not [fact for fact in outcome.facts if isinstance(fact, LegFilled)]


def test_nothing_is_taken_back_that_the_order_counts_as_filled() -> None:
    """A person sold it by hand, and TWS tells no executions of before its restart."""
    ledger = filled()

    outcome = against(ledger, completed=[counted(2)], requested_at=LATER)

    assert not [fact for fact in outcome.facts if isinstance(fact, LegFilled)]
    assert not agreed(outcome)


def test_nothing_is_taken_back_of_an_order_that_the_broker_does_not_list() -> None:
    outcome = against(filled(), requested_at=LATER)

    assert not [fact for fact in outcome.facts if isinstance(fact, LegFilled)]
    assert not agreed(outcome)


def test_nothing_is_taken_back_that_was_heard_after_the_broker_was_asked() -> None:
    ledger = filled()

    outcome = against(ledger, open=[order()], requested_at=SENT_AT - timedelta(seconds=1))

    assert not [fact for fact in outcome.facts if isinstance(fact, LegFilled)]


def test_nothing_is_taken_back_of_another_day() -> None:
    ledger = filled()

    outcome = against(ledger, open=[order()], requested_at=LATER + timedelta(days=1))

    assert not [fact for fact in outcome.facts if isinstance(fact, LegFilled)]
    assert not agreed(outcome)
