"""Where a roll leads: to the strikes that were closed, to another strike of the same day, to new days of both halves."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.entry.rolls import pending_rolls
from engine.decide.subscriptions import Guess, subscriptions
from engine.domain.chain import ChainSnapshot
from engine.domain.decision import Decision, Propose
from engine.domain.facts.orders import LegFilled, OrderProposed
from engine.domain.ledger import Ledger
from engine.domain.parts import side_of
from engine.domain.spread import Leg, Spread
from engine.strategy.model import Strategy
from tests import given
from tests.core.decide.watching import look
from tests.structures import CONDOR

NEAR, NEXT, FAR, FARTHER = date(2026, 12, 4), given.EXPIRY, given.LATER, date(2027, 2, 19)
A_MINUTE_AGO, OPENED_AT = given.NOW - timedelta(minutes=1), given.NOW - timedelta(days=2)
RICH = {"account": given.account(2_000_000, available_funds=1_900_000, excess_liquidity=1_900_000)}


def market(*days: date) -> ChainSnapshot:
    return given.chain(given.options(expiries=days or (given.EXPIRY, given.LATER)))


def proposed(found: list[Decision]) -> list[OrderProposed]:
    return [one.order for one in found if isinstance(one, Propose)]


def strikes(spread: Spread) -> list[tuple[str, str, Decimal]]:
    return sorted((leg.contract.put_call, leg.action, leg.contract.strike) for leg in spread.legs)


# The same strikes on another day.

KEPT = """\
spread: {type: bull_put, expiry: 20-30 days, short_delta: 0.01-0.02, width: $5, rank: return_on_risk, rules: [pop >= 99%]}
exits:
  - days_held >= 2: roll
  - loss >= 900% of credit
roll: {to: 20-60 days, strikes: the same, for: a debit up to $9.00, else: keep}
limits: {open: 3, per_day: 3, per_expiry: 3}
"""


def test_spread_that_keeps_its_strikes_moves_to_another_day_whatever_would_choose_a_new_one() -> None:
    by = given.strategy(KEPT)
    known = given.ledger(*given.opened(given.proposal(by=by), net="0.80"))
    (close,) = proposed(look(known, market(), strategy=by))
    told = given.proposal("c1", position="o1", limit="-1.00", rule="x", roll="roll", by=by)
    given.told(known, *given.closed(told, at=A_MINUTE_AGO))

    (order,) = proposed(decide(given.snapshot(known, market()), given.rulebook(by)))

    assert (close.roll, close.spread.expiry) == ("roll", given.EXPIRY)
    assert (strikes(order.spread), order.spread.expiry) == (strikes(given.spread()), given.LATER)
    assert order.rolled_from == "o1"


def test_spread_whose_strikes_are_not_listed_on_another_day_is_kept() -> None:
    by = given.strategy(KEPT)
    known = given.ledger(*given.opened(given.proposal(by=by), net="0.80"))
    others = given.options([strike for strike in range(540, 661, 5) if strike != 575], expiries=(given.LATER,))

    assert proposed(look(known, given.chain([*given.options(expiries=(given.EXPIRY,)), *others]), strategy=by)) == []


def test_options_of_the_strikes_that_are_kept_have_lines_first() -> None:
    by = given.strategy(KEPT)
    known = given.ledger(*given.opened(given.proposal(by=by), net="0.80"))
    days = (given.EXPIRY, given.LATER)
    listed = [given.contract(at, right, expiry=day) for day in days for at in range(540, 661, 5) for right in "PC"]

    found = subscriptions([by], listed, {"SPY": Guess(600.0, 0.2)}, known, given.NOW, 8)

    assert {given.contract(strike, "P", expiry=given.LATER) for strike in (580, 575)} <= set(found)


# Other strikes of the same day.

SAME = """\
spread: {type: iron_condor, expiry: 20-30 days, short_delta: 0.05-0.45, width: $5, rank: return_on_risk}
sizing: {risk: $600, contracts: 1-5}
exits:
  - days_held >= 2: roll call side
  - loss >= 900% of credit
roll: {to: the same expiry, for: a debit up to $1.00, else: keep}
"""


def test_side_is_rolled_within_its_expiry_beside_the_other_one() -> None:
    by = given.strategy(SAME)
    calls = side_of(CONDOR, "call")
    assert calls is not None
    known = given.ledger(*given.opened(given.proposal(of=CONDOR, by=by), net="0.80"))
    assert [close.roll for close in proposed(look(known, market(), strategy=by))] == ["roll call side"]
    close = given.proposal("c1", of=calls, position="o1", limit="-0.30", rule="x", roll="roll call side", by=by)
    given.told(known, *given.closed(close, at=A_MINUTE_AGO), at=A_MINUTE_AGO)

    (order,) = proposed(decide(given.snapshot(known, market()), given.rulebook(by)))

    assert (order.spread.expiry, order.spread.structure) == (CONDOR.expiry, "iron_condor call side")
    assert strikes(order.spread) != strikes(calls)
    assert order.max_loss <= 600, "only one side can lose"


def test_side_that_keeps_its_strikes_moves_to_another_day() -> None:
    by = given.strategy(SAME.replace("to: the same expiry", "to: 50-60 days, strikes: the same").replace("$600", "$2,000"))
    calls = side_of(CONDOR, "call")
    assert calls is not None
    close = given.proposal("c1", of=calls, position="o1", limit="-0.30", rule="x", roll="roll call side", by=by)
    known = given.ledger(*given.opened(given.proposal(of=CONDOR, by=by), net="0.80"))
    given.told(known, *given.closed(close, at=A_MINUTE_AGO), at=A_MINUTE_AGO)

    (order,) = proposed(decide(given.snapshot(known, market()), given.rulebook(by)))

    assert (strikes(order.spread), order.spread.expiry) == (strikes(calls), given.LATER)


# New days of what is sold and of what is bought.

BOTH = """\
spread:
  type: {kind}
{keys}
  expiry: {{near: 5-15 days, far: 20-30 days}}
  rank: return_on_risk
sizing: {{risk: $9000, contracts: 1-5}}
limits: {{open: 3, per_day: 3, per_expiry: 3}}
entry:
  approval: manual, expires in 10 min
  price: from mid, $0.01 every 15 s, {worst}, give up after 3 min
exits:
  - days_held >= 2: roll
  - loss >= 90% of max_loss
roll: {{to: {{near: 40-60 days, far: 80-95 days}}, for: a debit up to $90.00, else: keep}}
"""
KEYS = {
    "calendar": "  right: call\n  short_delta: 0.20-0.60",
    "diagonal": "  right: call\n  far_strike: higher\n  short_delta: 0.20-0.60\n  width: $5-$20",
    "double_calendar": "  short_delta: 0.20-0.45",
    "double_diagonal": "  short_delta: 0.20-0.45\n  width: $5-$20",
}


def spread(kind: str) -> Spread:
    apart = 5 if "diagonal" in kind else 0
    calls = Leg(given.contract(610, "C", expiry=NEAR), "sell"), Leg(given.contract(610 + apart, "C", expiry=NEXT), "buy")
    puts = Leg(given.contract(590, "P", expiry=NEAR), "sell"), Leg(given.contract(590 - apart, "P", expiry=NEXT), "buy")
    return Spread(kind, (*puts, *calls) if "double" in kind else calls)


def rules(kind: str) -> Strategy:
    worst = "no worse than 108% of mid" if "calendar" in kind else "no worse than natural"
    return given.strategy(BOTH.format(kind=kind, keys=KEYS[kind], worst=worst))


def held(kind: str, by: Strategy) -> Ledger:
    """Opened two days ago, each sold leg at 4.00 and each bought one at 19.00."""
    order = given.proposal(of=spread(kind), quantity=2, by=by, limit="-15.00")
    fills = [
        LegFilled("o1", f"x{number}.01", leg.contract.con_id, leg.action, 2, Decimal(4 if leg.sign < 0 else 19), OPENED_AT)
        for number, leg in enumerate(order.spread.legs)
    ]
    return given.ledger(*given.working(order), *fills)


@pytest.mark.parametrize("kind", KEYS)
def test_whole_is_closed_and_opened_again_in_new_days_of_both_halves(kind: str) -> None:
    by = rules(kind)
    known, now = held(kind, by), market(NEAR, NEXT, FAR, FARTHER)

    (close,) = proposed(look(known, now, strategy=by, **RICH))
    told = given.proposal("c1", of=spread(kind), position="o1", quantity=2, limit="2.00", rule="x", roll="roll", by=by)
    given.told(known, *given.closed(told, at=A_MINUTE_AGO))
    (order,) = proposed(decide(given.snapshot(known, now, **RICH), given.rulebook(by)))

    assert (close.roll, close.spread.key) == ("roll", spread(kind).key)
    assert (order.position, order.rolled_from, order.spread.structure) == (order.order_ref, "o1", kind)
    assert {leg.contract.expiry for leg in order.spread.legs if leg.sign < 0} == {FAR}
    assert {leg.contract.expiry for leg in order.spread.legs if leg.sign > 0} == {FARTHER}
    assert order.quantity <= 2


def test_roll_that_was_begun_by_a_file_that_trades_something_else_by_now_is_left() -> None:
    by = rules("calendar")
    known, now = held("calendar", by), market(NEAR, NEXT, FAR, FARTHER)
    told = given.proposal("c1", of=spread("calendar"), position="o1", quantity=2, limit="2.00", rule="x", roll="roll", by=by)
    given.told(known, *given.closed(told, at=A_MINUTE_AGO))
    text = BOTH.format(kind="calendar", keys=KEYS["calendar"], worst="no worse than 108% of mid")
    text = text.replace("to: {near: 40-60 days, far: 80-95 days}", "to: 10-14 days").replace("2: roll\n", "2: roll short\n")

    assert len(pending_rolls(by, given.snapshot(known, now))) == 1
    assert pending_rolls(given.strategy(text), given.snapshot(known, now)) == ()
