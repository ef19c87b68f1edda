"""Words of other programs, and of traders among themselves, for the keys of the language: each declared once.

They are never read as the language's own: a file that uses one is led to the key that it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """Other words for a key at this path, set off by commas. A key that is a line of a list has the line, `{}` for what was
    written; one that answers yes or no has what either means.
    """

    path: str
    said: str
    line: str = ""
    answers: tuple[str, str] | None = None

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.said.split(", "))


KEYS: tuple[Key, ...] = (
    Key("schema", "version, schema_version, spec, api_version"),
    Key("name", "id, strategy_name, title"),
    Key("about", "description, desc, comment, comments, note, notes, summary"),
    Key("enabled", "active, is_active, on, enable"),
    Key("mode", "paper, is_paper, paper_trading, simulated, dry_run, simulation", answers=("paper", "live")),
    Key("mode", "live, is_live, live_trading, production, real_money", answers=("live", "paper")),
    Key("mode", "environment, env, account_type, trading_mode, run_mode"),
    Key(
        "universe",
        "symbol, symbols, ticker, tickers, underlying, underlyings, instrument, instruments, watchlist, asset, assets, "
        "product, products, root, stocks, markets",
    ),
    Key("when", "conditions, condition, market, market_conditions, entry_conditions, entry_rules, regime, only_if"),
    Key("filters", "filter, leg_filters, option_filters, liquidity, liquidity_filters, screen, chain"),
    Key("spread", "structure, trade, setup, strategy, position"),
    Key("spread.type", "structure, strategy, strategy_type, kind, trade_type, spread_type, trade"),
    Key("sizing", "size, position_sizing, position_size, money_management, risk_management"),
    Key("limits", "limit, constraints, caps, portfolio, guardrails"),
    Key("entry", "entries, opening, execution, open"),
    Key("exits.each side", "per_side, every_side, either_side, side_exits, each"),
    Key("exits.whole", "whole_position, whole_condor"),
    Key("exits", "exit, exit_rules, exit_conditions, close, closing, close_when, management, manage"),
    Key("roll", "rolling, rolls, roll_rules, adjustment"),
    Key(
        "spread.expiry",
        "dte, expiration, expirations, expiration_date, expiry_date, exp, days_to_expiration, days_to_expiry, target_dte, "
        "dte_target, dte_range, entry_dte, tenor, maturity, days, min_dte, max_dte",
    ),
    Key(
        "spread.short_delta",
        "delta, deltas, sell_delta, short_put_delta, short_call_delta, target_delta, delta_short, strike_delta, "
        "short_strike_delta, short_leg_delta, delta_range, delta_target, min_delta, max_delta",
    ),
    Key(
        "spread.body_delta",
        "short_delta, delta, deltas, target_delta, delta_target, center_delta, centre_delta, middle_delta, sell_delta, "
        "short_strike_delta",
    ),
    Key(
        "spread.short_strike",
        "strike, strikes, otm, otm_percent, percent_otm, pct_otm, strike_distance_from_price, strike_selection, moneyness, "
        "distance_from_price, sell_strike, short_put_strike, short_call_strike",
    ),
    Key("spread.body_strike", "center_strike, centre_strike, middle_strike, short_strike, strike, strikes, otm, otm_percent"),
    Key("spread.long_strike", "buy_strike, long_put_strike, long_call_strike"),
    Key("spread.short_price", "short_premium, sell_price, leg_price, short_leg_price, short_put_price, leg_premium"),
    Key("spread.long_price", "long_premium, buy_price, wing_price, wing_cost, long_leg_price, long_put_price"),
    Key("spread.body_price", "short_price, body_premium, center_price"),
    Key("spread.right", "option_type, put_call, put_or_call, side, cp, call_put, option_right"),
    Key("spread.long_delta", "buy_delta, long_put_delta, long_call_delta, delta_long, long_leg_delta, wing_delta"),
    Key(
        "spread.width",
        "wing_width, wings, wing, spread_width, strike_width, strikes_apart, strike_distance, distance, points_wide, "
        "wide, widths, spread_size, min_width, max_width",
    ),
    Key("spread.rules", "rule, criteria, requirements, spread_rules, checks"),
    Key("spread.rank", "sort, sort_by, order_by, ranking, rank_by, score, prefer, objective, optimize"),
    Key("spread.keep", "top, top_n, max_candidates, candidates, max_results, results"),
    Key("sizing.contracts", "quantity, qty, lots, lot, lot_size, num_contracts, number_of_contracts, max_contracts, size"),
    Key(
        "sizing.risk",
        "max_risk, risk_per_trade, max_risk_per_trade, max_loss, allocation, capital, risk_pct, risk_percent, bp, "
        "buying_power, capital_per_trade, position_size, size, max_loss_per_trade",
    ),
    Key(
        "limits.open",
        "max_positions, max_open, max_open_positions, open_positions, max_open_trades, max_trades, max_concurrent, "
        "concurrent, positions",
    ),
    Key(
        "limits.per_day",
        "max_per_day, trades_per_day, max_trades_per_day, entries_per_day, max_entries_per_day, daily_trades, "
        "orders_per_day, max_daily_trades",
    ),
    Key("limits.per_expiry", "max_per_expiry, per_expiration, max_per_expiration"),
    Key("limits.open_risk", "total_risk, max_total_risk, portfolio_risk, max_open_risk, max_portfolio_risk"),
    Key(
        "limits.stop_for_day",
        "daily_stop, daily_loss, daily_loss_limit, max_daily_loss, max_loss_per_day, day_stop, loss_limit, "
        "daily_stop_loss, max_day_loss, stop_for_the_day",
    ),
    Key(
        "limits.losses_per_day",
        "max_losses, max_losing_trades, max_losses_per_day, losing_trades_per_day, daily_losses, "
        "losers_per_day, max_losers, losses",
    ),
    Key(
        "limits.loss_per_week",
        "max_loss_per_week, weekly_stop, stop_for_week, weekly_loss, weekly_loss_limit, max_weekly_loss, week_stop, weekly_limit",
    ),
    Key("limits.open_among", "shared_group, one_of, exclusive_with, shared_with, open_group"),
    Key(
        "limits.apart",
        "spacing, minutes_between, time_between, time_between_entries, entry_spacing, minutes_apart, cooldown, "
        "cool_down, min_gap",
    ),
    Key("limits.strikes_apart", "strike_spacing, min_strike_distance, strikes_between, strike_gap, min_strike_spacing"),
    Key(
        "entry.window",
        "time, times, entry_time, entry_window, trade_window, hours, trading_hours, time_window, trading_window, start, "
        "start_time, session, schedule, time_of_day, end, end_time",
    ),
    Key("entry.at", "entry_times, open_times, fixed_times, times_of_day, ladder, at_times, clock, entry_at, open_at"),
    Key("entry.again", "re_entry, reentry, re_enter, reenter, reentries, re_entries, max_reentries, retry, retries"),
    Key("entry.approval", "approve, auto, autotrade, auto_trade, automatic, approvals", answers=("auto", "manual")),
    Key("entry.approval", "confirm, confirmation, require_approval, manual, ask", answers=("manual", "auto")),
    Key("entry.approval.else", "otherwise, fallback, if_not"),
    Key("entry.approval.auto_when", "auto_if, automatic_if, approve_when, approve_if"),
    Key("entry.auto_up_to", "budget, daily_budget, auto_budget, max_auto"),
    Key("entry.price", "limit_price, order_type, order, pricing, fill, price_type, order_price, execution"),
    Key("roll.to", "dte, expiry, expiration, to_dte, target_dte, into, days"),
    Key("roll.for", "credit, net, min_credit, price"),
    Key("roll.at_most", "max, max_rolls, times, limit, count, max_times"),
    Key("roll.else", "otherwise, fallback, if_not, on_fail"),
    Key(
        "exits",
        "profit_target, take_profit, target, tp, profit, profit_take, close_at_profit, target_profit, pt, profit_pct, "
        "profit_taking, take_profit_pct, profit_target_pct, take_profits",
        "profit >= {}",
    ),
    Key(
        "exits",
        "stop_loss, stop, sl, loss, max_loss_exit, stop_at, loss_stop, stop_out, hard_stop, stop_loss_pct, stoploss, stop_pct",
        "loss >= {}",
    ),
    Key(
        "exits",
        "exit_dte, close_dte, dte_exit, close_at_dte, exit_at_dte, days_before_expiry, dte, close_days, dte_stop, exit_days",
        "dte <= {}",
    ),
    Key("exits", "exit_time, close_time, close_at, eod_exit, time_exit, time_stop, time", "time >= {}"),
    Key("exits", "delta_stop, delta_exit, max_short_delta", "short_delta >= {}"),
    Key(
        "exits",
        "trailing_stop, trailing, trail, trailing_stop_loss, trail_stop, trailing_profit, trailing_loss",
        "best_profit - profit >= {}",
    ),
    Key("exits", "max_minutes, minutes_in_trade, max_minutes_held", "minutes_held >= {}"),
    Key("exits", "max_days, days_in_trade, max_hold, max_days_held, hold_days, dit", "days_held >= {}"),
    Key("spread.rules", "min_credit, credit, premium, min_premium, minimum_credit", "credit >= {}"),
    Key("spread.rules", "max_debit, debit, cost, max_cost", "debit <= {}"),
    Key("spread.rules", "min_pop, pop, prob, probability, probability_of_profit, min_probability", "pop >= {}"),
    Key("spread.rules", "min_ror, ror, roc, min_return, min_roc, return_on_risk", "return_on_risk >= {}"),
    Key("filters", "min_open_interest, open_interest, oi, min_oi", "open_interest >= {}"),
    Key("filters", "min_volume, volume", "volume >= {}"),
    Key("filters", "max_bid_ask, bid_ask, max_bid_ask_spread, bid_ask_spread, max_spread, quote_width", "quote_width <= {}"),
    Key("when", "iv_rank, ivr, min_iv_rank, min_ivr, ivrank", "iv_rank >= {}"),
    Key("when", "iv_percentile, ivp, min_ivp, min_iv_percentile", "iv_percentile >= {}"),
    Key("when", "vix, max_vix, vix_max", "vix <= {}"),
    Key("when", "min_vix, vix_min", "vix >= {}"),
    Key(
        "breakers.stop_for_day",
        "stop_for_day, daily_stop, daily_loss, daily_loss_limit, max_daily_loss, max_loss_per_day, day_stop, loss_limit, "
        "max_day_loss",
    ),
    Key("breakers.week", "weekly_stop, stop_for_week, weekly_loss, weekly_loss_limit, max_weekly_loss, max_loss_per_week"),
    Key("breakers.peak", "drawdown, max_drawdown, drawdown_limit, max_dd, trailing_drawdown"),
    Key("counts.contracts_per_order", "contracts, max_contracts, quantity, max_quantity, order_size, max_order_size, lots"),
    Key("counts.entries_per_day", "trades_per_day, max_trades_per_day, entries, max_entries_per_day, openings_per_day"),
    Key("counts.working_orders", "orders, max_orders, open_orders, max_open_orders"),
    Key("risk.per_trade", "max_risk, risk_per_trade, max_risk_per_trade, max_loss_per_trade, per_position, risk_per_position"),
    Key("risk.total", "total_risk, max_total_risk, portfolio_risk, max_open_risk, max_portfolio_risk, heat, portfolio_heat"),
    Key("margin.buying_power_used", "buying_power, max_buying_power, bp, bpr, margin_used, max_margin, bp_limit"),
    Key("session.open", "trading_hours, hours, entry_hours, window, market_hours"),
    Key("entries", "events, calendar, dates, event_list"),
    Key("when", "gap, max_gap, gap_max, max_opening_gap", "abs(gap) <= {}"),
    Key("when", "rsi, max_rsi, rsi_max", "rsi(14 days) <= {}"),
    Key("when", "min_rsi, rsi_min", "rsi(14 days) >= {}"),
    Key("when", "min_average_volume, avg_volume, min_avg_volume", "average_volume(30 days) >= {}"),
    Key("when", "weekdays, weekday, days_of_week, day_of_week, trading_days, entry_days, dow", "weekday in ({})"),
)

ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("account", "account_id", "account_number"), "the account is that of TWS; with several, `--account` chooses"),
    **dict.fromkeys(("capital", "account_size", "balance", "equity", "net_liquidation"), "TWS tells what the account is worth"),
    **dict.fromkeys(("currency", "base_currency"), "TWS tells the currency of the account"),
    **dict.fromkeys(
        ("notify", "notifications", "email", "telegram", "alerts"), "notifications stand in [notify] of spreads.toml"
    ),
    **dict.fromkeys(("port", "host", "client_id", "tws", "gateway"), "the connection stands in spreads.toml"),
}
"""What stands in no file of the folder, and where it is said."""

LATER_KEYS: Mapping[str, tuple[str, str]] = {
    "hedge": ("a hedge", "exits"),
}
"""Keys that ask for what the language does not have yet: what it is, and where it would stand."""
