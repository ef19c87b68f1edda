"""The profit taker that rests at the broker: where it is placed, what it makes room for, and what closes beside it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.domain.chain import ChainSnapshot
from engine.domain.decision import Approve, Cancel, Decision, Expire, Propose, Send, Tighten, TriggerExit
from engine.domain.facts.halts import GUARDIAN, FlattenBegan, Halted
from engine.domain.facts.orders import CancelRequested, OrderApproved, OrderCanceled, OrderRejected
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.snapshot import CloseAsked, ExitHits
from engine.domain.spread import Spread
from tests import given
from tests.core.decide.watching import costs, position, seconds

RESTING = given.strategy(
    """\
exits:
  - profit >= 50% of credit: close resting
  - loss >= 200% of credit
  - dte <= 7
"""
)
STOP = "loss >= 200% of credit"
LINE = "profit >= 50% of credit"
OFF = "enabled: false\n"


def looked(known: Ledger, chain: ChainSnapshot | None = None, **more: object) -> list[Decision]:
    """What a beat decides, but for openings and what is only counted."""
    quotes = chain or costs("0.80")
    off = given.strategy(OFF)
    now = given.snapshot(known, quotes, at=quotes.as_of, **more)
    found = decide(now, given.rulebook(off, also=(RESTING,)))
    return [one for one in found if isinstance(one, Propose | Approve | Send | Cancel | Expire | Tighten | TriggerExit)]


def held(quantity: int = 1) -> Ledger:
    return position(by=RESTING, quantity=quantity)


def resting(quantity: int = 1, ref: str = "r1", limit: str = "-0.40"):
    return given.proposal(ref, position="o1", limit=limit, worst=limit, quantity=quantity, by=RESTING, reason=LINE, resting=True)


def at_work(quantity: int = 1, *more: Fact) -> Ledger:
    return given.told(held(quantity), *given.working(resting(quantity)), *more)


def test_it_is_placed_at_the_price_at_which_its_line_would_hold() -> None:
    (proposed,) = looked(held(quantity=2))

    assert isinstance(proposed, Propose)
    order = proposed.order
    assert (order.purpose, order.position, order.quantity, order.reason) == ("close", "o1", 2, LINE)
    assert (order.limit, order.worst, order.resting, order.urgent) == (Decimal("-0.40"), Decimal("-0.40"), True, False)


def test_a_profit_in_dollars_is_that_of_all_spreads() -> None:
    strategy = given.strategy("exits:\n  - profit >= $60: close resting\n  - dte <= 7\n")
    known = position(by=strategy, quantity=2)
    found = decide(given.snapshot(known, costs("0.80")), given.rulebook(given.strategy(OFF), also=(strategy,)))

    (order,) = [one.order for one in found if isinstance(one, Propose)]
    assert order.limit == Decimal("-0.50")  # opened for 0.80, so two spreads earn $60 where closing costs 0.50


def test_price_between_two_steps_is_the_better_of_them_for_us() -> None:
    strategy = given.strategy("exits:\n  - profit >= 33% of credit: close resting\n  - dte <= 7\n")
    found = decide(given.snapshot(position(by=strategy), costs("0.80")), given.rulebook(given.strategy(OFF), also=(strategy,)))

    (order,) = [one.order for one in found if isinstance(one, Propose)]
    assert order.limit == Decimal("-0.53")  # 33% of 0.80 is 0.264, so closing may cost 0.536


def test_it_is_sent_at_its_one_price_and_never_walks_nor_is_given_up() -> None:
    known = given.told(held(), resting())
    assert looked(known) == [Approve("r1", "exit rule", Decimal("-0.40"))]
    assert looked(given.told(known, OrderApproved("r1", "exit rule", Decimal("-0.40")))) == [
        Send("r1", Decimal("-0.40"), Decimal("-0.80"), Decimal("-0.82"))
    ]

    hours = costs("0.60", at=given.NOW + timedelta(hours=3))
    assert looked(at_work(), hours) == []


def test_line_is_the_brokers_to_watch_while_the_order_rests() -> None:
    assert looked(at_work(), costs("0.30")) == []


@pytest.mark.parametrize("how", ["rejected", "canceled by somebody"])
def test_line_is_an_exit_like_any_other_on_a_day_on_which_it_may_not_rest(how: str) -> None:
    end = OrderRejected("r1", 201, "no") if how == "rejected" else OrderCanceled("r1", "by hand in TWS")
    known = at_work(1, end)
    later = given.NOW + timedelta(minutes=5)

    assert looked(known, costs("0.80", at=later)) == []
    triggered, close = looked(known, costs("0.30", at=later))
    assert isinstance(triggered, TriggerExit)
    assert isinstance(close, Propose)
    assert not close.order.resting


def test_it_is_made_again_on_the_next_day() -> None:
    known = given.told(
        held(), *given.working(resting()), OrderCanceled("r1", "the session ended"), at=given.NOW - timedelta(days=3)
    )

    (proposed,) = looked(known)
    assert isinstance(proposed, Propose)
    assert proposed.order.resting


@pytest.mark.parametrize("net", ["0.39", "0.10"])
def test_nothing_rests_below_what_the_market_pays_already(net: str) -> None:
    triggered, close = looked(held(), costs(net))

    assert isinstance(triggered, TriggerExit)
    assert isinstance(close, Propose)
    assert not close.order.resting


def test_nothing_is_placed_on_a_mark_that_is_not_believed() -> None:
    assert looked(held(), costs("0.80", bid=9.0)) == []


def test_a_close_of_a_rule_waits_for_the_end_of_what_rests_and_for_its_fills() -> None:
    chain = costs("0.80", at=given.NOW)
    close = given.proposal("c1", position="o1", limit="-0.90", worst="-4.99", by=RESTING, reason="dte <= 25", urgent=True)
    known = given.told(at_work(), close)

    (cancel,) = looked(known, chain)
    assert cancel == Cancel("r1", "it makes room for c1")
    given.told(known, CancelRequested("r1", "room"))
    assert looked(known, costs("0.80", at=seconds(2))) == []
    given.told(known, OrderCanceled("r1", "canceled"), at=seconds(3))
    assert looked(known, costs("0.80", at=seconds(12))) == []
    (approved,) = looked(known, costs("0.80", at=seconds(24)))
    assert isinstance(approved, Approve)
    assert approved.order_ref == "c1"


def test_what_the_profit_taker_fills_meanwhile_is_not_closed_again() -> None:
    close = given.proposal("c1", position="o1", limit="-0.90", worst="-4.99", quantity=2, by=RESTING, asked_by="ada")
    known = given.told(at_work(2), close, CancelRequested("r1", "room"))
    given.told(known, *given.fills(resting(2), 1, at=seconds(2)), at=seconds(2))
    given.told(known, OrderCanceled("r1", "canceled"), at=seconds(3))

    (smaller,) = looked(known, costs("0.80", at=seconds(24)))
    assert isinstance(smaller, Tighten)
    assert (smaller.fact.order_ref, smaller.fact.quantity) == ("c1", 1)
    given.told(known, smaller.fact, at=seconds(24))
    (approved,) = looked(known, costs("0.80", at=seconds(25)))
    assert isinstance(approved, Approve)
    assert known.orders["c1"].quantity == 1


def test_profit_taker_that_filled_whole_leaves_nothing_to_close() -> None:
    close = given.proposal("c1", position="o1", limit="-0.90", worst="-4.99", by=RESTING, asked_by="ada")
    known = given.told(at_work(), close, CancelRequested("r1", "room"), *given.fills(resting()))

    assert [one for one in looked(known, costs("0.80", at=seconds(1))) if isinstance(one, Approve | Send)] == []


def test_stop_that_is_likely_ends_what_rests_before_it_is_believed() -> None:
    hits = {("o1", STOP): ExitHits(seconds(-6), seconds(-1), 2)}

    (cancel,) = looked(at_work(), costs("2.50"), exit_hits=hits)

    assert cancel == Cancel("r1", f"it makes room: {STOP} may be due")


def test_person_closes_what_is_left() -> None:
    known = at_work()
    (close,) = [one for one in looked(known, requests=(CloseAsked("o1", "ada"),)) if isinstance(one, Propose)]
    assert (close.order.asked_by, close.order.resting) == ("ada", False)


def test_it_is_sized_anew_once_more_of_its_opening_has_filled() -> None:
    opening = given.proposal("o1", quantity=2, by=RESTING)
    known = given.told(given.ledger(), *given.working(opening), *given.fills(opening, 1, "0.80"), OrderCanceled("o1", "given up"))
    given.told(known, *given.working(resting(1)), *given.fills(opening, 1, "0.80", tag=".late"))

    (cancel,) = looked(known)

    assert isinstance(cancel, Cancel)
    assert cancel.reason.startswith("it is sized anew: 2 of")


def test_nothing_rests_while_its_opening_may_still_fill() -> None:
    opening = given.proposal("o1", quantity=2, by=RESTING)
    known = given.told(given.ledger(), *given.working(opening), *given.fills(opening, 1, "0.80"))

    assert not [one for one in looked(known) if isinstance(one, Propose)]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ((Halted("ada", "flatten"), FlattenBegan("ada", "", 1)), "everything is to be closed"),
        ((Halted(GUARDIAN, "silent"),), "the guardian closes by the rules"),
    ],
)
def test_guardian_and_flattening_end_it_and_place_none(facts: tuple[Fact, ...], why: str) -> None:
    found = looked(at_work(1, *facts))
    assert Cancel("r1", why) in found
    assert not any(isinstance(one, Propose) and one.order.resting for one in looked(given.told(held(), *facts)))


def test_halt_by_a_person_leaves_it() -> None:
    assert looked(at_work(1, Halted("ada", "coffee"))) == []


def test_what_is_left_of_a_structure_has_none() -> None:
    short = given.spread().legs[0]
    alone = given.proposal("c1", of=Spread("leg", (short,)), position="o1", limit="-0.90", by=RESTING)
    known = given.told(held(), *given.closed(alone, at=given.NOW - timedelta(hours=1)), at=given.NOW - timedelta(hours=1))

    assert not any(isinstance(one, Propose) and one.order.resting for one in looked(known))


def test_old_journals_have_no_profit_taker() -> None:
    assert given.proposal().resting is False
