"""Prices and sizes asked for: ticks, market depth, and history."""

from __future__ import annotations

from engine.sim.wire.fields import Declaration as Request
from engine.sim.wire.fields import rows, since, text, texts, version, when
from engine.sim.wire.parts import (
    CONTRACT_ASKED,
    DELTA_NEUTRAL_CONTRACT,
    LEG_ASKED,
    UNDERLYING_ASKED,
    is_bag,
    request_flag,
    request_id_field,
    request_whole,
)

_REQ_ID = request_id_field("req_id")
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
            request_flag("snapshot"),
            request_flag("regulatory_snapshot"),
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
            request_whole("rows"),
            since(146, request_flag("smart_depth")),
            text("options"),
        ),
    ),
    Request("cancel_mkt_depth", 11, (version(1), _REQ_ID, since(146, request_flag("smart_depth")))),
    Request("req_market_data_type", 59, (version(1), request_whole("market_data_type"))),
    Request(
        "req_real_time_bars",
        50,
        (
            version(3),
            _REQ_ID,
            *CONTRACT_ASKED,
            request_whole("bar_size_s"),
            text("what_to_show"),
            request_flag("use_rth"),
            text("options"),
        ),
    ),
    Request("cancel_real_time_bars", 51, (version(1), _REQ_ID)),
    Request(
        "req_tick_by_tick",
        97,
        (_REQ_ID, *CONTRACT_ASKED, text("tick_type"), request_whole("number_of_ticks"), request_flag("ignore_size")),
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
            request_flag("include_expired"),
            *texts("end", "bar_size", "duration"),
            request_flag("use_rth"),
            text("what_to_show"),
            request_whole("format_date"),
            _LEGS,
            request_flag("keep_up_to_date"),
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
            request_flag("include_expired"),
            request_flag("use_rth"),
            text("what_to_show"),
            request_whole("format_date"),
        ),
    ),
    Request("cancel_head_timestamp", 90, (_REQ_ID,)),
    Request(
        "req_histogram_data",
        88,
        (_REQ_ID, *CONTRACT_ASKED, request_flag("include_expired"), request_flag("use_rth"), text("period")),
    ),
    Request("cancel_histogram_data", 89, (_REQ_ID,)),
    Request(
        "req_historical_ticks",
        96,
        (
            _REQ_ID,
            *CONTRACT_ASKED,
            request_flag("include_expired"),
            *texts("start", "end"),
            request_whole("number_of_ticks"),
            text("what_to_show"),
            request_flag("use_rth"),
            request_flag("ignore_size"),
            text("options"),
        ),
    ),
)

MARKET_REQUESTS: tuple[Request, ...] = (*_MARKET_DATA, *_HISTORY)
