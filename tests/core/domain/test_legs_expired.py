"""A position whose sold leg expires before the one that is bought: what is left goes on, and every cent is counted once."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.domain.facts.orders import LegFilled
from engine.domain.facts.positions import ExpiredLeg, LegsExpired, PositionSettled
from engine.domain.facts.union import Fact
from tests import given
from tests.structures import CALENDAR, executions

NEAR, FAR = (leg.contract.con_id for leg in CALENDAR.legs)
ENDED = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)
PAID = Decimal("2.35")


def opened(quantity: int = 2) -> list[Fact]:
    order = given.proposal(of=CALENDAR, quantity=quantity, limit="-2.40")
    return [*given.working(order), *executions(CALENDAR, quantity)]


def expired(worth: str, contracts: int = 2) -> LegsExpired:
    return LegsExpired("o1", (ExpiredLeg(NEAR, contracts, Decimal(worth)),), "590P expired", ENDED)


def sold(price: str, contracts: int) -> list[Fact]:
    """The long that is left, sold."""
    (part,) = given.ledger(*opened(), expired("0")).positions["o1"].parts
    order = given.proposal("c1", of=part.spread, position="o1", quantity=contracts, limit=price)
    fill = LegFilled("c1", "c1.a.00.01", FAR, "sell", contracts, Decimal(price), ENDED, given.perm_id("c1"))
    return [*given.working(order), fill]


def test_long_that_is_left_is_all_that_is_held() -> None:
    known = given.ledger(*opened(), expired("0"))
    position = known.positions["o1"]

    (part,) = position.parts
    assert (part.spread.structure, part.quantity, part.opening_net) == ("calendar long", 2, Decimal("-6.35"))
    assert [lot.held for lot in position.lots] == [0, 2]
    assert (position.is_open, position.has_expired, position.bare, position.excess) == (True, True, (), 0)
    assert known.contracts_held() == {FAR: 2}


@pytest.mark.parametrize(("worth", "made"), [("0", "800"), ("1.50", "500"), ("5.25", "-250")])
def test_what_was_sold_is_realised_at_what_it_turned_into(worth: str, made: str) -> None:
    position = given.ledger(*opened(), expired(worth)).positions["o1"]

    assert position.realised == Decimal(made)
    assert position.realised + position.unrealised(Decimal("5.00")) == Decimal(made) + (5 - Decimal("6.35")) * 200


def test_long_that_is_sold_afterwards_ends_the_position() -> None:
    position = given.ledger(*opened(), expired("1.50"), *sold("5.00", 2)).positions["o1"]

    assert not position.is_open
    assert position.realised == (-PAID - Decimal("1.50") + 5) * 200
    assert position.closing_net == Decimal("3.50")
    assert given.ledger(*opened(), expired("1.50"), *sold("5.00", 2)).contracts_held() == {}


def test_long_that_expires_too_is_settled_by_itself() -> None:
    known = given.ledger(*opened(), expired("0"), *sold("5.00", 1), PositionSettled("o1", Decimal("3.00"), "expired"))
    position = known.positions["o1"]

    assert not position.is_open
    assert position.realised == -PAID * 200 + Decimal("5.00") * 100 + Decimal("3.00") * 100
    assert known.contracts_held() == {}
