"""The positions relation: one row an open position, each measure from the position and today's quotes of its legs.
None is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
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
    spread, shorts = position.spread, position.spread.shorts
    spot = rows.value(shorts[0].contract.con_id, "spot")
    spot = spot if spot is not None else _finite(market.price if market else None)
    deltas = [(leg, rows.value(leg.contract.con_id, "delta")) for leg in spread.legs]
    return {
        **money(position, None if mark is None else mark.mid),
        "dte": float(days_to_expiry(now, spread.expiry)),
        "days_held": float((trading_day(now) - trading_day(position.opened_at)).days),
        "delta": _all([None if delta is None else leg.sign * leg.ratio * delta for leg, delta in deltas], sum),
        "short_delta": _all([None if delta is None else abs(delta) for leg, delta in deltas if leg.sign < 0], max),
        "short_strike_breached": _any([_breached(leg, spot) for leg in shorts]),
        "days_to_ex_dividend": days_to_ex_dividend(market, trading_day(now)),
        "extrinsic_of_short": _all([_extrinsic(leg, rows, spot) for leg in shorts], min),
        "minutes_to_close": minutes_to_close(now, session),
        "time": time_of_day(now),
    }


def money(position: Position, closing: Decimal | None) -> PositionRow:
    """The measures that are money, where closing brings this net per share; None where nobody knows."""
    spread, opening = position.spread, position.opening_net
    scale, is_credit = position.quantity * spread.multiplier, opening > 0
    profit = None if closing is None else float((opening + closing) * scale)
    return {
        "profit": profit,
        "loss": None if profit is None else -profit,
        "credit": float(opening * scale) if is_credit else None,
        "debit": None if is_credit else float(-opening * scale),
        "max_profit": _finite(float(spread.max_profit(opening) * scale)),
        "max_loss": float(spread.max_loss(opening) * scale),
        "mark": None if closing is None else float(-closing if is_credit else closing),
        "width": float(spread.width),
    }


def _all(values: Sequence[float | None], of: Callable[[Iterable[float]], float]) -> float | None:
    """A number of all legs; None where that of one is not known."""
    known = [value for value in values if value is not None]
    return of(known) if len(known) == len(values) else None


def _any(values: Sequence[bool | None]) -> bool | None:
    """Whether one of them holds; None where none is known to and one is not known."""
    return True if True in values else None if None in values else False


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
