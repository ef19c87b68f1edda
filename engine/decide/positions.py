"""The positions relation: one row an open position, each measure from the position and today's quotes of its legs.
None is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from engine.compile.conditions import Value, column_of
from engine.compile.market import days_to_ex_dividend, market_value, minutes_to_close, time_of_day
from engine.decide.quotes import Rows, closing_marks
from engine.domain.chain import ChainSnapshot, MarketState
from engine.domain.parts import Lot, Side
from engine.domain.position import Position
from engine.domain.session import Session, days_to_expiry, trading_day
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Leg, Spread
from engine.pricing.mark import Mark
from engine.pricing.payoff import PayoffLeg
from engine.pricing.probability import probability_of_profit, smile
from engine.strategy.expressions.tree import Measure, measures_in
from engine.strategy.measures.market import OF_THE_CALENDAR
from engine.strategy.measures.positions import POSITION
from engine.strategy.model import Strategy

PositionRow = dict[str, Value]

SIDES: tuple[Side, ...] = ("put", "call")
PRICED = frozenset({"profit", "loss", "mark", "delta", "short_delta", "untested_side_delta", "extrinsic_of_short", "pop"}) | {
    f"{side}_side_{name}" for side in SIDES for name in ("profit", "loss", "delta")
}
"""Measures that are as old as the quotes of the legs: unknown where those are not believed."""

OF_THE_MARKET = PRICED | {
    "best_profit",
    "move_since_entry",
    "price",
    "short_distance",
    "short_strike_breached",
    *(f"{side}_side_{name}" for side in SIDES for name in ("breached", "distance")),
}
"""Measures of a position that need a price of anything."""

_OF_POSITIONS = frozenset(declared.name for declared in POSITION)


def needs_prices(column: str) -> bool:
    """Whether a column of the relation needs a price of anything: a rule that holds without those holds by the clock."""
    if column in _OF_POSITIONS:
        return column in OF_THE_MARKET
    return not any(column == name or column.startswith(f"{name}_") for name in OF_THE_CALENDAR)


def asked_of_market(strategy: Strategy) -> tuple[Measure, ...]:
    """The numbers of the market that the exits of a strategy look at."""
    lines = (rule.condition.expression for rule in strategy.exits)
    return tuple(dict.fromkeys(one for line in lines for one in measures_in(line) if one.relation == "market"))


def market_columns(strategy: Strategy | None, underlying: str, seen: Snapshot) -> PositionRow:
    """The columns of those numbers, for the underlying of a position; unknown where nothing is known of it."""
    asked, market = asked_of_market(strategy) if strategy is not None else (), seen.market.get(underlying)
    if market is None:
        return dict.fromkeys(column_of(one) for one in asked)
    return {column_of(one): market_value(one, market, seen.at, seen.session, seen.calendar) for one in asked}


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
    *,
    with_chance: bool = True,
) -> PositionRow:
    """The row of a position whose parts bring these marks when they are closed; None where one is not to be believed. Its
    chance takes longer than all else: without `with_chance` it is left unknown.

    Money is that of all parts, and so is what is asked of the shorts; mark, width and delta are those of one combination of the
    first.
    """
    spread, shorts = position.spread, position.shorts
    spot = rows.value(spread.legs[0].contract.con_id, "spot")
    spot = spot if spot is not None else _finite(market.price if market else None)
    deltas = [(leg, rows.value(leg.contract.con_id, "delta")) for leg in spread.legs]
    return {
        **money(position, None if marks is None else [mark.mid for mark in marks]),
        "dte": _days_left(position, now),
        "days_held": float((trading_day(now) - trading_day(position.opened_at)).days),
        "minutes_held": (now - position.opened_at) / timedelta(minutes=1),
        "best_profit": float(position.best_profit),
        "price": spot,
        "move_since_entry": _moved(position.entry_spot, spot),
        "pop": _chance(position, rows) if marks is not None and with_chance else None,
        "short_strike": None if spot is None else _nearest(shorts, spot),
        "short_distance": _all([_distance(leg, spot) for leg in shorts], min),
        "delta": _all([None if delta is None else leg.sign * leg.ratio * delta for leg, delta in deltas], sum),
        "short_delta": _all([_absolute(rows.value(leg.contract.con_id, "delta")) for leg in shorts], max),
        "short_strike_breached": _any([_breached(leg, spot) for leg in shorts]),
        "days_to_ex_dividend": days_to_ex_dividend(market, trading_day(now)),
        "extrinsic_of_short": _all([_extrinsic(leg, rows, spot) for leg in shorts], min),
        "minutes_to_close": minutes_to_close(now, session),
        "time": time_of_day(now),
        **_sides(position, marks, rows, spot),
    }


def _days_left(position: Position, now: datetime) -> float | None:
    """Calendar days to the first expiry of what is held; None of shares, which have none."""
    days = [leg.contract.expiry for leg in position.legs if not leg.contract.is_share]
    return float(days_to_expiry(now, min(days))) if days else None


def _sides(position: Position, marks: Sequence[Mark] | None, rows: Rows, spot: float | None) -> PositionRow:
    """The measures of both sides; unknown for a structure of one right, which has none."""
    options = [lot for lot in position.lots if not lot.leg.contract.is_share]
    has_both = len({lot.leg.contract.put_call for lot in options}) > 1
    found = [_of_side(side, position if has_both else None, marks, rows, spot) for side in SIDES]
    deltas = [one[f"{side}_side_delta"] for side, one in zip(SIDES, found, strict=True)]
    untested = _all([None if one is None else float(one) for one in deltas], min)
    return {**found[0], **found[1], "untested_side_delta": untested}


def _of_side(side: Side, position: Position | None, marks: Sequence[Mark] | None, rows: Rows, spot: float | None) -> PositionRow:
    """What one side is by itself; all of it unknown where nothing of it is open. Its legs are priced as the whole is believed."""
    right = "P" if side == "put" else "C"
    held = [lot for lot in (position.lots if position else ()) if lot.held and not lot.leg.contract.is_share]
    lots = [lot for lot in held if lot.leg.contract.put_call == right]
    shorts = [lot.leg for lot in lots if lot.leg.sign < 0]
    multiplier = position.lots[0].leg.contract.multiplier if position else 0
    credit = -sum((lot.leg.sign * lot.held * lot.opening_price for lot in lots), Decimal(0)) * multiplier if lots else None
    worth = _worth_now(lots, rows) if lots and marks is not None else None
    profit = None if worth is None or credit is None else float(credit) + worth * multiplier
    return {
        f"{side}_side_profit": profit,
        f"{side}_side_loss": None if profit is None else -profit,
        f"{side}_side_credit": None if credit is None or credit <= 0 else float(credit),
        f"{side}_side_delta": _all([_absolute(rows.value(leg.contract.con_id, "delta")) for leg in shorts], max),
        f"{side}_side_breached": _any([_breached(leg, spot) for leg in shorts]) if shorts else None,
        f"{side}_side_distance": _all([_distance(leg, spot) for leg in shorts], min),
    }


def _worth_now(lots: Sequence[Lot], rows: Rows) -> float | None:
    """What closing these legs brings at mid, USD per share times contracts, by the rule of `closing_mark`; None where one has no
    ask."""
    total = 0.0
    for lot in lots:
        mark = rows.mark(Spread("leg", (lot.leg,)), "close")
        if mark is None:
            return None
        total += float(mark.mid) * lot.held / lot.leg.ratio
    return total


def money(position: Position, closings: Sequence[Decimal] | None) -> PositionRow:
    """The measures that are money, where closing each part brings so much net per share; None where nobody knows."""
    parts = [(part, part.quantity * part.spread.multiplier) for part in position.parts]
    open_for = opening = sum((part.opening_net * scale for part, scale in parts), Decimal(0))
    # What is over, or was rolled, beside what lives on was one trade with it: the long that is left is no new position at its own
    # price. Credit and debit stay those of the opening, so that what a profit or a loss is measured by is not moved by a roll.
    is_one_trade = position.outlives or position.has_exercised or bool(position.rolls)
    made = position.realised if is_one_trade else Decimal(0)
    if is_one_trade:
        opening = -sum((_paid(lot) for lot in position.lots if not lot.leg.contract.is_share and not lot.roll), Decimal(0))
    is_credit = opening > 0
    profit = None
    if closings is not None:
        brought = (closing * scale for (_, scale), closing in zip(parts, closings, strict=True))
        profit = float(open_for + sum(brought, Decimal(0)) + made)
    return {
        "profit": profit,
        "loss": None if profit is None else -profit,
        "credit": float(opening) if is_credit else None,
        "total_credit": _total_credit(position),
        "debit": None if is_credit else float(-opening),
        "max_profit": _finite(float(sum(part.spread.max_profit(part.opening_net) * scale for part, scale in parts) + made)),
        "max_loss": _finite(float(sum(part.spread.max_loss(part.opening_net) * scale for part, scale in parts) - made)),
        "mark": None if closings is None else float(-closings[0] if position.opening_net > 0 else closings[0]),
        "width": _finite(float(position.spread.width)),
    }


def _total_credit(position: Position) -> float | None:
    """USD that all legs brought of as many spreads as have anything open; None where that is no credit."""
    options = [lot for lot in position.lots if not lot.leg.contract.is_share]
    spreads = max((-(-lot.held // lot.leg.ratio) for lot in options), default=0)
    lots = [lot for lot in options if not lot.roll]
    brought = -sum((lot.leg.sign * lot.leg.ratio * lot.opening_price for lot in lots), Decimal(0)) * spreads
    return float(brought * lots[0].leg.contract.multiplier) if brought > 0 else None


def _moved(before: Decimal | None, spot: float | None) -> float | None:
    return None if before is None or not before or spot is None else spot / float(before) - 1


def _nearest(shorts: Sequence[Leg], spot: float) -> float | None:
    return min((float(leg.contract.strike) for leg in shorts), key=lambda strike: abs(strike - spot), default=None)


def _distance(short: Leg, spot: float | None) -> float | None:
    """From the strike outward: positive while the option is out of the money."""
    if spot is None:
        return None
    strike = float(short.contract.strike)
    return spot - strike if short.contract.put_call == "P" else strike - spot


def _chance(position: Position, rows: Rows) -> float | None:
    """Chance that all parts together end above nothing; None with shares or several expiries, or without the numbers of a leg."""
    legs = [(part, leg) for part in position.parts for leg in part.spread.legs]
    if not legs or len({(leg.contract.is_share, leg.contract.expiry) for _, leg in legs}) > 1 or position.shares is not None:
        return None
    ivs = {float(leg.contract.strike): rows.value(leg.contract.con_id, "iv") for _, leg in legs}
    strikes, known = sorted(ivs), [iv for _, iv in sorted(ivs.items()) if iv is not None]
    forward, years = (rows.value(legs[0][1].contract.con_id, name) for name in ("forward", "years"))
    if len(known) < len(strikes) or forward is None or years is None or years <= 0:
        return None
    payoff = [
        PayoffLeg(leg.sign, leg.ratio * part.quantity, leg.contract.put_call, float(leg.contract.strike)) for part, leg in legs
    ]
    net = float(sum((part.opening_net * part.quantity for part in position.parts), Decimal(0)))
    return _finite(probability_of_profit(payoff, net, forward, years, 0.0, 0.0, smile(strikes, known)))


def _paid(lot: Lot) -> Decimal:
    """USD that opening a leg has cost; negative where it brought some."""
    return lot.leg.sign * lot.opening_price * lot.opened * lot.leg.contract.multiplier


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
