"""The order request, place_order: the longest message a client sends, 114 fields for a plain order at version 178.

Source of the field order: requests recorded from four independent clients.
"""

from __future__ import annotations

from math import inf

from engine.sim.wire.fields import Column, Declaration, Field, Fixed, Item, before, rows, since, text, texts, when, whole
from engine.sim.wire.kinds import Double, Row, Text, Whole
from engine.sim.wire.parts import (
    CONDITIONS,
    CONTRACT_ASKED,
    DELTA_NEUTRAL_CONTRACT,
    LEG_ASKED,
    PEG_TO_BENCHMARK,
    has_algo,
    hedges,
    is_bag,
    is_delta_neutral,
    optional_price,
    optional_whole,
    pegs_to_benchmark,
    request_amount,
    request_flag,
    request_id_field,
    request_price,
    request_size,
    request_whole,
    scales,
    tag_values,
)


def _goes_to_ibkr_ats(values: Row) -> bool:
    return values["exchange"] == "IBKRATS"


def _pegs_to_best(values: Row) -> bool:
    return values["order_type"] in ("PEG BEST", "PEGBEST")


def _pegs_to_mid(values: Row) -> bool:
    return values["order_type"] in ("PEG MID", "PEGMID")


def _competes_up_to_mid(values: Row) -> bool:
    return values["compete_against_best_offset"] == inf


_EXEMPT_CODE = Field("exempt_code", Whole(blank=-1, sentinel=True, int32=True), -1)

_ORDER: tuple[Item, ...] = (
    *texts("sec_id_type", "sec_id", "action"),
    request_size("total_quantity"),
    text("order_type"),
    request_price("lmt_price"),
    request_price("aux_price"),
    *texts("tif", "oca_group", "account"),
    Field("open_close", Text(blank="O"), "O"),
    request_whole("origin"),
    text("order_ref"),
    request_flag("transmit"),
    request_id_field("parent_id"),
    request_flag("block_order"),
    request_flag("sweep_to_fill"),
    request_whole("display_size"),
    request_whole("trigger_method"),
    request_flag("outside_rth"),
    request_flag("hidden"),
)

_COMBO: tuple[Item, ...] = (
    rows(
        "legs",
        *LEG_ASKED,
        request_whole("open_close"),
        request_whole("short_sale_slot"),
        text("designated_location"),
        _EXEMPT_CODE,
    ),
    Column("leg_prices", Double()),
    tag_values("smart_routing_params"),
)

_TERMS: tuple[Item, ...] = (
    Fixed(""),  # once the shares allocation
    request_amount("discretionary_amt"),
    *texts("good_after_time", "good_till_date", "fa_group", "fa_method", "fa_percentage"),
    before(177, text("fa_profile")),
    text("model_code"),
    request_whole("short_sale_slot"),
    text("designated_location"),
    _EXEMPT_CODE,
    request_whole("oca_type"),
    *texts("rule_80a", "settling_firm"),
    request_flag("all_or_none"),
    optional_whole("min_qty"),
    optional_price("percent_offset"),
    request_flag("e_trade_only"),
    request_flag("firm_quote_only"),
    optional_price("nbbo_price_cap"),
    request_whole("auction_strategy"),
    optional_price("starting_price"),
    optional_price("stock_ref_price"),
    optional_price("delta"),
    optional_price("stock_range_lower"),
    optional_price("stock_range_upper"),
    request_flag("override_percentage_constraints"),
)

_VOLATILITY: tuple[Item, ...] = (
    optional_price("volatility"),
    optional_whole("volatility_type"),
    text("dn_order_type"),
    optional_price("dn_aux_price"),
    when(
        is_delta_neutral,
        request_whole("dn_con_id"),
        *texts("dn_settling_firm", "dn_clearing_account", "dn_clearing_intent", "dn_open_close"),
        request_flag("dn_short_sale"),
        request_whole("dn_short_sale_slot"),
        text("dn_designated_location"),
    ),
    request_flag("continuous_update"),
    optional_whole("reference_price_type"),
    optional_price("trail_stop_price"),
    optional_price("trailing_percent"),
)

_SCALE: tuple[Item, ...] = (
    optional_whole("scale_init_level_size"),
    optional_whole("scale_subs_level_size"),
    optional_price("scale_price_increment"),
    when(
        scales,
        optional_price("scale_price_adjust_value"),
        optional_whole("scale_price_adjust_interval"),
        optional_price("scale_profit_offset"),
        request_flag("scale_auto_reset"),
        optional_whole("scale_init_position"),
        optional_whole("scale_init_fill_qty"),
        request_flag("scale_random_percent"),
    ),
    *texts("scale_table", "active_start_time", "active_stop_time"),
)

_ROUTING: tuple[Item, ...] = (
    text("hedge_type"),
    when(hedges, text("hedge_param")),
    request_flag("opt_out_smart_routing"),
    *texts("clearing_account", "clearing_intent"),
    request_flag("not_held"),
    *DELTA_NEUTRAL_CONTRACT,
    text("algo_strategy"),
    when(has_algo, tag_values("algo_params")),
    text("algo_id"),
    request_flag("what_if"),
    text("misc_options"),
    request_flag("solicited"),
    request_flag("randomize_size"),
    request_flag("randomize_price"),
    when(pegs_to_benchmark, *PEG_TO_BENCHMARK),
)

_ADJUSTMENT: tuple[Item, ...] = (
    *CONDITIONS,
    text("adjusted_order_type"),
    optional_price("trigger_price"),
    optional_price("lmt_price_offset"),
    optional_price("adjusted_stop_price"),
    optional_price("adjusted_stop_limit_price"),
    optional_price("adjusted_trailing_amount"),
    request_whole("adjustable_trailing_unit"),
    *texts("ext_operator", "soft_dollar_name", "soft_dollar_value"),
    optional_price("cash_qty"),
    *texts("mifid2_decision_maker", "mifid2_decision_algo", "mifid2_execution_trader", "mifid2_execution_algo"),
    request_flag("no_auto_price_for_hedge"),
    request_flag("is_oms_container"),
    request_flag("discretionary_up_to_limit_price"),
    since(151, request_flag("use_price_mgmt_algo")),
)

_NEWER: tuple[Item, ...] = (
    since(158, optional_whole("duration")),
    since(160, optional_whole("post_to_ats")),
    since(162, request_flag("auto_cancel_parent")),
    since(166, text("advanced_error_override")),
    since(169, text("manual_order_time")),
    since(
        170,
        when(_goes_to_ibkr_ats, whole("min_trade_qty")),
        when(
            _pegs_to_best,
            whole("min_compete_size"),
            Field("compete_against_best_offset", Double(infinite=True)),
            when(_competes_up_to_mid, request_price("mid_offset_at_whole"), request_price("mid_offset_at_half")),
        ),
        when(_pegs_to_mid, request_price("mid_offset_at_whole"), request_price("mid_offset_at_half")),
    ),
)

PLACE_ORDER = Declaration(
    "place_order",
    3,
    (
        request_id_field("order_id"),
        *CONTRACT_ASKED,
        *_ORDER,
        when(is_bag, *_COMBO),
        *_TERMS,
        *_VOLATILITY,
        *_SCALE,
        *_ROUTING,
        *_ADJUSTMENT,
        *_NEWER,
    ),
)
