"""Rolls: close first, then an opening that brings enough, in the same session, so many times and no more."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.entry.rolls import Roll, pending_rolls
from engine.domain.decision import DenyEntry, Propose
from engine.domain.facts.orders import OrderCanceled, OrderExpired, OrderProposed
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.rolled import rolls_so_far, times_rolled
from engine.strategy.model import Strategy
from tests import given

LATER = date(2027, 1, 15)  # 53 days
ROLL = "roll: {to: 50-60 days, for: %s, at_most: %s}\nexits:\n  - dte <= 7\n  - short_delta >= 0.35: roll"
RULES = given.strategy(ROLL % ("a credit", 1))


WIDE = """\
spread:
  type: bull_put
  expiry: 20-30 days
  short_delta: 0.15-0.40
  width: $10-$10
  rank: return_on_risk
sizing: {risk: $2000, contracts: 1-1}
"""

A_MINUTE_AGO = given.NOW - timedelta(minutes=1)


def closed_to_roll(
    cost: str = "-1.00", *, by: Strategy = RULES, at: datetime = A_MINUTE_AGO, roll: str | None = "roll"
) -> Ledger:
    """A position opened for 0.80 and bought back to be rolled."""
    known = given.ledger(*given.opened(given.proposal(by=by, quantity=2), net="0.80"))
    close = given.proposal("c1", position="o1", quantity=2, limit=cost, rule="delta", roll=roll, by=by)
    return given.told(known, *given.closed(close, at=at), at=at)


def decided(known: Ledger, rules: Strategy = RULES, **more: object) -> list[OrderProposed]:
    chain = given.chain(given.options(expiries=(given.EXPIRY, LATER)))
    found = decide(given.snapshot(known, chain, **more), given.rulebook(rules))
    return [one.order for one in found if isinstance(one, Propose)]


def test_successor_is_of_the_days_and_the_underlying_of_the_roll_and_brings_more_than_the_close_cost() -> None:
    (order,) = decided(closed_to_roll("-1.00"))

    assert order.spread.expiry == LATER
    assert order.spread.underlying == "SPY"
    assert order.rolled_from == "o1"
    assert order.reason.startswith("roll of o1")
    assert order.worst >= Decimal("1.01")
    assert order.limit >= order.worst
    assert order.quantity <= 2
    assert order.digest == RULES.digest


def test_nothing_is_opened_when_the_successor_does_not_bring_enough() -> None:
    chain = given.chain(given.options(expiries=(given.EXPIRY, LATER)))

    found = decide(given.snapshot(closed_to_roll("-4.50"), chain), given.rulebook(RULES))

    assert [one for one in found if isinstance(one, Propose)] == []
    (denied,) = [one for one in found if isinstance(one, DenyEntry)]
    assert denied.fact.obstacle.gate == "roll_net"


@pytest.mark.parametrize(
    ("terms", "tick", "least"),
    [
        ("a credit", "0.01", "1.01"),
        ("a credit of $0.20", "0.01", "1.20"),
        ("a debit up to $0.50", "0.01", "0.50"),
        ("a credit", "0.05", "1.05"),
    ],
)
def test_least_net_is_what_the_close_cost_and_what_the_trader_asks(terms: str, tick: str, least: str) -> None:
    rules = given.strategy(ROLL % (terms, 1))
    (roll,) = pending_rolls(rules, given.snapshot(closed_to_roll("-1.00", by=rules)))

    assert roll is not None
    assert roll.least_net(Decimal(tick)) == Decimal(least)


def test_least_net_is_rounded_up_to_the_tick() -> None:
    position = closed_to_roll("-1.02").positions["o1"]

    assert Roll(position, Decimal(0), 1, Decimal("-1.02")).least_net(Decimal("0.05")) == Decimal("1.05")
    assert Roll(position, Decimal("0.10"), 1, Decimal("-1.02")).least_net(Decimal("0.05")) == Decimal("1.15")


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (closed_to_roll(roll=None), "it was closed for another reason"),
        (closed_to_roll(at=given.NOW - timedelta(days=1)), "that was another session"),
        (given.ledger(*given.opened(given.proposal(by=RULES))), "it is open"),
    ],
)
def test_no_roll_is_owed(known: Ledger, why: str) -> None:
    assert pending_rolls(RULES, given.snapshot(known)) == (), why


def test_no_roll_is_owed_while_part_of_the_position_is_open() -> None:
    known = given.ledger(*given.opened(given.proposal(by=RULES, quantity=2), net="0.80"))
    given.told(known, *given.closed(given.proposal("c1", position="o1", limit="-1.00", rule="delta", roll="roll", by=RULES)))

    assert pending_rolls(RULES, given.snapshot(known)) == ()


@pytest.mark.parametrize("ending", [[], [OrderCanceled("o2", "not filled")]])
def test_roll_is_tried_once(ending: list[Fact]) -> None:
    successor = given.proposal("o2", of=given.spread(expiry=LATER), by=RULES, rolled_from="o1")

    known = given.told(closed_to_roll(), *given.working(successor), *ending)

    assert pending_rolls(RULES, given.snapshot(known)) == ()


def test_roll_that_was_never_sent_is_still_owed() -> None:
    successor = given.proposal("o2", of=given.spread(expiry=LATER), by=RULES, rolled_from="o1")
    known = given.told(closed_to_roll(), successor, OrderExpired("o2", "nobody answered in time"))

    assert len(pending_rolls(RULES, given.snapshot(known))) == 1


def test_nothing_else_is_opened_on_that_underlying_while_a_roll_is_owed() -> None:
    assert decided(closed_to_roll("-4.50")) == []
    assert len(decided(closed_to_roll("-4.50", roll=None))) == 1


def test_limits_of_openings_hold_for_a_successor() -> None:
    assert decided(closed_to_roll(), account=given.account(excess_liquidity=20_000)) == []


def test_chain_of_rolls_is_counted() -> None:
    known = given.ledger(
        *given.opened(given.proposal("a")),
        *given.opened(given.proposal("b", rolled_from="a")),
        *given.opened(given.proposal("c", rolled_from="b")),
    )

    assert [times_rolled(known.positions[ref], known) for ref in "abc"] == [0, 1, 2]
    assert rolls_so_far(known.positions["a"], known) is None
    rolls = rolls_so_far(known.positions["c"], known)
    assert rolls is not None
    assert (rolls.count, rolls.net_usd) == (2, Decimal(160)), "the closes brought nothing here, the openings 0.80 each"


def test_successor_never_risks_more_than_the_position_could_lose() -> None:
    wide = given.strategy((ROLL % ("a credit", 1)) + "\n" + WIDE)
    position = given.ledger(*given.opened(given.proposal(by=wide), net="0.80"))
    close = given.proposal("c1", position="o1", limit="-1.00", rule="delta", roll="roll", by=wide)
    known = given.told(position, *given.closed(close, at=A_MINUTE_AGO), at=A_MINUTE_AGO)
    chain = given.chain(given.options(expiries=(given.EXPIRY, LATER)))

    found = decide(given.snapshot(known, chain), given.rulebook(wide))

    assert [one for one in found if isinstance(one, Propose)] == []
    (denied,) = [one for one in found if isinstance(one, DenyEntry)]
    assert denied.fact.obstacle.gate == "roll_loss"
