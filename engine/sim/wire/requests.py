"""Client to server: every text request at server versions 157 to 178.

Source: requests recorded from four independent clients, and the field lists those clients publish.
"""

from __future__ import annotations

from engine.sim.wire.fields import Declaration as Request
from engine.sim.wire.fields import Rest, since, text, texts, version
from engine.sim.wire.market_requests import MARKET_REQUESTS
from engine.sim.wire.parts import (
    CONTRACT_ASKED,
    UNDERLYING_ASKED,
    optional_price,
    optional_whole,
    request_flag,
    request_id_field,
    request_price,
    request_whole,
)
from engine.sim.wire.place_order import PLACE_ORDER

_REQ_ID = request_id_field("req_id")

_ORDERS = (
    PLACE_ORDER,
    Request("cancel_order", 4, (version(1), request_id_field("order_id"), since(169, text("manual_cancel_time")))),
    Request("req_open_orders", 5, (version(1),)),
    Request("req_all_open_orders", 16, (version(1),)),
    Request("req_auto_open_orders", 15, (version(1), request_flag("auto_bind"))),
    Request("req_global_cancel", 58, (version(1),)),
    Request("req_completed_orders", 99, (request_flag("api_only"),)),
    Request("req_ids", 8, (version(1), request_whole("count"))),
    Request(
        "req_executions",
        7,
        (
            version(3),
            _REQ_ID,
            request_whole("client_id"),
            *texts("account", "time", "symbol", "sec_type", "exchange", "side"),
        ),
    ),
    Request(
        "exercise_options",
        21,
        (
            version(2),
            _REQ_ID,
            *UNDERLYING_ASKED,
            *texts("exchange", "currency", "local_symbol", "trading_class"),
            request_whole("exercise_action"),
            request_whole("exercise_quantity"),
            text("account"),
            request_flag("override"),
        ),
    ),
)

_ACCOUNT = (
    Request("req_account_updates", 6, (version(2), request_flag("subscribe"), text("account"))),
    Request("req_managed_accounts", 17, (version(1),)),
    Request("req_positions", 61, (version(1),)),
    Request("cancel_positions", 64, (version(1),)),
    Request("req_account_summary", 62, (version(1), _REQ_ID, *texts("group", "tags"))),
    Request("cancel_account_summary", 63, (version(1), _REQ_ID)),
    Request("req_positions_multi", 74, (version(1), _REQ_ID, *texts("account", "model_code"))),
    Request("cancel_positions_multi", 75, (version(1), _REQ_ID)),
    Request(
        "req_account_updates_multi",
        76,
        (version(1), _REQ_ID, *texts("account", "model_code"), request_flag("ledger_and_nlv")),
    ),
    Request("cancel_account_updates_multi", 77, (version(1), _REQ_ID)),
    Request("req_pnl", 92, (_REQ_ID, *texts("account", "model_code"))),
    Request("cancel_pnl", 93, (_REQ_ID,)),
    Request("req_pnl_single", 94, (_REQ_ID, *texts("account", "model_code"), request_whole("con_id"))),
    Request("cancel_pnl_single", 95, (_REQ_ID,)),
    Request("req_family_codes", 80),
    Request("req_soft_dollar_tiers", 79, (_REQ_ID,)),
    Request("req_user_info", 104, (_REQ_ID,)),
    Request("request_fa", 18, (version(1), request_whole("fa_data_type"))),
    Request("replace_fa", 19, (version(1), request_whole("fa_data_type"), text("xml"), since(157, _REQ_ID))),
)

_CONTRACTS = (
    Request(
        "req_contract_details",
        9,
        (
            version(8),
            _REQ_ID,
            *CONTRACT_ASKED,
            request_flag("include_expired"),
            *texts("sec_id_type", "sec_id"),
            since(176, text("issuer_id")),
        ),
    ),
    Request(
        "req_sec_def_opt_params",
        78,
        (_REQ_ID, *texts("symbol", "fut_fop_exchange", "under_sec_type"), request_whole("under_con_id")),
    ),
    Request("req_matching_symbols", 81, (_REQ_ID, text("pattern"))),
    Request("req_market_rule", 91, (request_id_field("market_rule_id"),)),
    Request(
        "calculate_implied_volatility",
        54,
        (version(3), _REQ_ID, *CONTRACT_ASKED, request_price("option_price"), request_price("under_price"), Rest("options")),
    ),
    Request("cancel_calculate_implied_volatility", 56, (version(1), _REQ_ID)),
    Request(
        "calculate_option_price",
        55,
        (version(3), _REQ_ID, *CONTRACT_ASKED, request_price("volatility"), request_price("under_price"), Rest("options")),
    ),
    Request("cancel_calculate_option_price", 57, (version(1), _REQ_ID)),
    Request(
        "req_fundamental_data",
        52,
        (
            version(2),
            _REQ_ID,
            request_whole("con_id"),
            *texts("symbol", "sec_type", "exchange", "primary_exchange", "currency", "local_symbol", "report_type"),
            Rest("options"),
        ),
    ),
    Request("cancel_fundamental_data", 53, (version(1), _REQ_ID)),
)

_SCANNER_AND_NEWS = (
    Request("req_scanner_parameters", 24, (version(1),)),
    Request(
        "req_scanner_subscription",
        22,
        (
            _REQ_ID,
            optional_whole("number_of_rows"),
            *texts("instrument", "location_code", "scan_code"),
            optional_price("above_price"),
            optional_price("below_price"),
            optional_whole("above_volume"),
            optional_price("market_cap_above"),
            optional_price("market_cap_below"),
            *texts("moody_rating_above", "moody_rating_below", "sp_rating_above", "sp_rating_below"),
            *texts("maturity_date_above", "maturity_date_below"),
            optional_price("coupon_rate_above"),
            optional_price("coupon_rate_below"),
            request_flag("exclude_convertible"),
            optional_whole("average_option_volume_above"),
            *texts("scanner_setting_pairs", "stock_type_filter", "filter_options", "options"),
        ),
    ),
    Request("cancel_scanner_subscription", 23, (version(1), _REQ_ID)),
    Request("req_news_bulletins", 12, (version(1), request_flag("all_messages"))),
    Request("cancel_news_bulletins", 13, (version(1),)),
    Request("req_news_providers", 85),
    Request("req_news_article", 84, (_REQ_ID, *texts("provider_code", "article_id", "options"))),
    Request(
        "req_historical_news",
        86,
        (
            _REQ_ID,
            request_whole("con_id"),
            *texts("provider_codes", "start", "end"),
            request_whole("total_results"),
            text("options"),
        ),
    ),
    Request("req_wsh_meta_data", 100, (_REQ_ID,)),
    Request("cancel_wsh_meta_data", 101, (_REQ_ID,)),
    Request(
        "req_wsh_event_data",
        102,
        (
            _REQ_ID,
            optional_whole("con_id"),
            since(
                171,
                text("filter"),
                request_flag("fill_watchlist"),
                request_flag("fill_portfolio"),
                request_flag("fill_competitors"),
            ),
            since(173, *texts("start_date", "end_date"), optional_whole("total_limit")),
        ),
    ),
    Request("cancel_wsh_event_data", 103, (_REQ_ID,)),
)

_SESSION = (
    Request("start_api", 71, (version(2), request_id_field("client_id"), text("optional_capabilities"))),
    Request("req_current_time", 49, (version(1),)),
    Request("set_server_log_level", 14, (version(1), request_whole("log_level"))),
    Request("verify_request", 65, (version(1), *texts("api_name", "api_version"))),
    Request("verify_message", 66, (version(1), text("api_data"))),
    Request("query_display_groups", 67, (version(1), _REQ_ID)),
    Request("subscribe_to_group_events", 68, (version(1), _REQ_ID, request_whole("group_id"))),
    Request("update_display_group", 69, (version(1), _REQ_ID, text("contract_info"))),
    Request("unsubscribe_from_group_events", 70, (version(1), _REQ_ID)),
    Request("verify_and_auth_request", 72, (version(1), *texts("api_name", "api_version", "opaque_isv_key"))),
    Request("verify_and_auth_message", 73, (version(1), *texts("api_data", "xyz_response"))),
)

REQUESTS: tuple[Request, ...] = (
    *MARKET_REQUESTS,
    *_ORDERS,
    *_ACCOUNT,
    *_CONTRACTS,
    *_SCANNER_AND_NEWS,
    *_SESSION,
)
"""Every request; numbers and names are unique."""
