"""Other words for the measures, by where they live; and words for what the language does not have yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.strategy.expressions.tree import Relation
from engine.strategy.measures.positions import SIDE

_NAMES: Mapping[Relation, Mapping[str, str]] = {
    "market": {
        "price": (
            "spot, last, underlying price, underlying, close, stock price, index price, last price, spx, spy, qqq, iwm, ndx, "
            "rut, xsp, stock, index, current price"
        ),
        "move_today": "change, pct change, percent change, day change, daily change, chg, move, change today, day move",
        "iv30": "iv, implied vol, implied volatility, iv 30, atm iv, current iv",
        "iv_rank": "ivr, iv rank 52w, ivrank, implied volatility rank, rank of iv, iv-rank, 52w iv rank",
        "iv_percentile": "ivp, iv pct, ivpercentile, iv perc, implied volatility percentile",
        "gap": "opening gap, overnight gap, gap at open, gap at the open, gap up, gap down",
        "high_of(first 60 min)": "opening range high, orb high, high of the first hour, first hour high",
        "low_of(first 60 min)": "opening range low, orb low, low of the first hour, first hour low",
        "range_of(first 60 min)": "opening range, orb, orb range, range of the first hour, first hour range",
        "vix_today": "vix change, vix change today, vix move, vix move today, change in vix",
        "vix3m": "vxv, 3 month vix, three month vix",
        "vix / vix3m": "vix term structure, term structure, vix ratio, contango ratio",
        "price of VXN": "vxn",
        "rsi(14 days)": "rsi, relative strength index, rsi14",
        "ema(9 days)": "ema, exponential moving average",
        "average_volume(30 days)": "avg volume, average daily volume, adv, average volume, mean volume",
        "vix": "vix index, $vix, vix level, vix close, vix.x, ^vix",
        "realized_vol(20 days)": "hv, rv, historical volatility, historical vol, realized volatility, realised vol, hv20, rv20",
        "vol_premium(20 days)": "vrp, volatility risk premium, variance risk premium, volatility premium, iv - hv, iv - rv",
        "vol_premium_rank(20 days)": "vrp rank, rank of vrp, volatility premium rank",
        "vol_premium_percentile(20 days)": "vrp percentile, percentile of vrp",
        "expected_move": "em, implied move",
        "days_to_earnings": "earnings, days until earnings, dte earnings, next earnings, earnings in",
        "days_to_ex_dividend": "ex div, dividend, ex dividend, days to dividend, days to ex div",
        "minutes_to_close": "mtc, time to close, minutes before close, minutes until close",
        "time": "clock, time of day, now, hour, current time",
    },
    "leg": {
        "dte": "days to expiration, days to expiry, days, expiry, expiration, days until expiration",
        "strike": "strike price, k",
        "moneyness": "otm, pct otm, percent otm, distance from price, distance",
        "mid": "price, premium, mark, mid price, option price, midpoint",
        "quote_width": "spread, bid ask, bid ask spread, bid/ask, bid/ask spread, slippage, market width",
        "quote_age": "age, staleness, quote time",
        "volume": "vol, option volume, daily volume, traded",
        "open_interest": "oi, open int, openinterest, interest",
        "iv": "implied vol, implied volatility, volatility",
        "p_itm": "prob itm, pitm, probability itm, probability of expiring itm, prob of itm",
        "bid_size": "bid qty",
        "ask_size": "ask qty, offer size",
        "ask": "offer",
    },
    "spread": {
        "credit": "premium, net credit, price, credit received, premium received, net premium, mid credit, mark, mid",
        "debit": "cost, net debit, price paid, debit paid",
        "put_credit": "put side credit, credit of put side, put premium, put spread credit, credit of puts",
        "call_credit": "call side credit, credit of call side, call premium, call spread credit, credit of calls",
        "natural_credit": "natural, credit at natural",
        "width": "spread width, wing width, strike width, wings, width of strikes, spread, strikes, wing",
        "max_profit": "max gain, maximum profit, profit, maxprofit",
        "max_loss": "risk, max risk, maximum loss, maximum risk, loss, maxloss, capital at risk",
        "return_on_risk": "ror, rr, roc, roi, return on capital, return, risk reward, reward/risk, return on risk",
        "pop": (
            "prob of profit, probability of profit, probability, prob, p.o.p., win rate, prob profit, chance of profit, pprofit"
        ),
        "p_touch": "prob touch, prob of touch, touch, probability of touch, pot, prob of touching, probability of touching",
        "expected_value at realized_vol(20 days)": "ev, expectancy, edge",
        "breakeven_distance": "breakeven, distance to breakeven, be",
        "short_delta": "delta of short, short leg delta, short strike delta, delta short, short put delta, short call delta",
        "long_delta": "delta of long, long leg delta, delta long, bought delta, long put delta, long call delta",
        "quote_width": "bid ask, bid ask spread, bid/ask, bid/ask spread, bid-ask, bid-ask spread, market width",
        "fees": "commission, commissions, costs",
        "dte": "days to expiration, days to expiry, days, expiry, expiration",
    },
    "position": {
        "profit": (
            "pnl, p&l, p/l, pl, gain, unrealized pnl, unrealised pnl, open pnl, open profit, profits, gains, return, take "
            "profit, profit target, profit taking, tp, target, take profits"
        ),
        "loss": "losses, stop loss, stop, sl, drawdown, stoploss, stop out, losing",
        "credit": (
            "premium received, credit received, initial credit, premium, entry credit, opening credit, credit collected, "
            "premium collected, net credit"
        ),
        "debit": "cost, debit paid, initial debit, price paid, entry price, premium paid, net debit",
        "max_profit": "max gain, maximum profit, max. profit, maxprofit, maximum gain, full profit",
        "max_loss": "max risk, maximum loss, maximum risk, maxloss, risk",
        "mark": "price, current price, debit to close, cost to close, buyback price, mid, spread price",
        "width": "spread width, wing width",
        "dte": (
            "days to expiration, days to expiry, days left, days until expiration, days until expiry, days before expiration, "
            "days before expiry, days remaining, expiry, expiration, days to exp"
        ),
        "minutes_held": "minutes in trade, mit, minutes open, minutes since entry, time in trade, minutes in position",
        "best_profit": (
            "peak profit, high water mark, max profit seen, highest profit, profit peak, max open profit, best pnl, peak pnl"
        ),
        "total_credit": "total premium, total premium received, credit of both sides, premium of both sides",
        "move_since_entry": "underlying move since entry, price change since entry, move from entry, change since entry",
        "pop": "prob of profit, probability of profit, prob profit, chance of profit, probability, win rate",
        "short_strike": "short strike price, sold strike",
        "short_distance": (
            "distance, distance to short, distance to short strike, distance from short strike, distance to the short strike, "
            "points to short strike"
        ),
        "days_held": "days in trade, dit, days open, held, holding days, days since entry, hold, age, days in position",
        "short_delta": (
            "delta of short, short leg delta, short strike delta, delta short, short put delta, short call delta, delta of "
            "the short, delta of short leg, delta of the short leg, delta of short strike, sold delta"
        ),
        "short_strike_breached": (
            "breached, itm, tested, short strike tested, short strike itm, short itm, short leg itm, in the money, short "
            "strike breach, short strike touched, short breached, short strike hit"
        ),
        "extrinsic_of_short": "extrinsic, time value, extrinsic value",
        "minutes_to_close": "mtc, time to close, minutes before close, minutes until close",
        "time": "clock, time of day, now, hour",
    },
    "account": {
        "net_liquidation": "nlv, net liq, netliq, equity, account value, account size, balance, account, net liquidation value",
        "buying_power": "bp, bpr, option buying power",
        "order_risk": "risk, order loss, trade risk",
        "post_trade_margin": "margin, margin used, margin after",
        "day_pnl": "pnl, daily pnl, pnl today, p&l",
        "contracts": "quantity, qty, lots",
    },
}
NAMES: Mapping[Relation, Mapping[str, str]] = {
    **_NAMES,
    "side": {one.name: _NAMES["position"][one.name] for one in SIDE if one.name in _NAMES["position"]},
}
"""Words set off by commas, in small letters, a space for whatever parts their syllables."""

AT_MOST: Mapping[Relation, frozenset[str]] = {
    "market": frozenset({"expected_move", "minutes_to_close", "vix"}),
    "leg": frozenset({"delta", "p_itm", "quote_age", "quote_width"}),
    "spread": frozenset(
        {"debit", "fees", "long_delta", "max_loss", "natural_debit", "p_touch", "quote_width", "short_delta", "slippage"}
    ),
    "side": frozenset({"dte", "minutes_to_close"}),
    "position": frozenset({"dte", "extrinsic_of_short", "minutes_to_close"}),
    "account": frozenset({"contracts", "open_risk", "order_risk", "post_trade_margin"}),
}
"""Measures of which a bare number is the most that is wanted; of the others it is the least."""


@dataclass(frozen=True, slots=True)
class Later:
    """What the language does not have yet: a name for it, the words that ask for it, and what comes nearest by relation, with
    `{sign}` and `{number}` as they were written, and `{paid}` for the credit or the debit.
    """

    what: str
    said: str
    nearest: Mapping[Relation, str]
    advice: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.said.split(", "))


LATER: tuple[Later, ...] = (
    Later("an indicator such as MACD", "macd, momentum, supertrend", {"market": "trend(14 days) {sign} 0%"}),
    Later("the strength of a trend, whichever its side", "adx, dmi", {"market": "abs(trend(14 days)) {sign} 3%"}),
    Later("an oscillator other than RSI", "stochastic, stoch, cci, williams", {"market": "rsi(14 days) {sign} 50"}),
    Later(
        "the volatility of volatility, or another horizon or index of it",
        "vvix, vix9d, vix1d, vix6m, vxn, rvx, vxv, vxst, move index",
        {"market": "vix / vix3m <= 1"},
    ),
    Later(
        "what others trade and hold",
        "put/call ratio, put call ratio, pcr, gex, gamma exposure, max pain, dark pool, flow, order flow, open interest ratio",
        {},
    ),
    Later(
        "an average weighed otherwise",
        "vwap, wma, hma",
        {"market": "price {sign} sma(20 days)"},
    ),
    Later(
        "the skew of volatility, or futures on it",
        "skew, vix futures",
        {"market": "vix / vix3m <= 1"},
    ),
    Later(
        "the range of the day",
        "day high, day low, high of day, low of day, days range, intraday high, intraday low, atr, "
        "bollinger, prior close, previous close",
        {"market": "abs(move_today) <= 1%"},
    ),
    Later("a return for a year", "annualized, annualised, annual return, aroc, per annum", {}),
    Later("an exit before earnings", "earnings, earnings date", {"position": "dte <= 21"}),
    Later("an exit on a date", "date, expiry date, on the", {"position": "dte <= 21"}),
    Later(
        "an order that rests at the broker",
        "stp, stp lmt, lmt, stop limit, limit order, stop order, oco, bracket, gtc, mkt, market order",
        {"position": "mark >= ${number}"},
    ),
    Later("a hedge", "hedge, hedging, delta hedge", {}, "a limit on delta in account.yaml"),
)
