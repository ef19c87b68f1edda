"""The positions relation: one row an open position, each measure from the position and today's quotes of its legs.
None is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from engine.compile.conditions import Value
from engine.compile.market import days_to_ex_dividend, minutes_to_close, time_of_day
from engine.decide.quotes import Rows, closing_marks
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
    marks = closing_marks(position, rows)
    is_believed = marks is not None and all(mark.obstacle is None for mark in marks)
    return measured(position, marks if is_believed else None, rows, market, now, session)


def measured(
    position: Position,
    marks: Sequence[Mark] | None,
    rows: Rows,
    market: MarketState | None,
    now: datetime,
    session: Session | None,
) -> PositionRow:
    """The row of a position whose parts bring these marks when they are closed; None where one is not to be believed.

    Money is that of all parts, and so is what is asked of the shorts; mark, width and delta are those of one combination of the
    first.
    """
    spread, shorts = position.spread, position.shorts
    spot = rows.value(spread.legs[0].contract.con_id, "spot")
    spot = spot if spot is not None else _finite(market.price if market else None)
    deltas = [(leg, rows.value(leg.contract.con_id, "delta")) for leg in spread.legs]
    return {
        **money(position, None if marks is None else [mark.mid for mark in marks]),
        "dte": float(days_to_expiry(now, min(leg.contract.expiry for leg in position.legs))),
        "days_held": float((trading_day(now) - trading_day(position.opened_at)).days),
        "delta": _all([None if delta is None else leg.sign * leg.ratio * delta for leg, delta in deltas], sum),
        "short_delta": _all([_absolute(rows.value(leg.contract.con_id, "delta")) for leg in shorts], max),
        "short_strike_breached": _any([_breached(leg, spot) for leg in shorts]),
        "days_to_ex_dividend": days_to_ex_dividend(market, trading_day(now)),
        "extrinsic_of_short": _all([_extrinsic(leg, rows, spot) for leg in shorts], min),
        "minutes_to_close": minutes_to_close(now, session),
        "time": time_of_day(now),
    }


def money(position: Position, closings: Sequence[Decimal] | None) -> PositionRow:
    """The measures that are money, where closing each part brings so much net per share; None where nobody knows."""
    parts = [(part, part.quantity * part.spread.multiplier) for part in position.parts]
    open_for = opening = sum((part.opening_net * scale for part, scale in parts), Decimal(0))
    # What is over beside what lives on was one trade with it: the long that is left is no new position at its own price.
    made = position.realised if position.has_expired else Decimal(0)
    if position.has_expired:
        multiplier = position.spread.multiplier
        opening = -sum((lot.leg.sign * lot.opening_price * lot.opened * multiplier for lot in position.lots), Decimal(0))
    is_credit = opening > 0
    profit = None
    if closings is not None:
        brought = (closing * scale for (_, scale), closing in zip(parts, closings, strict=True))
        profit = float(open_for + sum(brought, Decimal(0)) + made)
    return {
        "profit": profit,
        "loss": None if profit is None else -profit,
        "credit": float(opening) if is_credit else None,
        "debit": None if is_credit else float(-opening),
        "max_profit": _finite(float(sum(part.spread.max_profit(part.opening_net) * scale for part, scale in parts) + made)),
        "max_loss": _finite(float(sum(part.spread.max_loss(part.opening_net) * scale for part, scale in parts) - made)),
        "mark": None if closings is None else float(-closings[0] if position.opening_net > 0 else closings[0]),
        "width": _finite(float(position.spread.width)),
    }


def _all(values: Sequence[float | None], of: Callable[[Iterable[float]], float]) -> float | None:
    """A number of all legs; None where that of one is not known, or there is none."""
    known = [value for value in values if value is not None]
    return of(known) if known and len(known) == len(values) else None


def _any(values: Sequence[bool | None]) -> bool | None:
    """Whether one of them holds; None where none is known to and one is not known."""
    return True if True in values else None if None in values else False


def _absolute(value: float | None) -> float | None:
    return None if value is None else abs(value)


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
