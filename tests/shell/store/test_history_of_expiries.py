"""Positions of two expiries in SQL: the leg that is over, the one that lives on, and the most that can be lost."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.facts.positions import ExpiredLeg, LegsExpired, PositionSettled
from engine.domain.parts import some_of
from engine.domain.spread import Leg, Spread
from tests import given as world
from tests.shell.store.test_history import assert_views_are_the_fold, rows, told
from tests.shell.store.test_history_of_legs import closed, opened
from tests.structures import CALENDAR

PRICES = ["4.00", "6.35"]
NEAR = CALENDAR.legs[0].contract
ENDED = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)


def expired(contracts: int, worth: str) -> LegsExpired:
    return LegsExpired("o1", (ExpiredLeg(NEAR.con_id, contracts, Decimal(worth)),), "590P expired", ENDED)


def test_leg_that_is_over_is_realised_and_the_other_is_open(tmp_path: Path) -> None:
    ledger = told(tmp_path, [*opened(CALENDAR, 2, PRICES), expired(2, "1.50")])

    assert_views_are_the_fold(tmp_path, ledger)
    (row,) = rows(tmp_path, "FROM positions")
    assert (row["is_open"], row["realised"]) == (True, Decimal(500))
    assert [(part["structure"], part["quantity"]) for part in row["parts"]] == [("calendar long", 2)]  # type: ignore[attr-defined]


def test_long_that_is_sold_afterwards_ends_the_trade(tmp_path: Path) -> None:
    rest = closed("c1", some_of(CALENDAR, [1]), 2, ["5.00"])
    ledger = told(tmp_path, [*opened(CALENDAR, 2, PRICES), expired(2, "1.50"), *rest])

    assert_views_are_the_fold(tmp_path, ledger)
    (trade,) = rows(tmp_path, "FROM trades")
    assert (trade["is_open"], trade["realised"], trade["closing_net"]) == (False, Decimal(230), Decimal("3.50"))


def test_long_that_expires_too_is_settled_by_itself(tmp_path: Path) -> None:
    story = [*opened(CALENDAR, 2, PRICES), expired(2, "0"), PositionSettled("o1", Decimal("3.00"), "expired")]
    ledger = told(tmp_path, story)

    assert_views_are_the_fold(tmp_path, ledger)
    (trade,) = rows(tmp_path, "FROM trades")
    assert (trade["is_open"], trade["realised"]) == (False, 2 * Decimal(65))


@pytest.mark.parametrize("right", ["P", "C"])
@pytest.mark.parametrize("far", [580, 590, 600])
def test_most_that_a_european_calendar_can_lose_counts_the_discount(tmp_path: Path, right: str, far: int) -> None:
    legs = (
        Leg(world.contract(590, right, root="SPXW", underlying="SPX"), "sell"),  # type: ignore[arg-type]
        Leg(world.contract(far, right, root="SPXW", underlying="SPX", expiry=world.LATER), "buy"),  # type: ignore[arg-type]
    )
    spread = Spread("diagonal", legs, Decimal("1.00213"), Decimal("0.99654"))
    ledger = told(tmp_path, opened(spread, 2, PRICES))

    assert_views_are_the_fold(tmp_path, ledger)
    (row,) = rows(tmp_path, "SELECT max_loss FROM positions")
    plain = told(tmp_path / "plain", opened(replace(spread, onward_discount=Decimal(1), onward_growth=Decimal(1)), 2, PRICES))
    assert row["max_loss"] == pytest.approx(ledger.positions["o1"].max_loss, abs=Decimal("0.0001"))
    more = ledger.positions["o1"].max_loss - plain.positions["o1"].max_loss
    assert more > 0 or (right, far) != ("P", 590)
