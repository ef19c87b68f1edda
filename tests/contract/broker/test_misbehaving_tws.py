"""The adapter against every fault of the simulated TWS that touches a session: facts stay legal, nothing is lost or doubled."""

import asyncio
from dataclasses import replace

import pytest

from engine.domain.errors import EngineError
from engine.domain.facts.orders import LegFilled, OrderCanceled, OrderSent, OrderUnknown
from engine.domain.facts.running import ErrorHeard, LinkChanged
from engine.domain.facts.union import OrderFact
from engine.domain.order import Order
from engine.domain.order_life import advance
from tests.contract.broker.stages import SimulatedStage, Stage, perform


def folded(one: Stage, order: Order, extra: tuple[OrderFact, ...] = ()) -> Order:
    """The order that its facts make. Raises IllegalFact where one cannot follow."""
    grown = advance(replace(order, state="approved"), OrderSent(order.ref, order.limit), one.clock.now())
    for fact in (*one.told(order.ref), *extra):
        grown = advance(grown, fact, one.clock.now())  # pyright: ignore[reportArgumentType] - facts of one order
    return grown


def adapter(one: Stage) -> SimulatedStage:
    assert isinstance(one, SimulatedStage)
    return one


@pytest.mark.parametrize(
    "fault",
    [
        "preset_notice",
        "duplicate_statusx9",
        "status_before_exec",
        "commission_first",
        "commission_late=20",
        "ack_after_fill",
        "exec_corrected=5",
        "partial_fills=600",
        "split=30",
        "slow=0.3",
        "no_greeks=60",
        "account_slow=60",
        "id_jump=500",
    ],
)
def test_order_fills_whole_and_once_when_tws_tells_it_oddly(fault: str):
    async def play(one: Stage) -> None:
        adapter(one).tws.inject(fault)
        order = await one.placed("sp-1", one.marketable, quantity=3)
        await asyncio.sleep(90)
        grown = folded(one, order)
        assert (grown.state, grown.filled, grown.is_balanced) == ("filled", 3, True)
        assert grown.commission > 0
        held = adapter(one).tws.positions()
        assert held == {one.spread.legs[0].contract.con_id: -3, one.spread.legs[1].contract.con_id: 3}

    stage = adapter(perform(SimulatedStage, play))

    assert stage.ib.gauges.unreadable == 0
    assert not [fact for fact in stage.heard if isinstance(fact, OrderUnknown)]


@pytest.mark.parametrize("fault", ["reject_modify=201", "tick_refused", "reject_modify=110", "reject_modify=105"])
def test_order_is_asked_about_or_kept_when_a_change_is_refused_and_never_given_up(fault: str):
    async def play(one: Stage) -> None:
        order = await one.placed("sp-1", one.resting)
        adapter(one).tws.inject(fault)
        one.broker.reprice(order, one.resting - 1)
        await one.settle()
        assert folded(one, order).state in {"working", "unknown"}
        (known,) = (await one.broker.state()).open_orders
        assert known.status == "working"
        one.broker.cancel(order)
        await one.settle()
        assert folded(one, order).state == "canceled"

    stage = perform(SimulatedStage, play)

    assert [fact for fact in stage.heard if isinstance(fact, OrderUnknown | ErrorHeard)]


def test_fill_counts_when_it_crosses_the_cancel():
    async def play(one: Stage) -> None:
        order = await one.placed("sp-1", one.resting)
        adapter(one).tws.inject("fill_on_cancel")
        one.broker.cancel(order)
        await one.settle()
        grown = folded(one, order)
        assert (grown.state, grown.is_balanced) == ("filled", True)

    assert not [fact for fact in perform(SimulatedStage, play).heard if isinstance(fact, OrderCanceled)]


def test_order_is_canceled_with_its_reason_when_the_system_does_it():
    async def play(one: Stage) -> None:
        order = await one.placed("sp-1", one.resting)
        adapter(one).tws.inject("cancelled")
        await one.settle()
        assert folded(one, order).state == "canceled"

    assert perform(SimulatedStage, play)


@pytest.mark.parametrize(
    ("fault", "away_s"), [("close", 0), ("reset", 0), ("restart=120", 130), ("half_open", 30), ("link_lost=60", 70),
                          ("link_lost_data_lost=60", 70), ("server_lost=60", 70)]
)  # fmt: skip
def test_session_is_found_again_with_its_order_and_its_quotes_when_the_link_was_lost(fault: str, away_s: float):
    async def play(one: Stage) -> None:
        await one.placed("sp-1", one.resting)
        adapter(one).tws.inject(fault)
        await asyncio.sleep(1)
        one.broker.watch([leg.contract for leg in one.spread.legs], [])
        await asyncio.sleep(away_s + 20)
        for _ in range(10):
            if one.broker.is_connected:
                break
            try:
                await one.broker.connect()
            except EngineError:
                await asyncio.sleep(10)
        quoted = len(one.sink.options)
        await asyncio.sleep(30)
        assert len(one.sink.options) > quoted
        assert one.broker.data == "live"
        assert [known.order_ref for known in (await one.broker.state()).open_orders] == ["sp-1"]

    stage = adapter(perform(SimulatedStage, play))

    assert stage.ib.gauges.unreadable == 0


@pytest.mark.parametrize(("fault", "state"), [("competing=60", "competing"), ("farm_lost=60", "no_data")])
def test_data_is_not_live_while_the_market_data_is_gone_and_is_again_afterwards(fault: str, state: str):
    async def play(one: Stage) -> None:
        adapter(one).tws.inject(fault)
        await asyncio.sleep(20)
        assert one.broker.data == "unknown"
        assert one.broker.is_connected
        await asyncio.sleep(90)
        assert one.broker.data == "live"

    stage = perform(SimulatedStage, play)

    assert [fact.state for fact in stage.heard if isinstance(fact, LinkChanged)] == ["connecting", "up", state, "up", "down"]


def test_quotes_are_withdrawn_when_nobody_bids():
    async def play(one: Stage) -> None:
        one.sink.no_quotes.clear()
        adapter(one).tws.inject("no_bids=30")
        await asyncio.sleep(20)
        assert {con_id for con_id, side in one.sink.no_quotes if side == "bid"} == {
            leg.contract.con_id for leg in one.spread.legs
        }

    assert perform(SimulatedStage, play)


def test_account_keeps_its_values_when_it_is_not_ready():
    async def play(one: Stage) -> None:
        before = one.broker.account.net_liquidation
        adapter(one).tws.inject("account_not_ready=60")
        await asyncio.sleep(30)
        assert one.broker.account.net_liquidation == before

    assert perform(SimulatedStage, play)


def test_completed_order_that_cannot_be_read_does_not_spoil_the_picture():
    async def play(one: Stage) -> None:
        await one.placed("sp-1", one.marketable)
        await one.settle()
        adapter(one).tws.inject("completed_extra_field")
        state = await one.broker.state()
        assert len([fact for fact in state.executions if isinstance(fact, LegFilled)]) >= 2

    assert adapter(perform(SimulatedStage, play)).ib.gauges.unreadable == 1
