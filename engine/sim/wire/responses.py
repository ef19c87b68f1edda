"""Server to client: every text message at server versions 157 to 178.

Gates below 157 are there so that older recordings read too. Source: recorded sessions, and the field lists the
official clients publish.
"""

from __future__ import annotations

from engine.sim.wire.fields import (
    Column,
    Declaration,
    Field,
    Item,
    before,
    flag,
    key,
    plain,
    price,
    price_or_max,
    rows,
    since,
    size,
    text,
    texts,
    version,
    whole,
    whole_or_blank,
)
from engine.sim.wire.kinds import Double, Flag, Text, Whole
from engine.sim.wire.market_responses import MARKET_RESPONSES
from engine.sim.wire.order_responses import COMPLETED_ORDER, OPEN_ORDER
from engine.sim.wire.parts import contract, tag_values

_REQ_ID = key("req_id")


_ORDERS = (
    Declaration(
        "order_status",
        3,
        (
            key("order_id"),
            text("status"),
            size("filled", 0),
            size("remaining", 0),
            plain("avg_fill_price", 0.0),
            whole("perm_id", 0),
            whole("parent_id", 0),
            plain("last_fill_price", 0.0),
            whole("client_id", 0),
            text("why_held"),
            plain("mkt_cap_price", 0.0),
        ),
    ),
    OPEN_ORDER,
    Declaration("open_order_end", 53, (version(1),)),
    COMPLETED_ORDER,
    Declaration("completed_orders_end", 102),
    Declaration("order_bound", 100, (whole("perm_id", 0), whole("client_id", 0), whole("order_id", 0))),
    Declaration(
        "exec_details",
        11,
        (
            _REQ_ID,
            key("order_id"),
            *contract(Double(), "exchange"),
            *texts("exec_id", "time", "account", "exec_exchange", "side"),
            size("shares", 0),
            price("price", 0.0),
            whole("perm_id", 0),
            whole("client_id", 0),
            whole("liquidation", 0),
            size("cum_qty", 0),
            price("avg_price", 0.0),
            *texts("order_ref", "ev_rule"),
            price("ev_multiplier"),
            text("model_code"),
            whole("last_liquidity", 0),
            since(178, flag("pending_price_revision")),
        ),
    ),
    Declaration("exec_details_end", 55, (version(1), _REQ_ID)),
    Declaration(
        "commission_report",
        59,
        (
            version(1),
            text("exec_id"),
            price("commission", 0.0),
            text("currency"),
            price_or_max("realized_pnl"),
            price_or_max("yield"),
            whole_or_blank("yield_redemption_date"),
        ),
    ),
    Declaration(
        "delta_neutral_validation",
        56,
        (version(1), _REQ_ID, whole("con_id", 0), price("delta", 0.0), price("price", 0.0)),
    ),
)

_ACCOUNT = (
    Declaration("account_value", 6, (version(2), *texts("key", "value", "currency", "account"))),
    Declaration(
        "portfolio_value",
        7,
        (
            version(8),
            *contract(Double(), "primary_exchange"),
            size("position", 0),
            price("market_price", 0.0),
            price("market_value", 0.0),
            price("average_cost", 0.0),
            price("unrealized_pnl", 0.0),
            price("realized_pnl", 0.0),
            text("account"),
        ),
    ),
    Declaration("account_time", 8, (version(1), text("time"))),
    Declaration("account_download_end", 54, (version(1), text("account"))),
    Declaration("managed_accounts", 15, (version(1), text("accounts"))),
    Declaration(
        "position",
        61,
        (version(3), text("account"), *contract(Double(), "exchange"), size("position", 0), price("avg_cost", 0.0)),
    ),
    Declaration("position_end", 62, (version(1),)),
    Declaration("account_summary", 63, (version(1), _REQ_ID, *texts("account", "tag", "value", "currency"))),
    Declaration("account_summary_end", 64, (version(1), _REQ_ID)),
    Declaration(
        "position_multi",
        71,
        (
            version(1),
            _REQ_ID,
            text("account"),
            *contract(Double(), "exchange"),
            size("position", 0),
            price("avg_cost", 0.0),
            text("model_code"),
        ),
    ),
    Declaration("position_multi_end", 72, (version(1), _REQ_ID)),
    Declaration(
        "account_update_multi",
        73,
        (version(1), _REQ_ID, *texts("account", "model_code", "key", "value", "currency")),
    ),
    Declaration("account_update_multi_end", 74, (version(1), _REQ_ID)),
    Declaration("pnl", 94, (_REQ_ID, price_or_max("daily"), price_or_max("unrealized"), price_or_max("realized"))),
    Declaration(
        "pnl_single",
        95,
        (
            _REQ_ID,
            size("position", 0),
            price_or_max("daily"),
            price_or_max("unrealized"),
            price_or_max("realized"),
            price_or_max("value"),
        ),
    ),
    Declaration("family_codes", 78, (rows("codes", *texts("account", "family_code")),)),
    Declaration("soft_dollar_tiers", 77, (_REQ_ID, rows("tiers", *texts("name", "value", "display_name")))),
    Declaration("receive_fa", 16, (version(1), whole("fa_data_type"), text("xml"))),
    Declaration("replace_fa_end", 103, (_REQ_ID, text("text"))),
    Declaration("user_info", 107, (_REQ_ID, text("white_branding_id"))),
)

_SEC_IDS: tuple[Item, ...] = (tag_values("sec_ids"), whole_or_blank("agg_group"))
_SIZES = since(164, size("min_size", 1), size("size_increment", 1), size("suggested_size_increment", 1))

_CONTRACTS = (
    Declaration(
        "contract_details",
        10,
        (
            before(164, version(8)),
            _REQ_ID,
            *texts("symbol", "sec_type", "last_trade_date"),
            plain("strike", 0.0),
            *texts("right", "exchange", "currency", "local_symbol", "market_name", "trading_class"),
            whole("con_id", 0),
            plain("min_tick"),
            before(164, whole("md_size_multiplier", 100)),
            *texts("multiplier", "order_types", "valid_exchanges"),
            whole("price_magnifier", 1),
            whole("under_con_id", 0),
            Field("long_name", Text(escaped=True)),
            *texts("primary_exchange", "contract_month", "industry", "category", "subcategory"),
            *texts("time_zone_id", "trading_hours", "liquid_hours", "ev_rule"),
            whole_or_blank("ev_multiplier"),
            *_SEC_IDS,
            *texts("under_symbol", "under_sec_type", "market_rule_ids", "real_expiration_date"),
            since(152, text("stock_type")),
            since(163, before(164, size("size_min_tick", 1))),
            _SIZES,
        ),
    ),
    Declaration(
        "bond_contract_details",
        18,
        (
            before(164, version(6)),
            _REQ_ID,
            *texts("symbol", "sec_type", "cusip"),
            plain("coupon", 0.0),
            *texts("maturity", "issue_date", "ratings", "bond_type", "coupon_type"),
            flag("convertible"),
            flag("callable"),
            flag("putable"),
            *texts("description_append", "exchange", "currency", "market_name", "trading_class"),
            whole("con_id", 0),
            plain("min_tick"),
            before(164, whole("md_size_multiplier", 100)),
            *texts("order_types", "valid_exchanges", "next_option_date", "next_option_type"),
            flag("next_option_partial"),
            *texts("notes", "long_name", "ev_rule"),
            whole_or_blank("ev_multiplier"),
            *_SEC_IDS,
            text("market_rule_ids"),
            _SIZES,
        ),
    ),
    Declaration("contract_details_end", 52, (version(1), _REQ_ID)),
    Declaration(
        "sec_def_opt_param",
        75,
        (
            _REQ_ID,
            text("exchange"),
            whole("under_con_id", 0),
            *texts("trading_class", "multiplier"),
            Column("expirations", Text()),
            Column("strikes", Double(style="plain")),
        ),
    ),
    Declaration("sec_def_opt_param_end", 76, (_REQ_ID,)),
    Declaration(
        "symbol_samples",
        79,
        (
            _REQ_ID,
            rows(
                "samples",
                whole("con_id", 0),
                *texts("symbol", "sec_type", "primary_exchange", "currency"),
                Column("derivative_sec_types", Text()),
                since(176, *texts("description", "issuer_id")),
            ),
        ),
    ),
    Declaration("market_rule", 93, (key("market_rule_id"), rows("increments", plain("low_edge"), plain("increment")))),
    Declaration("fundamental_data", 51, (version(1), _REQ_ID, text("data"))),
)

_SCANNER_AND_NEWS = (
    Declaration("scanner_parameters", 19, (version(2), text("xml"))),
    Declaration(
        "scanner_data",
        20,
        (
            version(3),
            _REQ_ID,
            rows(
                "entries",
                whole("rank", 0),
                whole("con_id", 0),
                *texts("symbol", "sec_type", "expiry"),
                plain("strike", 0.0),
                *texts("right", "exchange", "currency", "local_symbol", "market_name", "trading_class"),
                *texts("distance", "benchmark", "projection", "legs"),
            ),
        ),
    ),
    Declaration("news_bulletin", 14, (version(1), whole("bulletin_id"), whole("type"), *texts("text", "exchange"))),
    Declaration("news_article", 83, (_REQ_ID, whole("article_type", 0), text("text"))),
    Declaration("news_providers", 85, (rows("providers", *texts("code", "name")),)),
    Declaration("historical_news", 86, (_REQ_ID, *texts("time", "provider_code", "article_id", "headline"))),
    Declaration("historical_news_end", 87, (_REQ_ID, flag("has_more"))),
    Declaration("wsh_meta_data", 104, (_REQ_ID, text("json"))),
    Declaration("wsh_event_data", 105, (_REQ_ID, text("json"))),
)

_SESSION = (
    Declaration(
        "error",
        4,
        (
            version(2),
            Field("req_id", Whole(), -1),
            whole("code", 0),
            Field("text", Text(escaped=True)),
            since(166, Field("advanced_reject_json", Text(escaped=True))),
        ),
    ),
    Declaration("next_valid_id", 9, (version(1), key("order_id"))),
    Declaration("current_time", 49, (version(1), key("time"))),
    Declaration("current_time_in_millis", 109, (key("time_ms"),)),
    Declaration("verify_message_api", 65, (version(1), text("api_data"))),
    Declaration("verify_completed", 66, (version(1), Field("successful", Flag()), text("error"))),
    Declaration("display_group_list", 67, (version(1), _REQ_ID, text("groups"))),
    Declaration("display_group_updated", 68, (version(1), _REQ_ID, text("contract_info"))),
    Declaration("verify_and_auth_message_api", 69, (version(1), *texts("api_data", "xyz_challenge"))),
    Declaration("verify_and_auth_completed", 70, (version(1), Field("successful", Flag()), text("error"))),
)

RESPONSES: tuple[Declaration, ...] = (
    *MARKET_RESPONSES,
    *_ORDERS,
    *_ACCOUNT,
    *_CONTRACTS,
    *_SCANNER_AND_NEWS,
    *_SESSION,
)
"""Every message of the server; numbers and names are unique."""
