"""Positions of two expiries: what is sold near ends by itself, and what is left goes on by the rules of its file."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.decide.positions import position_row
from engine.domain.decision import Propose, Settle
from engine.domain.facts.positions import ExpiredLeg, LegsExpired, PositionSettled
from engine.domain.session import Session
from engine.domain.spread import Leg, Spread
from tests import given
from tests.core.decide.watching import kinds, look

LEGS = (
    Leg(given.contract(590, "P", root="SPXW", underlying="SPX"), "sell"),
    Leg(given.contract(590, "P", root="SPXW", underlying="SPX", expiry=given.LATER), "buy"),
)
CALENDAR = Spread("calendar", LEGS)
NEAR, FAR = (leg.contract for leg in LEGS)
PROPOSAL = given.proposal(of=CALENDAR, quantity=1, limit="-2.40")
OPENED = [*given.working(PROPOSAL), *given.fills(PROPOSAL, 1, "-2.40")]
HOLDS = """\
entry:
  approval: manual
spread:
  type: calendar
  right: put
  expiry: {near: 20-40 days, far: 41-90 days}
  short_delta: 0.30-0.60
exits:
  - profit >= 50% of debit
"""
LAST = Session(given.EXPIRY, datetime(2026, 12, 18, 14, 30, tzinfo=UTC), datetime(2026, 12, 18, 21, 0, tzinfo=UTC))


def at(clock: str, spot: float = 600.0) -> list[object]:
    """What is decided on the day on which what is sold expires."""
    hour, minute = map(int, clock.split(":"))
    known = given.ledger(*OPENED)
    market = {"SPX": given.market("SPX", price=spot)}
    now = datetime(2026, 12, 18, hour, minute, tzinfo=UTC)
    return look(known, given.chain(at=now), strategy=given.strategy(HOLDS), session=LAST, market=market)  # type: ignore[return-value]


def test_what_is_sold_is_settled_half_an_hour_after_its_own_expiry() -> None:
    early, due = at("21:29"), at("21:30", 588.5)

    assert kinds(early) == []
    (settled,) = due
    assert isinstance(settled, Settle)
    assert isinstance(settled.fact, LegsExpired)
    assert settled.fact.expired == (ExpiredLeg(NEAR.con_id, 1, Decimal("1.5")),)
    assert settled.fact.expired_at == LAST.close
    assert "588.5" in settled.fact.reason


@pytest.mark.parametrize(("worth", "mid", "profit"), [("0", 5.0, 260.0), ("1.50", 5.0, 110.0), ("0", 1.0, -140.0)])
def test_profit_of_what_is_left_counts_what_the_other_leg_made(worth: str, mid: float, profit: float) -> None:
    known = given.ledger(*OPENED, LegsExpired("o1", (ExpiredLeg(NEAR.con_id, 1, Decimal(worth)),), "expired", LAST.close))
    now = datetime(2026, 12, 21, 16, 0, tzinfo=UTC)
    option = given.option(FAR, at=now, bid=mid - 0.05, ask=mid + 0.05)

    row = position_row(known.positions["o1"], given.chain([option], at=now), None, now, None)

    assert (row["profit"], row["loss"]) == (pytest.approx(profit), pytest.approx(-profit))
    assert (row["debit"], row["credit"]) == (pytest.approx(240.0), None)
    assert row["dte"] == (given.LATER - now.date()).days
    assert row["short_delta"] is None


def test_what_is_left_is_settled_at_its_own_expiry() -> None:
    known = given.ledger(*OPENED, LegsExpired("o1", (ExpiredLeg(NEAR.con_id, 1, Decimal(0)),), "expired", LAST.close))
    now = datetime(2027, 1, 15, 21, 30, tzinfo=UTC)
    session = Session(given.LATER, now.replace(hour=14), now.replace(hour=21, minute=0))

    market = {"SPX": given.market("SPX", price=580.0)}
    (settled,) = look(known, given.chain(at=now), strategy=given.strategy(HOLDS), session=session, market=market)

    assert isinstance(settled, Settle)
    assert isinstance(settled.fact, PositionSettled)
    assert settled.fact.value == Decimal(10)


def test_expiries_that_were_both_missed_are_settled_one_after_the_other_each_at_its_own_close() -> None:
    known, now = given.ledger(*OPENED), datetime(2027, 1, 19, 15, 0, tzinfo=UTC)
    session = Session(now.date(), now.replace(hour=14, minute=30), now.replace(hour=21))
    closes = tuple(600.0 - number for number in range(40, -1, -1))
    market = {"SPX": given.market("SPX", price=650.0, closes=closes)}

    def due() -> LegsExpired | PositionSettled:
        (settled,) = look(known, given.chain(at=now), strategy=given.strategy(HOLDS), session=session, market=market)
        assert isinstance(settled, Settle)
        return settled.fact

    first = due()
    assert isinstance(first, LegsExpired)
    assert first.expired_at == LAST.close
    given.told(known, first)
    second = due()
    assert isinstance(second, PositionSettled)
    assert (first.expired[0].worth > 5, second.value) == (True, Decimal(0))


def test_what_is_left_is_sold_when_a_rule_of_the_file_holds() -> None:
    known = given.ledger(*OPENED, LegsExpired("o1", (ExpiredLeg(NEAR.con_id, 1, Decimal(0)),), "expired", LAST.close))
    strategy = given.strategy(HOLDS)
    now = datetime(2026, 12, 21, 16, 0, tzinfo=UTC)
    session = Session(now.date(), now.replace(hour=14, minute=30), now.replace(hour=21))
    option = given.option(FAR, at=now, bid=5.0, ask=5.1)

    decisions = look(known, given.chain([option], at=now), strategy=strategy, session=session)

    (close,) = [one for one in decisions if isinstance(one, Propose)]
    assert [(leg.action, leg.contract) for leg in close.order.spread.legs] == [("buy", FAR)]
    assert close.order.purpose == "close"
