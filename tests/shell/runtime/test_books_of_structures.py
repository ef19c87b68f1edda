"""Reconciling and rebuilding orders of up to four legs, with ratios and with two expiries."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.domain.contract import Contract
from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import LegFilled, OrderCanceled, OrderProposed, OrderUnknown
from engine.domain.facts.running import LinkChanged
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.spread import Leg, Spread
from engine.ports import BrokerOrder, BrokerPosition, BrokerState
from engine.runtime.reconcile import Outcome, reconcile
from tests import given
from tests.structures import ALL, BUTTERFLY, CALENDAR, CONDOR, NET, PRICES, executions

SENT_AT = given.NOW - timedelta(days=3)
BACK_AT = given.NOW - timedelta(seconds=31)
UP = LinkChanged("up", None, "connected")
EVERY = pytest.mark.parametrize("of", ALL.values(), ids=ALL)


def proposal(of: Spread, quantity: int = 2, limit: str | None = None) -> OrderProposed:
    return given.proposal(of=of, quantity=quantity, limit=limit or NET[of.structure])


def night(order: OrderProposed, *facts: Fact) -> Ledger:
    """Sent on another day, heard of this, and back half a minute ago."""
    known = given.told(given.ledger(at=SENT_AT), *given.working(order), *facts, at=SENT_AT)
    return given.told(known, OrderUnknown(order.order_ref, "restarted"), UP, at=BACK_AT)


def holds(of: Spread, spreads: int) -> list[BrokerPosition]:
    """What the broker holds when the spread is open so often, with the average cost of each leg, commission apart."""
    return [
        BrokerPosition(
            leg.contract.con_id,
            "SPY",
            str(leg.contract),
            Decimal(leg.sign * leg.ratio * spreads),
            average_cost=100 * Decimal(price),
        )
        for leg, price in zip(of.legs, PRICES[of.structure], strict=True)
    ]


def row(order: OrderProposed, status: str, filled: int) -> BrokerOrder:
    legs = tuple(sorted((leg.contract.con_id, leg.sign * leg.ratio) for leg in order.spread.legs))
    ref = order.order_ref
    return BrokerOrder(
        ref, given.perm_id(ref), 7, status, Decimal(filled), "", legs=legs, quantity=Decimal(order.quantity)
    )  # fmt: skip


def against(known: Ledger, *, positions: list[BrokerPosition], completed: list[BrokerOrder] | None = None) -> Outcome:
    return reconcile(known, BrokerState("DU1", (), tuple(completed or ()), (), tuple(positions)), given.NOW, given.NOW)


def made(outcome: Outcome) -> dict[int, int]:
    """Contracts bought (sold: negative) that were made again, by contract."""
    return {
        fact.con_id: fact.quantity * (1 if fact.action == "buy" else -1) for fact in outcome.facts if isinstance(fact, LegFilled)
    }


def is_agreed(outcome: Outcome) -> bool:
    return isinstance(outcome.facts[-1], Reconciled) and not outcome.facts[-1].differences


@EVERY
@pytest.mark.parametrize("filled", [1, 2])
@pytest.mark.parametrize("is_told", [True, False])
def test_fill_over_midnight_is_made_again_leg_by_leg_at_what_each_cost(of: Spread, filled: int, is_told: bool) -> None:
    order = proposal(of)
    known = night(order)

    status = "filled" if filled == 2 else "canceled"
    outcome = against(known, positions=holds(of, filled), completed=[row(order, status, filled)] if is_told else None)

    assert made(outcome) == {leg.contract.con_id: leg.sign * leg.ratio * filled for leg in of.legs}
    assert is_agreed(outcome)
    folded = given.told(known, *outcome.facts).orders["o1"]
    assert (folded.filled, folded.is_balanced, folded.net_filled) == (filled, True, Decimal(NET[of.structure]))


@EVERY
def test_only_the_legs_that_were_not_heard_are_made_again(of: Spread) -> None:
    order = proposal(of)
    heard = executions(of, 2)[1:]
    known = night(order, *heard)

    outcome = against(known, positions=holds(of, 2))

    assert made(outcome) == {of.legs[0].contract.con_id: of.legs[0].sign * of.legs[0].ratio * 2}
    folded = given.told(known, *outcome.facts).orders["o1"]
    assert (folded.state, folded.net_filled, is_agreed(outcome)) == ("filled", Decimal(NET[of.structure]), True)


@EVERY
def test_close_over_midnight_is_made_again_at_its_limit(of: Spread) -> None:
    limit = str(-Decimal(NET[of.structure]) - Decimal("0.05"))
    close = given.proposal("c1", of=of, position="o1", quantity=2, limit=limit)
    opened = [*given.working(proposal(of)), *executions(of, 2, at=SENT_AT)]
    known = given.told(given.ledger(at=SENT_AT), *opened, *given.working(close), at=SENT_AT)
    given.told(known, OrderUnknown("c1", "restarted"), UP, at=BACK_AT)

    outcome = against(known, positions=[])

    folded = given.told(known, *outcome.facts).orders["c1"]
    assert made(outcome) == {leg.contract.con_id: -leg.sign * leg.ratio * 2 for leg in of.legs}
    assert (folded.state, folded.net_filled, is_agreed(outcome)) == ("filled", Decimal(limit), True)


@EVERY
def test_positions_in_another_ratio_than_the_order_explain_nothing(of: Spread) -> None:
    first, *others = holds(of, 2)
    lame = replace(first, quantity=first.quantity / 2)

    outcome = against(night(proposal(of)), positions=[lame, *others])

    assert made(outcome) == {}
    assert not is_agreed(outcome)


def test_calendar_whose_front_expired_over_night_is_told_by_the_leg_that_lives() -> None:
    near, far = CALENDAR.legs
    expired = Contract(77, "SPY", "SPY", (given.NOW - timedelta(days=1)).date(), near.contract.strike, "P", 100)
    of = replace(CALENDAR, legs=(replace(near, contract=expired), far))
    known = night(proposal(of))

    outcome = against(known, positions=holds(of, 2)[1:])

    assert made(outcome) == {77: -2, far.contract.con_id: 2}
    assert given.told(known, *outcome.facts).orders["o1"].net_filled == Decimal(NET["calendar"])


@EVERY
def test_order_whose_legs_the_broker_lists_in_another_ratio_is_not_taken_for_ours(of: Spread) -> None:
    order = proposal(of)
    known = given.told(given.ledger(), *given.working(order))
    theirs = row(order, "filled", 2)
    others = replace(theirs, legs=tuple((con_id, 3 * ratio) for con_id, ratio in theirs.legs))

    outcome = against(known, positions=[], completed=[others])

    assert not is_agreed(outcome)
    assert "trades other contracts" in str(outcome.facts[-1])


@EVERY
def test_executions_of_every_leg_agree_with_the_positions(of: Spread) -> None:
    order = proposal(of)
    known = given.told(given.ledger(), *given.working(order))
    state = BrokerState("DU1", (), (row(order, "filled", 2),), tuple(executions(of, 2)), tuple(holds(of, 2)))

    outcome = reconcile(known, state, given.NOW, given.NOW)

    assert is_agreed(outcome)
    assert given.told(known, *outcome.facts).contracts_held() == {one.con_id: int(one.quantity) for one in holds(of, 2)}


@pytest.mark.parametrize(("of", "leg"), [(CONDOR, 2), (BUTTERFLY, 1)])
def test_leg_that_the_broker_holds_less_of_is_named(of: Spread, leg: int) -> None:
    order = proposal(of)
    known = given.told(given.ledger(), *given.working(order), *executions(of, 2))
    positions = holds(of, 2)
    gone: Leg = of.legs[leg]
    positions[leg] = replace(positions[leg], quantity=positions[leg].quantity / 2)

    last = against(known, positions=positions).facts[-1]

    assert isinstance(last, Reconciled)
    assert last.missing == (gone.contract.con_id,)
    assert str(gone.contract) in last.differences[0]


def test_fill_of_a_condor_lost_after_its_cancel_is_made_again() -> None:
    known = given.told(given.ledger(at=SENT_AT), *given.working(proposal(CONDOR)), *executions(CONDOR, 1), at=SENT_AT)
    given.told(known, OrderCanceled("o1", "given up"), at=SENT_AT + timedelta(seconds=1))
    given.told(known, UP, at=BACK_AT)

    outcome = against(known, positions=holds(CONDOR, 2))

    assert made(outcome) == {leg.contract.con_id: leg.sign for leg in CONDOR.legs}
    assert is_agreed(outcome)
