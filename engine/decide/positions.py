"""The positions relation: one row an open position, each measure from the position and today's quotes of its legs.
None is unknown."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal

from engine.compile.conditions import Value
from engine.compile.market import days_to_ex_dividend, minutes_to_close, time_of_day
from engine.decide.quotes import Rows, spread_quote
from engine.domain.chain import ChainSnapshot, MarketState
from engine.domain.position import Position
from engine.domain.session import Session, days_to_expiry, trading_day
from engine.domain.spread import Leg
from engine.pricing.mark import Mark

PositionRow = dict[str, Value]

PRICED = frozenset({"profit", "loss", "mark", "delta", "short_delta", "extrinsic_of_short"})
"""Measures that are as old as the quotes of the legs: unknown where those are not believed."""

OF_THE_MARKET = PRICED | {"short_strike_breached"}
"""Measures that need a price of anything: a rule that holds without them holds by the clock."""


def position_row(
    position: Position, chain: ChainSnapshot, market: MarketState | None, now: datetime, session: Session | None
) -> PositionRow:
    """Every position measure by name, in the unit of its declaration; USD for all spreads that are still open.

    Closing is counted at its mark (`pricing.mark`). Where the quotes have an obstacle mark, profit and loss are unknown, and no
    rule on them fires.
    """
    rows = Rows(chain)
    mark = spread_quote(position.spread, rows, "close")
    return measured(position, mark if mark is None or mark.obstacle is None else None, rows, market, now, session)


def measured(
    position: Position, mark: Mark | None, rows: Rows, market: MarketState | None, now: datetime, session: Session | None
) -> PositionRow:
    """The row of a position whose closing brings this mark; None where it is not to be believed."""
    spread, short, long = position.spread, position.spread.short, position.spread.long
    spot = rows.value(short.contract.con_id, "spot")
    spot = spot if spot is not None else _finite(market.price if market else None)
    short_delta, long_delta = (rows.value(leg.contract.con_id, "delta") for leg in (short, long))
    return {
        **money(position, None if mark is None else mark.mid),
        "dte": float(days_to_expiry(now, spread.expiry)),
        "days_held": float((trading_day(now) - trading_day(position.opened_at)).days),
        "delta": None if short_delta is None or long_delta is None else long_delta - short_delta,
        "short_delta": None if short_delta is None else abs(short_delta),
        "short_strike_breached": _breached(short, spot),
        "days_to_ex_dividend": days_to_ex_dividend(market, trading_day(now)),
        "extrinsic_of_short": _extrinsic(short, rows, spot),
        "minutes_to_close": minutes_to_close(now, session),
        "time": time_of_day(now),
    }


def money(position: Position, closing: Decimal | None) -> PositionRow:
    """The measures that are money, where closing brings this net per share; None where nobody knows."""
    spread, opening = position.spread, position.opening_net
    scale = position.quantity * spread.multiplier
    profit = None if closing is None else float((opening + closing) * scale)
    return {
        "profit": profit,
        "loss": None if profit is None else -profit,
        "credit": float(opening * scale) if spread.is_credit else None,
        "debit": None if spread.is_credit else float(-opening * scale),
        "max_profit": float((spread.cap + opening) * scale),
        "max_loss": float(-(spread.floor + opening) * scale),
        "mark": None if closing is None else float(-closing if spread.is_credit else closing),
        "width": float(spread.width),
    }


def _breached(short: Leg, spot: float | None) -> bool | None:
    if spot is None:
        return None
    strike = float(short.contract.strike)
    return spot <= strike if short.contract.put_call == "P" else spot >= strike


def _extrinsic(short: Leg, rows: Rows, spot: float | None) -> float | None:
    bid, ask = (rows.value(short.contract.con_id, side) for side in ("bid", "ask"))
    if bid is None or ask is None or spot is None or not 0 <= bid <= ask or ask <= 0:
        return None
    strike = float(short.contract.strike)
    return (bid + ask) / 2 - max(0.0, strike - spot if short.contract.put_call == "P" else spot - strike)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
