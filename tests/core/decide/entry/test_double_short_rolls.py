"""What a double calendar or diagonal has sold is rolled: both sides by one order each way, or the one that is due alone."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.subscriptions import Guess, subscriptions
from engine.domain.chain import ChainSnapshot
from engine.domain.cover import uncovered
from engine.domain.decision import Decision, DenyEntry, Propose, TriggerExit
from engine.domain.facts.orders import LegFilled, OrderCanceled, OrderProposed
from engine.domain.ledger import Ledger
from engine.domain.spread import Leg, Spread
from engine.domain.structure import Action
from engine.strategy.model import Strategy
from tests import given
from tests.core.decide.entry.test_short_rolls import FAR, NEAR, NEXT, RICH
from tests.core.decide.watching import look

FILE = """\
filters: [volume >= 10]
spread:
  type: {kind}
  expiry: {{near: 5-15 days, far: 40-60 days}}
  short_delta: 0.20-0.60
{keys}
sizing: {{risk: $9000, contracts: 1-5}}
entry:
  approval: manual, expires in 10 min
  price: from mid, $0.01 every 15 s, no worse than 108% of mid, give up after 3 min
exits:
  - {exits}
  - loss >= 90% of max_loss
roll: {{to: 20-30 days, for: {terms}, at_most: 1, else: keep}}
"""
KEYS = {"double_calendar": "  keep: 5", "double_diagonal": "  width: $5-$10"}
KINDS = list(KEYS)
BOTH, PUT, CALL = "dte <= 14: roll short", "dte <= 14: roll put short", "dte <= 14: roll call short"
A_MINUTE_AGO = given.NOW - timedelta(minutes=1)
PRICES = {"near_put": "4.00", "far_put": "10.00", "near_call": "4.00", "far_call": "10.00"}


def rules(kind: str, exits: str = BOTH, terms: str = "a debit up to $2.00") -> Strategy:
    return given.strategy(FILE.format(kind=kind, keys=KEYS[kind], exits=exits, terms=terms))


def spread(kind: str) -> Spread:
    """Sold at 590 and 610, bought there or ten points further out."""
    out = 0 if kind == "double_calendar" else 10
    near = [given.contract(strike, right, expiry=NEAR) for strike, right in ((590, "P"), (610, "C"))]
    far = [given.contract(strike, right, expiry=FAR) for strike, right in ((590 - out, "P"), (610 + out, "C"))]
    return Spread(kind, (Leg(near[0], "sell"), Leg(far[0], "buy"), Leg(near[1], "sell"), Leg(far[1], "buy")))


def held(by: Strategy, kind: str) -> Ledger:
    """Two of them, opened two days ago for a debit."""
    order = given.proposal(of=spread(kind), quantity=2, by=by, limit="-12.00")
    opened = [
        LegFilled("o1", f"x{number}.01", leg.contract.con_id, leg.action, 2, Decimal(price), given.NOW - timedelta(days=2))
        for number, (leg, price) in enumerate(zip(order.spread.legs, PRICES.values(), strict=True))
    ]
    return given.ledger(*given.working(order), *opened)


def market() -> ChainSnapshot:
    return given.chain(given.options(expiries=(NEAR, NEXT, FAR)))


def shorts(kind: str, right: str = "PC") -> tuple[Leg, ...]:
    return tuple(leg for leg in spread(kind).shorts if leg.contract.put_call in right)


def bought_back(known: Ledger, by: Strategy, kind: str, right: str = "PC", ref: str = "c1") -> Ledger:
    roll = {"PC": "roll short", "P": "roll put short", "C": "roll call short"}[right]
    of = replace(spread(kind), structure=f"{kind} shorts", legs=shorts(kind, right))
    cost = f"-{3 * len(right)}.00"
    close = given.proposal(ref, of=of, position="o1", quantity=2, limit=cost, worst=cost, rule="dte <= 14", roll=roll, by=by)
    return given.told(known, *given.working(close), *filled(close, "buy", "3.00", A_MINUTE_AGO), at=A_MINUTE_AGO)


def filled(order: OrderProposed, action: Action, price: str, at: datetime = given.NOW) -> list[LegFilled]:
    """All of it, each leg at the same price."""
    return [
        LegFilled(
            order.order_ref, f"{order.order_ref}.{number}.01", leg.contract.con_id, action, order.quantity, Decimal(price), at
        )
        for number, leg in enumerate(order.spread.legs)
    ]


def rolled_with(known: Ledger, order: OrderProposed) -> Ledger:
    """What is known once the new shorts are sold at 4.00 each."""
    new = replace(order, order_ref="r1")
    return given.told(known, *given.working(new), *filled(new, "sell", "4.00"))


def proposed(found: list[Decision]) -> list[OrderProposed]:
    return [one.order for one in found if isinstance(one, Propose)]


def openings(known: Ledger, by: Strategy) -> list[OrderProposed]:
    return proposed(decide(given.snapshot(known, market(), **RICH), given.rulebook(by)))


@pytest.mark.parametrize("kind", KINDS)
def test_both_shorts_are_bought_back_by_one_order_once_their_successors_are_found(kind: str) -> None:
    by = rules(kind)

    found = look(held(by, kind), market(), strategy=by, **RICH)

    (close,) = proposed(found)
    assert (close.purpose, close.spread.legs, close.quantity) == ("close", shorts(kind), 2)
    assert (close.roll, close.reason) == ("roll short", "roll short: dte <= 14")
    assert close.spread.structure == f"{kind} shorts"
    assert [one.fact.action for one in found if isinstance(one, TriggerExit)] == ["roll short"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("exits", "right"), [(PUT, "P"), (CALL, "C")])
def test_one_short_is_bought_back_alone_where_its_side_is_due(kind: str, exits: str, right: str) -> None:
    by = rules(kind, exits)

    (close,) = proposed(look(held(by, kind), market(), strategy=by, **RICH))

    assert (close.purpose, close.spread.legs, close.quantity) == ("close", shorts(kind, right), 2)


@pytest.mark.parametrize("kind", KINDS)
def test_both_new_shorts_are_sold_by_one_order_that_joins_the_position(kind: str) -> None:
    by = rules(kind)

    (order,) = openings(bought_back(held(by, kind), by, kind), by)

    assert (order.purpose, order.position, order.quantity) == ("open", "o1", 2)
    assert [(leg.action, leg.contract.put_call, leg.contract.expiry) for leg in order.spread.legs] == [
        ("sell", "P", NEXT),
        ("sell", "C", NEXT),
    ]
    assert order.spread.structure == f"{kind} shorts"
    # closing cost 6.00, and 2.00 of it may stay unpaid
    assert order.worst >= 4
    assert order.candidate is not None
    assert order.candidate["net"] == pytest.approx(float(order.limit), abs=0.06)
    if kind == "double_calendar":
        assert [leg.contract.strike for leg in order.spread.legs] == [590, 610]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("exits", "right", "called"), [(PUT, "P", "short put"), (CALL, "C", "short call")])
def test_one_new_short_joins_and_the_other_side_stays(kind: str, exits: str, right: str, called: str) -> None:
    by = rules(kind, exits)

    (order,) = openings(known := bought_back(held(by, kind), by, kind, right), by)

    (leg,) = order.spread.legs
    assert (leg.action, leg.contract.put_call, leg.contract.expiry) == ("sell", right, NEXT)
    assert order.spread.structure == f"{kind} {called}"
    rolled = rolled_with(known, order).positions["o1"]
    assert rolled.bare == ()
    assert {part.spread.structure for part in rolled.parts} == {f"{kind} put side", f"{kind} call side"}
    assert {leg.contract.expiry for leg in rolled.shorts} == {NEAR, NEXT}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_rolled_on_both_sides_is_the_whole_again(kind: str) -> None:
    by = rules(kind)
    (order,) = openings(known := bought_back(held(by, kind), by, kind), by)

    position = rolled_with(known, order).positions["o1"]

    assert [(part.spread.structure, part.quantity) for part in position.parts] == [(kind, 2)]
    assert position.spread.expiry == NEXT
    assert (position.bare, uncovered(position.held)) == ((), {})
    assert position.rolls == ("r1",)
    # sold at 4.00 each, bought back at 3.00
    assert position.realised == 2 * 2 * 100


@pytest.mark.parametrize("kind", KINDS)
def test_two_sides_that_were_closed_to_be_rolled_alone_are_rolled_one_after_the_other(kind: str) -> None:
    by = rules(kind, f"{PUT}\n  - {CALL}")
    closed = bought_back(bought_back(held(by, kind), by, kind, "P"), by, kind, "C", "c2")

    (first,) = openings(closed, by)
    (second,) = openings(rolled_with(closed, first), by)

    assert [leg.contract.put_call for one in (first, second) for leg in one.spread.legs] == ["P", "C"]


@pytest.mark.parametrize("kind", KINDS)
def test_both_shorts_that_bring_too_little_together_are_denied(kind: str) -> None:
    by = rules(kind, terms="a credit of $19.00")

    found = decide(given.snapshot(bought_back(held(by, kind), by, kind), market(), **RICH), given.rulebook(by))

    assert proposed(found) == []
    assert [one.fact.obstacle.gate for one in found if isinstance(one, DenyEntry)] == ["roll_net"]


@pytest.mark.parametrize("kind", KINDS)
def test_opening_that_was_tried_is_not_tried_again(kind: str) -> None:
    by = rules(kind)
    (order,) = openings(known := bought_back(held(by, kind), by, kind), by)

    gone = given.told(known, *given.working(replace(order, order_ref="r1")), OrderCanceled("r1", "not filled"))

    assert openings(gone, by) == []
    assert gone.positions["o1"].outlives, "what was bought keeps the lines of its file"


@pytest.mark.parametrize("kind", KINDS)
def test_what_one_side_still_owes_is_rolled_where_the_other_is_gone(kind: str) -> None:
    by = rules(kind)
    side = replace(spread(kind), structure=f"{kind} put side", legs=spread(kind).legs[:2])
    gone = given.proposal("c0", of=side, position="o1", quantity=2, limit="5.00", worst="5.00", rule="by hand", by=by)
    yesterday = given.NOW - timedelta(days=1)
    known = given.told(held(by, kind), *given.closed(gone, at=yesterday), at=yesterday)

    (close,) = proposed(look(known, market(), strategy=by, **RICH))

    assert close.spread.legs == shorts(kind, "C")
    (order,) = openings(bought_back(known, by, kind, "C"), by)
    assert [leg.contract.put_call for leg in order.spread.legs] == ["C"]


def test_options_of_the_strikes_that_a_calendar_holds_have_lines_first() -> None:
    by = rules("double_calendar")
    listed = [given.contract(at, right, expiry=day) for day in (NEAR, NEXT, FAR) for at in range(540, 661, 5) for right in "PC"]

    found = subscriptions([by], listed, {"SPY": Guess(600.0, 0.4)}, held(by, "double_calendar"), given.NOW, 8)

    assert {replace(leg.contract, con_id=0, expiry=NEXT) for leg in shorts("double_calendar")} <= {
        replace(one, con_id=0) for one in found
    }


def test_expiries_lie_as_the_files_of_these_tests_say() -> None:
    assert [(day - given.NOW.date()).days for day in (NEAR, NEXT, FAR)] == [11, 25, 53]
    assert date(2026, 11, 23) == given.NOW.date()
