"""Prices and sizes from the server: ticks, market depth, and history."""

from __future__ import annotations

from engine.sim.wire.fields import (
    Declaration,
    Field,
    Item,
    before,
    cents,
    flag,
    key,
    plain,
    price,
    rows,
    since,
    size,
    text,
    texts,
    version,
    when,
    whole,
    whole_or_blank,
)
from engine.sim.wire.kinds import Row, Whole

_REQ_ID = key("req_id")


def _is_trade_tick(values: Row) -> bool:
    return values["tick_type"] in (1, 2)


def _is_quote_tick(values: Row) -> bool:
    return values["tick_type"] == 3


def _is_midpoint_tick(values: Row) -> bool:
    return values["tick_type"] == 4


_TICKS = (
    Declaration("tick_price", 1, (version(6), _REQ_ID, key("tick_type"), price("price"), size("size"), whole("mask", 0))),
    Declaration("tick_size", 2, (version(6), _REQ_ID, key("tick_type"), size("size"))),
    Declaration(
        "tick_option_computation",
        21,
        (
            before(156, version(6)),
            _REQ_ID,
            key("tick_type"),
            since(156, whole("attrib", 0)),
            price("implied_vol", -1.0),
            price("delta", -2.0),
            price("option_price", -1.0),
            price("pv_dividend", -1.0),
            price("gamma", -2.0),
            price("vega", -2.0),
            price("theta", -2.0),
            price("under_price", -1.0),
        ),
    ),
    Declaration("tick_generic", 45, (version(6), _REQ_ID, key("tick_type"), price("value"))),
    Declaration("tick_string", 46, (version(6), _REQ_ID, key("tick_type"), text("value"))),
    Declaration(
        "tick_efp",
        47,
        (
            version(6),
            _REQ_ID,
            key("tick_type"),
            price("basis_points", 0.0),
            text("formatted_basis_points"),
            price("implied_futures_price", 0.0),
            whole("hold_days", 0),
            text("future_last_trade_date"),
            price("dividend_impact", 0.0),
            price("dividends_to_last_trade_date", 0.0),
        ),
    ),
    Declaration("tick_snapshot_end", 57, (version(1), _REQ_ID)),
    Declaration("market_data_type", 58, (version(1), _REQ_ID, whole("market_data_type", 1))),
    Declaration(
        "tick_req_params",
        81,
        (_REQ_ID, plain("min_tick"), text("bbo_exchange"), whole("snapshot_permissions", 0)),
    ),
    Declaration(
        "tick_news",
        84,
        (_REQ_ID, whole("timestamp"), *texts("provider_code", "article_id", "headline", "extra_data")),
    ),
    Declaration("reroute_mkt_data", 91, (_REQ_ID, whole("con_id", 0), text("exchange"))),
    Declaration("reroute_mkt_depth", 92, (_REQ_ID, whole("con_id", 0), text("exchange"))),
    Declaration(
        "tick_by_tick",
        99,
        (
            _REQ_ID,
            Field("tick_type", Whole(required=True, among=(1, 2, 3, 4))),
            whole("time"),
            when(_is_trade_tick, plain("price"), size("size"), whole("mask", 0), *texts("exchange", "conditions")),
            when(
                _is_quote_tick,
                plain("bid_price"),
                plain("ask_price"),
                size("bid_size"),
                size("ask_size"),
                whole("mask", 0),
            ),
            when(_is_midpoint_tick, plain("mid_point")),
        ),
    ),
    Declaration("smart_components", 82, (_REQ_ID, rows("components", whole("bit"), *texts("exchange", "letter")))),
)

_DEPTH: tuple[Item, ...] = (whole("operation", 0), whole("side", 0), cents("price"), size("size"))

_MARKET_DEPTH = (
    Declaration("market_depth", 12, (version(1), _REQ_ID, whole("position", 0), *_DEPTH)),
    Declaration(
        "market_depth_l2",
        13,
        (version(1), _REQ_ID, whole("position", 0), text("market_maker"), *_DEPTH, since(146, flag("smart_depth"))),
    ),
    Declaration(
        "mkt_depth_exchanges",
        80,
        (
            rows(
                "exchanges",
                *texts("exchange", "sec_type", "listing_exchange", "service_data_type"),
                whole_or_blank("agg_group"),
            ),
        ),
    ),
)

_HISTORY = (
    Declaration(
        "historical_data",
        17,
        (
            _REQ_ID,
            *texts("start", "end"),
            rows(
                "bars",
                text("date"),
                cents("open"),
                cents("high"),
                cents("low"),
                cents("close"),
                size("volume"),
                plain("wap"),
                whole("count"),
            ),
        ),
    ),
    Declaration(
        "historical_data_update",
        90,
        (
            _REQ_ID,
            whole("count"),
            text("date"),
            cents("open"),
            cents("close"),
            cents("high"),
            cents("low"),
            plain("wap"),
            size("volume"),
        ),
    ),
    Declaration("historical_data_end", 108, (_REQ_ID, *texts("start", "end"))),
    Declaration(
        "real_time_bar",
        50,
        (
            version(3),
            _REQ_ID,
            whole("time"),
            cents("open"),
            cents("high"),
            cents("low"),
            cents("close"),
            size("volume"),
            plain("wap"),
            whole("count"),
        ),
    ),
    Declaration("head_timestamp", 88, (_REQ_ID, text("timestamp"))),
    Declaration("histogram_data", 89, (_REQ_ID, rows("items", cents("price"), size("size")))),
    Declaration(
        "historical_ticks",
        96,
        (_REQ_ID, rows("ticks", whole("time"), whole("mask", 0), plain("price"), size("size", 0)), flag("done")),
    ),
    Declaration(
        "historical_ticks_bid_ask",
        97,
        (
            _REQ_ID,
            rows(
                "ticks",
                whole("time"),
                whole("mask", 0),
                plain("bid_price"),
                plain("ask_price"),
                size("bid_size"),
                size("ask_size"),
            ),
            flag("done"),
        ),
    ),
    Declaration(
        "historical_ticks_last",
        98,
        (
            _REQ_ID,
            rows(
                "ticks",
                whole("time"),
                whole("mask", 0),
                plain("price"),
                size("size"),
                *texts("exchange", "conditions"),
            ),
            flag("done"),
        ),
    ),
    Declaration(
        "historical_schedule",
        106,
        (_REQ_ID, *texts("start", "end", "time_zone"), rows("sessions", *texts("start", "end", "date"))),
    ),
)

MARKET_RESPONSES: tuple[Declaration, ...] = (*_TICKS, *_MARKET_DEPTH, *_HISTORY)
