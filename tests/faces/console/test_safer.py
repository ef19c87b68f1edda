"""What makes an order safer by hand, and the sizes that a spread can have: read as they are typed, and shown."""

from decimal import Decimal
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.api.models.candidates import Candidate
from engine.api.models.orders import Order
from engine.api.models.status import Status
from engine.console.dialogs.safer import Safer, safer_of
from engine.console.sizing import Size, size_of
from engine.domain.errors import UserError
from tests.faces.console.answers import approval, candidate, order, status
from tests.faces.console.conftest import NARROW, Opened
from tests.faces.console.engine import made


def one(**other: Any) -> Order:
    return made(Order, order() | {"quantity": 2, "worst": 7.95} | other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1", Safer(1, None)),
        ("at 8.20", Safer(None, Decimal("8.20"))),
        ("1 at 8.20", Safer(1, Decimal("8.20"))),
        ("at8.2", Safer(None, Decimal("8.2"))),
    ],
)
def test_fewer_and_a_better_price_are_read(text: str, found: Safer):
    assert safer_of(text, one(), may_shrink=True) == found


@pytest.mark.parametrize("text", ["", "3", "2", "0", "at 7.95", "at 7.00", "7.00", "one", "at", "1 at 7.00", "-1"])
def test_what_is_no_change_or_would_risk_more_is_refused(text: str):
    with pytest.raises(UserError):
        safer_of(text, one(), may_shrink=True)


def test_debit_is_safer_where_less_is_paid():
    assert safer_of("at -5.40", one(worst=-5.83), may_shrink=True) == Safer(None, Decimal("-5.40"))
    with pytest.raises(UserError):
        safer_of("at -5.90", one(worst=-5.83), may_shrink=True)


def test_size_of_an_order_that_works_is_not_changed():
    with pytest.raises(UserError, match="not changed"):
        safer_of("1", one(), may_shrink=False)


# One can lose 4,155 and costs 2.60 in fees, the account has 104,210.
CANDIDATE = made(Candidate, candidate(0) | {"max_loss": 4155.0, "fees": 2.6})
STATUS = made(Status, status(net_liquidation=104_210.0))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Size(1, None)), ("3", Size(3, None)), ("$8,315.19", Size(1, None)), ("$8,315.20", Size(2, None)),
        ("8%", Size(2, None)),
        ("at 6,400", Size(1, 6400.0)), ("3 at 6400", Size(3, 6400.0)),
    ],
)  # fmt: skip
def test_size_is_a_number_a_sum_or_a_share_of_the_account(text: str, found: Size):
    assert size_of(text, CANDIDATE, STATUS) == found


@pytest.mark.parametrize("text", ["$4,157", "3%", "0", "1.5", "-2", "many", "at", "3 at x", "2 at 0"])
def test_what_is_no_size_or_too_little_is_told(text: str):
    with pytest.raises(UserError):
        size_of(text, CANDIDATE, STATUS)


@pytest.mark.asyncio
async def test_size_and_risk_reckon_while_one_types_and_lead_to_the_order(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk(size=NARROW) as at:
        await at.press("2")
        await at.press("z", *"3 at 6400")
        assert at.screen == snapshot

        await at.press("enter")
        assert "Order this candidate" in at.screen
        assert "▶3" in at.screen


@pytest.mark.asyncio
async def test_waiting_opening_is_made_safer_and_nothing_else(desk: Opened, snapshot: SnapshotAssertion) -> None:
    async with desk(size=NARROW) as at:
        at.engine.told_approvals = [approval(quantity=2, worst=7.95)]
        await at.look()
        await at.press("3", "e", *"1 at 8.20")
        assert at.screen == snapshot

        await at.press("enter")
        assert at.engine.said == [("edit", at.engine.told_approvals[0]["order_ref"], 1, Decimal("8.20"), "ada")]


@pytest.mark.asyncio
async def test_price_that_would_risk_more_is_not_said_to_the_engine(desk: Opened) -> None:
    async with desk() as at:
        at.engine.told_approvals = [approval(quantity=2, worst=7.95)]
        await at.look()
        await at.press("3", "e", *"at 7.00", "enter")

        assert "a safer one is higher" in at.screen
        assert at.engine.said == []


@pytest.mark.asyncio
async def test_order_that_works_is_made_safer(desk: Opened) -> None:
    async with desk() as at:
        at.engine.told_orders = [order() | {"state": "working", "worst": 7.95}]
        await at.look()
        await at.press("5", "m", *"at 8.20", "enter")

        assert at.engine.said == [("modify", at.engine.told_orders[0]["order_ref"], Decimal("8.20"), "ada")]


@pytest.mark.asyncio
async def test_close_is_not_made_safer(desk: Opened) -> None:
    async with desk() as at:
        at.engine.told_orders = [order() | {"state": "working", "purpose": "close"}]
        await at.look()
        await at.press("5", "m")

        assert "only slower" in at.screen
        assert len(at.app.screen_stack) == 1
