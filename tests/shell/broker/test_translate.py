"""What TWS says, in the trade's words: sentinels end here, legs count once, and the order of arrival does not matter."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ib_async import CommissionReport, Execution
from ib_async import Contract as IbContract

from engine.broker.orders.executions import Executions
from engine.broker.orders.names import Names
from engine.broker.translate import (
    UNREAD_TIME,
    calendar_day,
    delta,
    greek,
    money,
    multiplier,
    number,
    position,
    price,
    put_call,
    volatility,
)
from engine.broker.unread import Unreadable
from engine.domain.facts.orders import CommissionReported, LegFilled
from engine.domain.facts.union import Fact
from engine.ports import BrokerPosition

AT = datetime(2026, 11, 23, 15, 0, 1, tzinfo=UTC)


def execution(exec_id: str, shares: int, at: float, side: str = "SLD", ref: str = "sp-1", perm_id: int = 9) -> Execution:
    return Execution(execId=exec_id, time=AT, side=side, shares=shares, price=at, permId=perm_id, orderRef=ref)


def leg(con_id: int) -> IbContract:
    return IbContract(conId=con_id, secType="OPT", symbol="SPY")


@pytest.mark.parametrize(
    "absent", [None, "", "1.7976931348623157E308", "1.7976931348623157e+308", float("nan"), float("inf"), "?"]
)
def test_number_is_absent_when_tws_prints_no_number(absent: float | str | None):
    assert number(absent) is None
    assert money(absent) is None


def test_money_is_exact_when_tws_prints_cents():
    assert money("1.10") == Decimal("1.10")
    assert money(-0.7) == Decimal("-0.7")
    assert money("0") == Decimal(0)


@pytest.mark.parametrize("absent", [-1.0, 0.0, float("nan"), 1.7976931348623157e308])
def test_price_is_absent_when_nobody_quotes(absent: float):
    assert price(absent) is None


def test_greeks_are_absent_when_tws_sends_minus_two():
    assert [greek(-2.0), greek(-0.3), greek(0.0), greek(float("nan"))] == [None, -0.3, 0.0, None]
    assert [volatility(-1.0), volatility(-2.0), volatility(0.18)] == [None, None, 0.18]


@given(st.permutations(range(6)))
@settings(max_examples=80)
def test_executions_tell_the_same_facts_whatever_the_order_of_arrival(order: list[int]):
    executions, told = Executions(Names("sp-", 7)), list[Fact]()
    arrivals = [
        lambda: executions.execution(IbContract(conId=1, secType="BAG"), execution("x.01", 2, -1.2, "BOT")),
        lambda: executions.execution(leg(101), execution("a.01", 2, 1.2, "BOT")),
        lambda: executions.execution(leg(102), execution("b.01", 2, 2.4)),
        lambda: executions.commission(CommissionReport("a.01", 1.3, "USD")),
        lambda: executions.commission(CommissionReport("b.01", 1.3, "USD")),
        lambda: executions.execution(leg(102), execution("b.01", 2, 2.4)),
    ]

    for index in order:
        told += arrivals[index]()

    assert len(told) == 4
    assert {fact.exec_id for fact in told if isinstance(fact, LegFilled)} == {"a.01", "b.01"}
    for exec_id in ("a.01", "b.01"):
        kinds = [type(fact) for fact in told if getattr(fact, "exec_id", "") == exec_id]
        assert kinds == [LegFilled, CommissionReported]


def test_execution_is_told_again_when_it_is_corrected():
    executions = Executions(Names("sp-", 7))

    first = executions.execution(leg(102), execution("0001.02.01", 2, 2.4))
    corrected = executions.execution(leg(102), execution("0001.02.02", 2, 2.5))

    assert [fact.price for fact in (*first, *corrected) if isinstance(fact, LegFilled)] == [Decimal("2.4"), Decimal("2.5")]


def test_execution_is_ours_by_its_perm_id_when_the_row_has_no_reference():
    names = Names("sp-", 7)
    executions = Executions(names)

    names.recall("sp-1", 9)
    told = executions.execution(leg(102), execution("a.01", 1, 2.4, ref=""))

    assert [fact.order_ref for fact in told if isinstance(fact, LegFilled)] == ["sp-1"]


@pytest.mark.parametrize("ref", ["", "tt-1", "SP-1"])
def test_execution_is_not_ours_when_the_reference_is_another(ref: str):
    assert Executions(Names("sp-", 7)).execution(leg(102), execution("a.01", 1, 2.4, ref=ref)) == ()


@pytest.mark.parametrize(
    ("field", "change"),
    [
        *(("shares", {"shares": shares}) for shares in (1.5, -1, float("nan"), float("inf"), 1e10, 1.7976931348623157e308)),
        ("side", {"side": "XXX"}),
        ("side", {"side": ""}),
        *(("price", {"price": paid}) for paid in (-0.05, float("nan"), float("-inf"), 1.7976931348623157e308, 1e9)),
        ("execution id", {"execId": " "}),
        ("account", {"acctNumber": "DU2"}),
    ],
)
def test_execution_is_refused_when_it_cannot_be_meant(field: str, change: dict[str, Any]):
    executions = Executions(Names("sp-", 7))
    executions.account = "DU1"

    with pytest.raises(Unreadable, match=field):
        executions.execution(leg(102), replace(execution("a.01", 1, 1.0), **change))

    assert executions.fills == {}


@pytest.mark.parametrize("con_id", [0, -5])
def test_execution_is_refused_when_its_contract_has_no_number(con_id: int):
    with pytest.raises(Unreadable, match="contract number"):
        Executions(Names("sp-", 7)).execution(leg(con_id), execution("a.01", 1, 1.0))


def test_execution_whose_time_nobody_can_read_has_none():
    [fill] = Executions(Names("sp-", 7)).execution(leg(102), replace(execution("a.01", 1, 1.0), time=UNREAD_TIME))

    assert isinstance(fill, LegFilled)
    assert fill.executed_at is None


def test_two_legs_are_told_each_when_they_share_a_number():
    executions = Executions(Names("sp-", 7))

    told = [
        executions.execution(leg(102), execution("7.01", 2, 2.4)),
        executions.execution(leg(101), execution("7.01", 2, 1.2, "BOT")),
    ]

    assert [fact.con_id for facts in told for fact in facts if isinstance(fact, LegFilled)] == [102, 101]


@pytest.mark.parametrize(("text", "shares"), [("100", 100), ("100.0", 100), (" 100 ", 100), ("10", 10), ("1E2", 100)])
def test_multiplier_is_a_whole_number_of_shares(text: str, shares: int):
    assert multiplier(text) == shares


@pytest.mark.parametrize("text", ["", " ", "abc", "0", "0.5", "-100", "nan", "inf", "1e300", "1e9", "100 shares"])
def test_multiplier_that_is_none_is_refused(text: str):
    with pytest.raises(Unreadable, match="multiplier"):
        multiplier(text)


@pytest.mark.parametrize("text", ["20261218", "20261218 16:00 US/Eastern"])
def test_day_is_what_the_text_begins_with(text: str):
    assert calendar_day(text) == date(2026, 12, 18)


@pytest.mark.parametrize(
    "text", ["", "2026", "202612", "20261399", "2026121", "202612188", "99999999", "00001218", "abcdefgh", "２０２６１２１８"]
)
def test_day_that_is_none_is_refused(text: str):
    with pytest.raises(Unreadable):
        calendar_day(text)


def test_right_is_read_in_words_and_letters():
    assert [put_call(text) for text in ("C", "call", "P", "Put")] == ["C", "C", "P", "P"]
    with pytest.raises(Unreadable, match="right"):
        put_call("X")


@pytest.mark.parametrize("absent", [-2.0, 1.5, float("nan"), 1e300])
def test_delta_is_absent_when_no_option_has_it(absent: float):
    assert delta(absent) is None


def test_huge_prices_and_volatilities_are_absent():
    assert [price(1e9), volatility(100.0), greek(1e9), price(700_000.0)] == [None, None, None, 700_000.0]


def test_position_carries_the_terms_that_tws_tells():
    option = IbContract(
        conId=101, secType="OPT", symbol="SPY", localSymbol="SPY1  261218P00600000", tradingClass="SPY1", strike=600.0, right="P",
        multiplier="100", lastTradeDateOrContractMonth="20261218",
    )  # fmt: skip

    told = position(option, -2.0, 239.35)

    assert told == BrokerPosition(
        101, "SPY", "SPY1  261218P00600000", Decimal(-2), "OPT", "SPY1", date(2026, 12, 18), Decimal("6E+2"), "P", Decimal(100),
        Decimal("239.35"),
    )  # fmt: skip


def test_position_has_no_terms_where_they_cannot_be_read():
    odd = IbContract(conId=101, secType="OPT", symbol="SPY", strike=float("nan"), right="?", multiplier="abc")

    told = position(odd, 1.0, float("nan"))

    assert (told.last_trade, told.strike, told.put_call, told.multiplier, told.average_cost) == (None,) * 5


@pytest.mark.parametrize("quantity", [float("nan"), float("inf"), 1e300, 1e12, 0.5])
def test_position_is_refused_when_nobody_can_tell_how_much_it_is(quantity: float):
    with pytest.raises(Unreadable, match="quantity"):
        position(leg(101), quantity, 1.0)


def test_shares_are_held_in_parts():
    assert position(IbContract(conId=1, secType="STK", symbol="SPY"), 0.25, 600.0).quantity == Decimal("0.25")


def test_commission_is_refused_when_it_is_not_in_dollars():
    executions = Executions(Names("sp-", 7))
    executions.execution(leg(102), execution("a.01", 1, 2.4))

    with pytest.raises(ValueError, match="EUR"):
        executions.commission(CommissionReport("a.01", 1.3, "EUR"))


def test_waiting_commissions_are_bounded_when_none_is_ever_claimed():
    executions = Executions(Names("sp-", 7))

    for n in range(1_100):
        executions.commission(CommissionReport(f"e{n}", 1.0, "USD"))
    late = executions.execution(leg(102), execution("e1099", 1, 2.4))
    dropped = executions.execution(leg(102), execution("e0", 1, 2.4))

    assert (len(late), len(dropped)) == (2, 1)


def test_commission_is_told_again_when_it_was_revised():
    executions = Executions(Names("sp-", 7))
    executions.execution(leg(1), execution("a.01", 2, 1.0))

    told = [executions.commission(CommissionReport("a.01", amount, "USD")) for amount in (1.3, 1.3, 1.1, 1.1)]

    paid = [[fact.amount for fact in facts if isinstance(fact, CommissionReported)] for facts in told]
    assert paid == [[Decimal("1.3")], [], [Decimal("1.1")], []]
