"""The market relation: what is known of an underlying, measure by measure. None is unknown."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from engine.compile.conditions import ConditionsPlan, Value, compile_conditions
from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.chain import EVENT_KINDS, Bars, Level, MarketState
from engine.domain.session import NEW_YORK, Session, trading_day
from engine.pricing.volatility import SUFFICIENT_DAYS, WINDOW_DAYS, expected_move, iv_standing
from engine.strategy.expressions.tree import Arithmetic, Call, Condition, Expression, Measure, Number, measures_in
from engine.strategy.model import Strategy

MOVE_DAYS = 30
"""The horizon of iv30, and so of `expected_move`."""
TRADING_DAYS = 252
VIX, VIX3M = "VIX", "VIX3M"
_INDEX_OF = {"vix": VIX, "vix_today": VIX, "vix3m": VIX3M}
"""The index that a measure is a number of."""
_OF_OPENINGS = frozenset({"high_of", "low_of", "range_of"})
_NOWHERE = Level(None, None)


def compile_market(strategy: Strategy, table: str = "market") -> ConditionsPlan:
    """One answer for each line of `when`: an underlying is searched where all of them are true."""
    return compile_conditions(strategy.when, table)


def market_value(
    measure: Measure, state: MarketState, now: datetime, session: Session | None, calendar: Calendar = WEEKDAYS
) -> Value:
    """One measure of the market relation, in the unit of its declaration. `session` is that of today, None on a day
    without one; `calendar` has those around it.

    Raises LookupError for a measure that the relation does not have.
    """
    today = trading_day(now)
    days = int(measure.arguments[0]) if measure.arguments else 0
    match measure.name:
        case "price" | "move_today" if measure.of:
            level = state.levels.get(measure.of, _NOWHERE)
            return _known(level.price) if measure.name == "price" else _change(level.price, level.previous_close)
        case "price":
            return _known(state.price)
        case "gap":
            is_of_today = session is not None and state.day_open_at is not None and state.day_open_at >= session.open
            return _change(state.day_open, state.previous_close) if is_of_today else None
        case "high_of" | "low_of" | "range_of":
            return _opening(measure.name, state.openings.get(days))
        case "sma" | "ema" | "rsi" | "trend" if len(measure.arguments) > 1:
            return _of_bars(measure.name, days, state.bars.get(int(measure.arguments[1])), state.price)
        case "vix_today":
            level = state.levels.get(VIX, _NOWHERE)
            return _change(level.price, level.previous_close)
        case "vix3m":
            return _known(state.levels.get(VIX3M, _NOWHERE).price)
        case "ema":
            return _exponential(_last(state.closes, 4 * days), days)
        case "rsi":
            return _strength(_last(state.closes, 6 * days + 1), days)
        case "average_volume":
            volumes = _last(state.volumes, days)
            return None if volumes is None else math.fsum(volumes) / days
        case "move_today":
            return _change(state.price, state.previous_close)
        case "iv30":
            return _known(state.iv30)
        case "iv_rank" | "iv_percentile":
            return _standing(measure.name, state, days or WINDOW_DAYS)
        case "vix":
            return _known(state.vix)
        case "sma":
            closes = _last(state.closes, days)
            return None if closes is None else math.fsum(closes) / days
        case "trend":
            closes = _last(state.closes, days)
            return None if closes is None else _change(state.price, closes[0])
        case "realized_vol":
            return _realized(_last(state.closes, days + 1))
        case "vol_premium":
            return _premium(state, days)
        case "vol_premium_rank" | "vol_premium_percentile":
            history = _premiums(state.iv_history[-TRADING_DAYS:], state.closes, days)
            return _place(measure.name, _premium(state, days), history)
        case "expected_move":
            price, iv = _known(state.price), _known(state.iv30)
            return None if price is None or iv is None else expected_move(price, iv, MOVE_DAYS / 365).move
        case "days_to_earnings":
            return _days_until(today, state.next_earnings)
        case "days_to_ex_dividend":
            return _days_until(today, state.next_ex_dividend)
        case "event":
            return _event(state, list(EVENT_KINDS), today, today + timedelta(days=days))
        case name if name.upper() in EVENT_KINDS:
            return _event(state, [name.upper()], today, today + timedelta(days=days))
        case "early_close_day":
            return session is not None and session.is_half_day
        case "minutes_to_close":
            return minutes_to_close(now, session)
        case "weekday":
            return float(today.isoweekday())
        case "first_trading_day":
            return session is not None and _is_of_another_month(calendar, today, calendar.before(today).day)
        case "last_trading_day":
            return session is not None and _is_of_another_month(calendar, today, calendar.after(today).day)
        case "time":
            return time_of_day(now)
        case name:
            raise LookupError(f"the market relation has no measure {name}")


def level_value(
    level: Expression, state: MarketState, now: datetime, session: Session | None, calendar: Calendar = WEEKDAYS
) -> float | None:
    """A number that is computed of measures of the market; None where one of them is unknown."""
    match level:
        case Number(value=value):
            return value
        case Measure():
            found = market_value(level, state, now, session, calendar)
            return None if found is None else float(found)
        case Arithmetic(op=op, left=left, right=right):
            parts = [level_value(part, state, now, session, calendar) for part in (left, right)]
            a, b = parts
            if a is None or b is None or (op == "/" and b == 0):
                return None
            return _known(a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b)
        case Call(name=name, arguments=arguments):
            values = [level_value(one, state, now, session, calendar) for one in arguments]
            known = [value for value in values if value is not None]
            if len(known) < len(values):
                return None
            return abs(known[0]) if name == "abs" else min(known) if name == "least" else max(known)
        case _:
            raise TypeError(f"{level} is a condition, wanted a number")


def others_in(conditions: Iterable[Condition]) -> frozenset[str]:
    """The indices and shares, beside the underlying, whose prices these lines look at."""
    found = (measure for condition in conditions for measure in measures_in(condition.expression))
    return frozenset(
        name for one in found if one.relation == "market" and (name := one.of or _INDEX_OF.get(one.name)) is not None
    )


def minutes_to_close(now: datetime, session: Session | None) -> float | None:
    """Minutes until today's session ends; None on a day without one and after its end."""
    if session is None or now >= session.close:
        return None
    return (session.close - now) / timedelta(minutes=1)


def time_of_day(now: datetime) -> float:
    """Minutes after midnight in New York."""
    clock = now.astimezone(NEW_YORK)
    return clock.hour * 60 + clock.minute + clock.second / 60


def days_to_ex_dividend(state: MarketState | None, today: date) -> float | None:
    """Calendar days to the next ex-dividend date; None while none is known."""
    return None if state is None else _days_until(today, state.next_ex_dividend)


def _known(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _change(value: float | None, before: float | None) -> float | None:
    value, before = _known(value), _known(before)
    return None if value is None or not before else value / before - 1


def _standing(name: str, state: MarketState, days: int) -> float | None:
    return _place(name, _known(state.iv30), state.iv_history[-days:], days)


def _premium(state: MarketState, days: int) -> float | None:
    iv, realized = _known(state.iv30), _realized(_last(state.closes, days + 1))
    return None if iv is None or realized is None else iv - realized


@lru_cache(maxsize=64)
def _premiums(ivs: tuple[float, ...], closes: tuple[float, ...], days: int) -> tuple[float, ...]:
    """The premium at each of these closes of iv30, the last of which are those of the last closes; NaN where it is unknown.

    Kept, because past days do not change within a day.
    """
    found: list[float] = []
    for back, iv in zip(range(len(ivs), 0, -1), ivs, strict=True):
        end = len(closes) - back + 1
        realized = _realized(_last(closes[:end], days + 1)) if end > days else None
        found.append(math.nan if realized is None else iv - realized)
    return tuple(found)


def _place(name: str, value: float | None, history: Sequence[float], days: int = WINDOW_DAYS) -> float | None:
    """Rank or percentile of a value among those of so many past days, as its measure is called."""
    if value is None:
        return None
    standing = iv_standing(value, history, days)
    percent = standing.rank if name.endswith("_rank") else standing.percentile
    is_enough = standing.days * WINDOW_DAYS >= SUFFICIENT_DAYS * days
    return percent / 100 if is_enough and percent is not None else None


def _last(values: Sequence[float], count: int) -> Sequence[float] | None:
    """The last `count` values, oldest first; None where there are fewer, or a gap among them."""
    some = values[-count:]
    return some if len(some) == count and all(map(math.isfinite, some)) else None


def openings_in(conditions: Iterable[Condition]) -> frozenset[int]:
    """How many first minutes of a session these lines look at."""
    found = (measure for condition in conditions for measure in measures_in(condition.expression))
    return frozenset(int(one.arguments[0]) for one in found if one.name in _OF_OPENINGS)


def _opening(name: str, extremes: tuple[float, float] | None) -> float | None:
    if extremes is None:
        return None
    low, high = extremes
    return high if name == "high_of" else low if name == "low_of" else high / low - 1


def bars_in(conditions: Iterable[Condition]) -> frozenset[int]:
    """The lengths, in minutes, of the bars that these lines look at."""
    found = (measure for condition in conditions for measure in measures_in(condition.expression))
    return frozenset(int(one.arguments[1]) for one in found if one.relation == "market" and len(one.arguments) > 1)


def _of_bars(name: str, count: int, bars: Bars | None, price: float | None) -> float | None:
    """A measure of so many bars; what is exponential needs all of them since the open, so that it is one number."""
    if bars is None:
        return None
    some = _last(bars.closes, count)
    if name == "sma":
        return None if some is None else math.fsum(some) / count
    if name == "trend":
        return None if some is None else _change(price, some[0])
    closes = bars.closes if bars.is_since_open and all(map(math.isfinite, bars.closes)) else ()
    if name == "ema":
        return _exponential(closes, count) if len(closes) >= count else None
    return _strength(closes, count) if len(closes) > count else None


def _exponential(closes: Sequence[float] | None, days: int) -> float | None:
    if closes is None:
        return None
    mean = math.fsum(closes[:days]) / days
    for close in closes[days:]:
        mean += (close - mean) * 2 / (days + 1)
    return mean


def _strength(closes: Sequence[float] | None, days: int) -> float | None:
    """Source: Wilder, New Concepts in Technical Trading Systems, 1978: 100 - 100 / (1 + mean rise / mean fall)."""
    if closes is None:
        return None
    changes = [b - a for a, b in itertools.pairwise(closes)]
    rise, fall = (math.fsum(max(0.0, sign * change) for change in changes[:days]) / days for sign in (1, -1))
    for change in changes[days:]:
        rise, fall = (mean + (max(0.0, sign * change) - mean) / days for sign, mean in ((1, rise), (-1, fall)))
    return 100 * rise / (rise + fall) if rise + fall > 0 else None


def _realized(closes: Sequence[float] | None) -> float | None:
    """Sample standard deviation of the daily log returns, per year."""
    if closes is None or min(closes) <= 0:
        return None
    returns = [math.log(b / a) for a, b in itertools.pairwise(closes)]
    return statistics.stdev(returns) * math.sqrt(TRADING_DAYS)


def _is_of_another_month(calendar: Calendar, today: date, other: date) -> bool | None:
    """Whether the session beside today's lies in another month; unknown where the calendar does not reach it."""
    return other.month != today.month if calendar.reaches(other) else None


def _days_until(today: date, day: date | None) -> float | None:
    """None also for a day that has passed: then the next one is not known."""
    return None if day is None or day < today else float((day - today).days)


def _event(state: MarketState, kinds: Sequence[str], today: date, last: date) -> bool | None:
    """Whether one of these kinds is listed for these days; unknown where none is and one kind is not known so far."""
    found = {listed.kind: listed.within(today, last) for listed in state.events}
    answers = {found.get(kind) for kind in kinds}
    return True if True in answers else None if None in answers else False
