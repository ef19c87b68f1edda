"""What the engine asks of TWS stays within TWS's limits over the wire, is asked once, and stops asking what is not answered."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.broker.adapter import LINES_RESERVED
from engine.broker.classes import BY_NAME, REST_S
from engine.domain.errors import Transient
from engine.domain.facts.running import RequestsRested
from engine.ports import Underlying
from engine.sim.options import SimOptions
from tests.contract.broker.stages import SimulatedStage, perform

LINES = 400


class Wire(SimulatedStage):
    """A broker with many lines over the wire, and a TWS that counts all bars and ends a client at the first complaint."""

    options = SimOptions(max_lines=LINES + 50, history_pacing="all bars", pacing_strikes=1)
    underlyings = ("SPY", "SPX", "VIX")
    lines = LINES

    async def spy(self) -> Underlying:
        return await self.broker.underlying("SPY")

    def asked(self, name: str) -> int:
        return sum(request.name == name for request in self.tws.received)

    def rests(self) -> list[RequestsRested]:
        return [fact for fact in self.heard if isinstance(fact, RequestsRested)]


def on_the_wire(act: Callable[[Wire], Awaitable[None]]) -> Wire:
    wire = perform(Wire, act)  # type: ignore[arg-type]
    assert isinstance(wire, Wire)
    return wire


def near(day: date) -> bool:
    return day <= date(2027, 1, 31)


def test_burst_of_more_than_a_thousand_requests_of_all_classes_ends_without_a_violation() -> None:
    async def act(wire: Wire) -> None:
        broker, spy = wire.broker, await wire.spy()
        contracts = list(await broker.chain(spy, near, 0.3))
        spx, vix = await broker.underlying("SPX"), await broker.underlying("VIX")
        first, second = contracts[:300], contracts[300:600]
        assert len(second) > 100
        asked: list[asyncio.Future[object]] = []
        for turn in range(3):
            broker.watch(first if turn % 2 else second, [spy], exploring=contracts)
            broker.requote(first[:20] if turn % 2 else second[:20])
            questions = [
                *(broker.daily_bars(one, 30 + turn) for one in (spy, spx, vix)),
                *(broker.chain(one, near, 0.3) for one in (spy, spx)),
                *(broker.preview(wire.proposal(f"p{turn}{n}", wire.resting)) for n in range(5)),
                broker.state(),
            ]
            asked += [asyncio.ensure_future(question) for question in questions]
            for number in range(10):
                order = wire.order(f"sp-{turn}-{number}", wire.resting, purpose="close" if number % 2 else "open")
                broker.send(order, Decimal("1.00"))
            await asyncio.sleep(2)
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, Transient)] == []
        await asyncio.sleep(12)
        broker.watch((), ())
        await asyncio.sleep(10)

    wire = on_the_wire(act)

    gauges = wire.ib.gauges
    assert len(wire.tws.received) > 1000
    assert wire.tws.pacing_violations == Counter()
    assert gauges.errors_by_code.get(100) is None
    assert gauges.lines_used <= LINES - LINES_RESERVED
    assert all(gauges.sent_by_class[name] for name in BY_NAME), "every class has sent something"
    late = {name: gauges.wait_seconds[name].total / max(1, gauges.sent_by_class[name]) for name in BY_NAME}
    assert late["exits"] < 0.15
    assert late["exits"] <= late["orders"] < 0.5 < late["entries"]


def test_same_question_is_asked_once_for_all_who_ask_it_meanwhile() -> None:
    async def act(wire: Wire) -> None:
        spy = await wire.spy()
        before = wire.asked("req_contract_details")
        chains = await asyncio.gather(*(wire.broker.chain(spy, near, 0.05) for _ in range(5)))
        assert 4 <= wire.asked("req_contract_details") - before == wire.ib.gauges.questions_shared / 4 - 1
        assert all(chain == chains[0] for chain in chains)

    wire = on_the_wire(act)

    assert wire.asked("req_sec_def_opt_params") == 1 + 1, "the stage has asked before"


def test_whoever_gives_up_takes_the_answer_from_nobody_else() -> None:
    async def act(wire: Wire) -> None:
        spy = await wire.spy()
        one, other = (asyncio.ensure_future(wire.broker.daily_bars(spy, 30)) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        assert len((await other).closes) == 30
        with pytest.raises(asyncio.CancelledError):
            await one

    on_the_wire(act)


def test_question_that_everybody_gave_up_is_asked_anew_by_the_next() -> None:
    async def act(wire: Wire) -> None:
        spy = await wire.spy()
        first = asyncio.ensure_future(wire.broker.daily_bars(spy, 30))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert len((await wire.broker.daily_bars(spy, 30)).closes) == 30

    on_the_wire(act)


def test_class_whose_questions_fail_rests_and_is_said_while_the_others_go_on() -> None:
    async def act(wire: Wire) -> None:
        spy = await wire.spy()
        wire.broker.watch((), [spy])
        await asyncio.sleep(5)
        wire.tws.inject("contracts_silent=100")

        # Expiries and strikes are not had: one question, asked again and again, stops nothing else
        for _ in range(2):
            with pytest.raises(Transient, match="did not answer within 30 s"):
                await wire.broker.chain(spy, near, 0.3)
        assert wire.rests() == []

        # Six different ones: the class rests, and is not asked
        names = [wire.broker.underlying(name) for name in ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF")]
        assert all(isinstance(one, Transient) for one in await asyncio.gather(*names, return_exceptions=True))
        [rests] = wire.rests()
        asked = wire.asked("req_contract_details")
        with pytest.raises(Transient, match="TWS does not answer such questions"):
            await wire.broker.underlying("GGG")
        assert wire.asked("req_contract_details") == asked
        assert wire.ib.gauges.resting["contracts"]
        assert rests.of == "contracts"
        assert rests.until is not None

        # Meanwhile everything else is answered
        assert len((await wire.broker.daily_bars(spy, 30)).closes) == 30
        assert not (await wire.broker.state()).open_orders

        # After the rest one is tried, and all are asked as before
        await asyncio.sleep(2 * REST_S + 1)
        assert len(await wire.broker.chain(spy, near, 0.3)) > 100

    wire = on_the_wire(act)

    assert [fact.until is None for fact in wire.rests()] == [False, True]
    assert not wire.ib.gauges.resting["contracts"]


def test_history_that_comes_too_fast_rests_at_once_and_stops_no_other_class() -> None:
    async def act(wire: Wire) -> None:
        spy = await wire.spy()
        wire.tws.inject("history_refused=20")
        with pytest.raises(Transient, match="pacing violation"):
            await wire.broker.daily_bars(spy, 30)
        with pytest.raises(Transient, match="not asked, since TWS does not answer such questions"):
            await wire.broker.daily_bars(spy, 30)
        assert len(await wire.broker.chain(spy, near, 0.3)) > 100
        await asyncio.sleep(REST_S + 1)
        assert len((await wire.broker.daily_bars(spy, 30)).closes) == 30

    wire = on_the_wire(act)

    assert [(fact.of, fact.until is None) for fact in wire.rests()] == [("history", False), ("history", True)]


def test_same_bars_are_not_asked_for_again_within_the_time_that_tws_forbids() -> None:
    async def act(wire: Wire) -> None:
        vix = await wire.broker.underlying("VIX")  # it has no volatility of its own, and TWS says so each time
        began = asyncio.get_running_loop().time()
        for _ in range(3):
            assert len((await wire.broker.daily_bars(vix, 30)).closes) == 30
        assert asyncio.get_running_loop().time() - began >= 2 * BY_NAME["history"].identical_after_s

    wire = on_the_wire(act)

    assert wire.asked("req_historical_data") == 1 + 3, "the closes were had"
    assert wire.tws.pacing_violations == Counter()
    assert wire.rests() == []


def test_tws_that_complains_is_sent_less_than_half_for_a_while() -> None:
    async def act(wire: Wire) -> None:
        spy = await wire.spy()
        contracts = list(await wire.broker.chain(spy, near, 0.3))
        wire.tws.inject("too_many_messages")
        await asyncio.sleep(1)
        wire.broker.watch(contracts[:200], [spy])
        await asyncio.sleep(20)

    wire = on_the_wire(act)

    lines = [request.at for request in wire.tws.received if request.name == "req_mkt_data"][-200:]
    busiest = max(sum(at <= other < at + timedelta(seconds=1) for other in lines) for at in lines)
    assert busiest == 20 - (45 - BY_NAME["entries"].share)
