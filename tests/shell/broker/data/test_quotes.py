"""Ticks and lines against a scripted TWS: sentinels become None once, and a lost line never keeps a wrong quote."""

import asyncio
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.domain.chain import NextDividend
from engine.domain.facts.running import ErrorHeard
from engine.sim.wire.message import Message
from tests import given
from tests.shell.broker.bench import SPY, START, Bench, contract, play, settled
from tests.shell.broker.scripted_tws import ScriptedTws

PUT = contract(101)


def quoting(ticks: Callable[[ScriptedTws, int], None], kind: int = 1) -> ScriptedTws:
    """A TWS that answers every line with the kind of data and these ticks."""
    tws = ScriptedTws()

    def answer(tws: ScriptedTws, message: Message) -> None:
        request = message.whole("req_id")
        tws.say("market_data_type", req_id=request, market_data_type=kind)
        ticks(tws, request)

    tws.script["req_mkt_data"] = answer
    return tws


def watched(tws: ScriptedTws, *, underlying: bool = False, **options: Any) -> Bench:
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.broker.watch([] if underlying else [PUT], [SPY] if underlying else [])
        await settled(bench)

    return play(scenario, tws, **options)


def price(tws: ScriptedTws, request: int, tick: int, value: float, size: float = 10) -> None:
    tws.say("tick_price", req_id=request, tick_type=tick, price=value, size=tws_size(size))


def tws_size(size: float) -> Decimal:
    return Decimal(str(size))


def test_quote_lands_with_the_time_of_its_arrival():
    def ticks(tws: ScriptedTws, request: int) -> None:
        price(tws, request, 1, 1.2)
        price(tws, request, 2, 1.3, 7)
        price(tws, request, 4, 1.25, 1)
        tws.say("tick_size", req_id=request, tick_type=8, size=tws_size(345))
        tws.say("tick_size", req_id=request, tick_type=28, size=tws_size(4000))
        tws.say("tick_size", req_id=request, tick_type=27, size=tws_size(0))

    bench = watched(quoting(ticks))

    merged: dict[str, float] = {}
    for con_id, values in bench.sink.options:
        assert con_id == 101
        merged |= values
    assert merged == {
        "bid": 1.2, "bid_size": 10.0, "ask": 1.3, "ask_size": 7.0, "last": 1.25, "volume": 345.0, "open_interest": 4000.0
    }  # fmt: skip
    assert 0 <= bench.sink.at - START.timestamp() < 3


def test_quote_is_withdrawn_when_tws_says_that_nobody_bids_or_offers():
    def ticks(tws: ScriptedTws, request: int) -> None:
        price(tws, request, 1, 1.2)
        price(tws, request, 2, 1.3)
        price(tws, request, 1, -1.0, 0)
        tws.say("tick_size", req_id=request, tick_type=3, size=tws_size(0))

    assert watched(quoting(ticks)).sink.no_quotes == [(101, "bid"), (101, "ask")]


def test_told_size_of_an_underlying_renews_its_price():
    def ticks(tws: ScriptedTws, request: int) -> None:
        price(tws, request, 1, 600.0)
        price(tws, request, 2, 600.1)
        tws.say("tick_size", req_id=request, tick_type=0, size=tws_size(12))

    told = watched(quoting(ticks), underlying=True).sink.underlyings

    assert [one[1] for one in told][-2:] == [600.05, 600.05]


def test_greeks_are_absent_when_tws_sends_its_sentinels():
    def ticks(tws: ScriptedTws, request: int) -> None:
        tws.say("tick_option_computation", req_id=request, tick_type=10, implied_vol=0.5, delta=-0.5)
        tws.say(
            "tick_option_computation",
            req_id=request,
            tick_type=13,
            implied_vol=0.18,
            delta=-0.21,
            gamma=0.01,
            vega=-2.0,
            theta=None,
        )
        tws.say("tick_option_computation", req_id=request, tick_type=13)

    assert watched(quoting(ticks)).sink.models == [
        (101, 0.18, -0.21, 0.01, None, None),
        (101, None, None, None, None, None),
    ]


def test_underlying_is_worth_its_middle_and_its_last_trade_where_it_is_not_quoted():
    def ticks(tws: ScriptedTws, request: int) -> None:
        price(tws, request, 4, 600.0)
        price(tws, request, 1, 600.1)
        price(tws, request, 2, 600.3)
        price(tws, request, 2, -1.0, 0)
        tws.say("tick_generic", req_id=request, tick_type=24, value=0.17)
        tws.say("tick_string", req_id=request, tick_type=59, value="6.9,7.1,20261218,1.90")
        tws.say("tick_string", req_id=request, tick_type=45, value="1795000000")

    bench = watched(quoting(ticks), underlying=True)

    assert [round(worth, 4) for _, worth in bench.sink.underlyings if worth is not None] == [600.0, 600.0, 600.2, 600.0]
    assert bench.sink.volatilities == [("SPY", 0.17)]
    assert bench.sink.dividends == [("SPY", NextDividend(date(2026, 12, 18), 1.90))]
    assert [message.text("generic_ticks") for message in bench.tws.asked("req_mkt_data")] == ["106,456"]


def test_halt_of_an_underlying_is_told_and_what_is_not_known_is_no_halt():
    def ticks(tws: ScriptedTws, request: int) -> None:
        for value in (-1.0, 1.0, 2.0, 0.0):
            tws.say("tick_generic", req_id=request, tick_type=49, value=value)

    assert watched(quoting(ticks), underlying=True).sink.halts == [("SPY", True), ("SPY", True), ("SPY", False)]


def qualities(kinds: list[int], then: Callable[[Bench], None] | None = None) -> str:
    """The quality of the data when the first lines are of these kinds."""
    tws, seen = ScriptedTws(), list[str]()
    left = iter(kinds)

    def answer(tws: ScriptedTws, message: Message) -> None:
        kind = next(left)
        if kind:
            tws.say("market_data_type", req_id=message.whole("req_id"), market_data_type=kind)

    tws.script["req_mkt_data"] = answer

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.broker.watch([contract(200 + n) for n in range(len(kinds))], [])
        await settled(bench)
        if then is not None:
            then(bench)
            await settled(bench)
        seen.append(bench.broker.data)

    play(scenario, tws)
    return seen[0]


def test_data_is_as_good_as_its_worst_line():
    assert qualities([1, 1]) == "live"
    assert qualities([1, 3]) == "delayed"
    assert qualities([2, 1]) == "frozen"
    assert qualities([0, 0]) == "unknown"


def test_data_is_unknown_when_another_session_takes_it_until_a_tick_comes_again():
    def taken(bench: Bench) -> None:
        request = next(iter(bench.broker.subscriptions))
        bench.tws.error(request, 10197, "No market data during competing live session")

    def back(bench: Bench) -> None:
        taken(bench)
        price(bench.tws, next(iter(bench.broker.subscriptions)), 1, 1.2)

    assert qualities([1], taken) == "unknown"
    assert qualities([1], back) == "live"


def test_data_is_unknown_when_the_farm_of_us_options_is_broken():
    assert qualities([1], lambda bench: bench.tws.error(-1, 2103, "Market data farm connection is broken:usopt")) == "unknown"


def test_lines_keep_to_what_tws_gives_when_it_refuses_more():
    tws = ScriptedTws()
    given = set[int]()

    def answer(tws: ScriptedTws, message: Message) -> None:
        if len(given) >= 30:
            tws.error(message.whole("req_id"), 101, "Max number of tickers has been reached")
        else:
            given.add(message.whole("req_id"))

    tws.script["req_mkt_data"] = answer
    tws.script["cancel_mkt_data"] = lambda tws, message: given.discard(message.whole("req_id"))

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.broker.watch([contract(200 + n) for n in range(60)], [SPY])
        await asyncio.sleep(60)
        assert set(bench.broker.subscriptions) == given
        assert len(given) == 30

    bench = play(scenario, tws)

    assert bench.broker.gauges.lines_limit == 95
    assert [fact.code for fact in bench.all(ErrorHeard)].count(101) == 1
    assert len(bench.tws.asked("cancel_mkt_data")) > 0


def test_what_explores_gives_its_lines_back_before_others_open_so_that_tws_never_has_too_many():
    tws, given = ScriptedTws(), set[int]()

    def answer(tws: ScriptedTws, message: Message) -> None:
        given.add(message.whole("req_id"))
        if len(given) > 95:
            tws.error(message.whole("req_id"), 101, "Max number of tickers has been reached")

    tws.script["req_mkt_data"] = answer
    tws.script["cancel_mkt_data"] = lambda tws, message: given.discard(message.whole("req_id"))

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        chain = [contract(200 + n) for n in range(400)]
        bench.broker.watch([], [SPY], chain)
        for start in (0, 60, 120, 180):
            await asyncio.sleep(17.5)
            bench.broker.watch(chain[start : start + 60], [SPY], chain)

    bench = play(scenario, tws)

    assert [fact.code for fact in bench.all(ErrorHeard)] == []
    assert bench.broker.gauges.lines_limit == 95


def test_lines_that_take_turns_are_not_counted_as_needed():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.broker.watch([contract(200 + n) for n in range(9)], [SPY], [contract(300 + n) for n in range(400)])
        await asyncio.sleep(20)
        gauges = bench.broker.gauges
        assert (gauges.lines_used, gauges.lines_turning) == (90, 80)
        assert gauges.lines_share_pct == pytest.approx(100 * 10 / 95)

    play(scenario, ScriptedTws())


def test_lines_are_asked_for_again_when_tws_lost_them_or_the_link_is_new():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.broker.watch([PUT], [SPY])
        await settled(bench)
        bench.tws.error(-1, 1100, "")
        bench.tws.error(-1, 1101, "Connectivity restored - data lost")
        await settled(bench)
        assert len(bench.tws.asked("req_mkt_data")) == 4
        bench.tws.hang_up()
        await settled(bench)
        assert bench.broker.subscriptions == {}
        await bench.broker.connect()
        await settled(bench)
        assert len(bench.tws.asked("req_mkt_data")) == 6
        assert sorted(bench.broker.subscriptions.values()) == [101, SPY.con_id]

    play(scenario)


def test_missing_subscription_is_told_once_for_many_lines():
    tws = ScriptedTws()
    tws.script["req_mkt_data"] = lambda tws, message: tws.error(
        message.whole("req_id"), 354, "Requested market data is not subscribed."
    )

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.broker.watch([contract(200 + n) for n in range(40)], [])
        await settled(bench)
        assert bench.broker.subscriptions == {}
        assert bench.broker.data == "unknown"

    bench = play(scenario, tws)

    assert [fact.code for fact in bench.all(ErrorHeard)] == [354]
    assert bench.broker.gauges.errors_by_code[354] == 40


def test_tick_of_a_line_that_was_given_back_is_dropped():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.broker.watch([PUT], [])
        await settled(bench)
        request = next(iter(bench.broker.subscriptions))
        bench.broker.watch([], [])
        price(bench.tws, request, 1, 1.2)
        await settled(bench)

    bench = play(scenario)

    assert bench.sink.options == []
    assert len(bench.tws.asked("cancel_mkt_data")) == 1


def test_line_that_is_asked_for_anew_is_closed_and_opened_and_told_as_it_stands():
    def ticks(tws: ScriptedTws, request: int) -> None:
        price(tws, request, 1, 1.2)
        price(tws, request, 2, 1.3)

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.broker.watch([PUT], [])
        await settled(bench)
        first = len(bench.sink.options)
        bench.broker.requote([PUT])
        await settled(bench)
        assert len(bench.sink.options) == 2 * first
        assert bench.broker.gauges.lines_used == 1

    bench = play(scenario, quoting(ticks))

    asked, closed = bench.tws.asked("req_mkt_data"), bench.tws.asked("cancel_mkt_data")
    assert [message.whole("req_id") for message in closed] == [asked[0].whole("req_id")]
    assert len(asked) == 2


def test_blind_line_and_one_that_is_not_open_are_not_asked_for_anew():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        bench.broker.watch([PUT], [])
        await settled(bench)
        bench.tws.error(bench.tws.asked("req_mkt_data")[0].whole("req_id"), 10197, "No market data during competing live session")
        await settled(bench)
        bench.broker.requote([PUT, given.contract(123.0)])
        await settled(bench)

    bench = play(scenario, quoting(lambda tws, request: price(tws, request, 1, 1.2)))

    assert len(bench.tws.asked("req_mkt_data")) == 1
    assert bench.tws.asked("cancel_mkt_data") == []


def test_first_price_of_the_session_lands_for_an_underlying_and_not_for_an_option():
    def ticks(tws: ScriptedTws, request: int) -> None:
        price(tws, request, 14, 601.5, 0)
        price(tws, request, 14, -1.0, 0)

    assert watched(quoting(ticks), underlying=True).sink.day_opens == [("SPY", 601.5)]
    assert watched(quoting(ticks)).sink.day_opens == []
