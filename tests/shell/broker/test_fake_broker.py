"""The fake broker keeps the port's promises that the tests of the loop lean on."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.domain.contract import Contract
from engine.domain.errors import Transient
from engine.domain.facts.orders import LegFilled, OrderAcknowledged, OrderProposed
from engine.domain.facts.union import Fact
from engine.domain.order import Order
from engine.domain.order_life import proposed
from engine.domain.spread import Leg, Spread
from engine.ports import Broker
from tests.fakes.broker import FakeBroker, Habits
from tests.shell.broker.bench import RecordingSink

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


class StillClock:
    def now(self) -> datetime:
        return AT


def put(con_id: int, strike: int) -> Contract:
    return Contract(con_id, "SPY", "SPY", date(2026, 12, 18), Decimal(strike), "P", 100)


SPREAD = Spread("bull_put", (Leg(put(2, 590), "buy"), Leg(put(1, 600), "sell")))


def opening(ref: str, quantity: int) -> Order:
    proposal = OrderProposed(
        order_ref=ref,
        purpose="open",
        strategy="condor",
        digest="d",
        snapshot="s",
        position=ref,
        spread=SPREAD,
        quantity=quantity,
        limit=Decimal("1.20"),
        worst=Decimal("1.00"),
        max_loss=Decimal(900),
        fees=Decimal("5.20"),
        reason="entry",
    )
    return proposed(proposal, AT)


def fake(heard: list[Fact], habits: Habits) -> FakeBroker:
    broker = FakeBroker(heard.append, RecordingSink(), StillClock(), habits=habits)
    port: Broker = broker
    asyncio.run(port.connect())
    heard.clear()
    return broker


def test_fake_broker_executes_every_leg_to_the_limit_when_told_to_fill_at_once():
    heard: list[Fact] = []
    broker = fake(heard, Habits(fill="at_once"))

    broker.send(opening("sp-1", 2), Decimal("1.20"))

    fills = [fact for fact in heard if isinstance(fact, LegFilled)]
    assert isinstance(heard[0], OrderAcknowledged)
    assert [(fill.con_id, fill.action, fill.quantity) for fill in fills] == [(2, "buy", 2), (1, "sell", 2)]
    assert fills[1].price - fills[0].price == Decimal("1.20")
    assert broker.positions == {1: Decimal(-2), 2: Decimal(2)}


def test_fake_broker_holds_an_order_that_nobody_told_of_when_it_loses_the_acknowledgement():
    heard: list[Fact] = []
    broker = fake(heard, Habits(loses_acknowledgement=True))

    broker.send(opening("sp-1", 1), Decimal("1.20"))

    state = asyncio.run(broker.state())
    assert heard == []
    assert [(order.order_ref, order.status) for order in state.open_orders] == [("sp-1", "working")]


def test_fake_broker_refuses_to_send_when_the_link_is_lost():
    heard: list[Fact] = []
    broker = fake(heard, Habits())
    broker.lose_link()

    with pytest.raises(Transient, match="not connected"):
        broker.send(opening("sp-1", 1), Decimal("1.20"))

    assert broker.sent == []
