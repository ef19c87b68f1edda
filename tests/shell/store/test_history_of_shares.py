"""Positions whose options became shares, in SQL as in the fold: what is held of them, what they made, and what they can lose."""

from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.contract import shares_of
from engine.domain.facts.positions import OptionsExercised, PositionReleased, PositionSettled
from engine.domain.facts.union import Fact
from engine.domain.parts import some_of
from engine.domain.spread import Leg, Spread
from tests import given as world
from tests.shell.store.facts import NOON
from tests.shell.store.test_history import assert_views_are_the_fold, rows, told
from tests.shell.store.test_history_of_legs import closed, opened

SHARE = shares_of(756733, "SPY")
PUTS = Spread("bull_put", (Leg(world.contract(600), "sell"), Leg(world.contract(595), "buy")))
CALLS = Spread("bear_call", (Leg(world.contract(600, "C"), "sell"), Leg(world.contract(605, "C"), "buy")))
PRICES = ["4.00", "2.50"]


def exercised(spread: Spread, leg: int, contracts: int) -> OptionsExercised:
    one = spread.legs[leg]
    shares = one.sign * contracts * 100 * (1 if one.contract.put_call == "C" else -1)
    return OptionsExercised("o1", one.contract.con_id, contracts, SHARE, shares, one.contract.strike, "assigned", NOON)


def traded(spread: Spread, shares: int, price: str) -> list[Fact]:
    """The close of so many shares: bought back where they are owed."""
    action = "buy" if spread is PUTS else "sell"
    return closed("c1", Spread("shares", (Leg(SHARE, action),)), shares, [price])


@pytest.mark.parametrize(("spread", "most"), [(PUTS, Decimal(700)), (CALLS, Decimal(700))], ids=["put", "call"])
def test_assigned_short_is_shares_beside_the_long(spread: Spread, most: Decimal, tmp_path: Path) -> None:
    # given two spreads at a credit of 1.50, of which both shorts are assigned
    ledger = told(tmp_path, [*opened(spread, 2, PRICES), exercised(spread, 0, 2)])

    # then the premium of the short is made, and the rest can lose the width and the premium of the long
    assert_views_are_the_fold(tmp_path, ledger)
    (row,) = rows(tmp_path, "FROM positions")
    assert (row["is_open"], row["realised"], row["max_loss"]) == (True, Decimal(800), Decimal(1500))
    assert [part["quantity"] for part in row["parts"]] == [2, 200]  # type: ignore[attr-defined]


def test_one_of_several_leaves_the_others_whole(tmp_path: Path) -> None:
    ledger = told(tmp_path, [*opened(PUTS, 3, PRICES), exercised(PUTS, 0, 1), *traded(PUTS, 60, "598.00")])

    assert_views_are_the_fold(tmp_path, ledger)
    (row,) = rows(tmp_path, "FROM positions")
    assert [part["quantity"] for part in row["parts"]] == [2, 1, 40]  # type: ignore[attr-defined]
    assert row["realised"] == Decimal(400) - 60 * 2


@pytest.mark.parametrize("spread", [PUTS, CALLS], ids=["put", "call"])
def test_shares_that_are_traded_away_end_with_the_long(spread: Spread, tmp_path: Path) -> None:
    long = closed("c2", some_of(spread, [1]), 2, ["2.00"])
    ledger = told(tmp_path, [*opened(spread, 2, PRICES), exercised(spread, 0, 2), *traded(spread, 200, "599.00"), *long])

    assert_views_are_the_fold(tmp_path, ledger)
    (trade,) = rows(tmp_path, "FROM trades")
    made = Decimal(800) - Decimal(100) + (-200 if spread is PUTS else 200)
    assert (trade["is_open"], trade["realised"]) == (False, made)
    assert trade["closing_net"] * 200 == made - Decimal("1.50") * 200  # type: ignore[operator]


def test_exercise_of_the_long_too_leaves_nothing(tmp_path: Path) -> None:
    ledger = told(tmp_path, [*opened(PUTS, 2, PRICES), exercised(PUTS, 0, 2), exercised(PUTS, 1, 2)])

    assert_views_are_the_fold(tmp_path, ledger)
    (trade,) = rows(tmp_path, "FROM trades")
    assert (trade["is_open"], trade["realised"], trade["close_reason"]) == (False, Decimal(300) - Decimal(1000), "exercised")


def test_shares_outlive_a_settlement(tmp_path: Path) -> None:
    story = [*opened(PUTS, 2, PRICES), exercised(PUTS, 0, 2), PositionSettled("o1", Decimal("1.00"), "expired")]
    ledger = told(tmp_path, story)

    assert_views_are_the_fold(tmp_path, ledger)
    after = told(tmp_path / "after", [*story, *traded(PUTS, 200, "594.00")])
    assert_views_are_the_fold(tmp_path / "after", after)
    assert not after.positions["o1"].is_open


def test_what_a_person_took_is_not_open_and_keeps_the_result_of_before(tmp_path: Path) -> None:
    story = [*opened(PUTS, 2, PRICES), exercised(PUTS, 0, 1), PositionReleased("o1", "ada", "mine now")]
    ledger = told(tmp_path, story)

    assert_views_are_the_fold(tmp_path, ledger)
    (trade,) = rows(tmp_path, "FROM trades")
    assert (trade["is_open"], trade["realised"], trade["close_reason"]) == (False, Decimal(400), "released by ada: mine now")
