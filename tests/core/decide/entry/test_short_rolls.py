"""What a calendar or a diagonal has sold is rolled against what it holds: its close alone, then a short that is covered."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.decide.decide import decide
from engine.decide.exit.left_over import LEFT_ALONE
from engine.decide.positions import position_row
from engine.decide.quotes import Rows
from engine.domain.chain import ChainSnapshot
from engine.domain.decision import Decision, DenyEntry, Propose, TriggerExit
from engine.domain.facts.orders import LegFilled, OrderCanceled, OrderProposed
from engine.domain.ledger import Ledger
from engine.domain.spread import Leg, Spread
from engine.strategy.model import Strategy
from tests import given
from tests.core.decide.watching import look

NEAR, NEXT, FAR = date(2026, 12, 4), given.EXPIRY, given.LATER  # 11, 25 and 53 days
FILE = """\
filters: [volume >= 10]
spread:
  type: {kind}
  right: call
{keys}
  expiry: {{near: 5-15 days, far: 40-60 days}}
  rank: return_on_risk
sizing: {{risk: $9000, contracts: 1-5}}
entry:
  approval: manual, expires in 10 min
  price: from mid, $0.01 every 15 s, no worse than 108% of mid, give up after 3 min
exits:
  - dte <= 14: roll short
  - loss >= 90% of max_loss
roll: {{to: 20-30 days, for: {terms}, at_most: 3, else: keep}}
"""
CALENDAR = "  short_delta: 0.20-0.60"
DIAGONAL = "  far_strike: lower\n  short_delta: 0.20-0.45\n  long_delta: 0.70-0.90\n  width: $5-$60"
KEYS = {"calendar": CALENDAR, "diagonal": DIAGONAL}
A_MINUTE_AGO = given.NOW - timedelta(minutes=1)


RICH = {"account": given.account(2_000_000, available_funds=1_900_000, excess_liquidity=1_900_000)}


def rules(kind: str = "calendar", terms: str = "a debit up to $1.00") -> Strategy:
    return given.strategy(FILE.format(kind=kind, keys=KEYS[kind], terms=terms))


def spread(kind: str = "calendar") -> Spread:
    far = given.contract(610 if kind == "calendar" else 570, "C", expiry=FAR)
    return Spread(kind, (Leg(given.contract(610, "C", expiry=NEAR), "sell"), Leg(far, "buy")))


def held(by: Strategy, kind: str = "calendar") -> Ledger:
    """Opened two days ago for a debit."""
    order = given.proposal(of=spread(kind), quantity=2, by=by, limit="-8.00" if kind == "calendar" else "-35.00")
    prices = ("4.00", "12.00") if kind == "calendar" else ("2.00", "37.00")
    fills = [
        LegFilled("o1", f"x{number}.01", leg.contract.con_id, leg.action, 2, Decimal(price), given.NOW - timedelta(days=2))
        for number, (leg, price) in enumerate(zip(order.spread.legs, prices, strict=True))
    ]
    return given.ledger(*given.working(order), *fills)


def market(volume_of_far: float = 100) -> ChainSnapshot:
    rows = given.options(expiries=(NEAR, NEXT, FAR))
    for row in rows:
        if row["contract"].expiry == FAR:  # type: ignore[attr-defined]
            row["volume"] = volume_of_far
    return given.chain(rows)


def bought_back(by: Strategy, kind: str = "calendar", cost: str = "-3.00", roll: str | None = "roll short") -> Ledger:
    short = replace(spread(kind), structure=f"{kind} short", legs=spread(kind).shorts)
    close = given.proposal("c1", of=short, position="o1", quantity=2, limit=cost, worst=cost, rule="dte <= 14", roll=roll, by=by)
    return given.told(held(by, kind), *given.closed(close, at=A_MINUTE_AGO), at=A_MINUTE_AGO)


def proposed(found: list[Decision]) -> list[OrderProposed]:
    return [one.order for one in found if isinstance(one, Propose)]


@pytest.mark.parametrize("kind", KEYS)
def test_short_is_bought_back_alone_once_its_successor_is_found(kind: str) -> None:
    by = rules(kind)

    found = look(held(by, kind), market(), strategy=by, **RICH)

    (close,) = proposed(found)
    assert (close.purpose, close.spread.legs, close.quantity) == ("close", spread(kind).shorts, 2)
    assert (close.rule, close.roll) == ("dte <= 14", "roll short")
    assert close.reason == "roll short: dte <= 14"
    assert [one.fact.action for one in found if isinstance(one, TriggerExit)] == ["roll short"]


@pytest.mark.parametrize("kind", KEYS)
def test_new_short_ends_before_the_held_long_and_joins_its_position(kind: str) -> None:
    by = rules(kind)

    (order,) = proposed(decide(given.snapshot(bought_back(by, kind), market(), **RICH), given.rulebook(by)))

    (leg,) = order.spread.legs
    assert (order.purpose, order.position, order.quantity, leg.action) == ("open", "o1", 2, "sell")
    assert leg.contract.expiry == NEXT
    assert order.spread.structure == f"{kind} short"
    assert order.worst > 2
    assert order.candidate is not None
    assert order.candidate["net"] == pytest.approx(float(order.limit), abs=0.06)
    if kind == "calendar":
        assert leg.contract.strike == 610


def test_filters_of_what_is_bought_are_not_asked_of_what_is_held() -> None:
    by = rules()

    assert len(proposed(decide(given.snapshot(bought_back(by), market(volume_of_far=0), **RICH), given.rulebook(by)))) == 1


def test_short_that_brings_too_little_is_denied() -> None:
    by = rules(terms="a credit of $9.00")

    found = decide(given.snapshot(bought_back(by), market(), **RICH), given.rulebook(by))

    assert proposed(found) == []
    assert [one.fact.obstacle.gate for one in found if isinstance(one, DenyEntry)] == ["roll_net"]


def test_rolled_calendar_is_one_trade_and_covered() -> None:
    by = rules()
    (order,) = proposed(decide(given.snapshot(bought_back(by), market(), **RICH), given.rulebook(by)))
    known = given.told(bought_back(by), *given.opened(replace(order, order_ref="r1"), net="8.00", at=given.NOW))

    position = known.positions["o1"]
    row = position_row(position, market(), given.market(), given.NOW, given.SESSION)

    assert [(part.spread.structure, part.quantity) for part in position.parts] == [("calendar", 2)]
    assert position.spread.expiry == NEXT
    assert position.bare == ()
    assert row["debit"] == 1600.0
    assert position.rolls == ("r1",)


@pytest.mark.parametrize(
    ("roll", "sells"),
    [("roll short", []), (None, [LEFT_ALONE])],
)
def test_long_is_kept_where_its_short_was_bought_back_to_be_rolled(roll: str | None, sells: list[str]) -> None:
    by = rules(terms="a credit of $9.00")

    found = look(bought_back(by, roll=roll), market(), strategy=by, **RICH)

    assert [one.reason for one in proposed(found)] == sells


def test_long_keeps_the_rules_of_its_file_where_the_new_short_did_not_fill() -> None:
    by = given.strategy(
        FILE.format(kind="calendar", keys=CALENDAR, terms="a credit").replace("loss >= 90% of max_loss", "days_held >= 1")
    )
    (order,) = proposed(decide(given.snapshot(bought_back(rules()), market(), **RICH), given.rulebook(rules())))
    gone = [*given.working(replace(order, order_ref="r1")), OrderCanceled("r1", "not filled")]
    known = given.told(bought_back(by), *gone)

    assert [one.reason for one in proposed(look(known, market(), strategy=by, **RICH))] == ["days_held >= 1"]
    assert Rows(market()).mark(known.positions["o1"].spread, "close") is not None
