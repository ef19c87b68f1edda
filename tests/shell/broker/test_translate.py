"""What TWS says, in the trade's words: sentinels end here, legs count once, and the order of arrival does not matter."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ib_async import CommissionReport, Execution
from ib_async import Contract as IbContract

from engine.broker.translate import Executions, execution_time, greek, money, number, price, volatility
from engine.domain.facts import CommissionReported, Fact, LegFilled

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
@settings(max_examples=80, deadline=None)
def test_executions_tell_the_same_facts_whatever_the_order_of_arrival(order: list[int]):
    executions, told = Executions("sp-"), list[Fact]()
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
    executions = Executions("sp-")

    first = executions.execution(leg(102), execution("0001.02.01", 2, 2.4))
    corrected = executions.execution(leg(102), execution("0001.02.02", 2, 2.5))

    assert [fact.price for fact in (*first, *corrected) if isinstance(fact, LegFilled)] == [Decimal("2.4"), Decimal("2.5")]


def test_execution_is_ours_by_its_perm_id_when_the_row_has_no_reference():
    executions = Executions("sp-")

    executions.belongs(9, "sp-1")
    told = executions.execution(leg(102), execution("a.01", 1, 2.4, ref=""))

    assert [fact.order_ref for fact in told if isinstance(fact, LegFilled)] == ["sp-1"]


@pytest.mark.parametrize("ref", ["", "tt-1", "SP-1"])
def test_execution_is_not_ours_when_the_reference_is_another(ref: str):
    assert Executions("sp-").execution(leg(102), execution("a.01", 1, 2.4, ref=ref)) == ()


@pytest.mark.parametrize(("shares", "side"), [(1.5, "SLD"), (1, "XXX")])
def test_execution_is_refused_when_it_cannot_be_meant(shares: float, side: str):
    with pytest.raises(ValueError, match=r"execution a\.01"):
        Executions("sp-").execution(leg(102), Execution(execId="a.01", side=side, shares=shares, price=1.0, orderRef="sp-1"))


def test_commission_is_refused_when_it_is_not_in_dollars():
    executions = Executions("sp-")
    executions.execution(leg(102), execution("a.01", 1, 2.4))

    with pytest.raises(ValueError, match="EUR"):
        executions.commission(CommissionReport("a.01", 1.3, "EUR"))


def test_waiting_commissions_are_bounded_when_none_is_ever_claimed():
    executions = Executions("sp-")

    for n in range(1_100):
        executions.commission(CommissionReport(f"e{n}", 1.0, "USD"))
    late = executions.execution(leg(102), execution("e1099", 1, 2.4))
    dropped = executions.execution(leg(102), execution("e0", 1, 2.4))

    assert (len(late), len(dropped)) == (2, 1)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("20261123 10:00:01 US/Eastern", 15),
        ("20261123 10:00:01 Eastern Standard Time", 15),
        ("20261123 15:00:01 Universal", 15),
        ("20261123-15:00:01", 15),
        ("20261123  10:00:01", 15),
        ("20261123 15:00:01 Greenwich Mean Time", 15),
        ("20260701 10:00:01 US/Eastern", 14),
    ],
)
def test_execution_time_is_utc_in_every_form_that_was_seen(text: str, hour: int):
    instant = execution_time(text, "America/New_York")

    assert instant is not None
    assert (instant.hour, instant.utcoffset()) == (hour, UTC.utcoffset(None))


@pytest.mark.parametrize("text", ["", "yesterday", "20261123 10:00:01 Nowhere/Land", "20269999 10:00:01 UTC"])
def test_execution_time_is_none_when_it_cannot_be_read(text: str):
    assert execution_time(text, "America/New_York") is None


def test_commission_is_told_again_when_it_was_revised():
    executions = Executions("sp")
    executions.execution(leg(1), execution("a.01", 2, 1.0))

    told = [executions.commission(CommissionReport("a.01", amount, "USD")) for amount in (1.3, 1.3, 1.1, 1.1)]

    paid = [[fact.amount for fact in facts if isinstance(fact, CommissionReported)] for facts in told]
    assert paid == [[Decimal("1.3")], [], [Decimal("1.1")], []]


@pytest.mark.parametrize(("shares", "at"), [(1, -0.05), (-1, 1.0)])
def test_execution_that_cannot_be_meant_is_refused(shares: int, at: float):
    with pytest.raises(ValueError):
        Executions("sp").execution(leg(1), execution("a.01", shares, at))
