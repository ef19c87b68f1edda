"""Positions that a person gave to the engine, in SQL as in the fold: opened at what each leg cost, by no order that was sent."""

from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.facts.positions import ExpiredLeg, LegCost, LegsExpired, PositionAdopted, PositionReleased, PositionSettled
from engine.domain.facts.union import Fact
from engine.domain.parts import side_of
from engine.domain.spread import Spread
from tests.shell.store.facts import NOON
from tests.shell.store.test_history import assert_views_are_the_fold, rows, told
from tests.shell.store.test_history_of_legs import closed, opened
from tests.structures import ALL, CALENDAR, CONDOR, NET, PRICES


def adopted(spread: Spread, quantity: int, strategy: str = "puts") -> PositionAdopted:
    prices = PRICES[spread.structure]
    costs = tuple(LegCost(leg.contract.con_id, Decimal(price)) for leg, price in zip(spread.legs, prices, strict=True))
    net = Decimal(NET[spread.structure])
    return PositionAdopted(
        "o1", strategy, "d" * 64, spread, quantity, costs, net, Decimal(1000), Decimal("2.60"), "ada", "opened by hand"
    )


def after(state: Path, *story: Fact) -> dict[str, object]:
    """The trade, once the views were held against the fold."""
    assert_views_are_the_fold(state, told(state, list(story)))
    (trade,) = rows(state, "FROM trades")
    return trade


@pytest.mark.parametrize("name", ALL)
def test_adopted_position_is_open_at_its_cost(name: str, tmp_path: Path) -> None:
    trade = after(tmp_path, adopted(ALL[name], 2))

    assert (trade["structure"], trade["quantity"], trade["is_open"], trade["opening_net"]) == (name, 2, True, Decimal(NET[name]))
    (order,) = rows(tmp_path, "FROM orders")
    assert (order["state"], order["approved_by"], order["reason"], order["sent_at"]) == (
        "filled", "ada", "adopted by ada: opened by hand", None
    )  # fmt: skip
    assert rows(tmp_path, "FROM fills") == [], "nothing of it was executed here"
    assert [row["decision"] for row in rows(tmp_path, "FROM decisions")] == ["PositionAdopted"]


def test_adopted_position_is_closed_side_by_side_beside_one_that_was_opened(tmp_path: Path) -> None:
    puts, calls = side_of(CONDOR, "put"), side_of(CONDOR, "call")
    assert puts is not None
    assert calls is not None
    other = opened(CONDOR, 1, list(PRICES["iron_condor"]), ref="o2")

    state = tmp_path / "half"
    ledger = told(state, [adopted(CONDOR, 2), *closed("c1", puts, 1, ["1.00", "0.50"])])
    assert_views_are_the_fold(state, ledger)
    whole = tmp_path / "whole"
    sides = [*closed("c1", puts, 2, ["1.00", "0.50"]), *closed("c2", calls, 2, ["1.00", "0.50"])]
    ended = told(whole, [adopted(CONDOR, 2), *sides, *other])
    assert_views_are_the_fold(whole, ended)

    (trade,) = rows(whole, "FROM trades WHERE position = 'o1'")
    assert (trade["is_open"], trade["realised"]) == (False, (Decimal("1.75") - 1) * 200)


def test_adopted_position_is_released_settled_and_expires_leg_by_leg(tmp_path: Path) -> None:
    given = adopted(CONDOR, 1)
    released = after(tmp_path / "released", given, PositionReleased("o1", "ada", "mine again"))
    settled = after(tmp_path / "settled", given, PositionSettled("o1", Decimal("-1.00"), "expired"))
    near = CALENDAR.legs[0].contract.con_id
    over = LegsExpired("o1", (ExpiredLeg(near, 1, Decimal(0)),), "expired", NOON)
    calendar = after(tmp_path / "calendar", adopted(CALENDAR, 1, ""), over)

    assert (released["is_open"], released["close_reason"]) == (False, "released by ada: mine again")
    assert (settled["is_open"], settled["realised"]) == (False, Decimal(75))
    assert (calendar["is_open"], calendar["strategy"], calendar["realised"]) == (True, "", Decimal(400))
