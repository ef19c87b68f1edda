"""Prices and sizes asked for: ticks, market depth, and history."""

from __future__ import annotations

from engine.sim.wire.fields import Declaration as Request
from engine.sim.wire.fields import rows, since, text, texts, version, when
from engine.sim.wire.parts import (
    CONTRACT_ASKED,
    DELTA_NEUTRAL_CONTRACT,
    LEG_ASKED,
    UNDERLYING_ASKED,
    asked_flag,
    asked_id,
    asked_whole,
    is_bag,
)

_REQ_ID = asked_id("req_id")
_LEGS = when(is_bag, rows("legs", *LEG_ASKED))

_MARKET_DATA = (
    Request(
        "req_mkt_data",
        1,
        (
            version(11),
            _REQ_ID,
            *CONTRACT_ASKED,
            _LEGS,
            *DELTA_NEUTRAL_CONTRACT,
            text("generic_ticks"),
            asked_flag("snapshot"),
            asked_flag("regulatory_snapshot"),
            text("options"),
        ),
    ),
    Request("cancel_mkt_data", 2, (version(2), _REQ_ID)),
    Request(
        "req_mkt_depth",
        10,
        (
            version(5),
            _REQ_ID,
            *UNDERLYING_ASKED,
            text("exchange"),
            since(149, text("primary_exchange")),
            *texts("currency", "local_symbol", "trading_class"),
            asked_whole("rows"),
            since(146, asked_flag("smart_depth")),
            text("options"),
        ),
    ),
    Request("cancel_mkt_depth", 11, (version(1), _REQ_ID, since(146, asked_flag("smart_depth")))),
    Request("req_market_data_type", 59, (version(1), asked_whole("market_data_type"))),
    Request(
        "req_real_time_bars",
        50,
        (
            version(3),
            _REQ_ID,
            *CONTRACT_ASKED,
            asked_whole("bar_size_s"),
            text("what_to_show"),
            asked_flag("use_rth"),
            text("options"),
        ),
    ),
    Request("cancel_real_time_bars", 51, (version(1), _REQ_ID)),
    Request(
        "req_tick_by_tick",
        97,
        (_REQ_ID, *CONTRACT_ASKED, text("tick_type"), asked_whole("number_of_ticks"), asked_flag("ignore_size")),
    ),
    Request("cancel_tick_by_tick", 98, (_REQ_ID,)),
    Request("req_mkt_depth_exchanges", 82),
    Request("req_smart_components", 83, (_REQ_ID, text("bbo_exchange"))),
)

_HISTORY = (
    Request(
        "req_historical_data",
        20,
        (
            _REQ_ID,
            *CONTRACT_ASKED,
            asked_flag("include_expired"),
            *texts("end", "bar_size", "duration"),
            asked_flag("use_rth"),
            text("what_to_show"),
            asked_whole("format_date"),
            _LEGS,
            asked_flag("keep_up_to_date"),
            text("options"),
        ),
    ),
    Request("cancel_historical_data", 25, (version(1), _REQ_ID)),
    Request(
        "req_head_timestamp",
        87,
        (
            _REQ_ID,
            *CONTRACT_ASKED,
            asked_flag("include_expired"),
            asked_flag("use_rth"),
            text("what_to_show"),
            asked_whole("format_date"),
        ),
    ),
    Request("cancel_head_timestamp", 90, (_REQ_ID,)),
    Request(
        "req_histogram_data",
        88,
        (_REQ_ID, *CONTRACT_ASKED, asked_flag("include_expired"), asked_flag("use_rth"), text("period")),
    ),
    Request("cancel_histogram_data", 89, (_REQ_ID,)),
    Request(
        "req_historical_ticks",
        96,
        (
            _REQ_ID,
            *CONTRACT_ASKED,
            asked_flag("include_expired"),
            *texts("start", "end"),
            asked_whole("number_of_ticks"),
            text("what_to_show"),
            asked_flag("use_rth"),
            asked_flag("ignore_size"),
            text("options"),
        ),
    ),
)

MARKET_REQUESTS: tuple[Request, ...] = (*_MARKET_DATA, *_HISTORY)
