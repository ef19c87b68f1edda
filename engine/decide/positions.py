"""The positions relation: one row an open position, each measure from the position and today's quotes of its legs.
None is unknown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from engine.compile.conditions import Value
from engine.compile.market import days_to_ex_dividend, minutes_to_close, time_of_day
from engine.domain.chain import ChainSnapshot, MarketState
from engine.domain.position import Position
from engine.domain.session import Session, days_to_expiry, trading_day
from engine.domain.spread import Leg

PositionRow = dict[str, Value]

CHEAP_ASK = 0.50
"""USD per share; above it an option without a bid is a quote that cannot be believed."""


@dataclass(frozen=True, slots=True)
class _Now:
    """What the snapshot says about one leg."""

    mid: float | None
    ask: float | None
    """Where the quote is not crossed."""
    delta: float | None
    spot: float | None

    @property
    def is_cheap(self) -> bool:
        """Nobody bids and little is asked: not a quote that lost a side, but an option that is worth next to nothing."""
        return self.mid is None and self.ask is not None and self.ask <= CHEAP_ASK


def position_row(
    position: Position, chain: ChainSnapshot, market: MarketState | None, now: datetime, session: Session | None
) -> PositionRow:
    """Every position measure by name, in the unit of its declaration; USD for all spreads that are still open.

    Closing is counted at mid. A cheap leg without a bid has none: it brings nothing where it is sold and costs its ask where it
    is bought back, so that a missing bid never makes a profit. Without an ask, without the bid of a leg that is worth something,
    or crossed, mark, profit and loss are unknown, and no rule on them fires.
    """
    short, long = (_now(leg, chain) for leg in (position.spread.short, position.spread.long))
    spread = position.spread
    opening, width = float(position.opening_net), float(spread.width)
    scale = position.quantity * spread.multiplier
    # What closing brings now, per share: the long leg is sold, the short one bought back.
    brings = 0.0 if long.is_cheap else long.mid
    costs = short.ask if short.is_cheap else short.mid
    closing = None if brings is None or costs is None else brings - costs
    profit = None if closing is None else (opening + closing) * scale
    is_credit = spread.structure in {"bull_put", "bear_call"}
    spot = short.spot if short.spot is not None else _finite(market.price if market else None)
    return {
        "profit": profit,
        "loss": None if profit is None else -profit,
        "credit": opening * scale if is_credit else None,
        "debit": None if is_credit else -opening * scale,
        "max_profit": (opening if is_credit else width + opening) * scale,
        "max_loss": (width - opening if is_credit else -opening) * scale,
        "mark": None if closing is None else -closing if is_credit else closing,
        "width": width,
        "dte": float(days_to_expiry(now, spread.expiry)),
        "days_held": float((trading_day(now) - trading_day(position.opened_at)).days),
        "delta": None if short.delta is None or long.delta is None else long.delta - short.delta,
        "short_delta": None if short.delta is None else abs(short.delta),
        "short_strike_breached": _breached(spread.short, spot),
        "days_to_ex_dividend": days_to_ex_dividend(market, trading_day(now)),
        "extrinsic_of_short": _extrinsic(spread.short, short.mid, spot),
        "minutes_to_close": minutes_to_close(now, session),
        "time": time_of_day(now),
    }


def _now(leg: Leg, chain: ChainSnapshot) -> _Now:
    cid = chain.rows_by_con_id.get(leg.contract.con_id)
    if cid is None:
        return _Now(None, None, None, None)
    bid, ask, delta, spot = (_finite(chain.table.column(name)[cid].as_py()) for name in ("bid", "ask", "delta", "spot"))
    if ask is None or ask <= 0 or (bid is not None and not 0 <= bid <= ask):
        return _Now(None, None, delta, spot)
    return _Now(None if bid is None else (bid + ask) / 2, ask, delta, spot)


def _breached(short: Leg, spot: float | None) -> bool | None:
    if spot is None:
        return None
    strike = float(short.contract.strike)
    return spot <= strike if short.contract.put_call == "P" else spot >= strike


def _extrinsic(short: Leg, mid: float | None, spot: float | None) -> float | None:
    if mid is None or spot is None:
        return None
    strike = float(short.contract.strike)
    return mid - max(0.0, strike - spot if short.contract.put_call == "P" else spot - strike)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
