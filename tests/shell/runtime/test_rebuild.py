"""Fills that nobody heard and the broker tells no more: made again where they explain its positions, and only there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import LegFilled, OrderAbsent, OrderAcknowledged, OrderCanceled, OrderProposed, OrderUnknown
from engine.domain.facts.running import LinkChanged
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.spread import Spread
from engine.domain.waited import Leap
from engine.ports import BrokerOrder, BrokerPosition, BrokerState
from engine.runtime.reconcile import Outcome, reconcile
from tests import given

ORDER = given.proposal(quantity=2)
SHORT, LONG = (leg.contract for leg in ORDER.spread.legs)
UNKNOWN = OrderUnknown("o1", "the engine was restarted")
SENT_AT = given.NOW - timedelta(days=3)
BACK_AT = given.NOW - timedelta(seconds=31)
"""The link stands again so long before the question."""
UP = LinkChanged("up", None, "connected")


def night(*facts: Fact, order: OrderProposed = ORDER) -> Ledger:
    """Sent on another day, and back half a minute ago."""
    known = given.told(given.ledger(at=SENT_AT), *given.working(order), *facts, at=SENT_AT)
    return given.told(known, UNKNOWN, UP, at=BACK_AT)


def holds(contracts: int, of: Spread = ORDER.spread, *, costs: Sequence[str] = ("199.35", "120.65")) -> list[BrokerPosition]:
    """What the broker holds when the spread is open so often; the short at 2.00 and the long at 1.20, less and plus 65 cents."""
    return [
        BrokerPosition(leg.contract.con_id, "SPY", str(leg.contract), Decimal(leg.sign * contracts), average_cost=Decimal(cost))
        for leg, cost in zip(of.legs, costs, strict=True)
    ]


def completed(status: str, filled: int, ended_at: datetime | None = None) -> BrokerOrder:
    return BrokerOrder("o1", given.perm_id("o1"), 7, status, Decimal(filled), "", ended_at=ended_at)


def against(
    known: Ledger,
    *,
    completed: Sequence[BrokerOrder] = (),
    executions: Sequence[Fact] = (),
    positions: Sequence[BrokerPosition] = (),
    requested_at: datetime = given.NOW,
) -> Outcome:
    state = BrokerState("DU1", (), tuple(completed), tuple(executions), tuple(positions))
    return reconcile(known, state, requested_at, requested_at)


def after(known: Ledger, outcome: Outcome) -> Ledger:
    return given.told(known, *outcome.facts)


def made(outcome: Outcome) -> list[LegFilled]:
    return [fact for fact in outcome.facts if isinstance(fact, LegFilled)]


def is_agreed(outcome: Outcome) -> bool:
    return isinstance(outcome.facts[-1], Reconciled) and not outcome.facts[-1].differences


def test_fill_of_an_earlier_day_is_made_again_from_completed_order_and_positions() -> None:
    ended, perm_id = SENT_AT + timedelta(minutes=1), given.perm_id("o1")
    known = night()

    outcome = against(known, completed=[completed("filled", 2, ended)], positions=holds(2, costs=("203.35", "120.65")))

    assert made(outcome) == [
        LegFilled("o1", f"o1/{SHORT.con_id}/1-2", SHORT.con_id, "sell", 2, Decimal("2.0335"), ended, perm_id, provisional=True),
        LegFilled("o1", f"o1/{LONG.con_id}/1-2", LONG.con_id, "buy", 2, Decimal("1.2065"), ended, perm_id, provisional=True),
    ]
    assert is_agreed(outcome)
    position = after(known, outcome).positions["o1"]
    assert (position.quantity, position.opened_at, position.opening_net) == (2, ended, Decimal("0.827"))


def test_no_limit_order_is_taken_to_have_filled_worse_than_its_limit() -> None:
    """The average cost has the commission in it."""
    known = night()

    folded = after(known, against(known, positions=holds(2)))

    assert folded.positions["o1"].opening_net == ORDER.limit


@pytest.mark.parametrize("filled", [1, 2])
def test_positions_alone_tell_how_much_filled_where_the_completed_order_is_gone_as_well(filled: int) -> None:
    known = night()

    outcome = against(known, positions=holds(filled))

    folded = after(known, outcome)
    assert is_agreed(outcome)
    assert folded.positions["o1"].quantity == filled
    assert folded.orders["o1"].state == ("filled" if filled == 2 else "canceled")
    assert folded.positions["o1"].opened_at == SENT_AT, "no earlier than it was sent, and on that day"


def test_leg_whose_execution_was_heard_is_not_made_again() -> None:
    fill = replace(given.fills(ORDER)[0], price=Decimal("2.00"))
    known = night(fill)

    outcome = against(known, positions=holds(2))

    [one] = made(outcome)
    assert (one.con_id, one.quantity, one.provisional) == (LONG.con_id, 2, True)
    assert is_agreed(outcome)
    folded = after(known, outcome)
    assert folded.unbalanced == {}
    assert folded.positions["o1"].opening_net == ORDER.limit


def test_close_that_filled_is_made_again_at_its_limit() -> None:
    close = given.proposal("c1", position="o1", quantity=2, limit="-0.40")
    known = given.told(given.ledger(at=SENT_AT), *given.opened(ORDER, at=SENT_AT), *given.working(close), at=SENT_AT)
    given.told(known, OrderUnknown("c1", "restarted"), UP, at=BACK_AT)

    outcome = against(known)

    position = after(known, outcome).positions["o1"]
    assert is_agreed(outcome)
    assert not position.is_open
    assert position.closing_net == Decimal("-0.40")
    assert all(fill.price >= 0 for fill in known.orders["c1"].fills.values())


@pytest.mark.parametrize(
    ("positions", "told"),
    [
        (holds(3), []),
        (holds(2)[:1], []),
        (holds(-1), []),
        (holds(2), [completed("canceled", 1)]),
        (holds(1), [completed("filled", 2)]),
    ],
)
def test_nothing_is_made_of_positions_that_the_order_does_not_explain(
    positions: list[BrokerPosition], told: list[BrokerOrder]
) -> None:
    outcome = against(night(), positions=positions, completed=told)

    assert made(outcome) == []
    assert not is_agreed(outcome)
    assert not any(isinstance(fact, OrderAbsent) for fact in outcome.facts)


def test_order_is_absent_where_the_positions_show_nothing_of_it() -> None:
    known = night()

    outcome = against(known)

    assert outcome.facts[0] == OrderAbsent("o1")
    assert is_agreed(outcome)


def test_executions_are_waited_for_before_anything_is_made_of_them() -> None:
    outcome = against(night(), positions=holds(2), requested_at=BACK_AT + timedelta(seconds=29))

    assert made(outcome) == []
    assert not any(isinstance(fact, OrderAbsent | OrderCanceled) for fact in outcome.facts)


def test_time_that_the_machine_slept_makes_nothing_and_loses_no_order() -> None:
    """The clock went ahead by an hour a second after the link was back."""
    hour = timedelta(hours=1)
    leap = Leap(BACK_AT + timedelta(seconds=1) + hour, hour)
    requested_at = leap.at + timedelta(seconds=1)

    for positions in ([], holds(2)):
        state = BrokerState("DU1", (), (), (), tuple(positions))
        known = given.told(given.ledger(at=BACK_AT), *given.working(ORDER), UNKNOWN, at=BACK_AT)
        outcome = reconcile(known, state, requested_at, requested_at, (leap,))
        assert made(outcome) == []
        assert not any(isinstance(fact, OrderAbsent) for fact in outcome.facts)
        assert made(reconcile(known, state, requested_at, requested_at)) or not positions


def test_two_orders_in_one_contract_are_explained_together() -> None:
    second = given.proposal("o2", of=given.spread(short=575, long=570), quantity=1)
    known = given.told(given.ledger(at=SENT_AT), *given.working(ORDER), *given.working(second), at=SENT_AT)
    given.told(known, UNKNOWN, OrderUnknown("o2", ""), UP, at=BACK_AT)
    lowest = second.spread.legs[1].contract
    rows = [
        BrokerPosition(con_id, "SPY", "", Decimal(quantity))
        for con_id, quantity in ((SHORT.con_id, -2), (LONG.con_id, 1), (lowest.con_id, 1))
    ]

    folded = after(known, against(known, positions=rows))

    assert {ref: position.quantity for ref, position in folded.positions.items()} == {"o1": 2, "o2": 1}


def test_which_of_two_orders_in_one_spread_has_filled_is_not_guessed() -> None:
    second = given.proposal("o2", quantity=2)
    known = given.told(given.ledger(at=SENT_AT), *given.working(ORDER), *given.working(second), at=SENT_AT)
    given.told(known, UNKNOWN, OrderUnknown("o2", ""), UP, at=BACK_AT)

    assert made(against(known, positions=holds(2))) == []


def test_order_whose_contracts_have_expired_since_is_taken_at_the_brokers_word() -> None:
    past = given.spread(expiry=(given.NOW - timedelta(days=1)).date())
    order = given.proposal(of=past, quantity=2)

    assert len(made(against(night(order=order), completed=[completed("filled", 2)]))) == 2
    assert against(night(order=order)).facts[0] == OrderAbsent("o1")


def test_real_executions_take_the_place_of_those_that_were_made() -> None:
    known = night()
    after(known, against(known, positions=holds(2)))
    given.told(known, *given.fills(ORDER, net="0.83"))

    order = known.orders["o1"]
    assert order.state == "filled"
    assert order.net_filled == Decimal("0.83")
    assert not any(fill.provisional for fill in order.fills.values())
    assert known.unbalanced == {}


def canceled(*later: Fact, filled: int = 0, at: datetime = SENT_AT) -> Ledger:
    """Canceled on another day, by what was heard of it; back half a minute ago."""
    known = given.told(given.ledger(at=at), *given.working(ORDER), *(given.fills(ORDER, filled) if filled else ()), at=at)
    given.told(known, OrderCanceled("o1", "given up"), at=at + timedelta(seconds=1))
    given.told(known, *later, at=at + timedelta(minutes=2))
    return given.told(known, UP, at=BACK_AT)


@pytest.mark.parametrize(("heard", "truly"), [(0, 1), (0, 2), (1, 2)])
@pytest.mark.parametrize("is_told", [True, False])
def test_fill_that_was_lost_after_a_cancel_is_made_again(heard: int, truly: int, is_told: bool) -> None:
    known = canceled(filled=heard)
    told = [completed("canceled", truly)] if is_told else []

    outcome = against(known, positions=holds(truly), completed=told)

    assert {(fact.quantity, fact.provisional) for fact in made(outcome)} == {(truly - heard, True)}
    assert is_agreed(outcome)
    assert after(known, outcome).positions["o1"].quantity == truly


def test_close_whose_fill_was_lost_after_a_cancel_is_made_again() -> None:
    close = given.proposal("c1", position="o1", quantity=2, limit="-0.40")
    known = given.told(given.ledger(at=SENT_AT), *given.opened(ORDER, at=SENT_AT), *given.working(close), at=SENT_AT)
    given.told(known, OrderCanceled("c1", "given up"), at=SENT_AT)
    given.told(known, UP, at=BACK_AT)

    outcome = against(known)

    assert is_agreed(outcome)
    assert not after(known, outcome).positions["o1"].is_open


def test_nothing_is_opened_while_a_fill_lost_after_a_cancel_may_still_be_told() -> None:
    outcome = against(canceled(), positions=holds(2), requested_at=BACK_AT + timedelta(seconds=29))

    assert made(outcome) == []
    assert not is_agreed(outcome)


def test_what_a_person_traded_after_books_that_agreed_with_the_cancel_is_not_taken_for_its_fill() -> None:
    outcome = against(canceled(Reconciled(())), positions=holds(2))

    assert made(outcome) == []
    assert is_agreed(outcome)
    assert len(outcome.facts[-1].foreign) == 2  # type: ignore[union-attr]


def test_today_the_executions_say_what_a_canceled_order_filled() -> None:
    outcome = against(canceled(at=given.NOW - timedelta(minutes=1)), positions=holds(2))

    assert made(outcome) == []
    assert is_agreed(outcome), "somebody else's: shown as foreign, and no reason to open nothing"


def test_order_that_works_is_found_again_and_nothing_is_made() -> None:
    row = BrokerOrder("o1", given.perm_id("o1"), 7, "working", Decimal(0), "")

    outcome = reconcile(night(), BrokerState("DU1", (row,), (), (), ()), given.NOW, given.NOW)

    assert outcome.facts[0] == OrderAcknowledged("o1", given.perm_id("o1"), 7, "working")
    assert made(outcome) == []
