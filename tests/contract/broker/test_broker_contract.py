"""The numbered contract of `ports.Broker`, kept by the broker in memory and by ib_async against the simulated TWS.

By hand it runs against a paper account: start a session on it and give its stage the same levers.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from engine.domain.errors import Transient, UserError
from engine.domain.facts.orders import (
    CommissionReported,
    LegFilled,
    OrderAcknowledged,
    OrderCanceled,
    OrderPreviewed,
    OrderRejected,
    OrderSent,
    OrderUnknown,
)
from engine.domain.facts.running import LinkChanged
from engine.domain.order_life import advance
from engine.domain.spread import Spread
from tests.contract.broker.stages import LAST_EXPIRY, FakeStage, SimulatedStage, Stage, perform

BOTH = pytest.mark.parametrize("stage", [FakeStage, SimulatedStage], ids=["fake", "simulated"])


@BOTH
def test_tc01_connecting_gives_the_account_and_says_that_the_link_is_up(stage: type[Stage]):
    async def play(one: Stage) -> None:
        assert one.broker.is_connected
        assert one.broker.account.account.startswith("DU")
        assert one.broker.data == "live"

    states = [fact.state for fact in perform(stage, play).heard if isinstance(fact, LinkChanged)]

    assert states == ["connecting", "up", "down"]


@BOTH
def test_tc02_account_values_are_known_when_the_session_is_up(stage: type[Stage]):
    async def play(one: Stage) -> None:
        values = one.broker.account
        assert values.net_liquidation is not None
        assert values.net_liquidation > 0
        assert values.available_funds is not None
        assert values.excess_liquidity is not None
        assert values.reported_at is not None

    assert perform(stage, play)


@BOTH
def test_tc03_underlying_is_known_by_its_symbol_and_a_stranger_is_the_traders_mistake(stage: type[Stage]):
    async def play(one: Stage) -> None:
        spy = await one.broker.underlying("SPY")
        assert (spy.symbol, spy.kind, spy.currency) == ("SPY", "STK", "USD")
        with pytest.raises(UserError, match="NOPE"):
            await one.broker.underlying("NOPE")

    assert perform(stage, play)


@BOTH
def test_tc04_chain_has_only_the_expiries_and_strikes_that_were_asked_for(stage: type[Stage]):
    async def play(one: Stage) -> None:
        spy = await one.broker.underlying("SPY")
        chain = await one.broker.chain(spy, lambda day: date(2026, 12, 1) <= day <= LAST_EXPIRY, 0.02)
        assert chain
        assert all(date(2026, 12, 1) <= contract.expiry <= LAST_EXPIRY for contract in chain)
        assert all(580 < contract.strike < 620 for contract in chain)
        assert len({contract.con_id for contract in chain}) == len(chain)
        assert {contract.multiplier for contract in chain} == {100}

    assert perform(stage, play)


@BOTH
def test_tc05_daily_bars_are_oldest_first_and_leave_today_out(stage: type[Stage]):
    async def play(one: Stage) -> None:
        bars = await one.broker.daily_bars(await one.broker.underlying("SPY"), 20)
        assert len(bars.days) == len(bars.closes) == 20
        assert list(bars.days) == sorted(bars.days)
        assert bars.days[-1] < date(2026, 11, 23)
        assert all(0 < volatility < 3 for volatility in bars.implied_volatilities)

    assert perform(stage, play)


@BOTH
def test_tc06_preview_of_an_order_that_fits_has_its_margin_and_commission(stage: type[Stage]):
    async def play(one: Stage) -> None:
        answer = await one.broker.preview(one.proposal("sp-1", one.resting))
        assert answer.outcome == "fits"
        assert answer.initial_margin_change is not None
        assert answer.initial_margin_change > 0
        assert answer.commission is not None
        assert answer.commission > 0
        assert (await one.broker.state()).open_orders == ()

    assert not perform(stage, play).told("sp-1")


@BOTH
@pytest.mark.parametrize(("habit", "outcome"), [("preview_silence", "unknown"), ("preview_refusal", "refused")])
def test_tc07_preview_always_answers(stage: type[Stage], habit: str, outcome: str):
    async def play(one: Stage) -> None:
        one.will(habit)
        began = one.loop.time()
        answer = await one.broker.preview(one.proposal("sp-1", one.resting))
        assert isinstance(answer, OrderPreviewed)
        assert (answer.outcome, answer.initial_margin_change) == (outcome, None)
        assert answer.text
        assert one.loop.time() - began < 30

    assert perform(stage, play)


@BOTH
def test_tc08_order_that_rests_is_acknowledged_and_stands_in_the_books_under_our_reference(stage: type[Stage]):
    async def play(one: Stage) -> None:
        await one.placed("sp-1", one.resting)
        (known,) = (await one.broker.state()).open_orders
        acknowledged = [fact for fact in one.told("sp-1") if isinstance(fact, OrderAcknowledged)]
        assert acknowledged
        assert acknowledged[-1].perm_id == known.perm_id > 0
        assert (known.order_ref, known.status, known.filled) == ("sp-1", "working", Decimal(0))
        assert acknowledged[-1].order_id == known.order_id

    assert perform(stage, play)


@BOTH
def test_tc09_repricing_changes_the_one_order_and_makes_no_second(stage: type[Stage]):
    async def play(one: Stage) -> None:
        order = await one.placed("sp-1", one.resting)
        (before,) = (await one.broker.state()).open_orders
        for step in ("0.05", "0.10"):
            one.broker.reprice(order, one.resting - Decimal(step))
            await one.settle()
        (after,) = (await one.broker.state()).open_orders
        assert after.perm_id == before.perm_id

    assert not [fact for fact in perform(stage, play).heard if isinstance(fact, OrderUnknown)]


@BOTH
def test_tc10_canceled_order_is_told_once_and_is_gone(stage: type[Stage]):
    async def play(one: Stage) -> None:
        order = await one.placed("sp-1", one.resting)
        one.broker.cancel(order)
        await one.settle()
        state = await one.broker.state()
        assert state.open_orders == ()
        assert [known.status for known in state.completed_orders if known.order_ref == "sp-1"] == ["canceled"]

    told = perform(stage, play).told("sp-1")

    assert len([fact for fact in told if isinstance(fact, OrderCanceled)]) == 1
    assert not [fact for fact in told if isinstance(fact, OrderUnknown)]


@BOTH
def test_tc11_order_that_fills_tells_each_leg_and_its_commission_once_and_no_worse_than_the_limit(stage: type[Stage]):
    async def play(one: Stage) -> None:
        one.will("fill")
        order = await one.placed("sp-1", one.marketable)
        await one.settle()
        fills = [fact for fact in one.told("sp-1") if isinstance(fact, LegFilled)]
        assert len({fill.exec_id for fill in fills}) == len(fills)
        assert {fill.exec_id for fill in fills} == {
            fact.exec_id for fact in one.told("sp-1") if isinstance(fact, CommissionReported)
        }
        cash = sum(fill.price * fill.quantity * (1 if fill.action == "sell" else -1) for fill in fills)
        assert cash / order.quantity >= one.marketable

    assert perform(stage, play)


@BOTH
def test_tc12_facts_of_an_order_follow_its_table_of_states(stage: type[Stage]):
    async def play(one: Stage) -> None:
        one.will("fill")
        order = await one.placed("sp-1", one.marketable)
        await one.settle()
        folded = advance(replace(order, state="approved"), OrderSent("sp-1", one.marketable), one.clock.now())
        for fact in one.told("sp-1"):
            folded = advance(folded, fact, one.clock.now())  # pyright: ignore[reportArgumentType] - facts of an order
        assert (folded.state, folded.filled, folded.is_balanced) == ("filled", 2, True)
        assert folded.commission > 0

    assert perform(stage, play)


@BOTH
def test_tc13_positions_are_the_executed_legs_and_are_flat_after_the_close(stage: type[Stage]):
    async def play(one: Stage) -> None:
        one.will("fill")
        await one.placed("sp-1", one.marketable)
        await one.settle()
        held = {position.con_id: position.quantity for position in (await one.broker.state()).positions}
        assert held == {one.spread.legs[0].contract.con_id: Decimal(-2), one.spread.legs[1].contract.con_id: Decimal(2)}
        await one.placed("sp-2", -one.resting, purpose="close")
        await one.settle()
        assert (await one.broker.state()).positions == ()

    closing = [fact for fact in perform(stage, play).told("sp-2") if isinstance(fact, LegFilled)]

    assert {fill.action for fill in closing} == {"buy", "sell"}


@BOTH
def test_tc14_refused_order_is_rejected_with_its_code_and_leaves_nothing_behind(stage: type[Stage]):
    async def play(one: Stage) -> None:
        one.will("reject")
        await one.placed("sp-1", one.resting)
        state = await one.broker.state()
        assert [known.status for known in state.open_orders] == []
        assert state.positions == ()

    told = perform(stage, play).told("sp-1")

    assert [fact.code for fact in told if isinstance(fact, OrderRejected)] == [201]
    assert not [fact for fact in told if isinstance(fact, OrderAcknowledged | OrderCanceled | OrderUnknown)]


@BOTH
def test_tc15_order_whose_acknowledgement_was_lost_is_found_by_asking_and_can_be_canceled(stage: type[Stage]):
    async def play(one: Stage) -> None:
        one.will("lose_acknowledgement")
        order = await one.placed("sp-1", one.resting)
        assert one.told("sp-1") == []
        (known,) = (await one.broker.state()).open_orders
        assert (known.order_ref, known.status) == ("sp-1", "working")
        one.broker.cancel(order)
        await one.settle()
        assert (await one.broker.state()).open_orders == ()

    assert perform(stage, play)


@BOTH
def test_tc16_order_that_never_arrived_is_in_no_book(stage: type[Stage]):
    async def play(one: Stage) -> None:
        one.will("lose_order")
        await one.placed("sp-1", one.resting)
        state = await one.broker.state()
        assert not [known for known in (*state.open_orders, *state.completed_orders) if known.order_ref == "sp-1"]
        assert state.executions == ()

    assert perform(stage, play).told("sp-1") == []


@BOTH
def test_tc17_nothing_leaves_and_nothing_is_answered_without_a_link(stage: type[Stage]):
    async def play(one: Stage) -> None:
        await one.cut_link()
        await one.settle()
        assert not one.broker.is_connected
        order = one.order("sp-1", one.resting)
        with pytest.raises(Transient):
            one.broker.send(order, one.resting)
        one.broker.reprice(order, one.resting)
        one.broker.cancel(order)
        assert [type(fact) for fact in one.told("sp-1")] == [OrderUnknown, OrderUnknown]
        with pytest.raises(Transient):
            await one.broker.state()
        await one.broker.connect()
        assert (await one.broker.state()).open_orders == ()

    states = [fact.state for fact in perform(stage, play).heard if isinstance(fact, LinkChanged)]

    assert states == ["connecting", "up", "down", "connecting", "up", "down"]


@BOTH
def test_tc18_order_survives_the_loss_of_the_link_and_is_canceled_afterwards(stage: type[Stage]):
    async def play(one: Stage) -> None:
        order = await one.placed("sp-1", one.resting)
        await one.cut_link()
        await one.settle()
        await one.broker.connect()
        (known,) = (await one.broker.state()).open_orders
        assert known.order_ref == "sp-1"
        one.broker.cancel(order)
        await one.settle()
        assert (await one.broker.state()).open_orders == ()

    assert [fact for fact in perform(stage, play).told("sp-1") if isinstance(fact, OrderCanceled)]


@BOTH
def test_tc19_fill_without_a_link_is_in_the_books_and_not_told_as_news(stage: type[Stage]):
    async def play(one: Stage) -> None:
        order = await one.placed("sp-1", one.resting)
        await one.cut_link(fills=order)
        await one.settle()
        await one.broker.connect()
        state = await one.broker.state()
        fills = [fact for fact in state.executions if isinstance(fact, LegFilled)]
        assert {(fill.order_ref, fill.con_id, fill.quantity) for fill in fills} == {
            ("sp-1", leg.contract.con_id, 2) for leg in one.spread.legs
        }
        assert len([fact for fact in state.executions if isinstance(fact, CommissionReported)]) == 2
        assert state.open_orders == ()

    assert not [fact for fact in perform(stage, play).told("sp-1") if isinstance(fact, LegFilled)]


@BOTH
def test_tc20_books_are_the_same_when_asked_twice(stage: type[Stage]):
    async def play(one: Stage) -> None:
        one.will("fill")
        await one.placed("sp-1", one.marketable)
        one.will("rest")
        await one.placed("sp-2", one.resting, quantity=1)
        assert await one.broker.state() == await one.broker.state()

    told = perform(stage, play).told("sp-1")

    assert len([fact for fact in told if isinstance(fact, LegFilled)]) == len(
        {fact.exec_id for fact in told if isinstance(fact, LegFilled)}
    )


@BOTH
def test_tc21_leaving_twice_is_leaving_once(stage: type[Stage]):
    async def play(one: Stage) -> None:
        await one.broker.disconnect()
        await one.broker.disconnect()
        assert not one.broker.is_connected

    states = [fact.state for fact in perform(stage, play).heard if isinstance(fact, LinkChanged)]

    assert states == ["connecting", "up", "down"]


@BOTH
def test_tc22_account_values_are_told_anew_when_they_are_asked_for(stage: type[Stage]):
    async def play(one: Stage) -> None:
        before = one.broker.account
        await one.settle()
        one.broker.refresh_account()
        await one.settle()
        after = one.broker.account
        assert before.reported_at is not None
        assert after.reported_at is not None
        assert after.reported_at > before.reported_at
        assert after.net_liquidation == before.net_liquidation
        assert before.day_pnl_at is None or (after.day_pnl_at is not None and after.day_pnl_at > before.day_pnl_at)
        await one.broker.disconnect()
        one.broker.refresh_account()

    assert perform(stage, play)


@BOTH
def test_tc23_leg_alone_is_bought_back_and_sold_as_an_option(stage: type[Stage]):
    fills: dict[str, tuple[object, ...]] = {}

    async def play(one: Stage) -> None:
        one.will("fill")
        await one.placed("sp-1", one.marketable)
        whole = one.spread
        for ref, leg in zip(("sp-2", "sp-3"), whole.legs, strict=True):
            side = "ask" if leg.action == "sell" else "bid"
            price = one.quote(leg.contract)[side] if isinstance(one, SimulatedStage) else 2.0
            one.spread = Spread("leg", (leg,))
            await one.placed(ref, round(leg.sign * Decimal(str(price)), 2), purpose="close")
            told = [fact for fact in one.told(ref) if isinstance(fact, LegFilled)]
            fills[ref] = tuple((fact.con_id == leg.contract.con_id, fact.action, fact.quantity) for fact in told)
        assert not [held for held in (await one.broker.state()).positions if held.quantity]

    perform(stage, play)

    assert fills == {"sp-2": ((True, "buy", 2),), "sp-3": ((True, "sell", 2),)}


@BOTH
def test_tc24_price_of_a_leg_alone_is_changed_and_the_order_found_again(stage: type[Stage]):
    async def play(one: Stage) -> None:
        one.will("fill")
        await one.placed("sp-1", one.marketable)
        one.will("rest")
        one.spread = Spread("leg", one.spread.legs[:1])
        order = await one.placed("sp-2", Decimal("-0.05"), purpose="close")
        one.broker.reprice(order, Decimal("-0.10"))
        await one.settle()
        (found,) = (await one.broker.state()).open_orders
        assert (found.order_ref, found.status) == ("sp-2", "working")

    told = perform(stage, play).told("sp-2")

    assert not [fact for fact in told if isinstance(fact, OrderUnknown | OrderRejected)]
