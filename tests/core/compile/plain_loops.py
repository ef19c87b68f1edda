"""The scan as a stranger would write it: loops over options, no SQL, nothing shared with the compiler but the language's tree.

Three-valued logic is spelled out, the normal distribution is math.erfc, and every formula stands here a second time. What
differs by less than a billionth is equal: 8.25 - 6.25 is 2.00, whatever its last bit.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.strategy.expressions.tree import And, Arithmetic, Between, Call, Compare, Expression, In, Measure, Not, Number, Or
from engine.strategy.model import Strategy
from engine.strategy.spreads import Vertical

ROUNDING = 1e-9
Option = dict[str, float | None]
Lookup = Callable[[Measure], float | None]


@dataclass(frozen=True, slots=True)
class Hit:
    short: int
    long: int
    score: float


def search(strategy: Strategy, options: Sequence[Option]) -> list[Hit]:
    """Every spread that passes, best first; equal scores by short, then long row number."""
    legs = [option for option in options if may_be_leg(strategy, option)]
    hits = [hit for short in legs for long in legs if (hit := _judge(strategy, short, long)) is not None]
    return sorted(hits, key=lambda hit: (-round(hit.score, 10), hit.short, hit.long))


def may_be_leg(strategy: Strategy, option: Option) -> bool:
    side = 1 if strategy.spread.put_call == "C" else -1
    expiry = strategy.spread.expiry
    if option["put_call"] != side or not expiry.min_days <= option["dte"] <= expiry.max_days:
        return False
    bid, ask = option["bid"], option["ask"]
    if bid is None or ask is None or option["fee"] is None or bid < 0 or ask <= 0 or bid >= ask:
        return False
    return all(truth(line.expression, lambda measure: leg_measure(measure.name, option)) is True for line in strategy.filters)


def _judge(strategy: Strategy, short: Option, long: Option) -> Hit | None:
    spread = strategy.spread
    if short["group_id"] != long["group_id"]:
        return None
    width = short["strike"] - long["strike"] if spread.short_is_higher else long["strike"] - short["strike"]
    if not float(spread.width.low) - 1e-6 <= width <= float(spread.width.high) + 1e-6 or short["bid"] <= 0:
        return None
    for bounds, leg in ((spread.short_delta, short), (spread.long_delta, long)):
        if bounds is not None and (leg["delta"] is None or not float(bounds.low) <= abs(leg["delta"]) <= float(bounds.high)):
            return None
    net = _mid(short) - _mid(long)
    price = net if spread.is_credit else -net
    if not ROUNDING < price < width - ROUNDING:
        return None

    def looked_up(measure: Measure) -> float | None:
        if measure.at is not None:
            return _expected_value_at(short, long, _volatility(measure.at, short))
        return _SPREAD[measure.name](short, long, spread, width)

    if any(truth(rule.expression, looked_up) is not True for rule in spread.rules):
        return None
    score = number(spread.rank, looked_up)
    return None if score is None else Hit(int(short["row_id"]), int(long["row_id"]), score)


# --- three-valued logic -------------------------------------------------------------------------------------------------------


def truth(expression: Expression, lookup: Lookup) -> bool | None:
    """True, False, or None for unknown."""
    match expression:
        case And(parts=parts):
            answers = [truth(part, lookup) for part in parts]
            return False if False in answers else None if None in answers else True
        case Or(parts=parts):
            answers = [truth(part, lookup) for part in parts]
            return True if True in answers else None if None in answers else False
        case Not(part=part):
            answer = truth(part, lookup)
            return None if answer is None else not answer
        case Between(value=value, low=low, high=high):
            return truth(And((Compare(">=", value, low), Compare("<=", value, high))), lookup)
        case In(value=value, options=options):
            return truth(Or(tuple(Compare("=", value, option) for option in options)), lookup)
        case Compare(op=op, left=left, right=right):
            a, b = number(left, lookup), number(right, lookup)
            if a is None or b is None:
                return None
            above, below = a > b + ROUNDING, a < b - ROUNDING
            return {
                "<": below,
                "<=": not above,
                ">": above,
                ">=": not below,
                "=": not (above or below),
                "!=": above or below,
            }[op]
    return lookup(expression)


def number(expression: Expression, lookup: Lookup) -> float | None:
    """A finite number, or None where it is absent."""
    match expression:
        case Number(value=value):
            return value
        case Measure():
            return lookup(expression)
        case Arithmetic(op=op, left=left, right=right):
            a, b = number(left, lookup), number(right, lookup)
            if a is None or b is None or (op == "/" and b == 0):
                return None
            return a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b
        case Call(name=name, arguments=arguments):
            values = [number(argument, lookup) for argument in arguments]
            if any(value is None for value in values):
                return None
            return abs(values[0]) if name == "abs" else min(values) if name == "least" else max(values)
    raise TypeError(expression)


# --- measures -----------------------------------------------------------------------------------------------------------------


def leg_measure(name: str, option: Option) -> float | None:
    match name:
        case "mid":
            return _mid(option)
        case "quote_width":
            return option["ask"] - option["bid"]
        case "moneyness":
            spot = option["spot"]
            return None if spot is None else option["put_call"] * (option["strike"] / spot - 1)
        case _:
            return option[name]


def _mid(option: Option) -> float:
    return (option["bid"] + option["ask"]) / 2


def _less(name: str, times: float = 1.0) -> Callable[..., float | None]:
    def difference(short: Option, long: Option, spread: Vertical, width: float) -> float | None:
        if short[name] is None or long[name] is None:
            return None
        return (long[name] - short[name]) * times

    return difference


def _net(short: Option, long: Option, *_: object) -> float:
    return ((short["bid"] + short["ask"]) - (long["bid"] + long["ask"])) / 2


def _max_profit(short: Option, long: Option, spread: Vertical, width: float) -> float:
    return 100 * _net(short, long) if spread.is_credit else 100 * (width + _net(short, long))


def _max_loss(short: Option, long: Option, spread: Vertical, width: float) -> float:
    return 100 * (width - _net(short, long)) if spread.is_credit else -100 * _net(short, long)


def _fees(short: Option, long: Option, *_: object) -> float:
    return 2 * (max(1.0, short["fee"] + long["fee"]) + short["exchange_fee"] + long["exchange_fee"])


def _breakeven(short: Option, long: Option, spread: Vertical, net: float) -> float:
    if spread.put_call == "P":
        return short["strike"] - net if spread.is_credit else long["strike"] + net
    return short["strike"] + net if spread.is_credit else long["strike"] - net


def _breakeven_distance(short: Option, long: Option, spread: Vertical, width: float) -> float | None:
    spot = short["spot"]
    if spot is None:
        return None
    breakeven = _breakeven(short, long, spread, _net(short, long))
    return (spot - breakeven) / spot if spread.type in {"bull_put", "bull_call"} else (breakeven - spot) / spot


def _pop(short: Option, long: Option, spread: Vertical, width: float) -> float | None:
    forward, years, ivs = short["forward"], short["years"], (short["iv"], long["iv"])
    if forward is None or years <= 0 or any(iv is None or iv <= 0 for iv in ivs):
        return None
    net = _net(short, long) - _fees(short, long) / 100
    if (net if spread.is_credit else width + net) <= ROUNDING:
        return 0.0
    breakeven = _breakeven(short, long, spread, net)
    iv = ivs[0] + (ivs[1] - ivs[0]) * (breakeven - short["strike"]) / (long["strike"] - short["strike"])
    z = (math.log(breakeven / forward) + iv * iv / 2 * years) / (iv * math.sqrt(years))
    return _normal(-z) if spread.type in {"bull_put", "bull_call"} else _normal(z)


def _p_touch(short: Option, long: Option, spread: Vertical, width: float) -> float | None:
    spot, forward, years, iv = short["spot"], short["forward"], short["years"], short["iv"]
    if spot is None or forward is None or years <= 0 or iv is None or iv <= 0:
        return None
    distance, drift, deviation = (
        math.log(short["strike"] / spot),
        math.log(forward / spot) / years - iv * iv / 2,
        iv * math.sqrt(years),
    )
    side = 1 if distance > 0 else -1
    beyond = _normal(side * (drift * years - distance) / deviation)
    back = math.exp(2 * drift * distance / (iv * iv)) * _normal(side * (-distance - drift * years) / deviation)
    return min(1.0, beyond + back)


def _expected_value(short: Option, long: Option, spread: Vertical, width: float) -> float | None:
    if short["worth"] is None or long["worth"] is None:
        return None
    net = _net(short, long)
    return 100 * (net + long["worth"] - short["worth"]) - _fees(short, long)


def _volatility(view: Number | Measure, option: Option) -> float | None:
    return view.value if isinstance(view, Number) else option["view_1"]


def _expected_value_at(short: Option, long: Option, volatility: float | None) -> float | None:
    if short["forward"] is None or volatility is None or volatility <= 0 or short["years"] <= 0:
        return None
    earned = _black(long, volatility) - _black(short, volatility)
    return 100 * (_net(short, long) + earned) - _fees(short, long)


def _black(option: Option, volatility: float) -> float:
    deviation, w = volatility * math.sqrt(option["years"]), option["put_call"]
    d1 = math.log(option["forward"] / option["strike"]) / deviation + deviation / 2
    return option["discount"] * w * (option["forward"] * _normal(w * d1) - option["strike"] * _normal(w * (d1 - deviation)))


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


_SPREAD: dict[str, Callable[..., float | None]] = {
    "credit": _net,
    "debit": lambda short, long, *_: ((long["bid"] + long["ask"]) - (short["bid"] + short["ask"])) / 2,
    "natural_credit": lambda short, long, *_: short["bid"] - long["ask"],
    "natural_debit": lambda short, long, *_: long["ask"] - short["bid"],
    "width": lambda short, long, spread, width: width,
    "max_profit": _max_profit,
    "max_loss": _max_loss,
    "return_on_risk": lambda *args: _max_profit(*args) / _max_loss(*args),
    "pop": _pop,
    "p_touch": _p_touch,
    "expected_value": _expected_value,
    "breakeven_distance": _breakeven_distance,
    "delta": _less("delta"),
    "gamma": _less("gamma"),
    "theta": _less("theta", 100),
    "vega": _less("vega", 100),
    "short_delta": lambda short, *_: None if short["delta"] is None else abs(short["delta"]),
    "long_delta": lambda short, long, *_: None if long["delta"] is None else abs(long["delta"]),
    "quote_width": lambda short, long, *_: (short["ask"] - short["bid"]) + (long["ask"] - long["bid"]),
    "slippage": lambda short, long, *_: ((short["ask"] - short["bid"]) + (long["ask"] - long["bid"])) / 2,
    "fees": _fees,
    "dte": lambda short, *_: short["dte"],
    "days_to_ex_dividend": lambda short, *_: short["days_to_ex_dividend"],
}
