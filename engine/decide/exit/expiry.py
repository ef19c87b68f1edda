"""The end of a position: the guard of its last afternoon, and its settlement.

A settlement needs no quote of the legs, and the guard waits neither for a stop to be believed nor for quotes to become clean: the
bounds of the spread keep the price of its close sane.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

from engine.decide.quotes import Rows
from engine.domain.calendar import Calendar
from engine.domain.chain import MarketState
from engine.domain.decision import Settle
from engine.domain.facts.positions import ExpiredLeg, LegsExpired, PositionSettled
from engine.domain.parts import Side, side_of_leg
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Leg

GUARD_BEFORE_CLOSE = timedelta(hours=3)
"""On the last day of options that end in shares, or in the opening prints of the day after, what is near the money is closed from
so long before the close on: 13:00 in New York, 10:00 on a half day."""
GUARD_DISTANCE = 0.02
GUARD = "expiry guard: a leg is near or in the money on its last day"
SETTLED_AFTER = timedelta(minutes=30)


def guards(position: Position, rows: Rows, snapshot: Snapshot, left: Collection[Side]) -> bool:
    """Whether a position must not be carried into its expiry: a leg near or in the money on its last afternoon.

    A leg that is settled in shares makes a holding of many times what was at risk, also one that is owned and exercised; one
    that is settled in the morning's prints has a night in which nothing can be done, unless the file lets its side expire
    (`left`). Where nobody knows the price of the underlying, or the terms of the contract have changed, the leg is near
    the money.
    """
    session, market = snapshot.session, snapshot.market.get(position.spread.underlying)
    assert session is not None, "asked in session only"
    if snapshot.at < session.close - GUARD_BEFORE_CLOSE:
        return False
    for leg in _options(position):
        if not is_left_to_expire(leg, snapshot.calendar, left) and _trades_last(leg, snapshot):
            spot = rows.value(leg.contract.con_id, "spot") or (market.price if market else None)
            if spot is None or snapshot.is_changed(leg.contract.con_id) or beyond(leg, spot) > -GUARD_DISTANCE:
                return True
    return False


def is_left_to_expire(leg: Leg, calendar: Calendar, left: Collection[Side]) -> bool:
    """Whether a leg goes to its settlement wherever the price is: in cash, and by the file or with no night in between."""
    return leg.contract.rule.cash and (side_of_leg(leg) in left or _is_fixed_by_the_last_trade(leg, calendar))


def beyond(leg: Leg, spot: float) -> float:
    """How far a leg is in the money, as a share of the price; negative out of the money."""
    return (float(leg.contract.strike) - spot) / spot * (1 if leg.contract.put_call == "P" else -1)


def _options(position: Position) -> list[Leg]:
    """What of it ends; shares do not."""
    return [leg for leg in position.legs if not leg.contract.is_share]


def _is_fixed_by_the_last_trade(leg: Leg, calendar: Calendar) -> bool:
    """Whether the leg settles at the close at which it stops trading: then nothing happens to it untraded."""
    rule, expiry = leg.contract.rule, leg.contract.expiry
    return calendar.settles_at(rule, expiry) == calendar.trades_until(rule, expiry)


def _trades_last(leg: Leg, snapshot: Snapshot) -> bool:
    """Whether this is the last session in which the leg trades, or one after it."""
    return trading_day(snapshot.at) >= snapshot.calendar.last_trading_day(leg.contract)


def settled(position: Position, snapshot: Snapshot) -> Settle | None:
    """The settlement of what has expired of a position, at the last price known; the statement has the final number.

    Legs that expire before others are settled by themselves: what is left of the position goes on.
    """
    spread, market = position.spread, snapshot.market.get(position.spread.underlying)
    ends = {leg: snapshot.calendar.settles_at(leg.contract.rule, leg.contract.expiry) for leg in _options(position)}
    if not ends:
        return None
    first, settles = min(ends.values()), max(ends.values())
    if market is not None and first < settles:
        over = {leg for leg, end in ends.items() if end == first}
        return _partly(position, over, first, market, snapshot) if snapshot.at >= first + SETTLED_AFTER else None
    spot = _last_price(market, settles, snapshot) if market else None
    if snapshot.at < settles + SETTLED_AFTER or spot is None:
        return None
    options = [part for part in position.parts if not part.spread.is_shares]
    value = sum((part.spread.worth(spot) * part.quantity for part in options), Decimal(0)) / position.quantity
    reason = f"expired with {spread.underlying} at {spot}, as last quoted"
    return Settle(PositionSettled(position.id, value, reason, settles, spot))


def _partly(position: Position, over: Collection[Leg], at: datetime, market: MarketState, snapshot: Snapshot) -> Settle | None:
    """The settlement of the legs that are over, at their own end."""
    spot = _last_price(market, at, snapshot)
    if spot is None:
        return None
    legs = tuple(
        ExpiredLeg(lot.leg.contract.con_id, lot.held, lot.leg.contract.intrinsic(spot))
        for lot in position.lots
        if lot.held and lot.leg in over
    )
    names = " and ".join(f"{leg.contract}" for leg in position.legs if leg in over)
    reason = f"{names} expired with {position.spread.underlying} at {spot}, as last quoted"
    return Settle(LegsExpired(position.id, legs, reason, at))


def _last_price(market: MarketState, settles: datetime, snapshot: Snapshot) -> Decimal | None:
    """The price that stands for the settlement: the last one while no session has opened since, afterwards the close of that day.

    Closes end with the session before today.
    """
    day, today, session = trading_day(settles), trading_day(snapshot.at), snapshot.session
    since = snapshot.calendar.between(day, today)
    is_first_since = since == 0 and (session is None or snapshot.at < session.open)
    price = market.closes[-1 - since] if since < len(market.closes) else None
    if today <= day or (is_first_since and market.price is not None):
        price = market.price
    return Decimal(repr(round(price, 4))) if price is not None else None
