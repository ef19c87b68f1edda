"""ib_async's own decoder reads every message the codec writes, and hands over what was sent."""

from __future__ import annotations

from datetime import UTC
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as having
from hypothesis import strategies as st
from ib_async.decoder import Decoder

from engine.sim.wire.codec import encode
from engine.sim.wire.message import Message
from engine.sim.wire.responses import RESPONSES

from . import given

UNREAD = {"historical_data_end", "current_time_in_millis", "bond_contract_details"}
"""Two messages of versions above 178, and one ib_async fails on: it takes a bond's coupon for a whole number."""

WITH_GAPS = {"open_order", "completed_order", "contract_details", "commission_report"}
"""Messages in which TWS leaves numbers out and ib_async asks whether they are there."""

NAMES = sorted(declaration.name for declaration in RESPONSES if declaration.name not in UNREAD)


class RecordingWrapper:
    """Takes every call of the decoder and keeps it."""

    def __init__(self) -> None:
        self.ib = SimpleNamespace(TimezoneTWS="")
        self.defaultTimezone = UTC
        self.calls: list[tuple[str, tuple[object, ...]]] = []

    def __getattr__(self, name: str) -> object:
        return lambda *args: self.calls.append((name, args))


class FaultLog:
    """Takes the place of the decoder's log, where it reports what it could not read."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def exception(self, text: str) -> None:
        self.faults.append(text)


def calls_of(message: Message, version: int) -> list[tuple[str, tuple[object, ...]]]:
    """What ib_async's decoder calls on reading the message; a fault of its fails the test."""
    wrapper = RecordingWrapper()
    decoder = Decoder(wrapper, version)
    decoder.logger = log = FaultLog()
    decoder.interpret(encode(message, version))
    assert log.faults == []
    return wrapper.calls


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@having(st.data(), st.sampled_from(NAMES), st.sampled_from(given.VERSIONS))
def test_any_answer_is_read_by_ib_async(data: st.DataObject, name: str, version: int) -> None:
    message = data.draw(given.messages(name, version, gaps=name in WITH_GAPS))

    calls = calls_of(message, version)

    assert calls


@pytest.mark.parametrize("version", [157, 176, 177, 178])
def test_combo_order_arrives_as_it_was_sent(version: int) -> None:
    legs = (
        {"con_id": 11, "ratio": 1, "action": "SELL", "exchange": "SMART"},
        {"con_id": 12, "ratio": 2, "action": "BUY", "exchange": "SMART"},
    )
    sent = {"order_id": 21, "symbol": "SPY", "sec_type": "BAG", "legs": legs, "order_type": "LMT", "lmt_price": -1.63}
    order_only = {"total_quantity": 2, "perm_id": 777, "status": "Submitted", "init_margin_after": 18453.5}

    ((name, (order_id, contract, order, state)),) = calls_of(Message("open_order", sent | order_only), version)

    assert (name, order_id) == ("openOrder", 21)
    assert [(leg.conId, leg.ratio, leg.action, leg.exemptCode) for leg in contract.comboLegs] == [
        (11, 1, "SELL", -1),
        (12, 2, "BUY", -1),
    ]
    assert (order.lmtPrice, order.totalQuantity, order.permId, order.ocaType) == (-1.63, 2.0, 777, 3)
    assert (state.status, state.initMarginAfter) == ("Submitted", "18453.5")
    assert state.initMarginBefore == "1.7976931348623157E308"


@pytest.mark.parametrize("version", [157, 166, 178])
def test_fill_arrives_as_it_was_sent(version: int) -> None:
    sent = {
        "req_id": -1,
        "order_id": 21,
        "con_id": 11,
        "sec_type": "OPT",
        "strike": 550.0,
        "right": "P",
        "exec_id": "0001.01.01",
        "time": "20231214-20:57:37",
        "side": "SLD",
        "shares": 2,
        "price": 1.13,
        "perm_id": 777,
    }

    ((name, (req_id, contract, execution)),) = calls_of(Message("exec_details", sent), version)

    assert (name, req_id, contract.strike, contract.right) == ("execDetails", -1, 550.0, "P")
    assert (execution.execId, execution.shares, execution.price, execution.permId) == ("0001.01.01", 2.0, 1.13, 777)


@pytest.mark.parametrize("version", [157, 163, 164, 178])
def test_contract_arrives_as_it_was_sent(version: int) -> None:
    sent = {
        "req_id": 3,
        "symbol": "SPY",
        "sec_type": "OPT",
        "last_trade_date": "20270101 16:00 US/Eastern",
        "strike": 550.0,
        "con_id": 11,
        "min_tick": 0.01,
        "long_name": "Zürich \U0001f600",
        "market_rule_ids": "32,109",
        "sec_ids": ({"tag": "ISIN", "value": "US1"},),
    }

    ((name, (req_id, details)),) = calls_of(Message("contract_details", sent), version)

    assert (name, req_id, details.contract.conId, details.minTick) == ("contractDetails", 3, 11, 0.01)
    assert (details.contract.lastTradeDateOrContractMonth, details.lastTradeTime) == ("20270101", "16:00")
    assert (details.longName.encode("utf-16", "surrogatepass").decode("utf-16"), details.marketRuleIds) == (
        "Zürich \U0001f600",
        "32,109",
    )
    assert [(pair.tag, pair.value) for pair in details.secIdList] == [("ISIN", "US1")]
