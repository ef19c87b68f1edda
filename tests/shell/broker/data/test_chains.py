"""What TWS lists: standard classes only, the true expiry of AM-settled options, few requests, and each with a deadline."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.broker.data.history import joined
from engine.domain.contract import Contract
from engine.domain.errors import Transient, UserError
from engine.domain.facts.running import ErrorHeard
from engine.sim.wire.message import Message
from tests import given
from tests.shell.broker.bench import SPY, Bench, play
from tests.shell.broker.scripted_tws import ScriptedTws

SPX_CON_ID = 416904
THURSDAY, FRIDAY = date(2026, 12, 17), date(2026, 12, 18)


def listing(*, spot: float = 6000.0, tick: int = 4) -> ScriptedTws:
    """A TWS with SPX at 6000: an AM class that it lists by its last trading day, a PM class and an adjusted one."""
    tws = ScriptedTws()
    tws.script |= {
        "req_contract_details": _details,
        "req_sec_def_opt_params": _parameters,
        "req_mkt_data": lambda tws, message: tws.say(
            "tick_price", req_id=message.whole("req_id"), tick_type=tick, price=spot, size=Decimal(0)
        ),
    }
    return tws


def _parameters(tws: ScriptedTws, message: Message) -> None:
    request = message.whole("req_id")
    strikes = (5900.0, 6000.0, 6100.0, 7000.0)
    for exchange, root, multiplier, expiry in (
        ("CBOE", "SPX", "100", "20261217"),
        ("SMART", "SPX", "100", "20261217"),
        ("SMART", "SPXW", "100", "20261218"),
        ("SMART", "2SPX", "100", "20261218"),
        ("SMART", "SPXM", "10", "20261218"),
    ):
        tws.say(
            "sec_def_opt_param", req_id=request, exchange=exchange, under_con_id=SPX_CON_ID, trading_class=root,
            multiplier=multiplier, expirations=(expiry,), strikes=strikes,
        )  # fmt: skip
    tws.say("sec_def_opt_param_end", req_id=request)


def _details(tws: ScriptedTws, message: Message) -> None:
    request = message.whole("req_id")
    if message.text("sec_type") != "OPT":
        if message.text("sec_type") == "IND":
            index = {"symbol": "SPX", "sec_type": "IND", "exchange": "CBOE", "currency": "USD", "con_id": SPX_CON_ID}
            tws.say("contract_details", req_id=request, **index)
            tws.say("contract_details_end", req_id=request)
        else:
            tws.error(request, 200, "No security definition has been found for the request")
        return
    root, right, expiry = message.text("trading_class"), message.text("right"), message.text("expiry")
    for place, strike in enumerate((5900.0, 6000.0, 6100.0, 7000.0)):
        tws.say(
            "contract_details", req_id=request, symbol="SPX", sec_type="OPT", last_trade_date=expiry, strike=strike,
            right=right, exchange="SMART", currency="USD", trading_class=root, multiplier="100",
            con_id=abs(hash_of(root, right)) + place, real_expiration_date="20261218",
        )  # fmt: skip
    tws.say("contract_details_end", req_id=request)


def hash_of(root: str, right: str) -> int:
    return 1000 * len(root) + 100 * (right == "C")


def chains(tws: ScriptedTws, *wanted: date) -> tuple[list[Sequence[Contract]], Bench]:
    """The chain of SPX within 3 % for each of these expiries, asked one after the other."""
    answers: list[Sequence[Contract]] = []

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        spx = await bench.broker.underlying("SPX")
        answers.extend([await bench.broker.chain(spx, day.__eq__, 0.03) for day in wanted])

    bench = play(scenario, tws)
    return answers, bench


def test_index_is_asked_for_as_an_index_first():
    _, bench = chains(listing())

    assert [message.text("sec_type") for message in bench.tws.asked("req_contract_details")] == ["IND"]


def test_chain_has_the_true_expiry_of_am_settled_options_and_no_adjusted_class():
    (chain,), bench = chains(listing(), FRIDAY)

    assert {contract.root for contract in chain} == {"SPX", "SPXW"}
    assert {contract.expiry for contract in chain} == {FRIDAY}
    assert {contract.strike for contract in chain} == {Decimal(5900), Decimal(6000), Decimal(6100)}
    assert len(chain) == 12
    asked = [message.text("expiry") for message in bench.tws.asked("req_contract_details") if message.text("sec_type") == "OPT"]
    assert sorted(asked) == ["20261217", "20261217", "20261218", "20261218"]


def test_chain_is_empty_when_the_day_is_only_the_last_trading_day():
    (chain,), _ = chains(listing(), THURSDAY)

    assert chain == []


def test_contracts_are_asked_for_once_a_day_when_nothing_is_listed_anew():
    _, bench = chains(listing(), FRIDAY, FRIDAY)

    assert len(bench.tws.asked("req_contract_details")) == 5
    assert len(bench.tws.asked("req_sec_def_opt_params")) == 2


def test_contracts_are_asked_for_again_when_strikes_were_added():
    tws = listing()
    standard = tws.script["req_sec_def_opt_params"]
    times: list[int] = []

    def with_one_more(tws: ScriptedTws, message: Message) -> None:
        times.append(1)
        if len(times) == 2:
            values: dict[str, Any] = {
                "exchange": "SMART",
                "trading_class": "SPXW",
                "multiplier": "100",
                "expirations": ("20261218",),
            }
            tws.say("sec_def_opt_param", req_id=message.whole("req_id"), strikes=(5900.0, 5925.0), **values)
        standard(tws, message)

    tws.script["req_sec_def_opt_params"] = with_one_more
    _, bench = chains(tws, FRIDAY, FRIDAY)

    again = [message.text("trading_class") for message in bench.tws.asked("req_contract_details")[5:]]
    assert again == ["SPXW", "SPXW"]


JUNETEENTH = given.calendar(date(2026, 1, 1), date(2027, 12, 31), date(2026, 12, 17))
"""A holiday before the expiration day: the class stops trading two days before it."""


def listed_by(last_day: str, *roots: str) -> ScriptedTws:
    """The same TWS, with classes that it lists by this day."""
    tws = listing()

    def parameters(tws: ScriptedTws, message: Message) -> None:
        for root in roots:
            tws.say(
                "sec_def_opt_param", req_id=message.whole("req_id"), exchange="SMART", under_con_id=SPX_CON_ID,
                trading_class=root, multiplier="100", expirations=(last_day,), strikes=(5900.0, 6000.0),
            )  # fmt: skip
        tws.say("sec_def_opt_param_end", req_id=message.whole("req_id"))

    tws.script["req_sec_def_opt_params"] = parameters
    return tws


def test_expiry_of_a_class_that_stops_trading_before_a_holiday_is_found_from_the_calendar():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        spx = await bench.broker.underlying("SPX")
        assert len(await bench.broker.chain(spx, FRIDAY.__eq__, 0.03)) == 6
        assert await bench.broker.chain(spx, THURSDAY.__eq__, 0.03) == []

    play(scenario, listed_by("20261216", "SPX"), calendar=lambda _: JUNETEENTH)


def test_class_of_an_index_whose_settlement_is_not_known_is_left_out_by_name():
    answers, bench = chains(listed_by("20261218", "SPXQ", "SPXW"), FRIDAY, FRIDAY)

    assert {contract.root for chain in answers for contract in chain} == {"SPXW"}
    assert "SPXQ" not in {message.text("trading_class") for message in bench.tws.asked("req_contract_details")}
    (said,) = bench.all(ErrorHeard)
    assert "SPXQ: options of an index whose settlement is not known" in said.text


def test_chain_of_nothing_but_unknown_classes_is_refused_with_those_that_are_known():
    with pytest.raises(UserError, match=r"SPXQ: .* classes of SPX that are: SPX, SPXW"):
        chains(listed_by("20261218", "SPXQ"), FRIDAY)


def test_index_that_is_not_in_the_table_is_refused_by_name():
    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        with pytest.raises(UserError, match=r"DAX: .* take DAX out of `universe`"):
            await bench.broker.underlying("DAX")

    play(scenario, listing())


def test_strikes_lie_around_the_close_of_the_day_before_when_nothing_trades():
    (chain,), _ = chains(listing(tick=9), FRIDAY)

    assert len(chain) == 12


@pytest.mark.parametrize(
    ("silent", "name"),
    [("req_sec_def_opt_params", "expiries and strikes of SPX"), ("req_mkt_data", "SPX: no price within 11 s")],
)
def test_chain_may_be_asked_for_again_when_an_answer_stays_away(silent: str, name: str):
    tws = listing()

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        spx = await bench.broker.underlying("SPX")
        answer = tws.script.pop(silent)
        with pytest.raises(Transient, match=name):
            await bench.broker.chain(spx, lambda day: day == FRIDAY, 0.03)
        tws.script[silent] = answer
        assert len(await bench.broker.chain(spx, lambda day: day == FRIDAY, 0.03)) == 12
        assert bench.broker.subscriptions == {}

    play(scenario, tws)


def test_expiry_whose_list_never_ends_stops_only_itself_and_is_asked_for_again():
    tws, asked = listing(), list[str]()
    whole = tws.script["req_contract_details"]

    def endless(tws: ScriptedTws, message: Message) -> None:
        asked.append(f"{message.text('trading_class')} {message.text('right')}")
        if (message.text("trading_class"), message.text("right")) != ("SPXW", "C") or asked.count("SPXW C") > 2:
            whole(tws, message)

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        spx = await bench.broker.underlying("SPX")
        tws.script["req_contract_details"] = endless
        for _ in range(2):
            found = await bench.broker.chain(spx, lambda day: day == FRIDAY, 0.03)
            assert {(one.root, one.put_call) for one in found} == {("SPX", "C"), ("SPX", "P"), ("SPXW", "P")}
            assert bench.broker.unfinished_chains == {"SPX"}
        assert len(await bench.broker.chain(spx, lambda day: day == FRIDAY, 0.03)) == 12
        assert bench.broker.unfinished_chains == frozenset()

    bench = play(scenario, tws)

    assert asked.count("SPXW P") == 1
    (said,) = bench.all(ErrorHeard)
    assert said.text.startswith("SPXW 20261218 C is not traded until its list is had: ")


def test_price_is_waited_for_in_seconds_of_the_machine_when_the_loop_is_faster():
    tws, waited = listing(), list[float]()
    tws.script.pop("req_mkt_data")

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        spx = await bench.broker.underlying("SPX")
        bench.loop.speed = 20.0  # type: ignore[attr-defined]
        began = bench.loop.time()
        with pytest.raises(Transient):
            await bench.broker.chain(spx, lambda day: day == FRIDAY, 0.03)
        waited.append(bench.loop.time() - began)

    play(scenario, tws)

    assert waited[0] >= 11 * 20


def test_bars_are_not_remembered_when_their_volatilities_did_not_come():
    tws = ScriptedTws()
    broken = [True]

    def answer(tws: ScriptedTws, message: Message) -> None:
        request, what = message.whole("req_id"), message.text("what_to_show")
        if what == "TRADES" or not broken[0]:
            close = 600.0 if what == "TRADES" else 0.2
            same = dict.fromkeys(("open", "high", "low", "close", "wap"), close)
            days = ("20261119", "20261120", "20261123")
            bars: tuple[dict[str, Any], ...] = tuple({"date": day, "volume": Decimal(1), "count": 1} | same for day in days)
            tws.say("historical_data", req_id=request, start="", end="", bars=bars)
        else:
            broken[0] = False
            tws.error(request, 162, "Historical Market Data Service error message:HMDS server disconnect occurred")

    tws.script["req_historical_data"] = answer

    async def scenario(bench: Bench) -> None:
        await bench.broker.connect()
        first = await bench.broker.daily_bars(SPY, 2)
        second = await bench.broker.daily_bars(SPY, 2)
        assert (first.closes, first.implied_volatilities) == ((600.0, 600.0), ())
        assert second.implied_volatilities == (0.2, 0.2)
        assert second.days == (date(2026, 11, 19), date(2026, 11, 20))
        assert await bench.broker.daily_bars(SPY, 2) is second

    play(scenario, tws)


def test_volumes_are_those_of_the_days_and_absent_where_one_is_not_counted():
    days = [date(2026, 11, n) for n in range(2, 7)]
    closes = dict.fromkeys(days, 100.0)
    traded = {day: 1000.0 + n for n, day in enumerate(days)}

    assert joined(closes, {}, 3, traded).volumes == (1002.0, 1003.0, 1004.0)
    assert joined(closes, {}, 3, {day: traded[day] for day in days[:4]}).volumes == ()
    assert joined(closes, {}, 3).volumes == ()


def test_volatilities_end_with_the_last_close_and_have_no_gap():
    days = [date(2026, 11, n) for n in range(2, 7)]
    closes = dict.fromkeys(days, 100.0)

    bars = joined(closes, {days[0]: 0.1, days[2]: 0.2, days[3]: 0.3, days[4]: 0.4}, 4)

    assert (bars.days, bars.implied_volatilities) == (tuple(days[1:]), (0.2, 0.3, 0.4))
