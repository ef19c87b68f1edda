"""Orders as TWS tells of them: open_order for a working order, completed_order for one that is done.

Source of the field order and of what is printed when absent: recorded sessions (versions 157 to 178). TWS sends the
word None as delta-neutral order type of an order that has none, so the fields under that condition are always there.
"""

from __future__ import annotations

from engine.sim.wire.fields import (
    Column,
    Declaration,
    Field,
    Item,
    before,
    flag,
    plain,
    plain_or_max,
    price,
    price_or_max,
    rows,
    since,
    size,
    text,
    texts,
    when,
    whole,
    whole_or_blank,
    whole_or_max,
)
from engine.sim.wire.kinds import JAVA_MAX_LONG, Double, Whole
from engine.sim.wire.parts import (
    CONDITIONS,
    PEG_TO_BENCHMARK,
    contract,
    has_algo,
    has_delta_neutral_contract,
    hedges,
    is_delta_neutral,
    pegs_to_benchmark,
    scales,
    tag_values,
)


def _max_since_158(name: str) -> tuple[Item, ...]:
    """A whole number that was left empty when absent, and since is the largest int (recorded at 151..157 and at 164)."""
    return before(158, whole_or_blank(name)), since(158, whole_or_max(name))


_TERMS: tuple[Item, ...] = (
    text("action"),
    size("total_quantity", 0),
    text("order_type"),
    price("lmt_price", 0.0),
    price("aux_price", 0.0),
    *texts("tif", "oca_group", "account", "open_close"),
    whole("origin", 0),
    text("order_ref"),
)

_ADVISOR: tuple[Item, ...] = (
    *texts("fa_group", "fa_method", "fa_percentage"),
    before(177, text("fa_profile")),
    *texts("model_code", "good_till_date", "rule_80a"),
    price("percent_offset"),
    text("settling_firm"),
    whole("short_sale_slot", 0),
    text("designated_location"),
    whole("exempt_code", -1),
)

_BOX: tuple[Item, ...] = (
    price("starting_price"),
    price("stock_ref_price"),
    price("delta"),
    price("stock_range_lower"),
    price("stock_range_upper"),
    *_max_since_158("display_size"),
)

_VOLATILITY: tuple[Item, ...] = (
    price("volatility"),
    whole("volatility_type", 0),
    text("dn_order_type", "None"),
    price("dn_aux_price"),
)

_COMBO: tuple[Item, ...] = (
    text("combo_legs_description"),
    rows(
        "legs",
        whole("con_id", 0),
        whole("ratio", 0),
        *texts("action", "exchange"),
        whole("open_close", 0),
        whole("short_sale_slot", 0),
        text("designated_location"),
        whole("exempt_code", -1),
    ),
    Column("leg_prices", Double()),
    tag_values("smart_routing_params"),
)

_SCALE: tuple[Item, ...] = (
    *_max_since_158("scale_init_level_size"),
    *_max_since_158("scale_subs_level_size"),
    price("scale_price_increment"),
    when(
        scales,
        price("scale_price_adjust_value"),
        whole_or_blank("scale_price_adjust_interval"),
        price("scale_profit_offset"),
        flag("scale_auto_reset"),
        whole_or_blank("scale_init_position"),
        whole_or_blank("scale_init_fill_qty"),
        flag("scale_random_percent"),
    ),
    text("hedge_type"),
    when(hedges, text("hedge_param")),
)

_CLEARING: tuple[Item, ...] = (
    text("clearing_account"),
    text("clearing_intent", "IB"),
    flag("not_held"),
    flag("dn_contract"),
    when(
        has_delta_neutral_contract,
        whole("dn_contract_con_id", 0),
        price("dn_contract_delta", 0.0),
        price("dn_contract_price", 0.0),
    ),
    text("algo_strategy"),
    when(has_algo, tag_values("algo_params")),
    flag("solicited"),
)

_MARGIN: tuple[Item, ...] = tuple(
    plain_or_max(f"{what}_{when_}")
    for when_ in ("before", "change", "after")
    for what in ("init_margin", "maint_margin", "equity_with_loan")
)

_PRICE_ADJUSTMENT: tuple[Item, ...] = (
    text("adjusted_order_type", "None"),
    price_or_max("trigger_price"),
    price_or_max("adjusted_trail_stop_price"),
    price_or_max("lmt_price_offset"),
    price_or_max("adjusted_stop_price"),
    price_or_max("adjusted_stop_limit_price"),
    price_or_max("adjusted_trailing_amount"),
    whole("adjustable_trailing_unit", 0),
    *texts("soft_dollar_name", "soft_dollar_value", "soft_dollar_display_name"),
)

_MID_OFFSETS: tuple[Item, ...] = (price("mid_offset_at_whole"), price("mid_offset_at_half"))

OPEN_ORDER = Declaration(
    "open_order",
    5,
    (
        Field("order_id", Whole(required=True)),
        *contract(Double(style="plain"), "exchange"),
        *_TERMS,
        whole("client_id", 0),
        whole("perm_id", 0),
        flag("outside_rth"),
        flag("hidden"),
        plain("discretionary_amt", 0.0),
        *texts("good_after_time", "shares_allocation"),
        *_ADVISOR,
        whole("auction_strategy", 0),
        *_BOX,
        flag("block_order"),
        flag("sweep_to_fill"),
        flag("all_or_none"),
        whole_or_blank("min_qty"),
        whole("oca_type", 3),
        flag("e_trade_only"),
        flag("firm_quote_only"),
        price("nbbo_price_cap"),
        whole("parent_id", 0),
        whole("trigger_method", 0),
        *_VOLATILITY,
        when(
            is_delta_neutral,
            whole("dn_con_id", 0),
            *texts("dn_settling_firm", "dn_clearing_account", "dn_clearing_intent"),
            text("dn_open_close", "?"),
            flag("dn_short_sale"),
            whole("dn_short_sale_slot", 0),
            text("dn_designated_location"),
        ),
        flag("continuous_update"),
        whole("reference_price_type", 0),
        price("trail_stop_price"),
        price("trailing_percent"),
        price("basis_points"),
        whole_or_blank("basis_points_type"),
        *_COMBO,
        *_SCALE,
        flag("opt_out_smart_routing"),
        *_CLEARING,
        flag("what_if"),
        text("status"),
        *_MARGIN,
        price("commission"),
        price("min_commission"),
        price("max_commission"),
        *texts("commission_currency", "warning_text"),
        flag("randomize_size"),
        flag("randomize_price"),
        when(pegs_to_benchmark, *PEG_TO_BENCHMARK),
        *CONDITIONS,
        *_PRICE_ADJUSTMENT,
        plain("cash_qty", 0.0),
        flag("no_auto_price_for_hedge", absent=True),
        flag("is_oms_container"),
        since(148, flag("discretionary_up_to_limit_price")),
        since(151, flag("use_price_mgmt_algo")),
        since(158, whole_or_blank("duration")),
        since(160, whole_or_blank("post_to_ats")),
        since(162, flag("auto_cancel_parent")),
        since(
            170,
            whole_or_blank("min_trade_qty"),
            whole("min_compete_size", 100),
            Field("compete_against_best_offset", Double(infinite=True), 0.02),
            *_MID_OFFSETS,
        ),
    ),
)

COMPLETED_ORDER = Declaration(
    "completed_order",
    101,
    (
        *contract(Double(style="plain"), "exchange"),
        *_TERMS,
        whole("perm_id", 0),
        flag("outside_rth"),
        flag("hidden"),
        plain("discretionary_amt", 0.0),
        text("good_after_time"),
        *_ADVISOR,
        *_BOX,
        flag("sweep_to_fill"),
        flag("all_or_none"),
        whole_or_blank("min_qty"),
        whole("oca_type", 3),
        whole("trigger_method", 0),
        *_VOLATILITY,
        when(
            is_delta_neutral,
            whole("dn_con_id", 0),
            flag("dn_short_sale"),
            whole("dn_short_sale_slot", 0),
            text("dn_designated_location"),
        ),
        flag("continuous_update"),
        whole("reference_price_type", 0),
        price("trail_stop_price"),
        price("trailing_percent"),
        *_COMBO,
        *_SCALE,
        *_CLEARING,
        text("status"),
        flag("randomize_size"),
        flag("randomize_price"),
        when(pegs_to_benchmark, *PEG_TO_BENCHMARK),
        *CONDITIONS,
        price_or_max("adjusted_trail_stop_price"),
        price_or_max("lmt_price_offset"),
        plain("cash_qty", 0.0),
        flag("no_auto_price_for_hedge", absent=True),
        flag("is_oms_container"),
        text("auto_cancel_date"),
        size("filled_quantity", 0),
        whole_or_max("ref_futures_con_id"),
        flag("auto_cancel_parent"),
        text("shareholder", "Not an insider or substantial shareholder"),
        flag("imbalance_only"),
        flag("route_marketable_to_bbo"),
        Field("parent_perm_id", Whole(unset=JAVA_MAX_LONG, sentinel=True)),
        *texts("completed_time", "completed_status"),
        since(
            170,
            whole_or_blank("min_trade_qty"),
            whole_or_blank("min_compete_size"),
            Field("compete_against_best_offset", Double(infinite=True)),
            *_MID_OFFSETS,
        ),
    ),
)
