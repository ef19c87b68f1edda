"""One side of a condor is rolled: its close alone, then an opening that joins the position, gated as what that becomes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.entry.rolls import pending_rolls
from engine.decide.positions import position_row
from engine.domain.chain import ChainSnapshot
from engine.domain.decision import Decision, DenyEntry, Expire, Propose, TriggerExit
from engine.domain.facts.orders import OrderCanceled, OrderProposed
from engine.domain.ledger import Ledger
from engine.domain.parts import side_of
from engine.domain.rolled import Rolls, rolls_so_far
from engine.domain.snapshot import ExitHits
from engine.strategy.model import Strategy
from tests import given
from tests.core.decide.watching import look
from tests.structures import CONDOR

FILE = """\
spread:
  type: iron_condor
  expiry: 20-30 days
  short_delta: 0.10-0.40
  width: $5
  rank: return_on_risk
sizing: {risk: %s, contracts: 1-5}
exits:
  - days_held >= 2: roll put side
  - loss >= 900%% of credit
roll: {to: 50-60 days, for: %s, at_most: %s, else: %s}
"""
PUTS = side_of(CONDOR, "put")
A_MINUTE_AGO = given.NOW - timedelta(minutes=1)


def rules(terms: str = "a credit", otherwise: str = "keep", risk: str = "$4,000", at_most: int = 1) -> Strategy:
    return given.strategy(FILE % (risk, terms, at_most, otherwise))


def held(by: Strategy, quantity: int = 1) -> Ledger:
    """A condor whose sides brought 0.80 each."""
    return given.ledger(*given.opened(given.proposal(of=CONDOR, quantity=quantity, by=by), net="0.80"))


def market() -> ChainSnapshot:
    return given.chain(given.options(expiries=(given.EXPIRY, given.LATER)))


def side_closed(by: Strategy, cost: str = "-0.90", quantity: int = 1) -> Ledger:
    """The same with its put side bought back to be rolled."""
    assert PUTS is not None
    close = given.proposal(
        "c1", of=PUTS, position="o1", quantity=quantity, limit=cost, rule="days_held >= 2", roll="roll put side", by=by
    )
    return given.told(held(by, quantity), *given.closed(close, at=A_MINUTE_AGO), at=A_MINUTE_AGO)


def proposed(found: list[Decision]) -> list[OrderProposed]:
    return [one.order for one in found if isinstance(one, Propose)]


def test_side_is_closed_alone_once_its_successor_is_found() -> None:
    by = rules()

    found = look(held(by), market(), strategy=by)

    (close,) = proposed(found)
    assert (close.purpose, close.position, close.spread) == ("close", "o1", PUTS)
    assert (close.rule, close.roll) == ("days_held >= 2", "roll put side")
    assert close.reason == "roll put side: days_held >= 2"
    assert [one.fact.action for one in found if isinstance(one, TriggerExit)] == ["roll put side"]


def of_a_side(what: str, otherwise: str = "keep", line: str = "days_held >= 2") -> Strategy:
    return given.strategy(
        (FILE % ("$4,000", "a debit up to $2.00", 1, otherwise)).replace("days_held >= 2: roll put side", f"{line}: {what}")
    )


def deltas(put: float | None, call: float | None) -> ChainSnapshot:
    """The market with these deltas of what the condor has sold, without their sign."""
    rows = given.options(expiries=(given.EXPIRY, given.LATER))
    for row in rows:
        for leg, delta in zip(CONDOR.shorts, (put, call), strict=True):
            if row["contract"] == leg.contract:
                row["delta"] = delta if delta is None or leg.contract.put_call == "C" else -delta
    return given.chain(rows)


@pytest.mark.parametrize(
    ("what", "put", "call", "side"),
    [
        ("roll tested side", 0.30, 0.10, "put"),
        ("roll tested side", 0.10, 0.30, "call"),
        ("roll untested side", 0.30, 0.10, "call"),
        ("roll untested side", 0.10, 0.30, "put"),
    ],
)
def test_side_is_named_by_the_deltas_of_what_is_sold(what: str, put: float, call: float, side: str) -> None:
    by = of_a_side(what)

    found = look(held(by), deltas(put, call), strategy=by)

    (close,) = proposed(found)
    assert close.spread.structure == f"iron_condor {side} side"
    assert (close.rule, close.roll) == ("days_held >= 2", f"roll {side} side")
    (triggered,) = [one.fact for one in found if isinstance(one, TriggerExit)]
    assert triggered.values == {"days_held": 2, "put_side_delta": put, "call_side_delta": call}


def test_neither_side_is_the_tested_one_where_a_delta_is_not_known_or_a_side_is_gone() -> None:
    by = of_a_side("roll tested side")
    alone = given.told(held(by), *given.closed(given.proposal("c1", of=PUTS, position="o1", limit="-0.10", by=by)))

    assert [proposed(look(held(by), deltas(None, 0.10), strategy=by)), proposed(look(alone, market(), strategy=by))] == [[], []]


@pytest.mark.parametrize(
    ("otherwise", "line", "rolls"),
    [
        ("close", "days_held >= 2", False),
        ("keep", "days_held >= 2", True),
        ("close", "days_held >= 2 and untested_side_delta <= 0.07", True),
    ],
)
def test_roll_of_the_untested_side_ends_what_it_was_made_for(otherwise: str, line: str, rolls: bool) -> None:
    by = of_a_side("roll untested side", otherwise=otherwise, line=line)

    seen = {("o1", line): ExitHits(given.NOW - timedelta(minutes=2), given.NOW - timedelta(seconds=20), 5)}
    found = look(held(by), deltas(0.30, 0.05), strategy=by, exit_hits=seen)

    assert [order.roll for order in proposed(found)] == (["roll call side"] if rolls else [None])


def test_what_takes_its_place_joins_the_position_and_brings_more_than_the_close_cost() -> None:
    by = rules()

    (order,) = proposed(decide(given.snapshot(side_closed(by), market()), given.rulebook(by)))

    assert (order.purpose, order.position, order.rolled_from) == ("open", "o1", "o1")
    assert order.order_ref != "o1"
    assert order.spread.structure == "iron_condor put side"
    assert {leg.contract.put_call for leg in order.spread.legs} == {"P"}
    assert order.spread.expiry == given.LATER
    assert order.quantity == 1
    assert order.worst >= Decimal("0.91")
    assert order.reason.startswith("roll of o1")


def test_its_loss_is_that_of_the_whole_position() -> None:
    by = rules()

    (order,) = proposed(decide(given.snapshot(side_closed(by), market()), given.rulebook(by)))

    calls = Decimal(500) - 80
    puts = order.spread.max_loss(order.worst) * 100
    assert 0 < order.max_loss - calls - puts < 10  # fees


@pytest.mark.parametrize(
    ("by", "gate"),
    [(rules("a credit of $3.00"), "roll_net"), (rules(risk="$500"), "size")],
)
def test_what_brings_too_little_or_risks_too_much_is_denied_and_nothing_else_is_opened(by: Strategy, gate: str) -> None:
    found = decide(given.snapshot(side_closed(by), market()), given.rulebook(by))

    (denied,) = [one.fact for one in found if isinstance(one, DenyEntry)]
    assert proposed(found) == []
    assert denied.obstacle.gate == gate
    assert denied.spread.structure == "iron_condor put side"


@pytest.mark.parametrize(
    ("otherwise", "closes", "action"),
    [("close", [("iron_condor put side", "days_held >= 2")], "close"), ("keep", [], "keep"), ("alert", [], "alert")],
)
def test_else_decides_about_the_side_before_anything_is_sent(otherwise: str, closes: list[tuple[str, str]], action: str) -> None:
    by = rules("a credit of $3.00", otherwise)

    found = look(held(by), market(), strategy=by)

    assert [(one.spread.structure, one.reason) for one in proposed(found)] == closes
    (triggered,) = [one.fact for one in found if isinstance(one, TriggerExit)]
    assert triggered.action == action
    assert triggered.text.startswith("not rolled: roll_net")


def test_rolled_position_stands_in_the_new_contracts_and_is_one_trade() -> None:
    by = rules()
    (order,) = proposed(decide(given.snapshot(side_closed(by), market()), given.rulebook(by)))
    known = given.told(side_closed(by), *given.opened(replace(order, order_ref="r1"), net="1.20", at=given.NOW))

    position = known.positions["o1"]
    row = position_row(position, market(), given.market(), given.NOW, given.SESSION)

    assert list(known.positions) == ["o1"]
    assert position.rolls == ("r1",)
    assert [(part.spread.structure, part.quantity) for part in position.parts] == [
        ("iron_condor put side", 1),
        ("iron_condor call side", 1),
    ]
    assert position.parts[0].spread.legs == order.spread.legs
    assert (position.closed, position.bare, position.realised) == (0, (), Decimal(-10))
    assert row["credit"] == row["total_credit"] == 160.0
    assert rolls_so_far(position, known) == Rolls(1, Decimal(30), given.NOW.date()), "0.90 paid, 1.20 received"
    assert row["put_side_credit"] == 120.0


def test_it_is_rolled_so_often_and_no_more() -> None:
    by = rules("a debit up to $1.00")
    (order,) = proposed(decide(given.snapshot(side_closed(by), market()), given.rulebook(by)))
    known = given.told(side_closed(by), *given.opened(replace(order, order_ref="r1"), net="1.20", at=given.NOW))

    found = [proposed(look(known, market(), strategy=rules("a debit up to $1.00", at_most=most))) for most in (1, 2)]

    assert [len(one) for one in found] == [0, 1]


@pytest.mark.parametrize("ending", [[], [OrderCanceled("r1", "not filled")]])
def test_successor_that_was_sent_is_not_tried_again(ending: list[OrderCanceled]) -> None:
    by = rules()
    (order,) = proposed(decide(given.snapshot(side_closed(by), market()), given.rulebook(by)))
    known = given.told(side_closed(by), *given.working(replace(order, order_ref="r1")), *ending)

    assert pending_rolls(by, given.snapshot(known)) == ()


def test_successor_makes_room_where_a_rule_closes_the_rest() -> None:
    by = rules()
    (order,) = proposed(decide(given.snapshot(side_closed(by), market()), given.rulebook(by)))
    calls = side_of(CONDOR, "call")
    assert calls is not None
    opening = [*given.sent(replace(order, order_ref="r1"))][:3]
    close = given.proposal("c2", of=calls, position="o1", limit="-0.50", reason="dte <= 10", by=by)
    known = given.told(side_closed(by), *opening, *given.sent(close))

    found = decide(given.snapshot(known, market()), given.rulebook(by))

    assert [(one.order_ref, one.reason) for one in found if isinstance(one, Expire)] == [("r1", "it makes room for a close")]
